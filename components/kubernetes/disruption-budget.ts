import { PodDisruptionBudget } from "@pulumi/kubernetes/policy/v1";
import type * as pulumi from "@pulumi/pulumi";
import type { Environment } from "./environment";
import { labels, selectorLabels, type Identity } from "./labels";

/**
 * Lets a drain take one pod of a workload at a time. A workload of one replica gets none: its node could never be drained.
 * @param name name of the workload, and of the budget
 * @param workload where it is, what it is called, how many pods it has
 */
export function disruptionBudget(
  name: string,
  { environment, identity, replicas }: { environment: Environment; identity: Identity; replicas: number },
  opts: pulumi.CustomResourceOptions,
): PodDisruptionBudget | undefined {
  if (replicas < 2) return undefined;
  return new PodDisruptionBudget(
    name,
    {
      metadata: { name, namespace: environment.namespace, labels: labels(identity) },
      spec: { maxUnavailable: 1, selector: { matchLabels: selectorLabels(identity) } },
    },
    opts,
  );
}
