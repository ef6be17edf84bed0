import { withKubernetesDefaults } from "../../engine/answers";
import { chartName } from "../../engine/chart-name";
import { Graph, Resource } from "../../engine/graph";
import { isMap } from "../../engine/json";
import { defaultNamespace } from "../shared/objects";
import { isForgotten, Operation, Step } from "./steps";
import { reveal, Value } from "../../engine/values";
import { prometheusName } from "../../settings/release-values";

/** What happens to a volume. `made`: it is new, or a kept volume with the same name is reused. */
export type Fate = "made" | "stays" | "kept" | "deleted";

/** Volumes of one workload: the claims that a StatefulSet, an operator or a chart creates, or the program declares. */
export interface Volume {
  /** its name in `migration.reclaimVolumes`: `prometheus`, or the name of its workload */
  name: string;
  namespace: string;
  claims: string[];
  /** URN of the resource that it is created and deleted with */
  workload: string;
  fate: Fate;
  /** whether data is deleted that the target doesn't name */
  lost: boolean;
  why: string;
}

/** Claims in one state of the stack. */
interface Claims {
  /** what stays the same when their number changes */
  key: string;
  name: string;
  namespace: string;
  claims: string[];
  /** what the template asks for; a claim that exists keeps its size whatever the template says */
  size?: string;
  owner: Resource;
  whenDeleted: Policy;
  whenScaled: Policy;
  /** what decides on `whenDeleted`, for a message */
  decision: string;
}

type Policy = "Retain" | "Delete";

/**
 * What happens to every volume, including those that the graph doesn't show. Their data is nowhere else, so a deleted volume
 * counts as lost unless the settings name it.
 *
 * @param steps what the update does
 * @param reclaimed the volumes that the target's settings name: `migration.reclaimVolumes`
 */
export function volumesBetween(source: Graph, target: Graph, steps: Step[], reclaimed: string[]): Volume[] {
  const [before, after] = [claimsIn(source), claimsIn(target)];
  const operations = new Map(steps.map(({ urn, op }) => [urn, op]));
  const stay = new Set(steps.filter(isForgotten).map(({ urn }) => urn));
  const goingNamespaces = namespacesIn(source).filter(({ urn }) => goes(operations.get(urn)) && !stay.has(urn));
  const find = (all: Claims[], { key, namespace }: Claims): Claims | undefined =>
    all.find((one) => one.key === key && one.namespace === namespace);

  const volume = ({ name, namespace, claims, owner }: Claims, fate: Fate, why: string): Volume => ({
    ...{ name, namespace, claims, workload: owner.urn, fate },
    lost: fate === "deleted" && !reclaimed.includes(name),
    why: fate === "deleted" && reclaimed.includes(name) ? `${why}; named in migration.reclaimVolumes` : why,
  });

  const old = before.flatMap((claims): Volume[] => {
    const { namespace, owner, whenDeleted, decision } = claims;
    const now = find(after, claims);
    const op = operations.get(now?.owner.urn ?? owner.urn);
    if (op === "blocked") {
      return [volume(claims, "stays", "its workload is protected: the update is refused")];
    }
    if (goingNamespaces.some((one) => nameOf(one) === namespace)) {
      return [volume(claims, "deleted", `its namespace ${namespace} is deleted`)];
    }
    if (now && !goes(op)) {
      return scaled(claims, now);
    }
    if (owner.options.retainOnDelete) {
      return [volume(claims, "kept", "its workload is only forgotten by Pulumi (retainOnDelete)")];
    }
    const again = now ? `, and reused by the new workload${unresized(claims, now)}` : "";
    return whenDeleted === "Retain"
      ? [volume(claims, "kept", `${decision}${again}${vainly(claims)}`)]
      : [volume(claims, "deleted", decision)];
  });
  const made = after
    .filter((claims) => !find(before, claims))
    .map((claims) => volume(claims, "made", "or reused, if it was kept earlier"));
  return [...old, ...made].filter(({ claims }) => claims.length > 0);

  /** A workload that stays may have fewer replicas than before. */
  function scaled(claims: Claims, now: Claims): Volume[] {
    const [left, rest] = [
      claims.claims.filter((claim) => now.claims.includes(claim)),
      claims.claims.filter((claim) => !now.claims.includes(claim)),
    ];
    const risk =
      claims.owner.type === release && now.whenDeleted === "Delete"
        ? `${now.decision}: it is deleted when the operator deletes its StatefulSet, even to create it again`
        : "";
    const stays = volume(
      { ...now, claims: left },
      "stays",
      [risk, unresized(claims, now).slice(2)].filter(Boolean).join("; "),
    );
    if (rest.length === 0) return [stays];
    return [
      stays,
      now.whenScaled === "Delete"
        ? volume({ ...now, claims: rest }, "deleted", "fewer replicas, and whenScaled is Delete")
        : volume({ ...now, claims: rest }, "kept", "fewer replicas, and whenScaled is Retain"),
    ];
  }

  /** No controller resizes a claim when its template changes. */
  function unresized({ size }: Claims, now: Claims): string {
    return size === undefined || now.size === undefined || size === now.size
      ? ""
      : `; it keeps its ${size}: a claim isn't resized with its template. Make it ${now.size} first (docs/growing-a-volume.md)`;
  }

  /** Named but still kept: the policy must be in force before the workload is deleted. */
  function vainly({ name }: Claims): string {
    return reclaimed.includes(name)
      ? ". migration.reclaimVolumes names it, but its policy must be Delete one update earlier: first deploy migration.retireKps"
      : "";
  }
}

