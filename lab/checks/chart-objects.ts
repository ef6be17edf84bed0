import { isDeepStrictEqual } from "node:util";
import { image } from "../../components/images";
import { imageNames, type ImageName } from "../../settings/image-list";

/** An object of a chart, as its template says it. */
export type ChartObject = {
  kind: string;
  metadata: { name: string; namespace?: string; annotations?: Record<string, string>; labels?: Record<string, string> };
} & Json;

type Json = Record<string, unknown>;

/** What an adoption keeps inside the release. */
export interface Kept {
  grafana?: boolean;
  exporters?: boolean;
}

/**
 * What is wrong with the objects that kube-prometheus-stack makes of this program's values.
 * @param values the values of the release
 * @param objects what `helm template` gave
 * @param kept what an adoption keeps: nothing by default
 * @returns a line for each problem
 */
export function kpsProblems(values: Json, objects: readonly ChartObject[], kept: Kept = {}): string[] {
  return [
    ...objects.flatMap((object) => [...hookProblems(object), ...kindProblems(object), ...imageProblems(object, kept)]),
    ...prometheusProblems(values, objects),
    ...objects.filter(({ kind }) => kind === "PrometheusRule").flatMap(ruleProblems),
  ];
}

/**
 * What is wrong with the objects of the release that has upstream's rules and dashboards.
 * @param objects what `helm template` gave
 */
export function upstreamProblems(objects: readonly ChartObject[]): string[] {
  return objects.flatMap((object) => [
    ...hookProblems(object),
    ...(["PrometheusRule", "ConfigMap"].includes(object.kind)
      ? []
      : [`${nameOf(object)} must not be there: this release has rules and dashboards only`]),
  ]);
}

/** Groups about Prometheus and its operator, which go with the release. */
const itsOwn = ["prometheus", "prometheus-operator"];

const ruleProblems = (object: ChartObject): string[] =>
  ((object.spec as { groups?: { name: string }[] } | undefined)?.groups ?? [])
    .filter(({ name }) => !itsOwn.includes(name))
    .map(({ name }) => `${nameOf(object)} has group ${name}, which would go with the release`);

/**
 * What is wrong with the objects of the chart of CRDs.
 * @param objects what `helm template` gave
 */
export function crdProblems(objects: readonly ChartObject[]): string[] {
  return objects.flatMap((object) => [
    ...hookProblems(object),
    ...(object.kind === "CustomResourceDefinition"
      ? []
      : [`${nameOf(object)} is not a CRD: it is not safe to remove it`]),
  ]);
}

const nameOf = ({ kind, metadata }: ChartObject) => `${kind} ${metadata.name}`;

const hookProblems = (object: ChartObject): string[] =>
  object.metadata.annotations?.["helm.sh/hook"]
    ? [`${nameOf(object)} is a hook: an interrupted update leaves the release pending`]
    : [];

/** Kinds that this program installs itself, or not at all. */
const refusedKinds: Readonly<Record<string, string>> = {
  Alertmanager: "this program has its own, in every stage",
  ThanosRuler: "no setting needs it",
  PrometheusAgent: "no setting needs it",
  Job: "the chart's Jobs are hooks that create certificates for its webhooks",
  ValidatingWebhookConfiguration: "a webhook refuses every rule once its operator is gone",
  MutatingWebhookConfiguration: "a webhook refuses every rule once its operator is gone",
  CustomResourceDefinition: "CRDs outlive the release: they have a separate one",
};

const kindProblems = (object: ChartObject): string[] =>
  refusedKinds[object.kind] ? [`${nameOf(object)} must not exist: ${refusedKinds[object.kind]}`] : [];

function imageProblems(object: ChartObject, { grafana, exporters }: Kept): string[] {
  const own: ImageName[] = [
    ...(["prometheus", "prometheus-operator", "prometheus-config-reloader"] as const),
    ...(grafana ? (["grafana", "k8s-sidecar"] as const) : []),
    ...(exporters ? (["node-exporter", "kube-state-metrics"] as const) : []),
  ];
  const byReference = new Map(imageNames.map((name) => [image(name), name]));
  return imagesIn(object).flatMap((reference) => {
    const name = byReference.get(reference);
    if (!name) return [`${nameOf(object)} runs ${reference}, which is not in images.json`];
    return own.includes(name)
      ? []
      : [`${nameOf(object)} runs ${name}: no workload of the release may use it, unless an adoption keeps it`];
  });
}

/** The operator runs the images in its arguments. Thanos is not one of them: no sidecar is used. */
const imageArgument = /^--prometheus-config-reloader=(.+)$/;

function imagesIn(value: unknown, key = ""): string[] {
  if (typeof value === "string") {
    const named = imageArgument.exec(value)?.[1];
    return key === "image" ? [value] : named ? [named] : [];
  }
  if (Array.isArray(value)) return value.flatMap((part) => imagesIn(part));
  return isMap(value) ? Object.entries(value).flatMap(([key, part]) => imagesIn(part, key)) : [];
}

/** Where the chart writes a value of `prometheusSpec` that it doesn't write under its own name. */
const writtenAs: Readonly<Record<string, (value: unknown) => Json>> = {
  storageSpec: (storage) => ({ storage }),
  alertingEndpoints: (alertmanagers) => ({ alerting: { alertmanagers } }),
  prometheusExternalLabelNameClear: () => ({ prometheusExternalLabelName: "" }),
  replicaExternalLabelNameClear: () => ({ replicaExternalLabelName: "" }),
  image: (parts) => ({ image: referenceOf(parts as Record<string, string>) }),
};

const referenceOf = ({ registry, repository, tag, sha }: Record<string, string>) =>
  `${registry}/${repository}:${tag}${sha ? `@sha256:${sha}` : ""}`;

/** A chart silently drops values that it doesn't know, so each value that is set is checked in the object. */
function prometheusProblems(values: Json, objects: readonly ChartObject[]): string[] {
  const found = objects.filter(({ kind }) => kind === "Prometheus");
  if (found.length !== 1) return [`there are ${found.length} objects of kind Prometheus instead of one`];
  const { prometheusSpec } = values.prometheus as { prometheusSpec: Json };
  return Object.entries(prometheusSpec).flatMap(([key, value]) => {
    // These say what an absent selector would become; and where a pod may run, nothing is as good as an empty list.
    if (key.endsWith("NilUsesHelmValues") || (["nodeSelector", "tolerations"].includes(key) && isEmpty(value)))
      return [];
    const wanted = writtenAs[key]?.(value) ?? { [key]: value };
    return contains(found[0].spec, wanted)
      ? []
      : [`${nameOf(found[0])} lacks prometheus.prometheusSpec.${key}: the chart dropped ${JSON.stringify(value)}`];
  });
}

/** Whether all of `part` is in `whole`; an empty selector must exist and be empty, because no selector selects nothing. */
function contains(whole: unknown, part: unknown): boolean {
  if (!isMap(part) || !isMap(whole) || isEmpty(part)) return isDeepStrictEqual(whole, part);
  return Object.entries(part).every(([key, value]) => contains(whole[key], value));
}

const isEmpty = (value: unknown): boolean => typeof value === "object" && Object.keys(value ?? {}).length === 0;

const isMap = (value: unknown): value is Json => typeof value === "object" && value !== null && !Array.isArray(value);
