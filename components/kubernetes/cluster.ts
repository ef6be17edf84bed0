import { Namespace } from "@pulumi/kubernetes/core/v1";
import { Provider } from "@pulumi/kubernetes/provider";
import type * as pulumi from "@pulumi/pulumi";
import { strictestLevel } from "../../settings/pod-security";
import type { Settings } from "../../settings/schema";
import { kept } from "./keep";
import { labels } from "./labels";

/**
 * The explicit provider of a stack's cluster, and its namespace.
 * @param settings the stack's settings
 * @returns options for everything that goes into the namespace
 */
export function cluster(settings: Settings): { provider: Provider; dependsOn: pulumi.Resource[] } {
  const provider = new Provider("cluster", {
    kubeconfig: settings.kubernetes.kubeconfig,
    context: settings.kubernetes.context,
    // Without these a changed Secret or ConfigMap is deleted and created again, under its running pods.
    enableSecretMutable: true,
    enableConfigMapMutable: true,
  });
  return { provider, dependsOn: settings.namespace.create ? [namespace(settings, provider)] : [] };
}

function namespace(settings: Settings, provider: Provider): Namespace {
  const {
    namespace: { name, podSecurity },
    removal: { retain },
  } = settings;
  // Said in any case: clusters that enforce a level by default, such as Talos, would refuse pods that read their node.
  const enforce = podSecurity.enforce ?? strictestLevel(settings);
  const warn = podSecurity.warn ?? "restricted";
  const admission = Object.fromEntries(
    Object.entries({ enforce, warn, audit: warn }).map(([mode, level]) => [
      `pod-security.kubernetes.io/${mode}`,
      level,
    ]),
  );
  // Deleting a namespace deletes every volume claim in it.
  return new Namespace(
    "namespace",
    { metadata: { name, labels: { ...labels({ name: "observability" }), ...admission } } },
    { provider, ...kept("namespace", retain) },
  );
}
