import { ServiceAccount } from "@pulumi/kubernetes/core/v1";
import { ClusterRole, ClusterRoleBinding } from "@pulumi/kubernetes/rbac/v1";
import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Environment } from "./environment";
import { labels, type Identity } from "./labels";

/**
 * Name of the ClusterRole of an account: not namespaced, so two stacks in one cluster would share it.
 * @param name the account's
 */
export const roleName = (name: string, { namespace }: Pick<Environment, "namespace">) => `${namespace}-${name}`;

/**
 * Registers a ServiceAccount with what it may do in every namespace. Its token is mounted by the pod, not by default.
 * @param name of the resources and of the account
 * @param identity whose it is
 * @param environment where it is
 * @param rules what it may do
 * @param opts options of each of the three
 */
export function account(
  name: string,
  identity: Identity,
  environment: Pick<Environment, "namespace">,
  rules: types.input.rbac.v1.PolicyRule[],
  opts: pulumi.CustomResourceOptions,
): pulumi.Resource[] {
  const { namespace } = environment;
  const role = roleName(name, environment);
  return [
    new ServiceAccount(
      name,
      { metadata: { name, namespace, labels: labels(identity) }, automountServiceAccountToken: false },
      opts,
    ),
    new ClusterRole(name, { metadata: { name: role, labels: labels(identity) }, rules }, opts),
    new ClusterRoleBinding(
      name,
      {
        metadata: { name: role, labels: labels(identity) },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
        subjects: [{ kind: "ServiceAccount", name, namespace }],
      },
      opts,
    ),
  ];
}
