import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { stringify } from "yaml";
import type { Adoption } from "../../../commands/adopt/adopt";
import { run } from "../../../commands/adopt/cli";
import { labels } from "../../../components/kubernetes/labels";
import { checkSettings } from "../../../settings/check";
import { kubeconfigFor, refusingAddress, serveApi, stopAll } from "../preflight/stand-ins";
import { StandInPulumi } from "../pulumi/stand-in";
import { temporaryFolder } from "../../support/temporary-folder";
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
import { look, said, today, type Looked } from "./look";

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

const helmsKps: Record<string, string> = {
  "meta.helm.sh/release-name": "kps",
  "meta.helm.sh/release-namespace": "monitoring",
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
      ["the cluster has no storage class"],
    );
    assert.match(found.text, /^# Stack new, and the cluster at http\S+: 0 settings to copy, 1 to decide\.\n/);
    assert.match(found.text, /cluster was only\s+(# )?read; nothing was changed/);
    assert.match(
      found.text,
      /# +- prometheuses, alertmanagers, scrapeconfigs, [^:]+ prometheusagents:\s+(#\s+)?the cluster has no kind with this name/,
    );
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
    assert.match(error, /the API server refuses connections\n→ check the kubeconfig/);
    assert.match(error, /observability:loki\.retentoin: "x" is set here, but there is no such setting/);
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
    assert.match(again.text, /2 more are already in the stack file\./);
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
      /# Problems with all these settings together: 2\n# +- observability:secretValues\.minioAdmin/,
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

  it("has no journal read on nodes with Talos, and says what they need", async () => {
    const plain = node("talos-1", "amd64", "4", "8Gi");
    const talos = { ...plain, status: { ...(plain.status as object), nodeInfo: { osImage: "Talos (v1.11.2)" } } };
    const found = await look([talos, node("pi-1", "arm64", "4", "8Gi")]);
    assert.deepEqual(found.settings.logs, { journal: false, talos: true });
    assert.match(said(found), /machine configuration/);
    assertAccepted(found);
    assert.equal((await look([node("pi-1", "arm64", "4", "8Gi")])).settings.logs, undefined);
  });

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
    assert.match(said(found), /nodes whose architecture has no images in this program: old/);
    assert.match(said(found), /nodes with taints: nuc \(gpu:NoSchedule\)/);
    assertAccepted(found);
  });

  it("takes the default storage class, or the only one, and asks where there are several", async () => {
    const classOf = async (...classes: ApiObject[]) => (await look(classes)).settings.cluster?.storageClass;
    assert.equal(await classOf(storageClass("slow"), storageClass("fast", true)), "fast");
    assert.equal(await classOf(storageClass("only")), "only");
    assert.equal(await classOf(storageClass("a", true), storageClass("b", true)), undefined);
    assert.match(
      said(await look([storageClass("a"), storageClass("b")])),
      /no default storage class; the cluster has a, b/,
    );
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
    assert.match(said(found), /kps is in another namespace and stays there/);
  });

  it("takes over what the release says of the chart's rules, and names rules that end with it", async () => {
    const nas = {
      groups: [
        {
          name: "nas",
          rules: [
            { alert: "NasFull", expr: "nas_free_bytes < 1e9" },
            { record: "a:b", expr: "1" },
          ],
        },
      ],
      additionalLabels: { team: "home" },
    };
    const config = {
      ...kpsConfig,
      defaultRules: {
        rules: { network: false, etcd: true, k8sContainerCpuLimits: true },
        disabled: { CPUThrottlingHigh: true, KubeQuotaAlmostFull: false },
        additionalRuleLabels: { team: "home" },
        additionalRuleGroupLabels: { node: { room: "1" }, etcd: {} },
        appNamespacesTarget: "shop|blog",
        appNamespacesOperator: "!~",
        keepFiringFor: "",
        kubeletServerCertificateExpiration: { warning: 1209600 },
        additionalRuleAnnotations: {},
      },
      customRules: { KubeJobNotCompleted: { for: "1h" } },
      additionalPrometheusRulesMap: {
        mine: nas,
        odd: { groups: [{ name: "odd", rules: [{ alert: "Odd", expr: "1", color: "red" }] }] },
        key: { groups: [{ name: "key", rules: [{ alert: "Key", expr: "1", annotations: { token: "hunter2" } }] }] },
      },
      windowsMonitoring: { enabled: true },
      grafana: { ...kpsConfig.grafana, defaultDashboardsEnabled: false },
    };
    const object: ApiObject = {
      ...{ apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule" },
      metadata: {
        ...{ name: "kps-mine", namespace: "prometheus" },
        annotations: { "meta.helm.sh/release-name": "kps", "meta.helm.sh/release-namespace": "prometheus" },
      },
      spec: nas,
    };
    const found = await look([
      helmRelease("kps", kpsChart, { namespace: "prometheus", config }),
      ...[monitoringCrd("prometheusrules"), object],
    ]);
    assert.deepEqual(found.settings.rules, {
      additionalPrometheusRulesMap: { mine: nas },
      disabled: ["CPUThrottlingHigh"],
      labels: { team: "home" },
      overrides: { KubeJobNotCompleted: { for: "1h" } },
      upstream: {
        dashboards: false,
        groups: { network: false, k8sContainerCpuLimits: true },
        groupLabels: { node: { room: "1" } },
        namespaces: "shop|blog",
        defaultRules: {
          appNamespacesOperator: "!~",
          kubeletServerCertificateExpiration: { warning: 1209600 },
        },
      },
    });
    assertAccepted(found);
    const { values } = (found.settings.adopt as { kps: { values: Record<string, object> } }).kps;
    assert.deepEqual(Object.keys(values.additionalPrometheusRulesMap), ["odd"]);
    assert.match(said(found), /additionalPrometheusRulesMap\) are deleted with it .*: key, odd; they have a field/);
    assert.doesNotMatch(found.text, /hunter2/);
    // It stays by its name.
    assert.doesNotMatch(JSON.stringify((found as unknown as Pick<Adoption, "ends">).ends), /NasFull|a:b/);
    const listed = [{ name: "older", groups: nas.groups }];
    const older = await look([
      helmRelease("kps", kpsChart, { config: { ...kpsConfig, additionalPrometheusRules: listed } }),
    ]);
    assert.deepEqual(older.settings.rules, { additionalPrometheusRulesMap: { older: { groups: nas.groups } } });
    assert.doesNotMatch(older.text, /additionalPrometheusRules:/);
    assertAccepted(older);
    assert.match(said(found), /rules and dashboards of Windows nodes, .* and their exporter/);
    const none = await look([helmRelease("kps", kpsChart, { config: { defaultRules: { create: false } } })]);
    assert.deepEqual(none.settings.rules, { upstream: { enabled: false } });
  });

  it("keeps the names of its Prometheus' Services, and says who asks by them", async () => {
    const release = helmRelease("kps", kpsChart, { namespace: "prometheus", config: kpsConfig });
    const formerNames = ["prometheus/prometheus-operated", "prometheus/kps-prometheus"];
    const alone = await look([release]);
    assert.deepEqual(alone.settings.prometheusApi, { formerNames });
    assert.doesNotMatch(said(alone), /asks Prometheus/);
    const url = "http://prometheus-operated.prometheus.svc:9090";
    const scaled: ApiObject = {
      ...{ apiVersion: "keda.sh/v1alpha1", kind: "ScaledObject", metadata: { name: "shop", namespace: "shop" } },
      spec: { triggers: [{ metadata: { serverAddress: url } }] },
    };
    const cronJob: ApiObject = {
      ...{ apiVersion: "batch/v1", kind: "CronJob", metadata: { name: "report", namespace: "shop" } },
      spec: { jobTemplate: { spec: { template: { spec: { containers: [{ args: [url] }] } } } } },
    };
    const asked = await look([release, crd("scaledobjects", "keda.sh", "v1alpha1"), scaled, cronJob]);
    assert.match(
      said(asked),
      /CronJob shop\/report, ScaledObject shop\/shop asks Prometheus by names that are deleted/,
    );
    const scrape = `[{ metrics_path: /federate, basic_auth: { password: hunter2 }, static_configs: [{ targets: ["${url.slice(7)}"] }] }]`;
    const more = [
      secret("scrapes", { "a.yaml": scrape }),
      workload("Deployment", "tempo", "tempo", { args: [`${url}/api/v1/write`] }),
    ];
    const wanting = await look([release, ...more]);
    assert.match(said(wanting), /Secret monitoring\/scrapes scrapes \/federate .*→ Mimir has no \/federate/);
    assert.match(
      said(wanting),
      /Deployment monitoring\/tempo sends samples .*mimir\.\S+:9009\/api\/v1\/push from stage mimir-default/,
    );
    assert.doesNotMatch(wanting.text, /hunter2/);
    assertAccepted(asked);
    const askers = (found: Looked) => (found as unknown as Pick<Adoption, "askers">).askers;
    const [asks] = formerNames;
    assert.deepEqual(
      [askers(alone), askers(wanting)],
      [
        [],
        [
          { who: "Deployment monitoring/tempo", asks, wants: "write" },
          { who: "Secret monitoring/scrapes", asks, wants: "federate" },
        ],
      ],
    );
  });

  it("names what the release has by its own values alone, when it goes, and what only its Prometheus does", async () => {
    const from = (template: string, ...objects: object[]) =>
      objects
        .map((object) => `---\n# Source: kube-prometheus-stack/templates/${template}.yaml\n${stringify(object)}`)
        .join("");
    const of = (kind: string, name: string, more: object = {}) => ({ kind, metadata: { name }, ...more });
    const titled = { data: { "x.json": '{"title":"Extra"}' } };
    const manifest = [
      from(
        "extra-objects",
        of("ConfigMap", "extra", titled),
        of("Ingress", "door", { metadata: { name: "door", namespace: "home" } }),
      ),
      from("prometheus/servicemonitors", { kind: "List", items: [of("ServiceMonitor", "nas")] }),
      from("prometheus/route", of("HTTPRoute", "kps-prometheus")),
      from("alertmanager/extrasecret", of("Secret", "mail")),
      from("prometheus/networkpolicy", of("NetworkPolicy", "kps-prometheus")),
      "---\n# Source: kube-prometheus-stack/templates/extra-objects.yaml\n{ no YAML",
    ].join("");
    const prometheusSpec = { thanos: {}, enableRemoteWriteReceiver: true, shards: 2 };
    const { prometheus } = kpsConfig;
    const config = {
      ...kpsConfig,
      prometheus: { prometheusSpec: { ...prometheus.prometheusSpec, ...prometheusSpec } },
      alertmanager: { templateFiles: { "mail.tmpl": "" } },
    };
    const shown = configMap("extra", titled.data, { annotations: helmsKps, labels: { grafana_dashboard: "1" } });
    const rule: ApiObject = {
      ...{ apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule" },
      metadata: { name: "kps-mine", namespace: "monitoring", annotations: helmsKps },
      spec: { groups: [{ name: "mine", rules: [{ alert: "NasFull" }, { alert: "Watchdog" }] }] },
    };
    const second: ApiObject = {
      ...{
        apiVersion: "monitoring.coreos.com/v1",
        kind: "Prometheus",
        metadata: { name: "second", namespace: "shop" },
      },
    };
    const found = await look([
      helmRelease("kps", kpsChart, { config, manifest }),
      ...["prometheusrules", "prometheuses"].map((plural) => monitoringCrd(plural)),
      ...[shown, rule, second],
    ]);
    const text = said(found);
    const atTheEnd = "deleted with the release in stage kps-removed: ";
    for (const sentence of [
      `${atTheEnd}ConfigMap monitoring/extra, Ingress home/door (its values extraManifests) → create it yourself`,
      `${atTheEnd}ServiceMonitor monitoring/nas (its values prometheus.additionalServiceMonitors) → create it yourself`,
      `${atTheEnd}HTTPRoute monitoring/kps-prometheus (its values prometheus.route) → create your own for the Service metrics`,
      "deleted by the first update: Secret monitoring/mail (its values alertmanager.extraSecret)",
      "with its silences and its templates (mail.tmpl)",
      "may also run Prometheus shop/second",
      'remoteWrite[0] ("metrics.example.org") ends with Prometheus',
      "thanos: its sidecar no longer uploads blocks",
      "enableRemoteWriteReceiver: programs that send samples",
    ])
      assert.ok(text.includes(sentence), `${sentence}\n\n${text}`);
    assert.doesNotMatch(text, /NetworkPolicy/);
    const { ends } = found as unknown as Pick<Adoption, "ends">;
    assert.deepEqual(
      ends.map(({ kind, name }) => `${kind} ${name}`),
      ["alert NasFull", "dashboard Extra"],
    );
    assert.deepEqual(
      found.problems.map(({ key }) => key),
      ["adopt.kps.values.prometheus.prometheusSpec.shards"],
    );
  });

  it("says which labels alerts lose and get with the first update, and what no longer matches them", async () => {
    const askedOf = async (prometheusSpec: object, config?: string[]) => {
      const values = { prometheus: { prometheusSpec } };
      const { questions } = await look([helmRelease("kps", kpsChart, { config: values })], { config });
      return questions
        .filter(({ how }) => how.includes("#labels-of-alerts"))
        .map(({ what, how }) => `${what} → ${how}`);
    };
    const clear = { prometheusExternalLabelNameClear: true, replicaExternalLabelNameClear: true };
    const cluster = ["cluster.name=home"];

    const [usual] = await askedOf({}, cluster);
    assert.match(
      usual,
      /alerts lose the label prometheus="monitoring\/kps-kube-prometheus-stack-prometheus" and get the label cluster="home": /,
    );
    assert.match(usual, /silences, routes and inhibitions that match on prometheus no longer match → remove /);
    assert.doesNotMatch(usual, /remote_write/);

    const remoteWrite = [{ url: "https://metrics.example.org/push" }];
    const [renamed] = await askedOf({ prometheusExternalLabelName: "from", remoteWrite });
    assert.match(renamed, /alerts lose the label from="[^"]+": /);
    assert.match(renamed, /by remote_write lose from and prometheus_replica, and so continue as new series/);

    const [gained] = await askedOf({ ...clear, remoteWrite }, cluster);
    assert.match(gained, /alerts get the label cluster="home": .*a new one → nothing, unless a route/);
    assert.deepEqual(await askedOf(clear), []);
    assert.deepEqual(await askedOf({ ...clear, externalLabels: { cluster: "home" } }, cluster), []);
  });

  it("lists by name what the release has and the stack won't have, with the way out, and records what there is", async () => {
    const helms = { "meta.helm.sh/release-name": "kps", "meta.helm.sh/release-namespace": "monitoring" };
    const of = (
      kind: string,
      name: string,
      more: object,
      own = true,
      apiVersion = "monitoring.coreos.com/v1",
    ): ApiObject => ({
      ...{ apiVersion, kind, metadata: { name, namespace: "monitoring", ...(own && { annotations: helms }) } },
      ...more,
    });
    const group = (name: string, ...alerts: string[]) => ({
      spec: { groups: [{ name, rules: alerts.map((alert) => ({ alert })) }] },
    });
    const rules = (...alerts: string[]) => group("etcd", ...alerts);
    const dashboards = ["etcd", "pod-total"].map((name) => {
      const object = of("ConfigMap", `kps-${name}`, { data: { [`${name}.json`]: `{"title":"${name}"}` } }, true, "v1");
      object.metadata.labels = { grafana_dashboard: "1" };
      return object;
    });
    const found = await look([
      helmRelease("kps", kpsChart, {
        config: { ...kpsConfig, alertmanager: { config: { receivers: [{ name: "null" }, { name: "ntfy" }] } } },
      }),
      ...["prometheusrules", "thanosrulers"].map((plural) => monitoringCrd(plural)),
      crd("httproutes", "gateway.networking.k8s.io", "v1"),
      ...[true, false].map((own) =>
        of("HTTPRoute", own ? "kps-prometheus" : "shop", { spec: {} }, own, "gateway.networking.k8s.io/v1"),
      ),
      of("PrometheusRule", "kps-etcd", rules("etcdNoLeader", "Watchdog", "Shop")),
      of("PrometheusRule", "kps-kubernetes-apps", group("kubernetes-apps", "KubeHpaMaxedOut")),
      of(
        "PrometheusRule",
        "kps-prometheus",
        group("prometheus", "PrometheusBadConfig", "PrometheusDuplicateTimestamps"),
      ),
      of("PrometheusRule", "kps-prometheus-operator", group("prometheus-operator", "PrometheusOperatorListErrors")),
      of("PrometheusRule", "shop", rules("Shop"), false),
      of("ThanosRuler", "far", {}, false),
      ...dashboards,
    ]);
    const { has, ends } = found as unknown as Pick<Adoption, "has" | "ends">;
    const ofItself = ["PrometheusDuplicateTimestamps", "PrometheusOperatorListErrors"];
    assert.deepEqual(has.alert, [
      ...["KubeHpaMaxedOut", "PrometheusBadConfig", ...ofItself, "Shop", "Watchdog", "etcdNoLeader"],
    ]);
    assert.deepEqual(
      [has.dashboard, has.receiver, has.ThanosRuler],
      [["etcd", "pod-total"], ["ntfy"], ["monitoring/far"]],
    );
    assert.deepEqual(
      ends.map(({ kind, name, step }) => `${kind} ${name}: ${step}`),
      [
        ...["receiver ntfy: import", "alert etcdNoLeader: import", "alert PrometheusDuplicateTimestamps: kps-removed"],
        ...["alert PrometheusOperatorListErrors: kps-removed", "dashboard etcd: import"],
        "HTTPRoute monitoring/kps-prometheus: kps-removed",
        "ThanosRuler monitoring/far: kps-removed",
      ],
    );
    assert.match(
      said(found),
      /PrometheusDuplicateTimestamps; reason: they are about the release's Prometheus, and go with it in/,
    );
    assert.match(
      said(found),
      /alert: the release has 1 that the stack won't have: etcdNoLeader; reason: not scraped \(monitors\.etcd\) → change monitors\.etcd, or do without/,
    );
    assertAccepted(found);
  });

  describe("of receivers that the release's values don't have", () => {
    const annotations = { "meta.helm.sh/release-name": "kps", "meta.helm.sh/release-namespace": "monitoring" };
    const alertmanager = (spec: object): ApiObject => ({
      ...{ apiVersion: "monitoring.coreos.com/v1", kind: "Alertmanager" },
      metadata: { name: "kps-alertmanager", namespace: "monitoring", annotations },
      spec,
    });
    const token = "tk_hunter2hunter2";
    const text = `route: { receiver: ntfy }\nreceivers:\n  - name: "null"\n  - name: ntfy\n    webhook_configs: [{ url: "https://ntfy/${token}" }]\n  - name: mail\n`;
    const of = (spec: object, ...secrets: ApiObject[]) =>
      look([
        helmRelease("kps", kpsChart, { config: kpsConfig }),
        monitoringCrd("alertmanagers"),
        alertmanager(spec),
        ...secrets,
      ]);
    const names = (found: Looked) => {
      const { has, ends } = found as unknown as Pick<Adoption, "has" | "ends">;
      return [has.receiver, ends.flatMap(({ kind, name }) => (kind === "receiver" ? name : []))];
    };

    it("names those of the Secret that its Alertmanager reads, and nothing else of it", async () => {
      // As with alertmanager.tplConfig and stringConfig.
      const found = await of(
        {},
        secret("alertmanager-kps-alertmanager", { "alertmanager.yaml": text }, { annotations }),
      );
      assert.deepEqual(names(found), [
        ["mail", "ntfy"],
        ["mail", "ntfy"],
      ]);
      assert.match(said(found), /its receivers \(mail, ntfy\)/);
      assert.doesNotMatch(found.text + JSON.stringify(found.questions), new RegExp(token));
    });

    it("takes a Secret of the user's own, packed or not, and proposes to keep the one that can be kept", async () => {
      const own = await of({ configSecret: "mine" }, secret("mine", { "alertmanager.yaml": text }));
      assert.deepEqual(names(own)[0], ["mail", "ntfy"]);
      const proposed = ({ questions }: Looked) =>
        questions.flatMap(({ settings }) => (settings?.alertmanager ? [settings.alertmanager] : []));
      assert.deepEqual(proposed(own), [{ existingConfigSecret: "mine" }]);
      const packed = secret("mine", {});
      packed.data = { "alertmanager.yaml.gz": gzipSync(text).toString("base64") };
      const gz = await of({ configSecret: "mine" }, packed);
      assert.deepEqual([names(gz)[0], proposed(gz)], [["mail", "ntfy"], []]);
    });

    it("goes by the values where the Secret can't be read", async () => {
      for (const unread of [
        [],
        [secret("alertmanager-kps-alertmanager", { "alertmanager.yaml": "a: [" }, { annotations })],
      ])
        assert.match(said(await of({}, ...unread)), /with its silences and its receivers \(phone\)/);
    });
  });

  describe("of a release whose Grafana looks for other labels", () => {
    const annotations = { "meta.helm.sh/release-name": "kps", "meta.helm.sh/release-namespace": "monitoring" };
    const board = (name: string, label: string, more: object = {}): ApiObject => {
      const object = configMap(name, { [`${name}.json`]: `{"title":"${name}"}` }, { labels: { [label]: "1" } });
      return { ...object, metadata: { ...object.metadata, ...more } };
    };
    const sidecar = { dashboards: { label: "boards" } };
    const objects = [
      helmRelease("kps", kpsChart, { config: { ...kpsConfig, grafana: { sidecar } } }),
      board("pod-total", "boards", { annotations }),
      board("shop", "boards"),
      board("unread", "grafana_dashboard"),
    ];
    const dashboardsOf = async (...config: string[]) => {
      const { has, ends } = (await look(objects, { config })) as unknown as Pick<Adoption, "has" | "ends">;
      return {
        has: has.dashboard,
        ends: ends.flatMap(({ kind, name, step }) => (kind === "dashboard" ? `${name}: ${step}` : [])),
      };
    };

    it("records the dashboards that it shows, none of which ends", async () => {
      assert.deepEqual(await dashboardsOf(), { has: ["pod-total", "shop"], ends: [] });
    });

    it("says that upstream's end too where the stack's Grafana has no sidecar", async () => {
      const { ends } = await dashboardsOf("grafana.sidecar.enabled=false");
      assert.deepEqual(ends, ["shop: keepGrafana", "pod-total: keepGrafana"]);
    });
  });

  describe("of AlertmanagerConfigs", () => {
    const webhook = (receiver: string, more: object = {}) => ({
      route: { receiver },
      receivers: [{ name: receiver, webhookConfigs: [{ url: "http://ntfy.shop/", ...more }] }],
    });
    const config = (namespace: string, spec: object, labels = {}): ApiObject => ({
      ...{ apiVersion: "monitoring.coreos.com/v1alpha1", kind: "AlertmanagerConfig" },
      metadata: { name: "team", namespace, labels },
      spec,
    });
    const alertmanager = (spec: object, annotations = helmsKps, name = "kps"): ApiObject => ({
      ...{ apiVersion: "monitoring.coreos.com/v1", kind: "Alertmanager" },
      metadata: { name, namespace: "monitoring", annotations },
      spec,
    });
    const base = [
      helmRelease("kps", kpsChart, { config: kpsConfig }),
      monitoringCrd("alertmanagers"),
      crd("alertmanagerconfigs", "monitoring.coreos.com", "v1alpha1"),
    ];
    const every = { alertmanagerConfigSelector: {}, alertmanagerConfigNamespaceSelector: {} };
    const endsOf = (found: Looked) =>
      (found as unknown as Pick<Adoption, "ends">).ends.map(({ name, why }) => `${name}: ${why}`);
    const ofConfigs = (found: Looked) => endsOf(found).filter((each) => each.includes("/team"));

    it("prints receivers and routes for those that the release's Alertmanager reads, before the file's own", async () => {
      const own = { receiver: "none", matchers: ['team="x"'] };
      const found = await look([...base, alertmanager(every), config("shop", webhook("ntfy"))], {
        config: [`alertmanager=${JSON.stringify({ routes: [own] })}`],
      });
      const { receivers, routes } = found.settings.alertmanager as Record<
        string,
        Record<string, { matchers: string[] }>
      >;
      assert.deepEqual(Object.keys(receivers), ["shop-team-ntfy"]);
      assert.deepEqual(
        Object.values(routes).map(({ matchers }) => matchers),
        [['namespace="shop"'], own.matchers],
      );
      assert.deepEqual(ofConfigs(found), []);
      assertAccepted(found);
      const again = await look([...base, alertmanager(every), config("shop", webhook("ntfy"))], {
        config: [`alertmanager=${JSON.stringify({ receivers, routes })}`],
      });
      assert.doesNotMatch(said(again), /AlertmanagerConfig/);
      assert.equal(again.settings.alertmanager, undefined);
    });

    it("leaves the namespace out where the operator does", async () => {
      const spec = { ...every, alertmanagerConfigMatcherStrategy: { type: "None" } };
      const { settings } = await look([...base, alertmanager(spec), config("shop", webhook("ntfy"))]);
      assert.deepEqual(settings.alertmanager.routes, [{ receiver: "shop-team-ntfy", matchers: [], continue: true }]);
    });

    it("says why nobody will read one, or nobody does today", async () => {
      const mute = await look([
        ...base,
        alertmanager({ ...every, alertmanagerConfigSelector: { matchLabels: { to: "home" } } }),
        config("shop", webhook("ntfy")),
        config("home", webhook("ntfy", { payload: "{}" }), { to: "home" }),
      ]);
      assert.deepEqual(ofConfigs(mute), [
        "home/team: the stack's Alertmanager is not the operator's, and the settings can't say all of it: receiver ntfy: receivers of kind webhook have no payload in the settings",
        "shop/team: no Alertmanager selects it: it isn't read today either",
      ]);
      assert.match(said(mute), /AlertmanagerConfig home\/team will not be read.*existingConfigSecret/s);
    });

    it("takes those of the release's Alertmanager for lost where another one is used, and leaves those of that one", async () => {
      const url = "adopt.alertmanagerUrl=http://alertmanager-operated.monitoring.svc.cluster.local:9093";
      const lost = await look([...base, alertmanager(every), config("shop", webhook("ntfy"))], { config: [url] });
      assert.match(
        ofConfigs(lost).join(),
        /shop\/team: the release's Alertmanager is deleted, and adopt\.alertmanagerUrl/,
      );
      const stays = await look([...base, alertmanager(every, {}, "main"), config("shop", webhook("ntfy"))]);
      assert.deepEqual(ofConfigs(stays), []);
      assert.match(said(stays), /shop\/team is read by Alertmanager monitoring\/main for as long as its operator runs/);
    });

    it("proposes nothing for those that only an Alertmanager beside the stack's own reads, and takes what the release's reads too", async () => {
      const own = { config: ["alertmanager.webhook=http://phone.home/"] };
      const theirs = alertmanager(every, {}, "main");
      const stays = await look([...base, theirs, config("shop", webhook("ntfy"))], own);
      assert.deepEqual([stays.settings.alertmanager, ofConfigs(stays)], [undefined, []]);
      assert.match(said(stays), /shop\/team is read by Alertmanager monitoring\/main, which stays/);
      const both = await look([...base, theirs, alertmanager(every), config("shop", webhook("ntfy"))], own);
      assert.deepEqual(Object.keys(both.settings.alertmanager.receivers as object), ["shop-team-ntfy"]);
    });
  });

  describe("of dashboards and data sources that other applications bring", () => {
    const objects = [
      helmRelease("kps", kpsChart, { config: kpsConfig }),
      ...[
        ["shop", "grafana_dashboard", "1", '{"title":"Orders"}'],
        ["home", "grafana_dashboard", "1", '{"title":"Heating"}'],
        ["home", "grafana_dashboard", "true", '{"title":"Solar"}'],
        ["home", "grafana_dashboard", "true", '{"title":"Orders"}'],
        ["shop", "grafana_datasource", "1", "datasources: [{ name: Tempo }]"],
      ].map(([namespace, label, value, text], i) =>
        configMap(`of-others-${i}`, { text }, { namespace, labels: { [label]: value } }),
      ),
    ];
    const ends = async (...config: string[]) => {
      const found = await look(objects, { config });
      const { ends } = found as unknown as Pick<Adoption, "ends">;
      return ends.filter(({ kind }) => kind === "dashboard" || kind === "data source");
    };
    const names = async (...config: string[]) => (await ends(...config)).map(({ name }) => name).sort();

    it("lists those whose label has another value than the stack's Grafana looks for", async () => {
      assert.deepEqual(await ends(), [
        {
          ...{ kind: "dashboard", name: "Solar" },
          why: `the stack's Grafana reads ConfigMaps with the label grafana_dashboard: "1"`,
          how: `give its ConfigMap the label grafana_dashboard: "1"`,
          step: "keepGrafana",
        },
      ]);
    });

    it("lists none for its label's value where any will do", async () => {
      assert.deepEqual(await ends("grafana.labelValue="), []);
    });

    it("lists those in namespaces where its sidecar doesn't look, or all where it has none", async () => {
      assert.deepEqual(await names("grafana.sidecar.namespaces[0]=shop"), ["Heating", "Solar"]);
      // The same title in two namespaces, for two reasons.
      assert.deepEqual(await names("grafana.sidecar.namespaces[0]=home"), ["Orders", "Orders", "Solar", "Tempo"]);
      assert.deepEqual(await names("grafana.sidecar.enabled=false"), ["Heating", "Orders", "Solar", "Tempo"]);
    });

    it("lists none where the stack uses an existing Grafana, which reads what it read", async () => {
      assert.deepEqual(await names("grafana.create=false"), []);
    });
  });

  it("copies ScrapeConfigs of others into the settings where Alloy can scrape them, and says why it can't", async () => {
    const crds = crd("scrapeconfigs", "monitoring.coreos.com", "v1alpha1");
    const scrapeConfig = (name: string, spec: object, labels = {}): ApiObject => ({
      ...{ apiVersion: "monitoring.coreos.com/v1alpha1", kind: "ScrapeConfig" },
      metadata: { name, namespace: "monitoring", labels },
      spec,
    });
    const nas = {
      staticConfigs: [{ targets: ["10.0.40.5:9100"] }],
      authorization: { credentials: { name: "nas", key: "token" } },
    };
    const found = await look([
      ...[helmRelease("kps", kpsChart, { config: kpsConfig }), crds, scrapeConfig("nas", nas)],
      scrapeConfig("cloud", { ec2SDConfigs: [{}], staticConfigs: [] }),
      scrapeConfig("camera", { staticConfigs: [], params: { password: ["hunter2hunter2"] } }),
      scrapeConfig("kubelet", { kubernetesSDConfigs: [{ role: "Node" }] }, labels({ name: "monitors" })),
    ]);
    assert.deepEqual(found.settings.metrics, { scrapeConfigs: [{ name: "monitoring/nas", spec: nas }] });
    assert.match(
      said(found),
      /ScrapeConfig monitoring\/cloud is not scraped .+ ec2SDConfigs is not rendered for Alloy/,
    );
    assert.match(said(found), /ScrapeConfig monitoring\/camera is not scraped .+ params\.password.* may be a secret/);
    const { ends } = found as unknown as Pick<Adoption, "ends">;
    assert.deepEqual(ends.flatMap(({ kind, name }) => (kind === "ScrapeConfig" ? name : [])).sort(), [
      "monitoring/camera",
      "monitoring/cloud",
    ]);
    assert.doesNotMatch(found.text, /hunter2/);
    assertAccepted(found);
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
    assert.doesNotMatch(said(found), /release's Alertmanager/);
    assert.match(said(found), /its Prometheus has no volume/);
  });

  it("asks where the chart is of another major version, the release is stuck, or there are several", async () => {
    const old = await look([helmRelease("kps", { ...kpsChart, version: "61.3.0" })]);
    assert.match(said(old), /the chart of the release is 61\.3\.0.*first upgrade it by hand to 88\.x/);
    assert.equal(old.settings.kps.chartVersion, undefined);
    const stuck = await look([helmRelease("kps", kpsChart, { status: "pending-upgrade" })]);
    assert.match(said(stuck), /release monitoring\/kps is pending-upgrade.*helm -n monitoring rollback kps/);
    const two = await look([helmRelease("a", kpsChart), helmRelease("b", kpsChart)]);
    assert.match(said(two), /several releases of kube-prometheus-stack: monitoring\/a, monitoring\/b/);
    assert.equal(two.settings.adopt, undefined);
  });

  it("of several releases, takes over the one that the stack's file names, and says what the other does meanwhile", async () => {
    const values = { fullnameOverride: "kps" };
    const both = [helmRelease("a", kpsChart), helmRelease("b", kpsChart, { config: values })];
    const config = ["adopt.kps.release=monitoring/b"];
    const found = await look([storageClass("x", true), ...both], { config });
    assert.deepEqual(found.settings.adopt.kps, { keepGrafana: true, keepExporters: true, values });
    assert.doesNotMatch(said(found), /several releases/);
    assert.match(
      said(found),
      /besides monitoring\/b, there is monitoring\/a, .* → before the first update, .*uninstall/,
    );
  });

  it("doesn't take a release with rules and dashboards only, as the stack's own, for one that can be taken over", async () => {
    const own = helmRelease("upstream-rules", kpsChart, { config: { prometheusOperator: { enabled: false } } });
    const beside = await look([storageClass("x", true), helmRelease("a", kpsChart), own]);
    assert.deepEqual(beside.settings.adopt.kps, { release: "monitoring/a", keepGrafana: true, keepExporters: true });
    assert.doesNotMatch(said(beside), /upstream-rules/);
    const alone = await look([storageClass("x", true), own]);
    assert.equal(alone.settings.adopt?.kps, undefined);
  });

  it("says that there is no release to import where Argo CD rendered the chart", async () => {
    const labels = { "helm.sh/chart": "kube-prometheus-stack-88.5.3", "argocd.argoproj.io/instance": "metrics" };
    const found = await look([
      workload("Deployment", "kps-operator", "x/prometheus-operator:v1", { metadata: { labels } }),
    ]);
    assert.match(said(found), /kube-prometheus-stack runs \(monitoring\/kps-operator\), but has no Helm release/);
    assert.match(said(found), /Argo CD's Application metrics owns monitoring\/kps-operator/);
  });

  describe("where a release was uninstalled and its history kept", () => {
    const uninstalled = (name: string, namespace?: string) =>
      helmRelease(name, { ...kpsChart, name }, { status: "uninstalled", version: 2, namespace });
    const [kps, crds] = ["kube-prometheus-stack", "prometheus-operator-crds"];

    it("takes nothing over, and says which command frees a name that the stack needs: never one that deletes CRDs", async () => {
      for (const more of [[], [monitoringCrd("prometheuses")]]) {
        const found = await look([helmRelease(kps, kpsChart), uninstalled(kps), uninstalled(crds), ...more]);
        assert.equal(found.settings.adopt?.kps, undefined);
        for (const [name, command] of [
          [kps, "helm uninstall --namespace monitoring kube-prometheus-stack:"],
          [crds, "kubectl --namespace monitoring delete secret --selector owner=helm,name=prometheus-operator-crds:"],
        ])
          assert.match(
            said(found),
            new RegExp(`release monitoring/${name} was uninstalled with --keep-history, .* → ${command}`),
          );
      }
    });

    it("says nothing of names that the stack doesn't need", async () => {
      const others = [uninstalled("kps"), uninstalled(kps, "prometheus"), uninstalled(crds, "operators")];
      assert.doesNotMatch(said(await look(others)), /keep-history/);
      const taken = [helmRelease("kps", kpsChart), uninstalled(kps)];
      assert.doesNotMatch(said(await look(taken)), /keep-history/);
      const off = { config: ["kps.enabled=false", "crds.create=false", "stage=mimir-default"] };
      assert.doesNotMatch(said(await look([uninstalled(kps), uninstalled(crds)], off)), /keep-history/);
    });
  });

  it("tells a release whose record can't be read from one that isn't there", async () => {
    const broken = { ...helmRelease("kps", kpsChart), data: { release: "bm90aGluZw==" } };
    assert.deepEqual(
      (await look([broken])).unseen.filter(({ what }) => what.startsWith("Helm")),
      [{ what: "Helm release monitoring/kps", why: "its record can't be read" }],
    );
  });

  it("imports a release of the CRDs' own chart that somebody else installed", async () => {
    const chart = { name: "prometheus-operator-crds", version: "31.0.0" };
    const found = await look([
      monitoringCrd("prometheuses", ofRelease("crds", "operators")),
      helmRelease("crds", chart, { namespace: "operators", version: 3 }),
    ]);
    assert.deepEqual([found.settings.adopt.crdsRelease, found.settings.adopt.crds], ["operators/crds", undefined]);
    assertAccepted(found);
  });

  it("asks whose a release is that an earlier stack may have left, where Pulumi doesn't say", async () => {
    const crds = [
      monitoringCrd("prometheuses", ofRelease("prometheus-operator-crds")),
      helmRelease("prometheus-operator-crds", { name: "prometheus-operator-crds", version: "31.0.1" }),
    ];
    const left = { prometheus: { prometheusSpec: { scrapeClasses: [{ name: "service-account" }] } } };
    const kps = helmRelease("kube-prometheus-stack", kpsChart, { config: left });
    const alone = said(await look([...crds, kps]));
    assert.match(
      alone,
      /adopt\.crdsRelease: monitoring\/prometheus-operator-crds, or the update fails with .cannot re-use/,
    );
    assert.match(
      alone,
      /adopt\.kps\.release: monitoring\/kube-prometheus-stack, or the update fails with .cannot re-use/,
    );
    const own = { "app.kubernetes.io/part-of": "observability", "app.kubernetes.io/managed-by": "pulumi" };
    const loki = workload("StatefulSet", "loki", "docker.io/grafana/loki:3.6.3", { metadata: { labels: own } });
    assert.doesNotMatch(said(await look([...crds, kps, loki])), /re-use/);
  });

  it("takes over what an earlier stack left, where this one's state doesn't have it", async () => {
    const pulumi = new StandInPulumi().install(undefined, undefined, { deployment: { resources: [] } });
    try {
      const own = { "app.kubernetes.io/part-of": "observability", "app.kubernetes.io/managed-by": "pulumi" };
      const release = { name: "prometheus-operator-crds", version: "31.0.1" };
      const found = await look([
        namespace("monitoring", own),
        monitoringCrd("prometheuses", ofRelease("prometheus-operator-crds")),
        helmRelease("prometheus-operator-crds", release, { status: "failed" }),
      ]);
      assert.equal(found.settings.adopt.crdsRelease, "monitoring/prometheus-operator-crds");
      assert.equal(found.settings.namespace.create, false);
      assert.match(
        said(found),
        /is failed: .*delete secret -l owner=helm,name=prometheus-operator-crds; never uninstall it/,
      );
      assertAccepted(found);
    } finally {
      pulumi.remove();
    }
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

describe("npm run adopt, of VictoriaMetrics", () => {
  afterEach(stopAll);

  const vm = (kind: string, name: string, spec: object = {}, metadata: object = {}): ApiObject => ({
    apiVersion: "operator.victoriametrics.com/v1beta1",
    kind,
    metadata: { name, namespace: "monitoring", ...metadata },
    spec,
  });
  const definitions = [
    ...["vmsingles", "vmrules", "vmservicescrapes", "vmpodscrapes", "vmscrapeconfigs"].map((plural) =>
      crd(plural, "operator.victoriametrics.com", "v1beta1"),
    ),
    ...["servicemonitors", "prometheusrules"].map((plural) => monitoringCrd(plural)),
  ];
  const operator = (parts: object = {}) =>
    workload("Deployment", "vmks-operator", "docker.io/victoriametrics/operator:v0.74.1", parts);
  const single = vm("VMSingle", "vmks", {
    retentionPeriod: "1",
    storage: { storageClassName: "openebs-hostpath", resources: { requests: { storage: "30Gi" } } },
  });
  const ofSingle = workload("Deployment", "vmsingle-vmks", "victoriametrics/victoria-metrics:v1.150.0", {
    metadata: { ownerReferences: [{ apiVersion: "operator.victoriametrics.com/v1beta1", kind: "VMSingle" }] },
  });

  it("fits the backend to a release of victoria-metrics-k8s-stack, and its retention and volume", async () => {
    const found = await look([
      ...definitions,
      helmRelease("vmks", { name: "victoria-metrics-k8s-stack", version: "0.60.0" }),
      ...[single, ofSingle, operator()],
    ]);
    assert.deepEqual(found.settings.metrics, { backend: "victoria-metrics" });
    assert.deepEqual(found.settings.victoriaMetrics, {
      ...{ retention: "31d", storage: "30Gi", storageClass: "openebs-hostpath" },
    });
    assert.match(said(found), /VictoriaMetrics monitoring\/vmks is not taken over: .*vmctl vm-native/);
    const [{ settings }] = found.questions.filter(({ what }) => what.includes("is not taken over"));
    assert.deepEqual(settings, { stage: "kps-removed", kps: { enabled: false } });
    assertAccepted(found);
    assert.deepEqual(checkSettings({ ...found.settings, ...settings }, { now: today }).problems, []);
  });

  it("fits it to one without an operator, by its arguments and its claim", async () => {
    const server = workload("StatefulSet", "vm-server", "victoriametrics/victoria-metrics:v1.150.0", {
      args: ["--retentionPeriod=30d", "--storageDataPath=/storage"],
      spec: { volumeClaimTemplates: [{ spec: { resources: { requests: { storage: "16Gi" } } } }] },
    });
    const found = await look([server]);
    assert.deepEqual(found.settings.victoriaMetrics, { retention: "30d", storage: "16Gi" });
    assertAccepted(found);
    const two = await look([server, workload("Deployment", "second", "victoriametrics/victoria-metrics:v1")]);
    assert.deepEqual(two.settings, { metrics: { backend: "victoria-metrics" } });
    const cluster = await look([workload("StatefulSet", "vmstorage", "victoriametrics/vmstorage:v1-cluster")]);
    assert.deepEqual(cluster.settings, { metrics: { backend: "victoria-metrics" } });
  });

  it("says that its operator would scrape and notify a second time, unless it leaves Prometheus's objects alone", async () => {
    const env = ["SERVICESCRAPE", "PROMETHEUSRULE"].map((kind) => ({
      ...{ name: `VM_ENABLEDPROMETHEUSCONVERTER_${kind}`, value: "false" },
    }));
    const args = ["--controller.disableReconcileFor=PodMonitor,ServiceMonitor,PrometheusRule"];
    const warned = /vmks-operator, VictoriaMetrics' operator, .* notify a second time/;
    assert.match(said(await look([operator()])), warned);
    assert.match(said(await look([operator({ env: env.slice(1) })])), warned);
    assert.doesNotMatch(said(await look([operator({ env })])), warned);
    assert.doesNotMatch(said(await look([operator({ args })])), warned);
  });

  it("names what only its operator reads: not what its chart has brought, nor what it has made of others", async () => {
    const monitor = (kind: string, name: string): ApiObject => ({
      ...{ apiVersion: "monitoring.coreos.com/v1", kind, metadata: { name, namespace: "shop" } },
    });
    const owner = { ownerReferences: [{ apiVersion: "monitoring.coreos.com/v1", kind: "PodMonitor" }] };
    const found = await look([
      ...definitions,
      helmRelease("vmks", { name: "victoria-metrics-k8s-stack", version: "0.60.0" }),
      vm("VMServiceScrape", "kubelet", {}, { annotations: ofRelease("vmks") }),
      ...[monitor("ServiceMonitor", "cart"), vm("VMServiceScrape", "cart", {}, { namespace: "shop" })],
      vm("VMPodScrape", "basket", {}, owner),
      ...[vm("VMServiceScrape", "nas"), vm("VMRule", "shop"), vm("VMScrapeConfig", "router")],
    ]);
    const only = found.questions.filter(({ what }) => what.startsWith("only VictoriaMetrics' operator reads"));
    assert.deepEqual(
      only.map(({ what, how }) => [what.split("reads ")[1], how.split(" before")[0]]),
      [
        ["VMServiceScrape: monitoring/nas", "write each as a ServiceMonitor"],
        ["VMScrapeConfig: monitoring/router", "write each as a ScrapeConfig"],
        ["VMRule: monitoring/shop", "write each as a PrometheusRule"],
      ],
    );
  });

  it("says nothing of it, and lacks none of its kinds, where there is none", async () => {
    const { questions, unseen, settings } = await look([namespace("monitoring")]);
    assert.doesNotMatch(JSON.stringify([questions, unseen, settings]), /victoria|vmsingles/i);
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
    assert.match(said(found), /sets the label job="kube-state-metrics"/);
    assert.match(said(found), /a log collector is already running: monitoring\/promtail/);
    assert.match(said(found), /host port 9100 is in use by monitoring\/host-metrics/);
    for (const image of ["cr.fluentbit.io/fluent/fluent-bit:4.1", "timberio/vector:0.57.0-debian"]) {
      const other = await look([workload("DaemonSet", "collector", image)]);
      assert.match(said(other), /a log collector is already running: monitoring\/collector/);
      assert.deepEqual(other.settings.logs, image.includes("vector") ? { agent: "vector" } : undefined);
      assertAccepted(other);
    }
    const aggregator = await look([workload("Deployment", "aggregator", "timberio/vector:0.57.0-debian")]);
    assert.equal(aggregator.settings.logs, undefined);
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
    assert.deepEqual(found.settings.grafana, {
      ...{ create: false, dataSourceLabel: "data", dashboardLabel: "dash", labelValue: "yes" },
    });
    assert.match(said(found), /its sidecar looks for datasources only in web/);
    assert.doesNotMatch(said(found), /looks for dashboards/);
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

  const debug = { selector: '{namespace="dev"}', period: "48h", priority: 2 };
  const source = (config: object) => configMap("loki", { "config.yaml": stringify(config) });

  it("takes over the data of a chart's Loki: schema word for word, bucket, retention, limits, mode", async () => {
    const found = await look([
      source({ ...lokiConfig, limits_config: { ...lokiConfig.limits_config, retention_stream: [debug] } }),
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
      retentionStreams: [debug],
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
    assert.match(said(found), /rules are in a separate bucket \(loki-ruler\)/);
    assert.match(
      said(found),
      /its claims are not reused: lines that aren't flushed are lost; those of monitoring\/loki are deleted/,
    );
    assert.ok(!(found.text + JSON.stringify(found)).includes("hunter2"), "a secret was printed");
    assert.ok(!found.text.includes("AKIDLOKI"), "a key was printed");
  });

  it("reads Loki's configuration in a ConfigMap's binary data too", async () => {
    const binaryData = { "config.yaml": Buffer.from(stringify(lokiConfig)).toString("base64") };
    const found = await look([{ ...configMap("loki", {}), binaryData }, lokiStatefulSet()]);
    const { schemaConfigs } = found.settings.loki as { schemaConfigs: unknown };
    assert.deepEqual(schemaConfigs, lokiConfig.schema_config.configs);
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
      /loki\.retentionStreams \(streams with their own retention\) can't be set: .*matches streams without|loki\.retentionStreams .*is not a stream selector/,
      /objects begin with "old"/,
      /replication_factor is 3, but there are 1 writers/,
      /in the bucket logs at https:\/\/nas\.example\.org, and no single Secret in monitoring has a key that fits/,
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
        args: [`-target=${name === "write" ? "tenant-configs," : ""}${name}`],
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
    assert.match(said(found), /the claims monitoring\/data-loki-write-0 are reused/);
    assertAccepted(found);
  });

  it("takes microservices for mode distributed, with the replicas of each component", async () => {
    const part = (name: string, replicas: number, kind: "StatefulSet" | "Deployment" = "Deployment") =>
      workload(kind, `loki-${name}`, "grafana/loki:3.6.3", {
        args: [`-target=${name}`],
        spec: { replicas, volumeClaimTemplates: [{ metadata: { name: "data" } }] },
      });
    const config = { ...lokiConfig, common: { ...lokiConfig.common, replication_factor: 3 } };
    const found = await look([
      secret("loki-config", { "config.yaml": stringify(config) }),
      part("ingester", 4, "StatefulSet"),
      part("query-frontend", 2),
      part("querier", 5),
      part("distributor", 3),
    ]);
    const { mode, distributed, replicationFactor } = found.settings.loki;
    assert.deepEqual(
      [mode, distributed, replicationFactor],
      [
        "distributed",
        {
          ...{ distributor: { replicas: 3 }, ingester: { replicas: 4 } },
          ...{ querier: { replicas: 5 }, queryFrontend: { replicas: 2 } },
        },
        3,
      ],
    );
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
    assert.match(said(found), /the MinIO with Loki's data \(monitoring\/loki-minio\) is part of Loki's release/);
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

  describe("of bucket claims", () => {
    const claim = (name: string, data: object = {}) => [
      {
        apiVersion: "objectbucket.io/v1alpha1",
        kind: "ObjectBucketClaim",
        metadata: { name, namespace: "monitoring" },
        spec: { storageClassName: "ceph-bucket" },
      },
      configMap(name, {
        ...{ BUCKET_NAME: `${name}-4f8a`, BUCKET_HOST: "rgw.rook-ceph.svc", BUCKET_PORT: "80", BUCKET_REGION: "" },
        ...data,
      }),
    ];
    const api = crd("objectbucketclaims", "objectbucket.io", "v1alpha1");

    it("uses Loki's, and asks for nothing: Mimir's will be made", async () => {
      const found = await look([api, ...claim("loki-bucket"), ...claim("photos")]);
      assert.deepEqual(found.settings.objectStore, {
        kind: "claim",
        bucketClass: "ceph-bucket",
        claims: { loki: "loki-bucket" },
      });
      assert.equal(found.settings.secrets, undefined);
      assert.doesNotMatch(said(found), /Mimir needs/);
      assertAccepted(found);
    });

    it("uses Mimir's too, by what their names say, or one for all of it", async () => {
      const each = await look([api, ...claim("loki"), ...claim("mimir-blocks"), ...claim("mimir-ruler")]);
      assert.deepEqual(each.settings.objectStore.claims, {
        loki: "loki",
        mimirBlocks: "mimir-blocks",
        mimirRuler: "mimir-ruler",
      });
      const one = await look([api, ...claim("loki"), ...claim("mimir")]);
      assert.deepEqual(one.settings.objectStore.claims, {
        loki: "loki",
        mimirBlocks: "mimir",
        mimirRuler: "mimir",
        mimirAlertmanager: "mimir",
      });
      assertAccepted(one);
    });

    it("finds the one with Loki's data by its bucket, and asks for the authority of one with TLS", async () => {
      const s3 = { bucketnames: "logs-4f8a", endpoint: "https://rgw.rook-ceph.svc" };
      const found = await look([
        api,
        ...claim("loki"),
        ...claim("logs", { BUCKET_PORT: "443", BUCKET_REGION: "home" }),
        source({ ...lokiConfig, common: { storage: { s3 } } }),
      ]);
      assert.deepEqual(found.settings.objectStore, {
        kind: "claim",
        bucketClass: "ceph-bucket",
        claims: { loki: "logs" },
        tls: true,
        region: "home",
      });
      assert.match(said(found), /uses TLS.*set objectStore\.ca/s);
    });
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
      how.includes("in this order: suspend it, import, remove it from Git"),
    );
    assert.deepEqual(
      owners.map(({ what }) => what.replace(/,.*/, "")),
      [
        "Flux's Kustomization flux-system/infra owns monitoring",
        "Flux's HelmRelease monitoring/kps owns what this program would install too",
        "Argo CD's Application logs owns what this program would install too",
      ],
    );
  });
});
