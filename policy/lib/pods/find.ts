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

/** Pods that a resource makes, all alike. */
export interface Pods {
  /** Their spec: what the scheduler reads. */
  spec: Block;
  images: ImageUse[];
  ofDaemonSet: boolean;
}

// Where Kubernetes' own workloads have the pod's spec: Pod, PodTemplate, CronJob, and all others. Custom workloads (a Rollout of Argo's) do as these.
const specs = ["spec", "template.spec", "spec.jobTemplate.spec.template.spec", "spec.template.spec"];
const containerLists = ["containers", "initContainers", "ephemeralContainers"];
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
  const candidates = specs.map((path) => ({ path, spec: at(props, path) }));
  const found = candidates.find(({ spec }) => isBlock(spec) && spec.containers !== undefined);
  if (found) return [pods(found.spec as Block, found.path, kind, isPatch)];
  const unknown = candidates.find(({ spec }) => spec instanceof Unknown);
  return unknown && workloads.test(type) ? [unknown.spec as Unknown] : [];
}

function pods(spec: Block, path: string, kind: string, isPatch: boolean): Pods {
  return {
    spec,
    images: containerLists.flatMap((list) => images(spec, path, list, !isPatch)),
    ofDaemonSet: kind.startsWith("DaemonSet"),
  };
}

// Containers there change what the operator makes, so one without an image keeps that which it would have.
function ofOperator(spec: unknown, isPatch: boolean): (Pods | Unknown)[] {
  if (!isBlock(spec)) return spec instanceof Unknown ? [spec] : [];
  const own = isPatch && spec.image === undefined ? [] : [{ path: "spec.image", image: spec.image }];
  const thanos = isBlock(spec.thanos) ? [{ path: "spec.thanos.image", image: spec.thanos.image }] : [];
  return [
    {
      spec,
      images: [...own, ...thanos, ...containerLists.flatMap((list) => images(spec, "spec", list, false))],
      ofDaemonSet: false,
    },
  ];
}

function images(spec: Block, path: string, list: string, isRequired: boolean): ImageUse[] {
  const containers = spec[list];
  const at = inner(path, list);
  if (containers instanceof Unknown) return [{ path: at, image: containers }];
  return (Array.isArray(containers) ? containers : [])
    .map((container, index) => ({
      path: inner(inner(at, index), "image"),
      image: isBlock(container) ? container.image : container,
    }))
    .filter(({ image }) => isRequired || image !== undefined);
}

function ofItem(listType: string, item: unknown, index: number): (Pods | Unknown)[] {
  if (!isBlock(item)) return item instanceof Unknown ? [item] : [];
  const type = listType.replace(/List$/, "");
  const within = podsOf({ type, kind: type.slice(type.lastIndexOf(":") + 1), props: item });
  return within.map((each) =>
    each instanceof Unknown
      ? each
      : { ...each, images: each.images.map((use) => ({ ...use, path: `items[${index}].${use.path}` })) },
  );
}
