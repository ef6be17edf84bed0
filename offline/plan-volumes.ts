import { prometheusName } from "../components/kube-prometheus-stack/chart";
import { withKubernetesDefaults } from "./answers";
import { Graph, Resource } from "./graph";
import { isMap } from "./json";
import { defaultNamespace } from "./objects";
import { Operation, Step } from "./plan-steps";
import { reveal, Value } from "./values";

/** What becomes of a volume. `made`: it is new, or an earlier one of that name, which was kept, is taken again. */
export type Fate = "made" | "stays" | "kept" | "deleted";

/** Volumes of one workload: the claims that a StatefulSet, an operator or a chart makes, and those that the program declares. */
export interface Volume {
  /** how `migration.reclaimVolumes` names it: `prometheus`, or the name of what holds it */
  name: string;
  namespace: string;
  claims: string[];
  /** URN of the resource that it comes and goes with */
  workload: string;
  fate: Fate;
  /** whether data goes that the target doesn't name */
  lost: boolean;
  why: string;
}

/** Claims as one state of the stack has them. */
interface Claims {
  /** what stays the same when their number changes */
  key: string;
  name: string;
  namespace: string;
  claims: string[];
  owner: Resource;
  whenDeleted: Policy;
  whenScaled: Policy;
  /** what decides on `whenDeleted`, for a message */
  decision: string;
}

type Policy = "Retain" | "Delete";

/**
 * What becomes of every volume, those too that the graph doesn't show. What they hold outlives them nowhere, so a volume that goes
 * counts as lost unless the settings name it.
 *
 * @param steps what the update does
 * @param reclaimed the volumes that the target's settings name: `migration.reclaimVolumes`
 */
export function volumesBetween(source: Graph, target: Graph, steps: Step[], reclaimed: string[]): Volume[] {
  const [before, after] = [claimsIn(source), claimsIn(target)];
  const operations = new Map(steps.map(({ urn, op }) => [urn, op]));
  const goingNamespaces = namespacesIn(source).filter(({ urn }) => goes(operations.get(urn)));
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
      return [volume(claims, "stays", "what holds it is protected: the update is refused")];
    }
    if (goingNamespaces.some((one) => nameOf(one) === namespace)) {
      return [volume(claims, "deleted", `its namespace ${namespace} goes`)];
    }
    if (now && !goes(op)) {
      return scaled(claims, now);
    }
    if (owner.options.retainOnDelete) {
      return [volume(claims, "kept", "what holds it is only forgotten by Pulumi (retainOnDelete)")];
    }
    const again = now ? ", and taken again by what is made anew" : "";
    return whenDeleted === "Retain"
      ? [volume(claims, "kept", `${decision}${again}${vainly(claims)}`)]
      : [volume(claims, "deleted", decision)];
  });
  const made = after
    .filter((claims) => !find(before, claims))
    .map((claims) => volume(claims, "made", "or taken again, where it was kept from an earlier time"));
  return [...old, ...made].filter(({ claims }) => claims.length > 0);

  /** A workload that stays may have fewer replicas than before. */
  function scaled(claims: Claims, now: Claims): Volume[] {
    const [left, rest] = [
      claims.claims.filter((claim) => now.claims.includes(claim)),
      claims.claims.filter((claim) => !now.claims.includes(claim)),
    ];
    const risk =
      claims.owner.type === release && now.whenDeleted === "Delete"
        ? `${now.decision}: it goes when the operator deletes its StatefulSet, also to make it anew`
        : "";
    const stays = volume({ ...now, claims: left }, "stays", risk);
    if (rest.length === 0) return [stays];
    return [
      stays,
      now.whenScaled === "Delete"
        ? volume({ ...now, claims: rest }, "deleted", "fewer replicas, and whenScaled is Delete")
        : volume({ ...now, claims: rest }, "kept", "fewer replicas, and whenScaled is Retain"),
    ];
  }

  /** Named, and kept all the same: the policy has to be in force before the workload goes. */
  function vainly({ name }: Claims): string {
    return reclaimed.includes(name)
      ? ". migration.reclaimVolumes names it, but its policy has to be Delete in the update before: bring about migration.retireKps first"
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
    owner,
    ...policies(spec, "whenDeleted"),
  }));
}

/** A claim of its own goes with its resource. */
function claimOf(owner: Resource, graph: Graph): Claims {
  const name = nameOf(owner);
  return {
    ...{ key: name, name, namespace: namespaceOf(owner, graph), claims: [name], owner },
    ...{ whenDeleted: "Delete", whenScaled: "Retain", decision: "the program declares the claim itself" },
  };
}

/** Of kube-prometheus-stack: what its operator makes for Prometheus, and what its chart makes for the Grafana inside it. */
function claimsOfRelease(owner: Resource, graph: Graph): Claims[] {
  const { name, namespace, chart, values = {} } = clear<Release>(withKubernetesDefaults(owner)) ?? {};
  if (chart !== "kube-prometheus-stack" || name === undefined) return [];
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
  return [{ key, name: "prometheus", claims, ...policies(spec, "whenDeleted in the release's values") }];
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
        "Helm deletes it, as grafana.persistence.annotations of the release lacks helm.sh/resource-policy: keep",
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

/** Name of an object, which need not be the resource's. */
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

/** A value in clear, as a type of which every part may be missing; undefined where it isn't an object, as where it is unknown. */
export function clear<T>(value: Value | undefined): T | undefined {
  const known = reveal(value ?? null);
  return isMap<Value>(known) ? (known as T) : undefined;
}