const goes = (op: Operation | undefined): boolean => op === "delete" || op === "replace";

const release = "kubernetes:helm.sh/v3:Release";

function claimsIn(graph: Graph): Claims[] {
  return [...graph.values()]
    .filter(({ read }) => !read)
    .flatMap((resource): Claims[] => {
      const [, group, kind] = resource.type.split(":");
      if (resource.type === release) return claimsOfRelease(resource, graph);
      if (group.startsWith("apps/") && kind === "StatefulSet") return claimsOfStatefulSet(resource, graph);
      if (group === "core/v1" && kind === "PersistentVolumeClaim") return [claimOf(resource, graph)];
      return [];
    });
}

function claimsOfStatefulSet(owner: Resource, graph: Graph): Claims[] {
  const name = nameOf(owner);
  const spec = clear<{ replicas?: number } & StatefulSetStorage & { volumeClaimTemplates?: ClaimTemplate[] }>(
    owner.inputs.spec,
  );
  return (spec?.volumeClaimTemplates ?? []).map((template) => ({
    key: `${template.metadata?.name}-${name}`,
    name,
    namespace: namespaceOf(owner, graph),
    claims: ordinals(spec?.replicas).map((ordinal) => `${template.metadata?.name}-${name}-${ordinal}`),
    size: template.spec?.resources?.requests?.storage,
    owner,
    ...policies(spec, "whenDeleted"),
  }));
}

/** A separate claim is deleted with its resource. */
function claimOf(owner: Resource, graph: Graph): Claims {
  const name = nameOf(owner);
  return {
    ...{ key: name, name, namespace: namespaceOf(owner, graph), claims: [name], owner },
    ...{ whenDeleted: "Delete", whenScaled: "Retain", decision: "the program declares the claim itself" },
  };
}

/** Of kube-prometheus-stack: claims that its operator creates for Prometheus, and its chart for Grafana. */
function claimsOfRelease(owner: Resource, graph: Graph): Claims[] {
  const { name, namespace, chart, values = {} } = clear<Release>(withKubernetesDefaults(owner)) ?? {};
  if (chartName(chart) !== "kube-prometheus-stack" || name === undefined) return [];
  const place = { namespace: namespace ?? defaultNamespace(owner, graph), owner };
  return [...claimsOfPrometheus(name, values), ...claimsOfGrafana(name, values)].map((claims) => ({
    ...place,
    ...claims,
  }));
}

