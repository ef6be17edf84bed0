import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { askingKinds } from "../shared/askers";
import { connect, type Connection } from "../shared/api/kubernetes";
import type { Deadline } from "../shared/api/network";
import { Finding } from "../shared/api/result";
import type { Settings } from "../../settings/schema";
import type { Retainable } from "../../settings/sections/removal";
import { releasesIn, type Recorded } from "./release";
import type { Unseen } from "./unseen";

/** Any object; only these fields are read. */
export interface PlainObject {
  metadata?: client.V1ObjectMeta;
}

/** An object of a custom resource. */
export interface CustomObject extends PlainObject {
  spec?: Record<string, unknown>;
}

/** What a cluster has, as far as an adoption needs it. A kind that can't be listed is an empty list here, and is listed in `unseen`. */
export interface Inventory extends Recorded {
  /** Address of the API server. */
  server: string;
  nodes: client.V1Node[];
  namespaces: client.V1Namespace[];
  storageClasses: client.V1StorageClass[];
  crds: client.V1CustomResourceDefinition[];
  /** With their values: never to be shown. */
  secrets: client.V1Secret[];
  configMaps: client.V1ConfigMap[];
  services: client.V1Service[];
  claims: client.V1PersistentVolumeClaim[];
  deployments: client.V1Deployment[];
  statefulSets: client.V1StatefulSet[];
  daemonSets: client.V1DaemonSet[];
  jobs: client.V1Job[];
  cronJobs: client.V1CronJob[];
  ingresses: client.V1Ingress[];
  custom: Record<CustomKind, CustomObject[]>;
  /** Further custom resources in whose text an address may be, by plural. */
  asking: Readonly<Record<string, CustomObject[]>>;
  /** By label `job`: how many targets the Prometheus of a release has, and how many answer; undefined if it was not asked or didn't answer. */
  targets?: ReadonlyMap<string, { all: number; up: number }>;
  /** How many series of the API server's histogram buckets that Prometheus has; undefined likewise. */
  apiServerBuckets?: number;
  unseen: Unseen[];
  /** The protected parts in the stack's state, which are already the stack's own; undefined if the state can't be read. */
  managed?: ReadonlySet<Retainable>;
}

const ofVictoriaMetrics = { group: "operator.victoriametrics.com", version: "v1beta1", beside: true } as const;

/**
 * Custom resources that are read: their group, and the version to request if the definitions can't be read. A cluster without one that is beside what
 * this program knows lacks nothing.
 */
const customKinds = {
  prometheuses: { group: "monitoring.coreos.com", version: "v1" },
  alertmanagers: { group: "monitoring.coreos.com", version: "v1" },
  scrapeconfigs: { group: "monitoring.coreos.com", version: "v1alpha1" },
  probes: { group: "monitoring.coreos.com", version: "v1" },
  prometheusrules: { group: "monitoring.coreos.com", version: "v1" },
  alertmanagerconfigs: { group: "monitoring.coreos.com", version: "v1alpha1" },
  thanosrulers: { group: "monitoring.coreos.com", version: "v1" },
  prometheusagents: { group: "monitoring.coreos.com", version: "v1alpha1" },
  objectbucketclaims: { group: "objectbucket.io", version: "v1alpha1" },
  helmreleases: { group: "helm.toolkit.fluxcd.io", version: "v2" },
  applications: { group: "argoproj.io", version: "v1alpha1" },
  servicemonitors: { group: "monitoring.coreos.com", version: "v1", beside: true },
  podmonitors: { group: "monitoring.coreos.com", version: "v1", beside: true },
  vmsingles: ofVictoriaMetrics,
  vmclusters: ofVictoriaMetrics,
  vmrules: ofVictoriaMetrics,
  vmservicescrapes: ofVictoriaMetrics,
  vmpodscrapes: ofVictoriaMetrics,
  vmprobes: ofVictoriaMetrics,
  vmnodescrapes: ofVictoriaMetrics,
  vmstaticscrapes: ofVictoriaMetrics,
  vmscrapeconfigs: ofVictoriaMetrics,
} as const satisfies Record<string, Kind>;

/** A custom resource that is read. */
export type CustomKind = keyof typeof customKinds;

/** The same for kinds in which only the text counts: their lists by plural. */
const askingCustom = Object.values(askingKinds).flatMap((path) => {
  const [, apis, group, version, plural] = path.split("/");
  const typed = !group.includes(".") || ["networking.k8s.io"].includes(group) || plural in customKinds;
  return apis === "apis" && !typed ? [{ group, version, plural }] : [];
});

/** Type of the Secrets in which Helm keeps releases. */
const helmType = "helm.sh/release.v1";

/**
 * Lists what the cluster has. Every request is a GET; nothing is watched and nothing is written.
 * @param settings how the cluster is reached
 * @param deadline how long each request may take
 * @throws Finding if the cluster does not answer, or doesn't accept the credentials
 */
