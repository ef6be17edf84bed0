import assert from "node:assert/strict";
import { parse } from "yaml";
import { overruled } from "../../commands/adopt/kps-values";
import { podSecrets } from "../../settings/sections/secrets";
import type { Preview } from "../../commands/shared/preview";
import { checkedPreviewOf, object, ofKind, previewOf } from "./support/previews";
import { workloads } from "./support/workloads";

/** Sets a whole section, in place of what the stack's file has there. */
const section = (key: string, value: unknown): string => `${key}=${JSON.stringify(value)}`;

/** Sets what stands below a key, value by value, as `pulumi config set --path` takes them. */
const below = (key: string, value: unknown): string[] =>
  typeof value === "object" && value !== null
    ? Object.entries(value).flatMap(([k, v]) => below(Array.isArray(value) ? `${key}[${k}]` : `${key}.${k}`, v))
    : [`${key}=${String(value)}`];

/** Periods as somebody's Loki has them: an older index, a key that this program knows nothing of. */
const periods = [
  {
    from: "2023-01-05",
    store: "boltdb-shipper",
    object_store: "aws",
    schema: "v12",
    index: { prefix: "index_", period: "24h" },
    row_shards: 16,
  },
  { from: "2024-07-01", store: "tsdb", object_store: "s3", schema: "v13", index: { prefix: "tsdb_", period: "24h" } },
];

/** A cluster that has everything but the stack's Loki store already: each is used or taken over, none is made. */
const everythingExists = [
  "namespace.create=false",
  "objectStore.importBuckets[0]=mimir-blocks",
  "grafana.create=false",
  section("adopt", {
    alertmanagerUrl: "https://alerts.example.org/alertmanager",
    crds: true,
    kps: {
      release: "prometheus/kps",
      keepGrafana: true,
      keepExporters: true,
      values: { fullnameOverride: "kps", grafana: { adminUser: "me" } },
    },
  }),
  section("alertmanager", {}),
  ...below("loki.schemaConfigs", periods),
];

/** Buckets that exist, and each pod's Secret from an operator that makes Secrets: names and, of one, keys of its own. */
const secretsExist = [
  section("objectStore", { kind: "existing", endpoint: "https://s3.example.org", region: "eu-home-1" }),
  section("secrets", {
    provider: "onepassword",
    onepassword: { vault: "a".repeat(26) },
    existing: Object.fromEntries(
      Object.entries(podSecrets).map(([secret, { keys }]) => [
        secret,
        { name: `their-${secret.toLowerCase()}`, keys: secret === "lokiObjectStore" ? { [keys[0]]: "access" } : {} },
      ]),
    ),
  }),
];

const config = (preview: Preview): Record<string, never> =>
  parse(object(preview, "ConfigMap", "loki").inputs.data["config.yaml"]);