type InRelease = Omit<Claims, "namespace" | "owner">;

function claimsOfPrometheus(release: string, values: ReleaseValues): InRelease[] {
  const { enabled, prometheusSpec: spec } = values.prometheus ?? {};
  const template = spec?.storageSpec?.volumeClaimTemplate;
  if (enabled === false || !template) return [];
  const workload = `prometheus-${prometheusName(release, { ...values })}`;
  const key = `${template.metadata?.name ?? `${workload}-db`}-${workload}`;
  const claims = ordinals(spec?.replicas).map((ordinal) => `${key}-${ordinal}`);
  const size = template.spec?.resources?.requests?.storage;
  return [{ key, name: "prometheus", claims, size, ...policies(spec, "whenDeleted in the release's values") }];
}

function claimsOfGrafana(release: string, values: ReleaseValues): InRelease[] {
  const { enabled, persistence } = values.grafana ?? {};
  if (enabled === false || !persistence?.enabled || persistence.existingClaim) return [];
  const claim = release.includes("grafana") ? release : `${release}-grafana`;
  const keep = persistence.annotations?.["helm.sh/resource-policy"] === "keep";
  const [whenDeleted, decision]: [Policy, string] = keep
    ? ["Retain", "grafana.persistence.annotations of the release has helm.sh/resource-policy: keep"]
    : [
        "Delete",
        "Helm deletes it, because grafana.persistence.annotations of the release lacks helm.sh/resource-policy: keep",
      ];
  return [{ key: claim, name: claim, claims: [claim], whenDeleted, whenScaled: "Retain", decision }];
}

function policies(spec: StatefulSetStorage | undefined, where: string) {
  const { whenDeleted = "Retain", whenScaled = "Retain" } = spec?.persistentVolumeClaimRetentionPolicy ?? {};
  return { whenDeleted, whenScaled, decision: `${where} is ${whenDeleted}` };
}

const ordinals = (replicas = 1): number[] => [...Array(replicas).keys()];

const namespacesIn = (graph: Graph): Resource[] =>
  [...graph.values()].filter(({ type, read }) => type === "kubernetes:core/v1:Namespace" && !read);

/** Name of an object, which may differ from the resource's. */
export const nameOf = (resource: Resource): string =>
  clear<{ name: string }>(withKubernetesDefaults(resource).metadata)?.name ?? resource.name;

/** Namespace of an object: its own, or its provider's. */
export const namespaceOf = (resource: Resource, graph: Graph): string =>
  clear<{ namespace?: string }>(resource.inputs.metadata)?.namespace ?? defaultNamespace(resource, graph);

// The parts of Kubernetes' types and of the chart's values that are read here; every one may be missing.
interface StatefulSetStorage {
  replicas?: number;
  persistentVolumeClaimRetentionPolicy?: { whenDeleted?: Policy; whenScaled?: Policy };
}
interface ClaimTemplate {
  metadata?: { name?: string };
  spec?: { resources?: { requests?: { storage?: string } } };
}
interface Release {
  name: string;
  namespace?: string;
  chart: string;
  values?: ReleaseValues;
}
interface ReleaseValues {
  prometheus?: {
    enabled?: boolean;
    prometheusSpec?: StatefulSetStorage & { storageSpec?: { volumeClaimTemplate?: ClaimTemplate } };
  };
  grafana?: {
    enabled?: boolean;
    persistence?: { enabled?: boolean; existingClaim?: string; annotations?: Record<string, string> };
  };
}

/** A value in clear, as a type whose parts may all be missing; undefined if it isn't an object, for example if it is unknown. */
export function clear<T>(value: Value | undefined): T | undefined {
  const known = reveal(value ?? null);
  return isMap<Value>(known) ? (known as T) : undefined;
}
