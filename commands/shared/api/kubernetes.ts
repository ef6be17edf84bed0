import { setTimeout as pause } from "node:timers/promises";
import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import type { Settings } from "../../../settings/schema";
import { whyNot, type Deadline } from "./network";
import { failed, Finding, skipped, type Found } from "./result";

/** Reads of the API server that the preflight makes; undefined: there is none. No answer, or a refusal, is thrown as a {@link Finding}. */
export interface ClusterReader {
  /** Address of the API server. */
  server: string;
  version(): Promise<client.VersionInfo | undefined>;
  namespace(name: string): Promise<client.V1Namespace | undefined>;
  storageClasses(): Promise<client.V1StorageClass[]>;
  nodes(): Promise<client.V1Node[]>;
  crd(name: string): Promise<client.V1CustomResourceDefinition | undefined>;
  /** Pods of a namespace with these labels. */
  pods(namespace: string, labelSelector: string): Promise<client.V1Pod[]>;
  /** StatefulSets of a namespace with these labels. */
  statefulSets(namespace: string, labelSelector: string): Promise<client.V1StatefulSet[]>;
  secret(namespace: string, name: string): Promise<client.V1Secret | undefined>;
  secrets(namespace: string, labelSelector: string): Promise<client.V1Secret[]>;
  configMap(namespace: string, name: string): Promise<client.V1ConfigMap | undefined>;
  /** ConfigMaps with these labels, in some namespaces or in all. */
  configMaps(labelSelector: string, namespaces?: readonly string[]): Promise<client.V1ConfigMap[]>;
  /** Events about an object. */
  events(namespace: string, about: { kind: string; name: string }): Promise<client.CoreV1Event[]>;
  /** Every object of a custom resource. */
  objects(group: string, version: string, plural: string): Promise<client.KubernetesObject[]>;
}

/** A way to the API server that the settings name. */
export interface Connection {
  /** Address of the API server. */
  server: string;
  /** The client, an ES module. */
  k8s: typeof client;
  config: client.KubeConfig;
  /** Makes a request within the deadline; 404 is undefined, no answer and a refusal are thrown as a {@link Finding}. */
  read: <T>(request: () => Promise<T>) => Promise<T | undefined>;
}

/**
 * Finds the way to the cluster that the settings name; asks it nothing yet.
 * @param settings how it is reached
 * @param deadline how long each request may take
 * @throws Finding when no kubeconfig names it
 */
export async function connect(settings: Settings["kubernetes"], deadline: Deadline): Promise<Connection> {
  // Loaded here: it takes a second, and only ES modules may name it at their top.
  const k8s = await import("@kubernetes/client-node");
  const config = configOf(settings, new k8s.KubeConfig());
  const server = config.getCurrentCluster()?.server;
  // What the client takes where there is no kubeconfig, and no API server has offered since 1.20.
  if (!server || server === "http://localhost:8080")
    throw new Finding(failed("no kubeconfig names a cluster", "set KUBECONFIG, or kubernetes.kubeconfig and .context"));
  return { server, k8s, config, read: reader(deadline, k8s.ApiException) };
}

/**
 * The cluster that the settings name.
 * @param settings how it is reached
 * @param deadline how long each request may take
 * @throws Finding when no kubeconfig names it
 */
