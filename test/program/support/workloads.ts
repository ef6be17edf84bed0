import type { types } from "@pulumi/kubernetes";
import type { Preview, PreviewResource } from "../../../commands/shared/preview";
import { called, ofKind, type Kind } from "./previews";

type Plain<T> = T extends object ? { [K in keyof T]: Plain<T[K]> } : T;

/** What makes pods. */
export interface Workload {
  kind: Kind;
  name: string;
  /** `StatefulSet loki-write`. */
  called: string;
  resource: PreviewResource;
  /** undefined: one a node (DaemonSet), or until it is done (Job). */
  replicas?: number;
  /** Labels that its pods are found by; a Job finds its own by itself. */
  selector?: Record<string, string>;
  podLabels: Record<string, string>;
  pod: Plain<types.output.core.v1.PodSpec>;
  /** Containers that run as long as the pod does. */
  containers: Container[];
  /** Containers that run before those. */
  initContainers: Container[];
}

/** A container. */
export type Container = Plain<types.output.core.v1.Container>;

const makers: Kind[] = ["DaemonSet", "Deployment", "Job", "StatefulSet"];

/**
 * Every workload of a preview, by kind and name. A kind that makes pods and isn't known here would be missed, so it throws.
 * @param preview the preview
 */
export function workloads(preview: Preview): Workload[] {
  const strangers = preview.resources.filter(
    ({ type, inputs }) =>
      type.startsWith("kubernetes:") && JSON.stringify(inputs).includes('"containers":') && !isKnown(type),
  );
  if (strangers.length > 0) throw new Error(`makes pods, and no test looks at it: ${strangers.map(called).join(", ")}`);
  return makers.flatMap((kind) => ofKind(preview, kind).map((resource) => workload(kind, resource)));
}

const isKnown = (type: string): boolean =>
  makers.some((kind) => type.endsWith(`:${kind}`)) || type.endsWith(":Release");

function workload(kind: Kind, resource: PreviewResource): Workload {
  const { metadata, spec } = resource.inputs;
  const pod = spec.template.spec;
  return {
    kind,
    name: metadata.name,
    called: called(resource),
    resource,
    replicas: spec.replicas,
    selector: spec.selector?.matchLabels,
    podLabels: spec.template.metadata.labels,
    pod,
    containers: pod.containers,
    initContainers: pod.initContainers ?? [],
  };
}

/** Whether labels are among others. */
export const selects = (selector: Record<string, string>, labels: Record<string, string>): boolean =>
  Object.entries(selector).every(([key, value]) => labels[key] === value);
