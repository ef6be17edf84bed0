import { fail, pass, type Context, type Outcome } from "./check";
import { count } from "../shared/words";
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

/** Kinds that the chart and its parts create, with the paths for all namespaces. */
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

/** Kinds that an account with few rights may not see. */
const optional = ["Secret"];

/** Labels that find the chart's objects and those that its operator created. */
const labelsOf = ({ release, prometheus }: FormerKps): Record<string, string>[] => [
  { release },
  { "app.kubernetes.io/instance": release },
  { "operator.prometheus.io/name": prometheus },
];

/** Nothing of the release or of its operator is left; what should outlive it exists; its volume is kept or gone as decided. */
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
    ...crds.map((name) => `the CRD ${name} is gone, and all its objects`),
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
        notes.push(`${kind}s not checked: ${error.message}`);
        return [];
      }
    }),
  );
  const found = (await Promise.all(lists)).flat();
  return { found, notes: [...new Set(notes)] };
}

/**
 * Whether an object belongs to the release, and doesn't only have a label so that its Prometheus finds it, as other people's monitors do. Helm writes on
 * each object which release it belongs to; objects of hooks only have the chart's labels.
 */
function isOf({ metadata: { labels = {}, annotations = {}, namespace } }: Found, former: FormerKps): boolean {
  if (labels["operator.prometheus.io/name"] === former.prometheus) return namespace === former.namespace;
  const [release, where] = ["name", "namespace"].map((of) => annotations[`meta.helm.sh/release-${of}`]);
  if (release !== undefined) return release === former.release && (where ?? former.namespace) === former.namespace;
  const chart = labels.chart ?? labels["helm.sh/chart"] ?? "";
  return labels.heritage === "Helm" && labels.release === former.release && chart.startsWith("kube-prometheus-stack");
}

/** What the operator and the chart's hooks create without the release's labels. */
async function namedObjects(reach: Reach, { namespace, fullname, prometheus }: FormerKps): Promise<Found[]> {
  const inNamespace = (where: string, kind: string, name: string): [string, string] => [
    kind,
    `${core}/namespaces/${where}/${kind.toLowerCase().replace(/s?$/, "s")}/${name}`,
  ];
  const paths: [kind: string, path: string][] = [
    // They have no owner, so they stay and become stale.
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

/** Prometheus's claims and their volumes: gone if that was decided, otherwise listed as kept. */
async function volumesOf(
  reach: Reach,
  { namespace, prometheus, reclaimed }: FormerKps,
): Promise<{ problems: string[]; notes: string[]; said: string }> {
  // With any name of the claim's template, and for any shard.
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
    `PersistentVolume ${metadata.name} is ${status?.phase ?? "present"} (reclaim policy ${spec.persistentVolumeReclaimPolicy})`;
  if (!reclaimed) {
    const said = kept.length > 0 ? `${count(kept.length, "volume")} kept` : "no volumes were kept";
    return { problems: [], notes: kept.map((claim) => `kept: ${claim}`), said };
  }
  const problems = [...kept.map((claim) => `${claim} should be gone, but exists`), ...behind.map(volume)];
  return { problems, notes: [], said: "its volume is deleted" };
}

/** CRDs that should outlive the operator but are gone. */
async function missingCrds(reach: Reach): Promise<string[]> {
  const names = Object.values(outliving).map((path) => `${path.split("/").at(-1)}.monitoring.coreos.com`);
  const found = await Promise.all(
    names.map((name) => reach.metadata(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${name}`)),
  );
  return names.filter((_, i) => found[i] === undefined);
}