export async function clusterReader({ kubernetes }: Settings, deadline: Deadline): Promise<ClusterReader> {
  const { server, k8s, config, read } = await connect(kubernetes, deadline);
  const core = config.makeApiClient(k8s.CoreV1Api);
  const items = async <T>(request: () => Promise<{ items: T[] }>) => (await read(request))?.items ?? [];
  return {
    server,
    version: () => read(() => config.makeApiClient(k8s.VersionApi).getCode()),
    namespace: (name) => read(() => core.readNamespace({ name })),
    storageClasses: () => items(() => config.makeApiClient(k8s.StorageV1Api).listStorageClass()),
    nodes: () => items(() => core.listNode()),
    crd: (name) => read(() => config.makeApiClient(k8s.ApiextensionsV1Api).readCustomResourceDefinition({ name })),
    pods: (namespace, labelSelector) => items(() => core.listNamespacedPod({ namespace, labelSelector })),
    statefulSets: (namespace, labelSelector) =>
      items(() => config.makeApiClient(k8s.AppsV1Api).listNamespacedStatefulSet({ namespace, labelSelector })),
    secret: (namespace, name) => read(() => core.readNamespacedSecret({ namespace, name })),
    secrets: (namespace, labelSelector) => items(() => core.listNamespacedSecret({ namespace, labelSelector })),
    configMap: (namespace, name) => read(() => core.readNamespacedConfigMap({ namespace, name })),
    configMaps: async (labelSelector, namespaces) =>
      namespaces
        ? (
            await Promise.all(
              namespaces.map((namespace) => items(() => core.listNamespacedConfigMap({ namespace, labelSelector }))),
            )
          ).flat()
        : items(() => core.listConfigMapForAllNamespaces({ labelSelector })),
    events: (namespace, { kind, name }) =>
      items(() =>
        core.listNamespacedEvent({
          namespace,
          fieldSelector: `involvedObject.kind=${kind},involvedObject.name=${name}`,
        }),
      ),
    objects: (group, version, plural) =>
      items(
        () =>
          config.makeApiClient(k8s.CustomObjectsApi).listClusterCustomObject({ group, version, plural }) as Promise<{
            items: client.KubernetesObject[];
          }>,
      ),
  };
}

function configOf({ kubeconfig, context }: Settings["kubernetes"], config: client.KubeConfig): client.KubeConfig {
  try {
    if (kubeconfig) config.loadFromFile(kubeconfig);
    else config.loadFromDefault();
  } catch (error) {
    const name = kubeconfig ?? "the kubeconfig";
    throw new Finding(
      failed(`${name} can't be read: ${(error as Error).message}`, "correct it, or kubernetes.kubeconfig"),
    );
  }
  if (context && !config.getContextObject(context)) {
    const names = config.getContexts().map(({ name }) => name);
    throw new Finding(
      failed(`there is no context ${context}; there are ${names.join(", ")}`, "correct kubernetes.context"),
    );
  }
  if (context) config.setCurrentContext(context);
  return config;
}

/** Makes a request within the deadline, again where the API server says that it is busy; 404 is undefined. */
function reader({ milliseconds }: Deadline, ApiException: typeof client.ApiException) {
  return async <T>(request: () => Promise<T>): Promise<T | undefined> => {
    const end = Date.now() + milliseconds;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(Object.assign(new Error(), { name: "TimeoutError" })), milliseconds);
    });
    const patient = async (): Promise<T> => {
      for (;;) {
        try {
          return await request();
        } catch (error) {
          const wait = error instanceof ApiException ? busyFor(error.code, error.headers["retry-after"]) : undefined;
          if (wait === undefined || Date.now() + wait >= end) throw error;
          await pause(wait);
        }
      }
    };
    try {
      return await Promise.race([patient(), late]);
    } catch (error) {
      if (!(error instanceof ApiException)) {
        const why = whyNot(error, { milliseconds });
        throw new Finding(failed(`the API server ${why}`, "check the kubeconfig, its context, and the network"));
      }
      if (error.code === 404) return undefined;
      throw new Finding(refusal(error.code));
    } finally {
      clearTimeout(timer);
    }
  };
}

/**
 * How long the API server asks to be left alone: it does while it has too much to do, and for a moment after a CustomResourceDefinition was made.
 * @param status of its answer
 * @param retryAfter that header, in seconds
 * @returns milliseconds; undefined where it doesn't ask for that
 * @see https://kubernetes.io/docs/concepts/cluster-administration/flow-control/
 */
export function busyFor(status: number, retryAfter: string | undefined): number | undefined {
  const wait = Number(retryAfter);
  return status === 429 && wait > 0 ? wait * 1000 : undefined;
}

function refusal(code: number): Found {
  if (code === 401)
    return failed("the API server doesn't accept the credentials (401)", "log in again, or choose another context");
  if (code === 403) return skipped("these credentials may not read it (403)");
  if (code === 429) return failed("the API server is overloaded (429)", "run this again when the cluster is less busy");
  return failed(`the API server answers ${code}`, "look at the API server's log");
}
