import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { connect, type Connection } from "../preflight/kubernetes";
import type { Deadline } from "../preflight/network";
import { Finding } from "../preflight/result";
import type { Settings } from "../config/schema";
import { releasesIn, type Release } from "./release";

/** Any object, of which only this is read. */
export interface PlainObject {
  metadata?: client.V1ObjectMeta;
}

/** An object of a custom resource. */
export interface CustomObject extends PlainObject {
  spec?: Record<string, unknown>;
}

/** A kind that could not be listed. */
export interface Unseen {
  /** Such as `secrets`. */
  what: string;
  why: string;
}

/** What a cluster has, as far as an adoption is about it. A kind that can't be listed is an empty list here, and stands in `unseen`. */
export interface Inventory {
  /** Address of the API server. */
  server: string;
  /** Helm releases, the latest revision of each. */
  releases: Release[];
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
  custom: Record<CustomKind, CustomObject[]>;
  unseen: Unseen[];
}

/** Custom resources that are looked at: their group, and the version that is asked for where the definitions can't be read. */
const customKinds = {
  prometheuses: { group: "monitoring.coreos.com", version: "v1" },
  alertmanagers: { group: "monitoring.coreos.com", version: "v1" },
  objectbucketclaims: { group: "objectbucket.io", version: "v1alpha1" },
  helmreleases: { group: "helm.toolkit.fluxcd.io", version: "v2" },
  applications: { group: "argoproj.io", version: "v1alpha1" },
} as const;

/** A custom resource that is looked at. */
export type CustomKind = keyof typeof customKinds;

/** Type of the Secrets in which Helm keeps releases. */
const helmType = "helm.sh/release.v1";

/**
 * Lists what the cluster has. Every request is a GET; nothing is watched and nothing is written.
 * @param settings how the cluster is reached
 * @param deadline how long each request may take
 * @throws Finding when the cluster does not answer, or doesn't accept the credentials
 */
export async function takeInventory(settings: Settings["kubernetes"], deadline: Deadline): Promise<Inventory> {
  const connection = await connect(settings, deadline);
  const { server, k8s, config, read } = connection;
  // By itself, before all others: one message, not fifteen, where nothing answers.
  await read(() => config.makeApiClient(k8s.VersionApi).getCode());
  const core = config.makeApiClient(k8s.CoreV1Api);
  const apps = config.makeApiClient(k8s.AppsV1Api);
  const unseen: Unseen[] = [];
  const list = lister(connection, unseen);
  const crds = list("customresourcedefinitions", () =>
    config.makeApiClient(k8s.ApiextensionsV1Api).listCustomResourceDefinition(),
  );
  const custom = async (plural: CustomKind) => {
    const wanted = versionOf(plural, await crds, unseen);
    const api = config.makeApiClient(k8s.CustomObjectsApi);
    return wanted ? list(plural, () => api.listClusterCustomObject({ ...wanted, plural }) as Promise<Items>) : [];
  };
  const releases = list("secrets of Helm releases", () =>
    core.listSecretForAllNamespaces({ fieldSelector: `type=${helmType}`, labelSelector: "owner=helm" }),
  );
  return {
    server,
    crds: await crds,
    releases: releasesIn(await releases, unseen),
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
    custom: {
      prometheuses: await custom("prometheuses"),
      alertmanagers: await custom("alertmanagers"),
      objectbucketclaims: await custom("objectbucketclaims"),
      helmreleases: await custom("helmreleases"),
      applications: await custom("applications"),
    },
    unseen,
  };
}

type Items = { items: CustomObject[] };

/** Lists a kind; one that isn't there, or that these credentials may not list, is noted and empty. */
function lister({ read }: Connection, unseen: Unseen[]) {
  return async <T>(what: string, request: () => Promise<{ items: T[] }>): Promise<T[]> => {
    try {
      const answer = await read(request);
      if (!answer) unseen.push({ what, why: "the cluster has no kind of this name" });
      return answer?.items ?? [];
    } catch (error) {
      if (!(error instanceof Finding) || error.result.status !== "skipped") throw error;
      unseen.push({ what, why: error.result.found });
      return [];
    }
  };
}

/** The version to ask for; undefined where the cluster has no such kind, which is noted. */
function versionOf(
  plural: CustomKind,
  crds: readonly client.V1CustomResourceDefinition[],
  unseen: Unseen[],
): { group: string; version: string } | undefined {
  const { group, version } = customKinds[plural];
  if (unseen.some(({ what }) => what === "customresourcedefinitions")) return { group, version };
  const found = crds.find(({ metadata }) => metadata?.name === `${plural}.${group}`);
  const served = found?.spec.versions.filter((each) => each.served) ?? [];
  const chosen = served.find((each) => each.storage) ?? served[0];
  if (chosen) return { group, version: chosen.name };
  unseen.push({ what: plural, why: `the cluster has no kind of this name (${group})` });
  return undefined;
}