export async function takeInventory(settings: Settings["kubernetes"], deadline: Deadline): Promise<Inventory> {
  const connection = await connect(settings, deadline);
  const { server, k8s, config, read } = connection;
  // Before all others, so that a cluster that doesn't answer gives one message, not fifteen.
  await read(() => config.makeApiClient(k8s.VersionApi).getCode());
  const core = config.makeApiClient(k8s.CoreV1Api);
  const apps = config.makeApiClient(k8s.AppsV1Api);
  const unseen: Unseen[] = [];
  const list = lister(connection, unseen);
  const crds = list("customresourcedefinitions", () =>
    config.makeApiClient(k8s.ApiextensionsV1Api).listCustomResourceDefinition(),
  );
  const customList = async (kind: Custom, absent = unseen) => {
    const wanted = versionOf(kind, await crds, unseen, absent);
    const api = config.makeApiClient(k8s.CustomObjectsApi);
    const { plural } = kind;
    return wanted ? list(plural, () => api.listClusterCustomObject({ ...wanted, plural }) as Promise<Items>) : [];
  };
  const custom = async () => {
    const lists: Partial<Record<CustomKind, CustomObject[]>> = {};
    for (const [plural, kind] of Object.entries(customKinds) as [CustomKind, Kind][])
      lists[plural] = await customList({ ...kind, plural }, kind.beside ? [] : unseen);
    return lists as Inventory["custom"];
  };
  const releases = list("secrets of Helm releases", () =>
    core.listSecretForAllNamespaces({ fieldSelector: `type=${helmType}`, labelSelector: "owner=helm" }),
  );
  return {
    server,
    crds: await crds,
    ...releasesIn(await releases, unseen),
    nodes: await list("nodes", () => core.listNode()),
    namespaces: await list("namespaces", () => core.listNamespace()),
    storageClasses: await list("storageclasses", () => config.makeApiClient(k8s.StorageV1Api).listStorageClass()),
    secrets: await list("secrets", () => core.listSecretForAllNamespaces({ fieldSelector: `type!=${helmType}` })),
    configMaps: await list("configmaps", () => core.listConfigMapForAllNamespaces()),
    services: await list("services", () => core.listServiceForAllNamespaces()),
    claims: await list("persistentvolumeclaims", () => core.listPersistentVolumeClaimForAllNamespaces()),
    deployments: await list("deployments", () => apps.listDeploymentForAllNamespaces()),
    statefulSets: await list("statefulsets", () => apps.listStatefulSetForAllNamespaces()),
    daemonSets: await list("daemonsets", () => apps.listDaemonSetForAllNamespaces()),
    jobs: await list("jobs", () => config.makeApiClient(k8s.BatchV1Api).listJobForAllNamespaces()),
    cronJobs: await list("cronjobs", () => config.makeApiClient(k8s.BatchV1Api).listCronJobForAllNamespaces()),
    ingresses: await list("ingresses", () => config.makeApiClient(k8s.NetworkingV1Api).listIngressForAllNamespaces()),
    custom: await custom(),
    asking: Object.fromEntries(
      await Promise.all(askingCustom.map(async (kind) => [kind.plural, await customList(kind, [])] as const)),
    ),
    unseen,
  };
}

type Items = { items: CustomObject[] };

/** Lists a kind; a kind that doesn't exist, or that these credentials may not list, is noted and empty. */
function lister({ read }: Connection, unseen: Unseen[]) {
  return async <T>(what: string, request: () => Promise<{ items: T[] }>): Promise<T[]> => {
    try {
      const answer = await read(request);
      if (!answer) unseen.push({ what, why: "the cluster has no kind with this name" });
      return answer?.items ?? [];
    } catch (error) {
      if (!(error instanceof Finding) || error.result.status !== "skipped") throw error;
      unseen.push({ what, why: error.result.found });
      return [];
    }
  };
}

interface Kind {
  group: string;
  version: string;
  beside?: true;
}

interface Custom extends Kind {
  plural: string;
}

/** The version to request; undefined if the cluster has no such kind, which is noted among `absent`. */
function versionOf(
  { group, version, plural }: Custom,
  crds: readonly client.V1CustomResourceDefinition[],
  unseen: readonly Unseen[],
  absent: Unseen[],
): { group: string; version: string } | undefined {
  if (unseen.some(({ what }) => what === "customresourcedefinitions")) return { group, version };
  const found = crds.find(({ metadata }) => metadata?.name === `${plural}.${group}`);
  const served = found?.spec.versions.filter((each) => each.served) ?? [];
  const chosen = served.find((each) => each.storage) ?? served[0];
  if (chosen) return { group, version: chosen.name };
  absent.push({ what: plural, why: `the cluster has no kind with this name (${group})` });
  return undefined;
}
