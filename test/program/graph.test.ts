import assert from "node:assert/strict";
import list from "../../images.json";
import type { Preview, PreviewResource } from "../../commands/shared/preview";
import { checkedPreviewOf, graphs, object, ofKind } from "./support/previews";
import { workloads } from "./support/workloads";
import { type Stack } from "../stacks/stacks";

/** Kind, name and replicas (`node`: one on each; `once`: until it is done), then the repository of each image: init containers first. */
type Row = [workload: string, replicas: number | "node" | "once", ...images: string[]];

const agents: Row[] = [
  ["DaemonSet alloy", "node", "docker.io/grafana/alloy"],
  ["DaemonSet loki-canary", "node", "docker.io/grafana/loki-canary"],
  ["DaemonSet node-exporter", "node", "quay.io/prometheus/node-exporter"],
];
const single: Row[] = [
  ["Deployment metrics", 1, "docker.io/nginxinc/nginx-unprivileged"],
  ["Deployment alloy-events", 1, "docker.io/grafana/alloy"],
  ["Deployment kube-state-metrics", 1, "registry.k8s.io/kube-state-metrics/kube-state-metrics"],
  ["StatefulSet alertmanager", 1, "quay.io/prometheus/alertmanager"],
  [
    "StatefulSet grafana",
    1,
    "docker.io/grafana/grafana",
    "quay.io/kiwigrid/k8s-sidecar",
    "quay.io/kiwigrid/k8s-sidecar",
    "docker.io/grafana/grafana",
  ],
];
const probes: Row = ["Deployment blackbox-exporter", 1, "quay.io/prometheus/blackbox-exporter"];
const simpleScalable: Row[] = [
  ["Deployment loki-gateway", 2, "docker.io/nginxinc/nginx-unprivileged"],
  ["Deployment loki-read", 3, "docker.io/grafana/loki"],
  ["StatefulSet loki-backend", 3, "docker.io/grafana/loki"],
  ["StatefulSet loki-write", 3, "docker.io/grafana/loki"],
];
const singleBinary: Row[] = [
  ["Deployment loki-gateway", 1, "docker.io/nginxinc/nginx-unprivileged"],
  ["StatefulSet loki", 1, "docker.io/grafana/loki"],
];
const embeddedStore: Row[] = [
  ["StatefulSet minio", 1, "quay.io/minio/minio"],
  ["Job minio-setup", "once", "quay.io/minio/mc"],
];

/** What the stages from dual-write on add, by their place among the graphs. */
const added: Row[][] = [[], [], [], ...inStages()];

function inStages(): Row[][] {
  const mimir: Row = ["StatefulSet mimir", 1, "docker.io/grafana/mimir"];
  const rules: Row = ["Deployment alloy-rules", 1, "docker.io/grafana/alloy"];
  const metrics: Row = ["StatefulSet alloy-metrics", 1, "docker.io/grafana/alloy"];
  return [[mimir], [mimir, rules], [mimir, rules, metrics]];
}

const expected: Record<Stack, Row[]> = {
  production: [...agents, ...single, probes, ...simpleScalable],
  staging: [...agents, ...single, ...simpleScalable, ...embeddedStore],
  sandbox: [...agents, ...single, ...singleBinary, ...embeddedStore],
};

