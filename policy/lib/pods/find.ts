import { inner } from "../paths";
import type { Resource } from "../resource";
import { at, isBlock, Unknown, type Block } from "../unknown";

/** An image that a pod runs. */
export interface ImageUse {
  /** Where it is named, such as `spec.template.spec.containers[0].image`. */
  path: string;
  /** What stands there; undefined where nothing does. */
  image: unknown;
}

/** A container of a pod. */
export interface Container {
  /** Where it is, such as `spec.template.spec.containers[0]`. */
  path: string;
  /** Its fields; an {@link Unknown} for one that a preview can't know. */
  fields: Block | Unknown;
  list: "containers" | "initContainers" | "ephemeralContainers";
  /** Whether something else completes it: what a patch is laid over, or what an operator makes. */
  isPartial: boolean;
}

/** Pods that a resource makes, all alike. */
export interface Pods {
  /** Their spec: what the scheduler reads. */
  spec: Block;
  /** Where it is, such as `spec.template.spec`. */
  path: string;
  containers: Container[];
  images: ImageUse[];
  ofDaemonSet: boolean;
  /** Whether an operator makes the pods, and decides what their resource leaves open. */
  ofOperator: boolean;
}

// Where Kubernetes' own workloads have the pod's spec: Pod, PodTemplate, CronJob, and all others. Custom workloads (a Rollout of Argo's) do as
// these, or as a ScaledJob of KEDA's.
const specs = [
  "spec",
  "template.spec",
  "spec.jobTemplate.spec.template.spec",
  "spec.template.spec",
  "spec.jobTargetRef.template.spec",
];
const containerLists = ["containers", "initContainers", "ephemeralContainers"] as const;
const workloads =
  /^kubernetes:(core|apps|batch|extensions)\/\w+:(Pod|PodTemplate|ReplicationController|Deployment|StatefulSet|DaemonSet|ReplicaSet|Job|CronJob)(Patch)?$/;
// Resources of the Prometheus operator, whose spec has a pod's fields beside the image.
const operated =
  /^kubernetes:monitoring\.coreos\.com\/\w+:(Prometheus|PrometheusAgent|Alertmanager|ThanosRuler)(Patch)?$/;

/**
 * The pods of a Kubernetes resource: of every kind of workload and of lists of them, of custom resources that embed a pod template, and of
 * the Prometheus operator's.
 *
 * @returns an {@link Unknown} in place of pods that a preview can't know
 */
export function podsOf(resource: Pick<Resource, "type" | "kind" | "props">): (Pods | Unknown)[] {
  const { type, kind, props } = resource;
  if (!type.startsWith("kubernetes:")) return [];
  if (kind.endsWith("List") && Array.isArray(props.items))
    return props.items.flatMap((item, index) => ofItem(type, item, index));
  const isPatch = kind.endsWith("Patch");
  if (operated.test(type)) return ofOperator(props.spec, isPatch);
  const found = podSpecOf(props);
  if (found) return [pods(found.spec, found.path, kind, isPatch)];
  const unknown = specs.map((path) => at(props, path)).find((spec) => spec instanceof Unknown);
  return unknown && workloads.test(type) ? [unknown] : [];
}

/** The spec of the pods that a workload makes, and where it is; undefined where a resource has none. */
export function podSpecOf(props: Block): { spec: Block; path: string } | undefined {
  for (const path of specs) {
    const spec = at(props, path);
    if (isBlock(spec) && spec.containers !== undefined) return { spec, path };
  }
  return undefined;
}

function pods(spec: Block, path: string, kind: string, isPatch: boolean): Pods {
  const containers = containersOf(spec, path, isPatch);
  const images = containers.flatMap(imageOf);
  return { spec, path, containers, images, ofDaemonSet: kind.startsWith("DaemonSet"), ofOperator: false };
}

// The operator's own container has its image and resources in the spec itself. Containers there change what the operator makes, so one
// without an image keeps that which it would have.
function ofOperator(spec: unknown, isPatch: boolean): (Pods | Unknown)[] {
  if (!isBlock(spec)) return spec instanceof Unknown ? [spec] : [];
  const own = ({ image, resources }: Block) => ({ image, resources });
  const containers: Container[] = [
    { path: "spec", fields: own(spec), list: "containers", isPartial: isPatch },
    ...(isBlock(spec.thanos)
      ? [{ path: "spec.thanos", fields: own(spec.thanos), list: "containers", isPartial: isPatch } as const]
      : []),
    ...containersOf(spec, "spec", isPatch, true),
  ];
  const images = containers.flatMap(imageOf);
  return [{ spec, path: "spec", containers, images, ofDaemonSet: false, ofOperator: true }];
}

function containersOf(spec: Block, path: string, isPatch: boolean, ofOperator = false): Container[] {
  return containerLists.flatMap((list) => {
    const place = inner(path, list);
    const containers = spec[list];
    if (containers instanceof Unknown) return [{ path: place, fields: containers, list, isPartial: isPatch }];
    return (Array.isArray(containers) ? containers : []).map((each: unknown, index) => ({
      path: inner(place, index),
      fields: isBlock(each) || each instanceof Unknown ? each : {},
      list,
      isPartial: isPatch || (ofOperator && isBlock(each) && each.image === undefined),
    }));
  });
}

function imageOf({ path, fields, isPartial }: Container): ImageUse[] {
  if (fields instanceof Unknown) return [{ path, image: fields }];
  return isPartial && fields.image === undefined ? [] : [{ path: inner(path, "image"), image: fields.image }];
}

function ofItem(listType: string, item: unknown, index: number): (Pods | Unknown)[] {
  if (!isBlock(item)) return item instanceof Unknown ? [item] : [];
  const type = listType.replace(/List$/, "");
  const within = podsOf({ type, kind: type.slice(type.lastIndexOf(":") + 1), props: item });
  const placed = <Placed extends { path: string }>(each: Placed) => ({ ...each, path: `items[${index}].${each.path}` });
  return within.map((each) =>
    each instanceof Unknown
      ? each
      : { ...placed(each), containers: each.containers.map(placed), images: each.images.map(placed) },
  );
}