describe("A cluster where everything exists already", () => {
  let preview: Preview;
  before(async () => {
    preview = await checkedPreviewOf("production", ...everythingExists);
  });
  const types = () => preview.resources.map(({ type }) => type);
  const release = (name: string) => object(preview, "Release", name);
  const values = () => release("kps").inputs.values;

  it("breaks no policy", () => {
    assert.deepEqual(
      preview.violations.filter(({ level }) => level !== "advisory"),
      [],
    );
  });

  it("keeps its namespace: it is used, not created", () => {
    assert.deepEqual(ofKind(preview, "Namespace"), []);
    assert.equal(object(preview, "StatefulSet", "loki-write").inputs.metadata.namespace, "monitoring");
  });

  it("keeps its bucket: it is imported, what it is set to stays, and the others are made", () => {
    const buckets = preview.resources.filter(({ type }) => type === "minio:index/s3Bucket:S3Bucket");
    assert.deepEqual(
      buckets.map(({ inputs, options }) => [inputs.bucket, options.import]),
      [
        ["loki-production", null],
        ["mimir-alertmanager", null],
        ["mimir-blocks", "mimir-blocks"],
        ["mimir-ruler", null],
      ],
    );
    const imported = buckets.find(({ options }) => options.import)!;
    assert.deepEqual(imported.options.ignoreChanges, ["acl", "forceDestroy", "objectLocking"]);
    assert(buckets.every(({ options }) => options.protect));
  });

  it("keeps its Alertmanager: none is made, and whoever sends alerts sends them there", () => {
    assert(!types().includes("observability:alertmanager:Alertmanager"));
    assert(!preview.resources.some(({ name }) => /^(rules-)?alertmanager$/.test(name)), "something of the stack's own");
    const url = "https://alerts.example.org/alertmanager";
    assert.equal(preview.outputs.alertmanagerUrl, url);
    assert.equal((config(preview).ruler as Record<string, string>).alertmanager_url, url);
    const { alertingEndpoints, additionalAlertManagerConfigs } = values().prometheus.prometheusSpec;
    assert.deepEqual(alertingEndpoints, []);
    assert.deepEqual(additionalAlertManagerConfigs, [
      {
        scheme: "https",
        path_prefix: "/alertmanager",
        static_configs: [{ targets: ["alerts.example.org"] }],
        api_version: "v2",
      },
    ]);
    assert.equal(dataSources(preview).alertmanager.url, url);
  });

  it("keeps its Grafana: it is given data sources and dashboards, and no administrator is made for it", () => {
    assert(!types().includes("observability:grafana:Grafana"));
    assert(types().includes("observability:grafana:ExistingGrafana"));
    const labelled = (label: string) =>
      ofKind(preview, "ConfigMap").filter(({ inputs }) => inputs.metadata.labels[label] === "1");
    assert.equal(labelled("grafana_datasource").length, 1);
    assert(labelled("grafana_dashboard").length >= 5);
    assert(!preview.resources.some(({ name }) => name === "grafana-admin"));
    assert.equal(dataSources(preview).prometheus.url, "http://kps-prometheus.prometheus.svc.cluster.local:9090");
  });

  it("keeps its kube-prometheus-stack: the release is imported where it is, under its own values", () => {
    const { inputs, options } = release("kps");
    assert.deepEqual([options.import, options.protect], ["prometheus/kps", true]);
    assert.deepEqual([inputs.name, inputs.namespace], ["kps", "prometheus"]);
    assert.equal(values().fullnameOverride, "kps");
  });

  it("keeps what is told to stay in that release: its Grafana and its exporters, so that none is there twice", () => {
    assert.equal(values().grafana.enabled, true);
    assert.equal(values().grafana.adminUser, "me");
    assert.deepEqual([values().nodeExporter.enabled, values().kubeStateMetrics.enabled], [true, true]);
    const exporters = workloads(preview).filter(({ name }) => /node-exporter|kube-state-metrics/.test(name));
    assert.deepEqual(exporters, []);
    assert.equal(values().alertmanager.enabled, false);
  });

  it("is proposed no value that this program would set anyway, and every other one", () => {
    // Switched off together, by kubernetesServiceMonitors.
    const monitors = ["kubeApiServer", "kubelet", "kubeControllerManager", "coreDns", "kubeDns", "kubeEtcd"];
    const off = [...monitors, "kubeScheduler", "kubeProxy"];
    assert.equal(values().kubernetesServiceMonitors.enabled, false);
    const at = (path: string) => path.split(".").reduce((value, key) => value?.[key], values());
    const unset = overruled.filter((path) => !off.includes(path) && at(path) === undefined);
    assert.deepEqual(unset, []);
    const adopted = ["fullnameOverride", "grafana.adminUser"];
    // Two lie beside the release's own, the last over them only where an Alertmanager is adopted.
    const besides = ["externalLabels", "additionalArgs", "additionalAlertManagerConfigs"];
    adopted.push(...besides.map((key) => `prometheus.prometheusSpec.${key}`));
    const others = leaves(values()).filter(
      (leaf) => ![...overruled, ...adopted].some((path) => `${leaf}.`.startsWith(`${path}.`)),
    );
    assert.deepEqual(others, []);
  });

  it("keeps its CRDs: their release takes ownership", () => {
    assert.equal(release("prometheus-operator-crds").inputs.takeOwnership, true);
  });

  it("keeps what its Loki wrote readable: its periods stand in the configuration word for word", () => {
    const { configs } = config(preview).schema_config as { configs: unknown[] };
    assert.deepEqual(configs, periods);
  });
});