/** How many resources of each type there are: production, staging, sandbox, then production in the stages from dual-write on. */
const counts: Record<string, [number, number, number, number, number, number]> = {
  "kubernetes:apps/v1:DaemonSet": [3, 3, 3, 3, 3, 3],
  "kubernetes:apps/v1:Deployment": [6, 5, 4, 6, 7, 7],
  "kubernetes:apps/v1:StatefulSet": [4, 5, 4, 5, 5, 6],
  "kubernetes:batch/v1:Job": [0, 1, 1, 0, 0, 0],
  "kubernetes:core/v1:ConfigMap": [19, 18, 18, 23, 24, 24],
  "kubernetes:core/v1:Namespace": [1, 1, 1, 1, 1, 1],
  "kubernetes:core/v1:Secret": [4, 5, 4, 4, 4, 4],
  "kubernetes:core/v1:Service": [15, 15, 12, 17, 18, 19],
  "kubernetes:core/v1:ServiceAccount": [11, 11, 11, 12, 13, 14],
  "kubernetes:helm.sh/v3:Release": [3, 3, 3, 3, 3, 2],
  "kubernetes:monitoring.coreos.com/v1:Probe": [5, 0, 0, 5, 5, 5],
  "kubernetes:monitoring.coreos.com/v1:PrometheusRule": [9, 8, 8, 11, 12, 12],
  "kubernetes:monitoring.coreos.com/v1:ServiceMonitor": [8, 8, 8, 9, 10, 11],
  "kubernetes:monitoring.coreos.com/v1alpha1:ScrapeConfig": [6, 5, 5, 6, 6, 6],
  "kubernetes:policy/v1:PodDisruptionBudget": [4, 4, 0, 4, 4, 4],
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRole": [4, 4, 4, 4, 5, 6],
  "kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding": [4, 4, 4, 4, 5, 6],
  "minio:index/iamPolicy:IamPolicy": [2, 0, 0, 2, 2, 2],
  "minio:index/iamUser:IamUser": [2, 0, 0, 2, 2, 2],
  "minio:index/iamUserPolicyAttachment:IamUserPolicyAttachment": [2, 0, 0, 2, 2, 2],
  "minio:index/s3Bucket:S3Bucket": [4, 0, 0, 4, 4, 4],
  "observability:alertmanager:Alertmanager": [1, 1, 1, 1, 1, 1],
  "observability:alloy:LogCollector": [1, 1, 1, 1, 1, 1],
  "observability:alloy:MetricsCollector": [0, 0, 0, 0, 0, 1],
  "observability:alloy:RuleSync": [0, 0, 0, 0, 1, 1],
  "observability:exporters:Exporters": [1, 1, 1, 1, 1, 1],
  "observability:grafana:Grafana": [1, 1, 1, 1, 1, 1],
  "observability:kube-prometheus-stack:KubePrometheusStack": [1, 1, 1, 1, 1, 0],
  "observability:kube-prometheus-stack:PrometheusOperatorCrds": [1, 1, 1, 1, 1, 1],
  "observability:loki:Loki": [1, 1, 1, 1, 1, 1],
  "observability:loki:LokiCanary": [1, 1, 1, 1, 1, 1],
  "observability:loki:LokiGateway": [1, 1, 1, 1, 1, 1],
  "observability:loki:LokiWorkload": [3, 3, 1, 3, 3, 3],
  "observability:mimir:Mimir": [0, 0, 0, 1, 1, 1],
  "observability:monitors:BaseMonitors": [1, 1, 1, 1, 1, 1],
  "observability:object-storage:Embedded": [0, 1, 1, 0, 0, 0],
  "observability:object-storage:Minio": [1, 0, 0, 1, 1, 1],
  "observability:probes:Probes": [1, 0, 0, 1, 1, 1],
  "observability:prometheus-api:PrometheusApi": [1, 1, 1, 1, 1, 1],
  "observability:rules:BaseRules": [1, 1, 1, 1, 1, 1],
  "observability:secrets:Secrets": [1, 1, 1, 1, 1, 1],
  "observability:upstream-rules:UpstreamRules": [1, 1, 1, 1, 1, 1],
  "onepassword:index/item:Item": [3, 4, 0, 3, 3, 3],
  "pulumi:providers:kubernetes": [1, 1, 1, 1, 1, 1],
  "pulumi:providers:minio": [1, 0, 0, 1, 1, 1],
  "pulumi:providers:onepassword": [1, 1, 0, 1, 1, 1],
  "pulumi:providers:random": [1, 1, 1, 1, 1, 1],
  "pulumi:pulumi:Stack": [1, 1, 1, 1, 1, 1],
  "random:index/randomPassword:RandomPassword": [4, 5, 5, 4, 4, 4],
};

/** What can't be deleted by an update: type and name. */
const kept: Record<Stack, string[]> = {
  production: [
    "minio:index/iamPolicy:IamPolicy loki",
    "minio:index/iamPolicy:IamPolicy mimir",
    "minio:index/iamUser:IamUser loki",
    "minio:index/iamUser:IamUser mimir",
    "minio:index/s3Bucket:S3Bucket loki",
    "minio:index/s3Bucket:S3Bucket mimir-alertmanager",
    "minio:index/s3Bucket:S3Bucket mimir-blocks",
    "minio:index/s3Bucket:S3Bucket mimir-ruler",
    "onepassword:index/item:Item grafana-admin",
    "onepassword:index/item:Item loki-object-store",
    "onepassword:index/item:Item mimir-object-store",
  ],
  staging: [
    "onepassword:index/item:Item grafana-admin",
    "onepassword:index/item:Item loki-object-store",
    "onepassword:index/item:Item mimir-object-store",
    "onepassword:index/item:Item object-store-admin",
  ],
  sandbox: [],
};
const keptEverywhere = [
  "kubernetes:core/v1:Namespace namespace",
  "kubernetes:helm.sh/v3:Release kube-prometheus-stack",
  "kubernetes:helm.sh/v3:Release prometheus-operator-crds",
];

