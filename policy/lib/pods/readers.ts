import type { Resource } from "../resource";
import { flagOf } from "../config/flags";
import { count, type Setting } from "../config/read";
import { at, isBlock, listOf, type Block } from "../unknown";
import { keyOf } from "../objects";
import { once } from "../once";
import { podSpecOf } from "./find";

/** A workload that reads a ConfigMap or Secret. */
export interface Reader {
  resource: Resource;
  /** Its pods' spec. */
  spec: Block;
  /** How many pods it has; where an autoscaler decides, the fewest; undefined of a DaemonSet, which has one on each node. */
  replicas?: Setting<number>;
  /** The containers that mount the file; all, where none is seen to. */
  containers: Block[];
  /** Arguments of its containers. */
  words: string[];
}

/**
 * The workloads of a stack that mount a ConfigMap or Secret, of any kind whose pods stay: also a bare Pod, a DaemonSet, and what an operator
 * takes for a Deployment (Argo's Rollout). A Job may read a file only to check it.
 *
 * @param source the ConfigMap or Secret
 * @param resources the stack's resources
 */
export function readersOf(source: Resource, resources: readonly Resource[]): Reader[] {
  const { kind, objectName, namespace } = source;
  if (objectName === undefined) return [];
  const workloads = workloadsByFile(resources).get(keyOf(kind, namespace, objectName)) ?? [];
  return workloads.map(({ resource, spec }) => ({
    resource,
    spec,
    containers: containersWith(source, spec),
    words: wordsOf(spec),
    ...(resource.kind !== "DaemonSet" && { replicas: replicasOf(resource, resources) }),
  }));
}

type Workload = Pick<Reader, "resource" | "spec">;

// Every file of a stack is asked for.
const workloadsByFile = once((resources: readonly Resource[]): ReadonlyMap<string, Workload[]> => {
  const all = new Map<string, Workload[]>();
  for (const resource of resources) {
    if (!/^kubernetes:(?!batch\/)/.test(resource.type)) continue;
    const spec = podSpecOf(resource.props)?.spec;
    const files = mountsOf(spec).filter(({ name }) => typeof name === "string");
    for (const key of new Set(files.map(({ kind, name }) => keyOf(kind, resource.namespace, name)))) {
      const there = all.get(key) ?? [];
      there.push({ resource, spec: spec! });
      all.set(key, there);
    }
  }
  return all;
});

/** What a workload's processes run: `-target`, or the file's `target`, or everything. */
export function targetOf({ words }: Reader, content: Block): string[] {
  const flag = flagOf(words, "target");
  const target = "value" in flag ? flag.value : content.target;
  return typeof target === "string" ? target.split(",").map((each) => each.trim()) : ["all"];
}

/** The ConfigMaps and Secrets that a pod mounts. */
export function mountsOf(spec: unknown): { kind: string; name: unknown }[] {
  return volumesOf(spec).flatMap(({ objects }) => objects);
}

/** A ConfigMap or Secret in a volume, and which of its keys are where; undefined for all, by their names. */
interface Mounted {
  kind: string;
  name: unknown;
  items: unknown;
}

/** The volumes of a pod, by the names that its containers mount them by. */
export function volumesOf(spec: unknown): { name: unknown; objects: Mounted[] }[] {
  return listOf(at(spec, "volumes")).map((volume) => ({
    name: at(volume, "name"),
    objects: [volume, ...listOf(at(volume, "projected.sources"))].flatMap((source) => {
      const [map, secret] = [at(source, "configMap"), at(source, "secret")];
      return [
        { kind: "ConfigMap", name: at(map, "name"), items: at(map, "items") },
        { kind: "Secret", name: at(secret, "secretName") ?? at(secret, "name"), items: at(secret, "items") },
      ];
    }),
  }));
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

function containersWith({ kind, objectName }: Resource, spec: Block): Block[] {
  const volumes = volumesOf(spec).filter(({ objects }) =>
    objects.some((each) => each.kind === kind && each.name === objectName),
  );
  const all = containersOf(spec);
  const mounting = all.filter(({ volumeMounts }) =>
    listOf(volumeMounts).some((mount) => volumes.some(({ name }) => name === at(mount, "name"))),
  );
  return mounting.length > 0 ? mounting : all;
}

function wordsOf(spec: unknown): string[] {
  return containersOf(spec)
    .flatMap(({ command, args }) => [command, args].flatMap((list) => (Array.isArray(list) ? list : [])))
    .filter((word) => typeof word === "string");
}

function containersOf(spec: unknown): Block[] {
  return listOf(at(spec, "containers")).filter(isBlock);
}
