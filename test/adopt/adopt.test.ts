import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { run } from "../../adopt/cli";
import { checkSettings } from "../../config/check";
import { kubeconfigFor, refusingAddress, serveApi, stopAll } from "../preflight/stand-ins";
import { temporaryFolder } from "../support/temporary-folder";
import {
  claim,
  configMap,
  crd,
  helmRelease,
  namespace,
  node,
  ofRelease,
  secret,
  serveCluster,
  service,
  storageClass,
  workload,
  type ApiObject,
} from "./cluster";

const today = new Date("2026-11-21T12:00:00Z");

interface Question {
  what: string;
  how: string;
  settings?: Record<string, unknown>;
}

interface Looked {
  code: number;
  text: string;
  error: string;
  /** The printed settings, by top-level key. */
  settings: Record<string, Record<string, unknown>>;
  questions: Question[];
  problems: { key: string; what: string }[];
  unseen: { what: string; why: string }[];
  requests: string[];
}

interface Surroundings {
  forbidden?: string[];
  /** Settings on top of the stack's file, which isn't there. */
  config?: string[];
  stack?: string;
}

/** Runs the command twice, for people and as JSON, against a cluster that has these objects. */
async function look(
  objects: ApiObject[],
  { forbidden, config = [], stack = "new" }: Surroundings = {},
): Promise<Looked> {
  const { kubeconfig, requests } = await serveCluster(objects, forbidden);
  const options = [`kubernetes.kubeconfig=${kubeconfig}`, ...config].map((each) => `--config=${each}`);
  const once = async (...more: string[]) => {
    let [text, error] = ["", ""];
    const output = { out: (part: string) => (text += part), error: (part: string) => (error += part) };
    const code = await run(["--stack", stack, ...options, ...more], output, today);
    return { code, text, error };
  };
  const told = await once();
  const json = told.code === 0 ? (JSON.parse((await once("--json", "-")).text) as object) : {};
  const { config: printed = {} } = (parse(told.text) ?? {}) as { config?: Record<string, unknown> };
  const settings = Object.fromEntries(
    Object.entries(printed).map(([key, value]) => [key.replace("observability:", ""), value]),
  );
  return { ...told, ...json, settings, requests } as Looked;
}

const said = ({ questions }: Looked) => questions.map(({ what, how }) => `${what} → ${how}`).join("\n");

/** The settings that were printed are right, by themselves and together. */
function assertAccepted({ settings }: Looked): void {
  assert.deepEqual(checkSettings(settings, { now: today }).problems, []);
}

const kpsChart = {
  name: "kube-prometheus-stack",
  version: "88.5.3",
  values: {
    grafana: { enabled: true },
    nodeExporter: { enabled: true },
    kubeStateMetrics: { enabled: true },
    alertmanager: { enabled: true },
    prometheus: { prometheusSpec: { retention: "10d", retentionSize: "", replicas: 1, scrapeInterval: "" } },
  },
};

const kpsConfig = {
  fullnameOverride: "kps",
  grafana: { adminPassword: "hunter2hunter2", persistence: { enabled: true } },
  alertmanager: { config: { receivers: [{ name: "phone", pushover_configs: [{ token: "hunter2hunter2" }] }] } },
  prometheus: {
    prometheusSpec: {
      retention: "21d",
      retentionSize: "45GiB",
      scrapeInterval: "15s",
      resources: { requests: { memory: "4Gi" } },
      remoteWrite: [{ url: "https://metrics.example.org/push", basicAuth: { username: { name: "rw", key: "user" } } }],
      storageSpec: { volumeClaimTemplate: { spec: { resources: { requests: { storage: "50Gi" } } } } },
    },
  },
};

const lokiConfig = {
  auth_enabled: false,
  common: {
    replication_factor: 1,
    storage: {
      s3: {
        bucketnames: "loki-chunks",
        endpoint: "nas.example.org:9000",
        insecure: true,
        region: "eu-home-1",
        s3forcepathstyle: true,
        access_key_id: "AKIDLOKI",
        secret_access_key: "hunter2hunter2",
      },
    },
  },
  compactor: { retention_enabled: true, delete_request_store: "s3" },
  limits_config: { retention_period: "744h", ingestion_rate_mb: 30, max_query_length: "0s" },
  ruler: { storage: { type: "s3", s3: { bucketnames: "loki-ruler" } } },
  schema_config: {
    configs: [
      {
        from: "2023-01-05",
        store: "boltdb-shipper",
        object_store: "s3",
        schema: "v12",
        index: { prefix: "index_", period: "24h" },
        row_shards: 16,
      },
      {
        from: "2024-07-01",
        store: "tsdb",
        object_store: "s3",
        schema: "v13",
        index: { prefix: "tsdb_", period: "24h" },
      },
    ],
  },
};