/** Chart and the images that its values name: those that it runs as the values are. */
const charts: [chart: string, images: string[]][] = [
  [
    "kube-prometheus-stack",
    [
      "quay.io/prometheus-operator/prometheus-config-reloader",
      "quay.io/prometheus-operator/prometheus-operator",
      "quay.io/prometheus/prometheus",
    ],
  ],
  ["prometheus-operator-crds", []],
];

const references = new Set(list.images.map(({ reference, digest }) => (digest ? `${reference}@${digest}` : reference)));
const repository = (image: string): string => image.split("@")[0].replace(/:[^:/]+$/, "");

/** The providers that the program makes, by package: name of each. */
const providers: Record<string, string> = {
  kubernetes: "cluster",
  minio: "minio",
  onepassword: "onepassword",
  random: "random",
};

const hasRelease = (config: string[]) => !config.includes("stage=kps-removed");

graphs.forEach(({ of, stack, config }, column) => {
  describe(`The graph of ${of}`, () => {
    let preview: Preview;
    before(async () => {
      preview = await checkedPreviewOf(stack, ...config);
    });
    const custom = () => preview.resources.filter((resource) => resource.custom);
    const byUrn = (urn: string | null) => preview.resources.find((resource) => resource.urn === urn);

    it("has these workloads, with these replicas and images, and no others", () => {
      const found = workloads(preview).map(({ kind, resource, replicas, containers, initContainers }): Row => [
        `${kind} ${resource.name}`,
        replicas ?? (kind === "Job" ? "once" : "node"),
        ...[...initContainers, ...containers].map(({ image }) => repository(image)),
      ]);
      assert.deepEqual(byName(found), byName([...expected[stack], ...added[column]]));
    });

    it("installs these charts, with these images of theirs, and no others", () => {
      const found = ofKind(preview, "Release").map(({ inputs }) => [inputs.chart, imagesIn(inputs.values).sort()]);
      const upstream = [["kube-prometheus-stack", []]];
      const sorted = (some: unknown[]) => some.map((each) => JSON.stringify(each)).sort();
      assert.deepEqual(sorted(found), sorted([...(hasRelease(config) ? charts : charts.slice(1)), ...upstream]));
    });

    it("runs no image but those of images.json, tag and digest as there", () => {
      const used = workloads(preview).flatMap((each) => [...each.initContainers, ...each.containers]);
      const charted = ofKind(preview, "Release").flatMap(({ inputs }) => imagesIn(inputs.values, true));
      for (const image of [...used.map((each) => each.image), ...charted]) {
        assert(references.has(image), `${image} is not in images.json`);
      }
    });

    it("has these resources, by type", () => {
      const found: Record<string, number> = {};
      for (const { type } of preview.resources) found[type] = (found[type] ?? 0) + 1;
      const wanted = Object.entries(counts).map(([type, numbers]) => [type, numbers[column]] as const);
      assert.deepEqual(found, Object.fromEntries(wanted.filter(([, number]) => number > 0)));
    });

    it("has a component as the parent of each resource, but for the namespace and the cluster's provider", () => {
      const outside = custom()
        .filter(({ parent }) => byUrn(parent)?.type.startsWith("observability:") !== true)
        .map(({ type, name }) => `${type} ${name}`);
      assert.deepEqual(outside.sort(), [
        "kubernetes:core/v1:Namespace namespace",
        "pulumi:providers:kubernetes cluster",
      ]);
      for (const { parent, type } of preview.resources) assert(type === "pulumi:pulumi:Stack" || byUrn(parent), type);
    });

    it("has an explicit provider for each resource: one for the cluster, one for each service", () => {
      for (const { type, name, provider } of custom().filter((each) => !each.type.startsWith("pulumi:"))) {
        const [pack] = type.split(":");
        const used = byUrn(provider);
        assert.deepEqual([used?.type, used?.name], [`pulumi:providers:${pack}`, providers[pack]], `${type} ${name}`);
      }
    });

    it("changes Secrets and ConfigMaps in place", () => {
      const { inputs } = preview.resources.find(({ type }) => type === "pulumi:providers:kubernetes")!;
      assert.deepEqual([inputs.enableSecretMutable, inputs.enableConfigMapMutable], ["true", "true"]);
    });

    it("protects what holds data, and nothing that a stage or a rotation takes away", () => {
      const found = preview.resources
        .filter(({ options }) => options.protect)
        .map(({ type, name }) => `${type} ${name}`);
      assert.deepEqual(
        found.sort(),
        [
          ...keptEverywhere.filter((each) => hasRelease(config) || !each.endsWith(" kube-prometheus-stack")),
          ...kept[stack],
        ].sort(),
      );
    });

    it("makes Loki after its bucket and key, and the collector after Loki", () => {
      const order = orderOf(preview);
      const lokiPods = workloads(preview).filter(({ containers }) => containers.some(({ name }) => name === "loki"));
      const storage = preview.resources.filter(({ urn }) => urn.includes("observability:object-storage:"));
      const made = storage.filter((resource) => resource.custom && !resource.type.startsWith("pulumi:"));
      assert(lokiPods.length > 0 && made.length > 0);
      for (const { resource } of lokiPods) {
        for (const before of made) assert(order.waitsFor(resource, before), `${resource.name} not for ${before.urn}`);
        assert(order.waitsFor(object(preview, "DaemonSet", "alloy"), resource));
      }
    });

    it("makes custom resources after their CRDs, and what is in the namespace after that", () => {
      const order = orderOf(preview);
      const crds = object(preview, "Release", "prometheus-operator-crds");
      const namespace = ofKind(preview, "Namespace")[0];
      const ofOperator = custom().filter(({ type }) => type.startsWith("kubernetes:monitoring.coreos.com/"));
      assert(ofOperator.length > 0);
      for (const resource of ofOperator) assert(order.waitsFor(resource, crds), resource.urn);
      const inside = custom().filter(({ inputs }) => (inputs.metadata?.namespace ?? inputs.namespace) === "monitoring");
      for (const resource of inside) assert(order.waitsFor(resource, namespace), resource.urn);
      assert(inside.length > ofOperator.length);
    });

    if (hasRelease(config))
      it("has its own Alertmanager before it changes a release, whose own an adoption deletes", () => {
        const release = object(preview, "Release", "kube-prometheus-stack");
        assert(orderOf(preview).waitsFor(release, object(preview, "StatefulSet", "alertmanager")));
      });

    it("restarts pods when a Secret of theirs changes, after that change", () => {
      const order = orderOf(preview);
      for (const { called, pod, resource } of workloads(preview)) {
        for (const secret of secretsOf(pod)) {
          assert(order.waitsFor(resource, object(preview, "Secret", secret)), `${called} and its Secret ${secret}`);
        }
      }
    });

    it("breaks no policy, and is advised against nothing but production's replication factor of 2", () => {
      const advice = stack === "production" ? ["replication-factor-survives-a-writer: advisory"] : [];
      assert.deepEqual(
        preview.violations.map(({ policy, level }) => `${policy}: ${level}`),
        advice,
      );
      assert.deepEqual(preview.diagnostics, []);
    });
  });
});

