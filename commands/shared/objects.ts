import { withKubernetesDefaults } from "../../engine/answers";
import { chartName } from "../../engine/chart-name";
import { InvalidInput } from "../../engine/errors";
import { Graph, Resource } from "../../engine/graph";
import { providerUrn } from "../../engine/urn";
import {
  containsUnknown,
  isSecret,
  mapLeaves,
  mapParts,
  mapProperties,
  Properties,
  reveal,
  Value,
} from "../../engine/values";

/** A Kubernetes object. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: { name: string; namespace?: string; [key: string]: unknown };
  [key: string]: unknown;
}

/** A Helm release. */
export interface HelmRelease {
  name: string;
  namespace: string;
  /** Name of the chart. */
  chart: string;
  /** Where Helm gets it from, as the program says it: its name, where it is in a repository; else a path or an OCI reference. */
  source: string;
  version: string | null;
  repository: string | null;
  values: Record<string, unknown>;
}

/** Kinds without a namespace: those of Kubernetes itself, and those of the operators that this project meets. */
const clusterScoped = new Set([
  ...["APIService", "CertificateSigningRequest", "ClusterIssuer", "ClusterRole", "ClusterRoleBinding", "CSIDriver"],
  ...["CSINode", "CustomResourceDefinition", "FlowSchema", "IngressClass", "MutatingWebhookConfiguration", "Namespace"],
  ...["Node", "PersistentVolume", "PriorityClass", "PriorityLevelConfiguration", "RuntimeClass", "StorageClass"],
  ...["ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding", "ValidatingWebhookConfiguration"],
  ...["VolumeAttachment", "VolumeSnapshotClass"],
]);

/** The Kubernetes object that a resource stands for, secrets still marked; undefined for any other resource. */
export function objectOf(resource: Resource, graph: Graph): Properties | undefined {
  const { apiVersion, kind } = resource.inputs;
  const isObject = resource.type.startsWith("kubernetes:") && !resource.read && !resource.type.endsWith("Patch");
  if (!isObject || typeof apiVersion !== "string" || typeof kind !== "string") {
    return undefined;
  }
  assertKnown(resource);
  const object = withKubernetesDefaults(resource);
  const metadata = object.metadata as Properties;
  return clusterScoped.has(kind) || metadata.namespace !== undefined
    ? object
    : { ...object, metadata: { ...metadata, namespace: defaultNamespace(resource, graph) } };
}

/** The Helm release that a resource stands for, secrets still marked; undefined for any other resource. */
export function releaseOf(
  resource: Resource,
  graph: Graph,
): (Omit<HelmRelease, "values"> & { values: Value }) | undefined {
  if (resource.type !== "kubernetes:helm.sh/v3:Release" || resource.read) {
    return undefined;
  }
  assertKnown(resource);
  const { chart, version, namespace, name, values } = withKubernetesDefaults(resource);
  const repository = resource.inputs.repositoryOpts as { repo?: string } | undefined;
  return {
    name: String(name),
    namespace: namespace === undefined ? defaultNamespace(resource, graph) : String(namespace),
    chart: chartName(chart) ?? String(chart),
    source: String(chart),
    version: version === undefined ? null : String(version),
    repository: repository?.repo ?? null,
    values: values ?? {},
  };
}

/** The object with every secret in clear. */
export const inClear = (object: Properties): KubernetesObject =>
  mapProperties(object, reveal) as unknown as KubernetesObject;

/**
 * The object with a readable placeholder for every secret. A Secret's own values all count as secret, and stand in
 * `stringData`, where they can be read.
 */
export function withPlaceholders(object: Properties): KubernetesObject {
  const clear = inClear(object);
  const covered = mapProperties(object, cover) as unknown as KubernetesObject;
  // Names are no secrets, and without them there is no object, even where all of `metadata` is secret.
  const { name, namespace } = clear.metadata;
  const metadata = { ...covered.metadata, name, ...(namespace === undefined ? {} : { namespace }) };
  if (clear.kind !== "Secret") {
    return { ...covered, metadata };
  }
  const keys = Object.keys({ ...(clear.data as object), ...(clear.stringData as object) }).sort();
  const stringData = Object.fromEntries(keys.map((key) => [key, `placeholder for ${key} of ${namespace}/${name}`]));
  return { ...omit(covered, "data"), metadata, stringData };
}

const omit = (object: KubernetesObject, key: string): KubernetesObject =>
  Object.fromEntries(Object.entries(object).filter(([name]) => name !== key)) as KubernetesObject;

/** The value with a readable placeholder for every secret, the shape of secret objects kept. */
export const cover = (value: Value): Value =>
  isSecret(value) ? mapLeaves(reveal(value), () => "placeholder for a secret value") : mapParts(value, cover);

function assertKnown(resource: Resource): void {
  const unknown = Object.keys(resource.inputs).filter((key) => containsUnknown(resource.inputs[key]));
  if (unknown.length > 0) {
    throw new InvalidInput(
      `${resource.urn}: ${unknown.join(", ")} can't be known without a provider, so it can't be rendered.`,
    );
  }
}

/** The namespace of an object that names none: its provider's, or Kubernetes' own. */
export function defaultNamespace(resource: Resource, graph: Graph): string {
  const provider = resource.provider === undefined ? undefined : graph.get(providerUrn(resource.provider));
  const namespace = provider && reveal(provider.inputs.namespace ?? null);
  return typeof namespace === "string" ? namespace : "default";
}