const lokiStatefulSet = (spec: object = {}) =>
  workload("StatefulSet", "loki", "docker.io/grafana/loki:3.6.3", {
    args: ["-config.file=/etc/loki/config/config.yaml", "-target=all"],
    spec: {
      replicas: 1,
      volumeClaimTemplates: [
        {
          metadata: { name: "storage" },
          spec: { storageClassName: "local-path", resources: { requests: { storage: "20Gi" } } },
        },
      ],
      ...spec,
    },
  });

const monitoringCrd = (plural: string, annotations = {}) => crd(plural, "monitoring.coreos.com", "v1", annotations);

describe("npm run adopt", () => {
  afterEach(stopAll);

  it("finds nothing to take over in an empty cluster, and says what it looked for", async () => {
    const found = await look([]);
    assert.equal(found.code, 0, found.error);
    assert.deepEqual(found.settings, {});
    assert.deepEqual(
      found.questions.map(({ what }) => what),
      ["no storage class at all"],
    );
    assert.match(found.text, /cluster was only read; nothing was written anywhere/);
    assert.match(found.text, /# +- prometheuses, alertmanagers: the cluster has no kind of this name \(monitoring/);
    assertAccepted(found);
  });

  it("only lists: every request is a GET, and none watches", async () => {
    const { requests } = await look([
      monitoringCrd("prometheuses"),
      crd("helmreleases", "helm.toolkit.fluxcd.io", "v2beta2"),
    ]);
    assert.ok(requests.length > 15, `only ${requests.length} requests`);
    assert.deepEqual(
      requests.filter((request) => !request.startsWith("GET ") || /[?&]watch=/.test(request)),
      [],
    );
    assert.ok(requests.includes("GET /apis/helm.toolkit.fluxcd.io/v2beta2/helmreleases"), "the version that is served");
  });

  it("says what these credentials may not list, and goes on", async () => {
    const found = await look([namespace("monitoring")], { forbidden: ["/secrets", "/customresourcedefinitions"] });
    assert.equal(found.code, 0, found.error);
    const why = "these credentials may not read it (403)";
    assert.deepEqual(
      found.unseen.filter((each) => each.why === why).map(({ what }) => what),
      ["customresourcedefinitions", "secrets of Helm releases", "secrets"],
    );
    assert.match(found.text, /# +- customresourcedefinitions, secrets of Helm releases, secrets: these credentials/);
    assert.equal(found.settings.namespace.create, false);
  });

  it("exits with 2 for a cluster that doesn't answer, settings that are wrong, and a command line that is wrong", async () => {
    const refusing = kubeconfigFor(await refusingAddress());
    let error = "";
    const output = { out: () => undefined, error: (part: string) => (error += part) };
    const codes = [
      await run(["--stack", "new", `--config=kubernetes.kubeconfig=${refusing}`], output),
      await run(["--stack", "new", "--config=loki.retentoin=x"], output),
      await run(["--stack", "new", "--deadline=0"], output),
      await run([], output),
    ];
    assert.deepEqual(codes, [2, 2, 2, 2]);
    assert.match(
      error,
      /The cluster can't be looked at: the API server refuses connections\.\n {2}→ check the kubeconfig/,
    );
    assert.match(error, /observability:loki\.retentoin: "x" stands here, but there is no such setting/);
    assert.match(error, /expected a number of seconds above 0/);
  });

  it("exits with 2 for credentials that the API server doesn't accept", async () => {
    const api = await serveApi({
      "/version": { minor: "36" },
      "/apis/apiextensions.k8s.io/v1/customresourcedefinitions": 401,
    });
    let error = "";
    const output = { out: () => undefined, error: (part: string) => (error += part) };
    assert.equal(await run(["--stack", "new", `--config=kubernetes.kubeconfig=${kubeconfigFor(api)}`], output), 2);
    assert.match(error, /doesn't accept the credentials \(401\)/);
  });

  it("prints what the stack's file has not yet, and counts the rest", async () => {
    const there = await look([namespace("monitoring"), storageClass("fast", true)]);
    assert.deepEqual(there.settings.namespace, { name: "monitoring", create: false });
    const again = await look([namespace("monitoring"), storageClass("fast", true)], {
      config: ["namespace.name=monitoring", "namespace.create=false"],
    });
    assert.deepEqual(again.settings, { cluster: { storageClass: "fast" } });
    assert.match(again.text, /The stack's file has 2 more that fit already\./);
  });

  it("writes its findings to a file as JSON, and prints them all the same", async () => {
    const file = join(temporaryFolder(), "found.json");
    const { kubeconfig } = await serveCluster([storageClass("fast", true)]);
    let text = "";
    const output = { out: (part: string) => (text += part), error: () => undefined };
    const args = ["--stack", "new", `--config=kubernetes.kubeconfig=${kubeconfig}`, "--json", file];
    assert.equal(await run(args, output, today), 0);
    assert.match(text, /storageClass: fast/);
    const written = JSON.parse(readFileSync(file, "utf8")) as { stack: string; settings: object };
    assert.deepEqual([written.stack, written.settings], ["new", { cluster: { storageClass: "fast" } }]);
  });

  it("tells what the settings lack all together", async () => {
    const found = await look([], {
      config: [
        "objectStore.kind=minio",
        "objectStore.endpoint=http://nas:9000",
        "objectStore.providerAddress=nas:9000",
      ],
    });
    assert.deepEqual(
      found.problems.map(({ key }) => key),
      ["secretValues.minioAdmin.username", "secretValues.minioAdmin.password"],
    );
    assert.match(
      found.text,
      /# What the settings still lack, all together: 2\n# +- observability:secretValues\.minioAdmin/,
    );
  });

  it("takes nothing that this program made for somebody else's", async () => {
    const own = { "app.kubernetes.io/part-of": "observability", "app.kubernetes.io/managed-by": "pulumi" };
    const crdRelease = ofRelease("prometheus-operator-crds");
    const kps = { prometheus: { prometheusSpec: { scrapeClasses: [{ name: "service-account" }] } } };
    const found = await look([
      namespace("monitoring", own),
      storageClass("fast", true),
      monitoringCrd("servicemonitors", crdRelease),
      helmRelease("kube-prometheus-stack", kpsChart, { config: kps }),
      configMap("loki", { "config.yaml": stringify(lokiConfig) }, { labels: own }),
      workload("StatefulSet", "loki", "docker.io/grafana/loki:3.6.3", { metadata: { labels: own } }),
      workload("StatefulSet", "grafana", "docker.io/grafana/grafana:13.2.0", { metadata: { labels: own } }),
      workload("StatefulSet", "alertmanager", "quay.io/prometheus/alertmanager:v0.34.0", { metadata: { labels: own } }),
      workload("DaemonSet", "node-exporter", "quay.io/prometheus/node-exporter:v1.12.1", { metadata: { labels: own } }),
      secret("grafana-admin", { "admin-user": "a", "admin-password": "b" }, { labels: own }),
    ]);
    assert.deepEqual(found.settings, { cluster: { storageClass: "fast" } });
    assert.deepEqual(found.questions, []);
  });
});

describe("npm run adopt, of nodes, storage classes and the namespace", () => {
  afterEach(stopAll);

  it("groups nodes by what they have, with the least of each kind", async () => {
    const found = await look([
      node("pi-1", "arm64", "4", "8128564Ki"),
      node("pi-2", "arm64", "3920m", "8120000Ki"),
      node("nuc", "amd64", "8", "32Gi", [{ key: "gpu", effect: "NoSchedule" }]),
      node("old", "riscv64", "4", "8Gi"),
    ]);
    assert.deepEqual(found.settings.cluster.nodes, [
      { name: "amd64-8-cores-32gi", arch: "amd64", count: 1, cpu: "8000m", memory: "32768Mi" },
      { name: "arm64-4-cores-8gi", arch: "arm64", count: 2, cpu: "3920m", memory: "7929Mi" },
    ]);
    assert.match(said(found), /an architecture that this program has no images for: old/);
    assert.match(said(found), /nodes with taints: nuc \(gpu:NoSchedule\)/);
    assertAccepted(found);
  });

  it("takes the default storage class, or the only one, and asks where there are several", async () => {
    const classOf = async (...classes: ApiObject[]) => (await look(classes)).settings.cluster?.storageClass;
    assert.equal(await classOf(storageClass("slow"), storageClass("fast", true)), "fast");
    assert.equal(await classOf(storageClass("only")), "only");
    assert.equal(await classOf(storageClass("a", true), storageClass("b", true)), undefined);
    assert.match(said(await look([storageClass("a"), storageClass("b")])), /no default storage class; there are a, b/);
  });

  it("uses a namespace that is there, and warns of its Pod Security Standard", async () => {
    const found = await look([namespace("monitoring", { "pod-security.kubernetes.io/enforce": "baseline" })]);
    assert.equal(found.settings.namespace.create, false);
    assert.match(said(found), /enforces the Pod Security Standard baseline/);
    assertAccepted(found);
  });
});

describe("npm run adopt, of kube-prometheus-stack", () => {
  afterEach(stopAll);

  it("takes over the release with what is inside it, its volume and the values that stay", async () => {
    const found = await look([
      storageClass("local-path", true),
      helmRelease("kps", kpsChart, { namespace: "prometheus", config: { fullnameOverride: "old" } }),
      helmRelease("kps", kpsChart, { namespace: "prometheus", config: kpsConfig, version: 7 }),
      {
        ...claim("prometheus-kps-prometheus-db-prometheus-kps-prometheus-0", "60Gi", {
          "operator.prometheus.io/name": "kps-prometheus",
        }),
        metadata: {
          name: "prometheus-kps-prometheus-db-prometheus-kps-prometheus-0",
          namespace: "prometheus",
          labels: { "operator.prometheus.io/name": "kps-prometheus" },
        },
      },
    ]);
    assert.deepEqual(found.settings.adopt, {
      kps: {
        release: "prometheus/kps",
        keepGrafana: true,
        keepExporters: true,
        values: {
          fullnameOverride: "kps",
          grafana: { persistence: { enabled: true } },
          prometheus: { prometheusSpec: { remoteWrite: kpsConfig.prometheus.prometheusSpec.remoteWrite } },
        },
      },
    });
    assert.deepEqual(found.settings.kps, {
      chartVersion: "88.5.3",
      retention: "21d",
      retentionSize: "45GB",
      scrapeInterval: "15s",
      resources: { requests: { memory: "4Gi" }, limits: { memory: "8Gi" } },
      storage: "60Gi",
      storageClass: "local-path",
    });
    assertAccepted(found);
    assert.match(said(found), /its silences and its receivers \(phone\)/);
    assert.match(said(found), /kps is in another one, and stays there/);
  });

  it("names values that may be secrets, and prints none", async () => {
    const texts = {
      smtp: { env: [{ name: "GF_SMTP_PASSWORD", value: "hunter2hunter2" }] },
      ini: { "grafana.ini": "[smtp]\npassword = hunter2hunter2\n" },
      url: { datasource: "postgres://grafana:hunter2hunter2@db/grafana" },
      header: { Authorization: "Bearer hunter2hunter2" },
      opaque: { value: "hunter2hunter2hunter2hunter2hunter2" },
      named: { existingSecret: "grafana-admin", passwordKey: "admin-password", envFromSecret: "env" },
    };
    const config = { ...kpsConfig, grafana: { ...kpsConfig.grafana, ...texts } };
    const found = await look([helmRelease("kps", kpsChart, { config })]);
    const everything = found.text + JSON.stringify(found);
    assert.ok(!everything.includes("hunter2"), "a secret was printed");
    const [left] = found.questions.filter(({ what }) => what.includes("may be secrets"));
    for (const path of ["adminPassword", "smtp.env[0].value", "ini.grafana.ini", "url.datasource", "header", "opaque"])
      assert.ok(left.what.includes(`grafana.${path}`), `${path} is not named: ${left.what}`);
    const { grafana } = (found.settings.adopt.kps as { values: { grafana: object } }).values;
    assert.deepEqual(grafana, { persistence: { enabled: true }, named: texts.named });
  });

  it("keeps neither Grafana nor exporters that are switched off, nor their values", async () => {
    const off = { enabled: false };
    const config = {
      grafana: { ...off, persistence: { enabled: true } },
      nodeExporter: off,
      kubeStateMetrics: off,
      alertmanager: off,
      "prometheus-node-exporter": { hostNetwork: false },
    };
    const found = await look([storageClass("x", true), helmRelease("kps", kpsChart, { config })]);
    assert.deepEqual(found.settings.adopt.kps, { release: "monitoring/kps" });
    assert.doesNotMatch(said(found), /Alertmanager inside/);
    assert.match(said(found), /its Prometheus has no volume/);
  });

  it("asks where the chart is of another major version, the release is stuck, or there are several", async () => {
    const old = await look([helmRelease("kps", { ...kpsChart, version: "61.3.0" })]);
    assert.match(said(old), /the chart of the release is 61\.3\.0.*upgrade it by hand first, to 88\.x/);
    assert.equal(old.settings.kps.chartVersion, undefined);
    const stuck = await look([helmRelease("kps", kpsChart, { status: "pending-upgrade" })]);
    assert.match(said(stuck), /release monitoring\/kps is pending-upgrade.*helm -n monitoring rollback kps/);
    const two = await look([helmRelease("a", kpsChart), helmRelease("b", kpsChart)]);
    assert.match(said(two), /several releases of kube-prometheus-stack: monitoring\/a, monitoring\/b/);
    assert.equal(two.settings.adopt, undefined);
  });

  it("says that there is no release to import where Argo CD rendered the chart", async () => {
    const labels = { "helm.sh/chart": "kube-prometheus-stack-88.5.3", "argocd.argoproj.io/instance": "metrics" };
    const found = await look([
      workload("Deployment", "kps-operator", "x/prometheus-operator:v1", { metadata: { labels } }),
    ]);
    assert.match(said(found), /kube-prometheus-stack runs \(monitoring\/kps-operator\), but there is no Helm release/);
    assert.match(said(found), /Argo CD's Application metrics owns monitoring\/kps-operator/);
  });

  it("takes a release that was uninstalled, its history kept, for none", async () => {
    const gone = helmRelease("kps", kpsChart, { status: "uninstalled", version: 2 });
    assert.equal((await look([helmRelease("kps", kpsChart), gone])).settings.adopt, undefined);
  });

  it("tells a release whose record can't be read from one that isn't there", async () => {
    const broken = { ...helmRelease("kps", kpsChart), data: { release: "bm90aGluZw==" } };
    assert.deepEqual(
      (await look([broken])).unseen.filter(({ what }) => what.startsWith("Helm")),
      [{ what: "Helm release monitoring/kps", why: "its record can't be read" }],
    );
  });

  it("takes over CRDs that no release owns, and says what to do about another release's", async () => {
    const found = await look([
      monitoringCrd("prometheuses"),
      monitoringCrd("servicemonitors", ofRelease("crds", "operators")),
    ]);
    assert.equal(found.settings.adopt.crds, true);
    assert.match(said(found), /belong to the Helm release operators\/crds.*docs\/adoption\.md#crds/);
    assertAccepted(found);
  });
});

describe("npm run adopt, of exporters, Grafana and Alertmanager", () => {
  afterEach(stopAll);

  it("leaves exporters to those that run outside the release, and collectors to a person", async () => {
    const found = await look([
      helmRelease("kps", kpsChart),
      workload("DaemonSet", "inside", "quay.io/prometheus/node-exporter:v1", {
        metadata: { annotations: ofRelease("kps") },
      }),
      workload("Deployment", "ksm", "registry.k8s.io/kube-state-metrics/kube-state-metrics:v2.20.0"),
      workload("DaemonSet", "promtail", "grafana/promtail:3.0.0"),
      workload("DaemonSet", "host-metrics", "example.org:5000/metrics:1", {
        ports: [{ hostPort: 9100, containerPort: 80 }],
      }),
    ]);
    assert.deepEqual(found.settings.exporters, { kubeStateMetrics: { enabled: false } });
    assert.match(said(found), /gives the label job="kube-state-metrics"/);
    assert.match(said(found), /a log collector runs already: monitoring\/promtail/);
    assert.match(said(found), /host port 9100 is taken by monitoring\/host-metrics/);
    const outside = await look([workload("DaemonSet", "own", "quay.io/prometheus/node-exporter:v1")]);
    assert.deepEqual(outside.settings.exporters, { nodeExporter: { enabled: false } });
    assertAccepted(outside);
  });

  const sidecar = (what: string, env: Record<string, string>) => ({
    name: `grafana-sc-${what}`,
    image: "quay.io/kiwigrid/k8s-sidecar:2",
    env: Object.entries(env).map(([name, value]) => ({ name, value })),
  });

  it("serves a Grafana with sidecars, by their labels, and warns where they don't look or have a Prometheus already", async () => {
    const found = await look([
      workload("Deployment", "grafana", "docker.io/grafana/grafana:13.0.0", {
        metadata: { namespace: "web" },
        sidecars: [
          sidecar("dashboard", { LABEL: "dash", NAMESPACE: "ALL" }),
          sidecar("datasources", { LABEL: "data", LABEL_VALUE: "yes" }),
        ],
      }),
      configMap(
        "sources",
        { "a.yaml": "datasources:\n- name: Prometheus\n  isDefault: true\n" },
        { labels: { data: "yes" } },
      ),
    ]);
    assert.deepEqual(found.settings.grafana, { create: false, dataSourceLabel: "data", dashboardLabel: "dash" });
    assert.match(said(found), /its sidecar looks for datasources in web only/);
    assert.doesNotMatch(said(found), /looks for dashboards/);
    assert.match(said(found), /wants the label of datasources to be "yes"/);
    assert.match(said(found), /data sources in monitoring\/sources are the default/);
    assertAccepted(found);
  });

  it("leaves a Grafana without sidecars, and the one inside the release, as they are", async () => {
    const plain = await look([workload("Deployment", "grafana", "grafana/grafana:13.0.0")]);
    assert.equal(plain.settings.grafana, undefined);
    assert.match(said(plain), /the Grafana monitoring\/grafana has no sidecars/);
    const inside = await look([
      helmRelease("kps", kpsChart),
      workload("Deployment", "kps-grafana", "grafana/grafana:13.0.0", { metadata: { annotations: ofRelease("kps") } }),
    ]);
    assert.equal(inside.settings.grafana, undefined);
    assert.doesNotMatch(said(inside), /Grafana monitoring/);
  });

  const alertmanager = (name: string) => [
    workload("StatefulSet", name, "quay.io/prometheus/alertmanager:v0.34.0"),
    service(name, { app: name }, 9093),
  ];

  it("uses an Alertmanager outside the release by its Service", async () => {
    const found = await look([...alertmanager("am")]);
    assert.equal(found.settings.adopt.alertmanagerUrl, "http://am.monitoring.svc.cluster.local:9093");
    assertAccepted(found);
  });

  it("uses an Alertmanager of the operator by the operator's Service", async () => {
    const metadata = { name: "main", namespace: "alerting" };
    const found = await look([
      monitoringCrd("alertmanagers"),
      { apiVersion: "monitoring.coreos.com/v1", kind: "Alertmanager", metadata },
      workload("StatefulSet", "alertmanager-main", "quay.io/prometheus/alertmanager:v0.34.0", {
        metadata: { namespace: "alerting", ownerReferences: [{ kind: "Alertmanager", name: "main" }] },
      }),
    ]);
    assert.equal(found.settings.adopt.alertmanagerUrl, "http://alertmanager-operated.alerting.svc.cluster.local:9093");
  });

  it("asks where there are several Alertmanagers, or the stack's file has receivers of its own", async () => {
    const two = await look([...alertmanager("a"), ...alertmanager("b")]);
    assert.match(said(two), /several Alertmanagers run outside kube-prometheus-stack: monitoring\/a, monitoring\/b/);
    const own = await look([...alertmanager("am")], { config: ["alertmanager.webhook=http://receiver"] });
    assert.match(said(own), /and the stack's file has alertmanager\.webhook/);
    assert.deepEqual([two.settings.adopt, own.settings.adopt], [undefined, undefined]);
  });
});

describe("npm run adopt, of Loki, its store and Secrets", () => {
  afterEach(stopAll);

  const source = (config: object) => configMap("loki", { "config.yaml": stringify(config) });

  it("takes over the data of a chart's Loki: schema word for word, bucket, retention, limits, mode", async () => {
    const found = await look([
      source(lokiConfig),
      lokiStatefulSet({ persistentVolumeClaimRetentionPolicy: { whenDeleted: "Delete" } }),
      claim("storage-loki-0", "20Gi"),
      secret("loki-s3", { access_key: "AKIDLOKI", secret_key: "hunter2hunter2" }),
    ]);
    assert.deepEqual(found.settings.loki, {
      schemaConfigs: lokiConfig.schema_config.configs,
      mode: "single-binary",
      singleBinary: { replicas: 1 },
      storage: "20Gi",
      storageClass: "local-path",
      replicationFactor: 1,
      retention: "744h",
      limits: { ingestionRateMb: 30, ingestionBurstMb: 30, maxQueryLength: "0s" },
    });
    assert.deepEqual(found.settings.objectStore, {
      kind: "existing",
      endpoint: "http://nas.example.org:9000",
      region: "eu-home-1",
      forcePathStyle: true,
    });
    assert.deepEqual(found.settings.buckets, { loki: "loki-chunks" });
    assert.deepEqual(found.settings.secrets, {
      existing: {
        lokiObjectStore: {
          name: "loki-s3",
          keys: { AWS_ACCESS_KEY_ID: "access_key", AWS_SECRET_ACCESS_KEY: "secret_key" },
        },
      },
    });
    assertAccepted(found);
    assert.match(said(found), /rules are in a bucket of their own \(loki-ruler\)/);
    assert.match(
      said(found),
      /its claims are not used again: what isn't flushed is lost; those of monitoring\/loki are deleted/,
    );
    assert.ok(!(found.text + JSON.stringify(found)).includes("hunter2"), "a secret was printed");
    assert.ok(!found.text.includes("AKIDLOKI"), "a key was printed");
  });

  it("adds a period in the future to a schema whose newest is not tsdb v13", async () => {
    const [old] = lokiConfig.schema_config.configs;
    const found = await look([source({ ...lokiConfig, schema_config: { configs: [old] } }), lokiStatefulSet()]);
    const { schemaConfigs, structuredMetadata } = found.settings.loki as {
      schemaConfigs: { from: string }[];
      structuredMetadata: boolean;
    };
    assert.deepEqual(schemaConfigs[0], old);
    assert.equal(schemaConfigs[1].from, "2026-11-28");
    assert.equal(structuredMetadata, false);
    assertAccepted(found);
  });

  it("has structured metadata off until the period that can store it has begun", async () => {
    const [old, current] = lokiConfig.schema_config.configs;
    const configs = [old, { ...current, from: "2027-01-01" }];
    const found = await look([source({ ...lokiConfig, schema_config: { configs } }), lokiStatefulSet()]);
    assert.deepEqual(found.settings.loki.schemaConfigs, configs);
    assert.equal(found.settings.loki.structuredMetadata, false);
    assertAccepted(found);
  });

  it("asks about what the stack's own Loki has otherwise", async () => {
    const found = await look([
      source({
        ...lokiConfig,
        auth_enabled: true,
        common: { replication_factor: 3, storage: { s3: { s3: "s3://AKIDLOKI:hunter2hunter2@nas.example.org/logs" } } },
        compactor: {},
        limits_config: { retention_stream: [{ selector: "{}", period: "24h" }] },
        storage_config: { object_prefix: "old" },
      }),
      lokiStatefulSet(),
    ]);
    for (const expected of [
      /Loki has tenants/,
      /Loki deletes no lines/,
      /some streams have a retention of their own/,
      /objects begin with "old"/,
      /replication_factor is 3, and there are 1 writers/,
      /in the bucket logs of https:\/\/nas\.example\.org, and no single Secret in monitoring has a key that fits/,
    ])
      assert.match(said(found), expected);
    assert.ok(!(found.text + JSON.stringify(found)).includes("hunter2"), "a secret was printed");
    const { settings: example } = found.questions.find(({ what }) => what.includes("bucket logs"))!;
    assert.deepEqual(example, {
      objectStore: { kind: "existing", endpoint: "https://nas.example.org" },
      buckets: { loki: "logs" },
    });
    assert.match(found.text, /# {9}observability:buckets:\n# {11}loki: logs/);
    assertAccepted(found);
  });

  it("takes Simple Scalable for what it is, and its claims for those that are used again", async () => {
    const part = (name: string, replicas: number, kind: "StatefulSet" | "Deployment" = "StatefulSet") =>
      workload(kind, `loki-${name}`, "grafana/loki:3.6.3", {
        args: [`-target=${name}`],
        spec: { replicas, volumeClaimTemplates: [{ metadata: { name: "data" } }] },
      });
    const config = { ...lokiConfig, common: { ...lokiConfig.common, replication_factor: 2 } };
    const found = await look([
      secret("loki-config", { "config.yaml": stringify(config) }),
      part("write", 3),
      part("read", 2, "Deployment"),
      part("backend", 2),
      claim("data-loki-write-0", "10Gi"),
    ]);
    const { mode, write, read, backend, replicationFactor } = found.settings.loki;
    assert.deepEqual(
      [mode, write, read, backend, replicationFactor],
      ["simple-scalable", { replicas: 3 }, { replicas: 2 }, { replicas: 2 }, 2],
    );
    assert.match(said(found), /the claims monitoring\/data-loki-write-0 are used again/);
    assertAccepted(found);
  });

  it("can't take over what isn't in S3", async () => {
    const [, period] = lokiConfig.schema_config.configs;
    const configs = [{ ...period, object_store: "filesystem" }];
    const found = await look([source({ ...lokiConfig, schema_config: { configs } }), lokiStatefulSet()]);
    assert.match(
      said(found),
      /loki\.schemaConfigs .* can't be set: loki\.schemaConfigs\[0\]\.object_store: "filesystem"/,
    );
    assertAccepted(found);
  });

  it("warns where the MinIO with Loki's data is part of Loki's own release", async () => {
    const s3 = { bucketnames: "chunks", endpoint: "http://loki-minio.monitoring.svc:9000" };
    const metadata = { annotations: ofRelease("loki") };
    const found = await look([
      configMap("loki", { "config.yaml": stringify({ ...lokiConfig, common: { storage: { s3 } } }) }, metadata),
      service("loki-minio", { app: "minio" }, 9000, metadata),
    ]);
    assert.match(said(found), /the MinIO with Loki's data \(monitoring\/loki-minio\) is part of Loki's own release/);
  });

  it("expects the data in the store that the stack's file has", async () => {
    const endpoint = "http://nas.example.org:9000";
    const objectStore = { kind: "minio", endpoint, providerAddress: "nas.example.org:9000" };
    const found = await look([source(lokiConfig), lokiStatefulSet()], {
      config: [`objectStore=${JSON.stringify(objectStore)}`],
    });
    assert.deepEqual(
      [found.settings.buckets, found.settings.objectStore],
      [{ loki: "loki-chunks" }, { importBuckets: ["loki-chunks"] }],
    );
    const other = { ...objectStore, endpoint: "http://other:9000" };
    const elsewhere = await look([source(lokiConfig)], { config: [`objectStore=${JSON.stringify(other)}`] });
    assert.match(said(elsewhere), /Loki's data is at http:\/\/nas\.example\.org:9000, and the stack's file has/);
  });

  it("uses Ceph by the claim for Loki, its ConfigMap and its Secret", async () => {
    const metadata = { name: "loki-bucket", namespace: "monitoring" };
    const data = { BUCKET_NAME: "loki-ceph", BUCKET_HOST: "rgw.rook-ceph.svc", BUCKET_PORT: "80", BUCKET_REGION: "" };
    const found = await look([
      crd("objectbucketclaims", "objectbucket.io", "v1alpha1"),
      { apiVersion: "objectbucket.io/v1alpha1", kind: "ObjectBucketClaim", metadata },
      configMap("loki-bucket", data),
      secret("loki-bucket", { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "b" }),
    ]);
    assert.deepEqual(found.settings.objectStore, { kind: "existing", endpoint: "http://rgw.rook-ceph.svc:80" });
    assert.deepEqual(found.settings.secrets, { existing: { lokiObjectStore: { name: "loki-bucket", keys: {} } } });
    assert.deepEqual(found.settings.buckets, { loki: "loki-ceph" });
    assert.match(said(found), /Mimir, from stage dual-write on, needs three buckets/);
    assertAccepted(found);
  });

  it("asks about a MinIO in the cluster", async () => {
    const found = await look([service("minio", { app: "minio" }, 9000, { labels: { app: "minio" } })]);
    assert.match(said(found), /MinIO runs in the cluster: monitoring\/minio/);
    assert.equal(found.settings.objectStore, undefined);
  });

  it("uses Secrets that an operator makes, by the names of their keys; none of a release, and none by chance", async () => {
    const owner = { ownerReferences: [{ kind: "ExternalSecret", name: "admin" }] };
    const admin = (name: string, metadata = {}) =>
      secret(name, { adminUser: "me", "admin-password": "hunter2hunter2" }, metadata);
    const found = await look([
      admin("dashboards-admin", owner),
      admin("kps-grafana", { annotations: ofRelease("kps") }),
      secret("pushover", { "pushover-token": "t", "pushover-user-key": "u", "heartbeat-url": "h" }),
      secret("other", { password: "p" }),
    ]);
    assert.deepEqual(found.settings.secrets, {
      existing: {
        grafanaAdmin: { name: "dashboards-admin", keys: { "admin-user": "adminUser" } },
        alertmanager: { name: "pushover", keys: {} },
      },
    });
    assertAccepted(found);
    const two = await look([admin("a"), admin("b")]);
    assert.match(said(two), /several Secrets could be secrets\.existing\.grafanaAdmin: a, b/);
  });
});

describe("npm run adopt, of Flux and Argo CD", () => {
  afterEach(stopAll);

  it("names them as owners of what would be taken over, with the order of the runbook", async () => {
    const flux = {
      "kustomize.toolkit.fluxcd.io/name": "infra",
      "kustomize.toolkit.fluxcd.io/namespace": "flux-system",
    };
    const release = (name: string, spec: object) => ({
      apiVersion: "helm.toolkit.fluxcd.io/v2",
      kind: "HelmRelease",
      metadata: { name, namespace: "monitoring" },
      spec,
    });
    const application = { chart: "loki", repoURL: "x" };
    const found = await look([
      namespace("monitoring", flux),
      crd("helmreleases", "helm.toolkit.fluxcd.io", "v2"),
      crd("applications", "argoproj.io", "v1alpha1"),
      release("kps", { chart: { spec: { chart: "kube-prometheus-stack" } } }),
      release("suspended", { suspend: true, chart: { spec: { chart: "grafana" } } }),
      release("other", { chart: { spec: { chart: "podinfo" } } }),
      {
        apiVersion: "argoproj.io/v1alpha1",
        kind: "Application",
        metadata: { name: "logs", namespace: "argocd" },
        spec: { source: application },
      },
    ]);
    const owners = found.questions.filter(({ how }) =>
      how.includes("suspend it, then import, then remove it from Git"),
    );
    assert.deepEqual(
      owners.map(({ what }) => what.replace(/,.*/, "")),
      [
        "Flux's Kustomization flux-system/infra owns monitoring",
        "Flux's HelmRelease monitoring/kps owns what this program would bring too",
        "Argo CD's Application logs owns what this program would bring too",
      ],
    );
  });
});
