import { count, fail, pass, type Context, type Outcome } from "./check";
import { outliving } from "./monitors";
import { NoAnswer, type Reach } from "./reach";
import type { FormerKps } from "./subject";

/** What a kube-prometheus-stack may leave behind when it is removed. */

interface Meta {
  name: string;
  namespace?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

interface Found {
  kind: string;
  metadata: Meta;
}

const core = "/api/v1";
const monitoring = "/apis/monitoring.coreos.com/v1";
const rbac = "/apis/rbac.authorization.k8s.io/v1";
const admission = "/apis/admissionregistration.k8s.io/v1";

/** Kinds that the chart and its parts make, with the paths of all namespaces. */
const kinds: Readonly<Record<string, string>> = {
  Service: `${core}/services`,
  Endpoints: `${core}/endpoints`,
  ConfigMap: `${core}/configmaps`,
  Secret: `${core}/secrets`,
  ServiceAccount: `${core}/serviceaccounts`,
  Deployment: "/apis/apps/v1/deployments",
  DaemonSet: "/apis/apps/v1/daemonsets",
  StatefulSet: "/apis/apps/v1/statefulsets",
  Job: "/apis/batch/v1/jobs",
  Ingress: "/apis/networking.k8s.io/v1/ingresses",
  NetworkPolicy: "/apis/networking.k8s.io/v1/networkpolicies",
  PodDisruptionBudget: "/apis/policy/v1/poddisruptionbudgets",
  Role: `${rbac}/roles`,
  RoleBinding: `${rbac}/rolebindings`,
  ClusterRole: `${rbac}/clusterroles`,
  ClusterRoleBinding: `${rbac}/clusterrolebindings`,
  ValidatingWebhookConfiguration: `${admission}/validatingwebhookconfigurations`,
  MutatingWebhookConfiguration: `${admission}/mutatingwebhookconfigurations`,
  Prometheus: `${monitoring}/prometheuses`,
  Alertmanager: `${monitoring}/alertmanagers`,
  ThanosRuler: `${monitoring}/thanosrulers`,
  ...outliving,
};

/** Kinds that an account with few rights need not see. */
const optional = ["Secret"];

/** Labels by which the chart's objects, and those that its operator made, are found. */
const labelsOf = ({ release, prometheus }: FormerKps): Record<string, string>[] => [
  { release },
  { "app.kubernetes.io/instance": release },
  { "operator.prometheus.io/name": prometheus },
];

/** Nothing of the release is left, nor of what its operator made; what outlives it is there; its volume is what was decided. */
export async function nothingOrphaned(context: Context): Promise<Outcome> {
  const { reach, subject } = context;
  const former = subject.formerKps!;
  const [labelled, named, volumes, crds] = await Promise.all([
    labelledObjects(reach, former),
    namedObjects(reach, former),
    volumesOf(reach, former),
    missingCrds(reach),
  ]);
  const orphans = [...new Set([...labelled.found.filter((each) => isOf(each, former)), ...named].map(called))];
  const problems = [
    ...crds.map((name) => `the CRD ${name} is gone, and every object of it`),
    ...(orphans.length > 0 ? [`${count(orphans.length, "object")} left: ${orphans.join(", ")}`] : []),
    ...volumes.problems,
  ];
  const notes = [...labelled.notes, ...volumes.notes];
  const said = `nothing is left of ${former.namespace}/${former.release}; ${volumes.said}`;
  return problems.length > 0 ? fail(problems.join("; "), { notes }) : pass(said, { notes });
}

const called = ({ kind, metadata: { namespace, name } }: Found) =>
  `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;

async function labelledObjects(reach: Reach, former: FormerKps): Promise<{ found: Found[]; notes: string[] }> {
  const notes: string[] = [];
  const lists = Object.entries(kinds).flatMap(([kind, path]) =>
    labelsOf(former).map(async (labels) => {
      const labelSelector = Object.entries(labels).map(([key, value]) => `${key}=${value}`);
      try {
        const list = await reach.metadata<{ items: Omit<Found, "kind">[] }>(
          `${path}?${new URLSearchParams({ labelSelector: labelSelector.join() })}`,
        );
        return (list?.items ?? []).map(({ metadata }) => ({ kind, metadata }));
      } catch (error) {
        if (!optional.includes(kind) || !(error instanceof NoAnswer)) throw error;
        notes.push(`${kind}s not looked at: ${error.message}`);
        return [];
      }
    }),
  );
  const found = (await Promise.all(lists)).flat();
  return { found, notes: [...new Set(notes)] };
}

/**
 * Whether an object is the release's, and not merely labelled so that its Prometheus found it, as monitors of others are. Helm says on
 * each object which release it is of; the objects of hooks only have the chart's labels.
 */
function isOf({ metadata: { labels = {}, annotations = {}, namespace } }: Found, former: FormerKps): boolean {
  if (labels["operator.prometheus.io/name"] === former.prometheus) return namespace === former.namespace;
  const [release, where] = ["name", "namespace"].map((of) => annotations[`meta.helm.sh/release-${of}`]);
  if (release !== undefined) return release === former.release && (where ?? former.namespace) === former.namespace;
  const chart = labels.chart ?? labels["helm.sh/chart"] ?? "";
  return labels.heritage === "Helm" && labels.release === former.release && chart.startsWith("kube-prometheus-stack");
}

/** What the operator and the chart's hooks make without the release's labels. */
async function namedObjects(reach: Reach, { namespace, fullname, prometheus }: FormerKps): Promise<Found[]> {
  const inNamespace = (where: string, kind: string, name: string): [string, string] => [
    kind,
    `${core}/namespaces/${where}/${kind.toLowerCase().replace(/s?$/, "s")}/${name}`,
  ];
  const paths: [kind: string, path: string][] = [
    // Without an owner, so that they stay and go stale.
    inNamespace("kube-system", "Service", `${fullname}-kubelet`),
    inNamespace("kube-system", "Endpoints", `${fullname}-kubelet`),
    ["ValidatingWebhookConfiguration", `${admission}/validatingwebhookconfigurations/${fullname}-admission`],
    ["MutatingWebhookConfiguration", `${admission}/mutatingwebhookconfigurations/${fullname}-admission`],
    ["StatefulSet", `/apis/apps/v1/namespaces/${namespace}/statefulsets/prometheus-${prometheus}`],
  ];
  const found = await Promise.all(
    paths.map(async ([kind, path]) => {
      const object = await reach.metadata<Omit<Found, "kind">>(path);
      return object ? [{ kind, metadata: object.metadata }] : [];
    }),
  );
  return found.flat();
}

interface Claim {
  metadata: { name: string };
  spec: { volumeName?: string; resources?: { requests?: { storage?: string } } };
}

interface PersistentVolume {
  metadata: { name: string };
  spec: { claimRef?: { namespace?: string; name?: string }; persistentVolumeReclaimPolicy?: string };
  status?: { phase?: string };
}

/** Prometheus's claims and their volumes: gone where that was decided, else listed as kept. */
async function volumesOf(
  reach: Reach,
  { namespace, prometheus, reclaimed }: FormerKps,
): Promise<{ problems: string[]; notes: string[]; said: string }> {
  // Whatever the claim's template is called, and whichever shard it is of.
  const ofPrometheus = new RegExp(`-prometheus-${prometheus}(-shard-\\d+)?-\\d+$`);
  const [claims, volumes] = await Promise.all([
    reach.object<{ items: Claim[] }>(`${core}/namespaces/${namespace}/persistentvolumeclaims`),
    reach.object<{ items: PersistentVolume[] }>(`${core}/persistentvolumes`),
  ]);
  const left = (claims?.items ?? []).filter(({ metadata }) => ofPrometheus.test(metadata.name));
  const behind = (volumes?.items ?? []).filter(
    ({ spec: { claimRef } }) => claimRef?.namespace === namespace && ofPrometheus.test(claimRef.name ?? ""),
  );
  const kept = left.map(
    ({ metadata, spec }) => `${namespace}/${metadata.name} (${spec.resources?.requests?.storage ?? "size unknown"})`,
  );
  const volume = ({ metadata, spec, status }: PersistentVolume) =>
    `PersistentVolume ${metadata.name} is ${status?.phase ?? "there"} (reclaim policy ${spec.persistentVolumeReclaimPolicy})`;
  if (!reclaimed) {
    const said = kept.length > 0 ? `${count(kept.length, "volume")} kept` : "no volume was kept";
    return { problems: [], notes: kept.map((claim) => `kept: ${claim}`), said };
  }
  const problems = [...kept.map((claim) => `${claim} was to be reclaimed, and is there`), ...behind.map(volume)];
  return { problems, notes: [], said: "its volume is reclaimed" };
}

/** CRDs of what outlives the operator that are no more. */
async function missingCrds(reach: Reach): Promise<string[]> {
  const names = Object.values(outliving).map((path) => `${path.split("/").at(-1)}.monitoring.coreos.com`);
  const found = await Promise.all(
    names.map((name) => reach.metadata(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`)),
  );
  return names.filter((_, i) => found[i] === undefined);
}
