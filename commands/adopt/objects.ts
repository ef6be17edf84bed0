import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { runsOperator } from "../../settings/release-values";
import type { Settings } from "../../settings/schema";
import type { Retainable } from "../../settings/sections/removal";
import type { Inventory, PlainObject } from "./inventory";
import type { Release } from "./release";
import { isStacks } from "../shared/belongings";

/** What objects say about themselves. */

/** `namespace/name`, or the name of an object without a namespace. */
export const called = ({ metadata }: PlainObject): string =>
  [metadata?.namespace, metadata?.name].filter(Boolean).join("/");

/** Names in a sentence. */
export const inWords = (names: readonly string[]): string => [...new Set(names)].sort().join(", ");

/**
 * Whether a part was left behind by an earlier stack and has no owner now, by the stack's state. If the state can't be read, the stack
 * exists as long as any of its workloads does; undefined if there is none.
 */
export function isLeft(
  { managed, deployments, statefulSets, daemonSets }: Inventory,
  part: Retainable,
): boolean | undefined {
  if (managed) return !managed.has(part);
  return [...deployments, ...statefulSets, ...daemonSets].some(isStacks) ? false : undefined;
}

/** `namespace/name` of the Helm release that an object belongs to, by the annotations that Helm sets. */
export function releaseOf({ metadata }: PlainObject): string | undefined {
  const name = metadata?.annotations?.["meta.helm.sh/release-name"];
  return name && `${metadata?.annotations?.["meta.helm.sh/release-namespace"]}/${name}`;
}

/** `namespace/name` of a release. */
export const releaseName = ({ namespace, name }: Release): string => `${namespace}/${name}`;

/** All releases of kube-prometheus-stack. One that has only rules and dashboards, as the stack's own, doesn't count. */
export const allKpsReleases = ({ releases }: Inventory): Release[] =>
  releases.filter(({ chart, values }) => chart === "kube-prometheus-stack" && runsOperator(values));

/** The releases of kube-prometheus-stack that can be taken over: the one that the settings name, or else all. */
export function kpsReleases(inventory: Inventory, { adopt }: Pick<Settings, "adopt">): Release[] {
  const all = allKpsReleases(inventory);
  const named = all.filter((release) => releaseName(release) === adopt.kps?.release);
  return named.length > 0 ? named : all;
}

/** Whether an object belongs to a release of kube-prometheus-stack that can be taken over, and is deleted with it. */
export const isInKps = (inventory: Inventory, settings: Pick<Settings, "adopt">, object: PlainObject): boolean =>
  kpsReleases(inventory, settings).some((release) => releaseName(release) === releaseOf(object));

/** Workloads that run permanently. */
export type Workload = client.V1Deployment | client.V1StatefulSet | client.V1DaemonSet;

/** Containers of a workload, including init containers. */
export function containersOf({ spec }: Workload): client.V1Container[] {
  const pod = spec?.template.spec;
  return [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])];
}

/**
 * Workloads that run an image and are not this program's own.
 * @param inventory what the cluster has
 * @param image pattern of the image's repository, without registry and tag
 */
export const running = (inventory: Inventory, image: RegExp): Workload[] =>
  [...inventory.deployments, ...inventory.statefulSets, ...inventory.daemonSets].filter(
    (workload) => !isStacks(workload) && runs(workload, image),
  );

/** Whether a workload has a container of an image: a pattern as in {@link running}. */
export const runs = (workload: Workload, image: RegExp): boolean =>
  containersOf(workload).some((container) => image.test(repository(container)));

/** The image of a container without registry, tag and digest: `grafana/loki`. */
function repository({ image = "" }: client.V1Container): string {
  const path = image.replace(/@.*$/, "").replace(/:[^/]*$/, "");
  return path.replace(/^[^/]*[.:][^/]*\//, "");
}

/** The Services that lead to a workload's pods. */
export const servicesOf = ({ services }: Inventory, { metadata, spec }: Workload): client.V1Service[] =>
  services.filter((service) => {
    const selector = Object.entries(service.spec?.selector ?? {});
    const labels = spec?.template.metadata?.labels ?? {};
    return (
      service.metadata?.namespace === metadata?.namespace &&
      selector.length > 0 &&
      selector.every(([key, value]) => labels[key] === value)
    );
  });
