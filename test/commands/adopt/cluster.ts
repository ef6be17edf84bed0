import { gzipSync } from "node:zlib";
import { kubeconfigFor, serve } from "../preflight/stand-ins";

/** An object as the API server has it. */
export interface ApiObject {
  apiVersion: string;
  kind: string;
  metadata: {
    name: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
    ownerReferences?: object[];
  };
  [key: string]: unknown;
}

/** Paths of the kinds that every cluster has. */
const builtIn: Readonly<Record<string, string>> = {
  Node: "/api/v1/nodes",
  Namespace: "/api/v1/namespaces",
  Secret: "/api/v1/secrets",
  ConfigMap: "/api/v1/configmaps",
  Service: "/api/v1/services",
  PersistentVolumeClaim: "/api/v1/persistentvolumeclaims",
  StorageClass: "/apis/storage.k8s.io/v1/storageclasses",
  Deployment: "/apis/apps/v1/deployments",
  StatefulSet: "/apis/apps/v1/statefulsets",
  DaemonSet: "/apis/apps/v1/daemonsets",
  Job: "/apis/batch/v1/jobs",
  CronJob: "/apis/batch/v1/cronjobs",
  Ingress: "/apis/networking.k8s.io/v1/ingresses",
  CustomResourceDefinition: "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
};

const pathOf = ({ apiVersion, kind }: ApiObject) =>
  builtIn[kind] ?? `/apis/${apiVersion}/${kind.toLowerCase()}${kind.endsWith("s") ? "es" : "s"}`;

/** A stand-in of an API server. */
export interface StandIn {
  kubeconfig: string;
  /** `METHOD path?query` of every request. */
  requests: string[];
}

/** Starts an API server that has objects, refuses to list the paths that end in one of `forbidden`, and has `answers` at further paths. */
export async function serveCluster(
  objects: readonly ApiObject[],
  forbidden: readonly string[] = [],
  answers: Readonly<Record<string, unknown>> = {},
): Promise<StandIn> {
  const requests: string[] = [];
  const address = await serve(({ method, url = "" }) => {
    requests.push(`${method} ${decodeURIComponent(url)}`);
    const { pathname, searchParams } = new URL(url, "http://api");
    if (pathname === "/version") return { body: { major: "1", minor: "36", gitVersion: "v1.36.3" } };
    if (forbidden.some((end) => pathname.endsWith(end))) return { status: 403, body: { kind: "Status", code: 403 } };
    if (pathname in answers) return { body: answers[pathname] };
    const there = objects.filter((object) => pathOf(object) === pathname);
    if (there.length === 0 && !Object.values(builtIn).includes(pathname))
      return { status: 404, body: { kind: "Status", code: 404 } };
    const items = there.filter(
      (object) =>
        selected(searchParams.get("fieldSelector"), { type: String(object.type ?? "Opaque") }) &&
        selected(searchParams.get("labelSelector"), object.metadata.labels ?? {}),
    );
    return { body: { kind: "List", items } };
  });
  return { kubeconfig: kubeconfigFor(address), requests };
}

const selected = (selector: string | null, values: Record<string, string>): boolean =>
  (selector ?? "")
    .split(",")
    .filter(Boolean)
    .every((term) => {
      const [, key, operator, value] = /^(.*?)(!?=)(.*)$/.exec(term)!;
      return (values[key] === value) === (operator === "=");
    });

const encoded = (text: string) => Buffer.from(text).toString("base64");

/** The Secret in which Helm keeps a revision of a release. */
export function helmRelease(
  name: string,
  chart: { name: string; version: string; values?: object },
  { namespace = "monitoring", config = {}, version = 1, status = "deployed", manifest = "" } = {},
): ApiObject {
  const record = {
    name,
    namespace,
    version,
    info: { status },
    chart: { metadata: { name: chart.name, version: chart.version }, values: chart.values ?? {} },
    config,
    manifest,
  };
  const packed = gzipSync(JSON.stringify(record)).toString("base64");
  return {
    apiVersion: "v1",
    kind: "Secret",
    type: "helm.sh/release.v1",
    metadata: {
      name: `sh.helm.release.v1.${name}.v${version}`,
      namespace,
      labels: { owner: "helm", name, status, version: String(version) },
    },
    data: { release: encoded(packed) },
  };
}

/** Annotations that Helm gives what it makes. */
export const ofRelease = (name: string, namespace = "monitoring") => ({
  "meta.helm.sh/release-name": name,
  "meta.helm.sh/release-namespace": namespace,
});

export const secret = (name: string, data: Record<string, string>, metadata: object = {}): ApiObject => ({
  apiVersion: "v1",
  kind: "Secret",
  metadata: { name, namespace: "monitoring", ...metadata },
  data: Object.fromEntries(Object.entries(data).map(([key, text]) => [key, encoded(text)])),
});

export const configMap = (name: string, data: Record<string, string>, metadata: object = {}): ApiObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "monitoring", ...metadata },
  data,
});

export const node = (name: string, arch: string, cpu: string, memory: string, taints?: object[]): ApiObject => ({
  apiVersion: "v1",
  kind: "Node",
  metadata: { name, labels: { "kubernetes.io/arch": arch } },
  spec: { taints },
  status: { allocatable: { cpu, memory } },
});

export const namespace = (name: string, labels?: Record<string, string>): ApiObject => ({
  apiVersion: "v1",
  kind: "Namespace",
  metadata: { name, labels },
});

export const storageClass = (name: string, isDefault = false): ApiObject => ({
  apiVersion: "storage.k8s.io/v1",
  kind: "StorageClass",
  metadata: { name, annotations: isDefault ? { "storageclass.kubernetes.io/is-default-class": "true" } : {} },
});

/** The definition of a custom resource, as far as it is read. */
export const crd = (plural: string, group: string, version: string, annotations = {}): ApiObject => ({
  apiVersion: "apiextensions.k8s.io/v1",
  kind: "CustomResourceDefinition",
  metadata: { name: `${plural}.${group}`, annotations },
  spec: { group, versions: [{ name: version, served: true, storage: true }] },
});

/** What a workload of a test has beside its name and image. */
export interface Parts {
  metadata?: object;
  args?: string[];
  env?: object[];
  ports?: object[];
  sidecars?: object[];
  spec?: object;
  labels?: Record<string, string>;
}

export const workload = (
  kind: "Deployment" | "StatefulSet" | "DaemonSet",
  name: string,
  image: string,
  { metadata = {}, args, env, ports, sidecars = [], spec = {}, labels = { app: name } }: Parts = {},
): ApiObject => ({
  apiVersion: "apps/v1",
  kind,
  metadata: { name, namespace: "monitoring", ...metadata },
  spec: {
    selector: { matchLabels: labels },
    template: {
      metadata: { labels },
      spec: { containers: [{ name: "main", image, args, env, ports }, ...sidecars] },
    },
    ...spec,
  },
});

export const service = (
  name: string,
  selector: Record<string, string>,
  port: number,
  metadata: object = {},
): ApiObject => ({
  apiVersion: "v1",
  kind: "Service",
  metadata: { name, namespace: "monitoring", ...metadata },
  spec: { selector, ports: [{ port }], clusterIP: "10.0.0.1" },
});

export const claim = (name: string, storage: string, labels = {}, storageClassName = "local-path"): ApiObject => ({
  apiVersion: "v1",
  kind: "PersistentVolumeClaim",
  metadata: { name, namespace: "monitoring", labels },
  spec: { storageClassName, resources: { requests: { storage } } },
});
