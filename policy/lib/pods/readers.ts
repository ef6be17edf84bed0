import type { Resource } from "../resource";
import { flagOf } from "../config/flags";
import { count, type Setting } from "../config/read";
import { at, isBlock, type Block } from "../unknown";

/** A workload that reads a ConfigMap or Secret. */
export interface Reader {
  resource: Resource;
  /** How many pods it has; where an autoscaler decides, the fewest. */
  replicas: Setting<number>;
  /** Arguments of its containers. */
  words: string[];
}

const workloads = /^kubernetes:apps\/\w+:(Deployment|StatefulSet|ReplicaSet)$/;

/**
 * The workloads of a stack that mount a ConfigMap or Secret.
 *
 * @param source the ConfigMap or Secret
 * @param resources the stack's resources
 */
export function readersOf(source: Resource, resources: readonly Resource[]): Reader[] {
  const { kind, objectName, namespace } = source;
  if (objectName === undefined) return [];
  return resources.flatMap((resource) => {
    if (!workloads.test(resource.type) || resource.namespace !== namespace) return [];
    const spec = at(resource.props, "spec.template.spec");
    if (!mountsOf(spec).some((mount) => mount.kind === kind && mount.name === objectName)) return [];
    return [{ resource, replicas: replicasOf(resource, resources), words: wordsOf(spec) }];
  });
}

/** What a workload's processes run: `-target`, or the file's `target`, or everything. */
export function targetOf({ words }: Reader, content: Block): string[] {
  const flag = flagOf(words, "target");
  const target = "value" in flag ? flag.value : content.target;
  return typeof target === "string" ? target.split(",").map((each) => each.trim()) : ["all"];
}

/** The ConfigMaps and Secrets that a pod mounts. */
export function mountsOf(spec: unknown): { kind: string; name: unknown }[] {
  const volumes = at(spec, "volumes");
  return (Array.isArray(volumes) ? volumes : []).flatMap((volume: unknown) => {
    const projected = at(volume, "projected.sources");
    const sources: unknown[] = [volume, ...(Array.isArray(projected) ? projected : [])];
    return sources.flatMap((source) => [
      { kind: "ConfigMap", name: at(source, "configMap.name") },
      { kind: "Secret", name: at(source, "secret.secretName") ?? at(source, "secret.name") },
    ]);
  });
}

function replicasOf({ kind, objectName, namespace, props }: Resource, resources: readonly Resource[]): Setting<number> {
  const scaler = resources.find(
    (each) =>
      each.kind === "HorizontalPodAutoscaler" &&
      each.namespace === namespace &&
      at(each.props, "spec.scaleTargetRef.kind") === kind &&
      at(each.props, "spec.scaleTargetRef.name") === objectName,
  );
  const replicas = scaler ? count(at(scaler.props, "spec"), "minReplicas") : count(props.spec, "replicas");
  return "missing" in replicas ? { value: 1 } : replicas;
}

function wordsOf(spec: unknown): string[] {
  const containers = at(spec, "containers");
  return (Array.isArray(containers) ? containers : [])
    .filter(isBlock)
    .flatMap(({ command, args }) => [command, args].flatMap((list) => (Array.isArray(list) ? list : [])))
    .filter((word) => typeof word === "string");
}