describe("A cluster whose object store and Secrets exist already", () => {
  let preview: Preview;
  before(async () => {
    preview = await checkedPreviewOf("production", ...secretsExist);
  });

  it("breaks no policy", () => {
    assert.deepEqual(
      preview.violations.filter(({ level }) => level !== "advisory"),
      [],
    );
  });

  it("keeps its buckets: nothing is made there, and Loki is told where they are", () => {
    assert.deepEqual(
      preview.resources.filter(({ type }) => /minio/.test(type)),
      [],
    );
    assert.deepEqual(
      workloads(preview).filter(({ name }) => name.startsWith("minio")),
      [],
    );
    const { common } = config(preview) as unknown as { common: { storage: { s3: Record<string, unknown> } } };
    const { endpoint, region, bucketnames } = common.storage.s3;
    assert.deepEqual([endpoint, region, bucketnames], ["https://s3.example.org", "eu-home-1", "loki-production"]);
  });

  it("keeps its Secrets: none is made, given or generated, and nothing is kept in 1Password", () => {
    const made = preview.resources.filter(({ type }) => /:Secret$|onepassword:index|random:index/.test(type));
    assert.deepEqual(made, []);
  });

  it("gives pods its Secrets by their names and keys", () => {
    const pods = JSON.stringify(workloads(preview).map(({ pod }) => pod));
    const used = new Set([...pods.matchAll(/"(?:secretName|name)":"(their-[a-z]+)"/g)].map(([, name]) => name));
    assert.deepEqual([...used].sort(), ["their-alertmanager", "their-grafanaadmin", "their-lokiobjectstore"]);
    const [{ env }] = workloads(preview).find(({ name }) => name === "loki-write")!.containers;
    const keys = env.flatMap(({ name, valueFrom }) =>
      valueFrom?.secretKeyRef ? [[name, valueFrom.secretKeyRef.key]] : [],
    );
    assert.deepEqual(keys, [
      ["AWS_ACCESS_KEY_ID", "access"],
      ["AWS_SECRET_ACCESS_KEY", "AWS_SECRET_ACCESS_KEY"],
    ]);
  });
});

/** Paths of everything in values that is no object. */
const leaves = (value: unknown, path: string[] = []): string[] =>
  typeof value === "object" && value !== null && !Array.isArray(value)
    ? Object.entries(value).flatMap(([key, part]) => leaves(part, [...path, key]))
    : [path.join(".")];

/** Grafana's data sources, by uid. */
function dataSources(preview: Preview): Record<string, { url: string }> {
  const [file] = Object.values(
    object(preview, "ConfigMap", "grafana-datasources").inputs.data as Record<string, string>,
  );
  const { datasources } = parse(file) as { datasources: { uid: string; url: string }[] };
  return Object.fromEntries(datasources.map((each) => [each.uid, each]));
}

describe("Buckets that exist", () => {
  it("need no key of Mimir's before a stage has Mimir", async () => {
    const { resources } = await previewOf(
      "sandbox",
      section("objectStore", { kind: "existing", endpoint: "https://s3.example.org", region: "eu-home-1" }),
      section("secrets", { existing: { lokiObjectStore: { name: "theirs" } } }),
    );
    assert.deepEqual(
      resources.filter(({ name }) => /mimir/i.test(name)).map(({ name }) => name),
      [],
    );
  });
});