const byName = (rows: Row[]): Row[] => [...rows].sort(([a], [b]) => a.localeCompare(b));

/** Images that a chart's values name: registry and repository, with tag and digest where these are asked for. */
function imagesIn(values: unknown, whole = false): string[] {
  if (typeof values !== "object" || values === null) return [];
  const { registry, repository, tag, sha } = values as Record<string, string | undefined>;
  const version = whole ? `:${tag}${sha ? `@sha256:${sha}` : ""}` : "";
  const own = registry && repository ? [`${registry}/${repository}${version}`] : [];
  return [...own, ...Object.values(values).flatMap((part) => imagesIn(part, whole))];
}

/** Names of the Secrets that a pod reads. */
const secretsOf = (pod: unknown): string[] => {
  const text = JSON.stringify(pod);
  const names = [/"secretKeyRef":\{[^}]*"name":"([^"]+)"/g, /"secretName":"([^"]+)"/g];
  return [...new Set(names.flatMap((pattern) => [...text.matchAll(pattern)].map(([, name]) => name)))];
};

/** What a resource waits for: what its options and inputs name, what those wait for, and all that its parents wait for. */
function orderOf({ resources }: Preview) {
  const byUrn = new Map(resources.map((resource) => [resource.urn, resource]));
  const known = new Map<string, Set<string>>();
  const before = (urn: string): Set<string> => {
    const found = known.get(urn) ?? new Set<string>();
    if (known.has(urn)) return found;
    known.set(urn, found);
    const { options, parent } = byUrn.get(urn)!;
    for (const each of options.dependsOn) [each, ...before(each)].forEach((one) => found.add(one));
    if (parent) before(parent).forEach((one) => found.add(one));
    return found;
  };
  return { waitsFor: (one: PreviewResource, other: PreviewResource): boolean => before(one.urn).has(other.urn) };
}
