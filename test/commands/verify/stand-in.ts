import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setImmediate as nextTurn } from "node:timers/promises";
import { stageOf, stages, type MimirStage, type Stage } from "../../../stages";
import type { KubernetesObject } from "../../../commands/shared/objects";
import type { Api } from "../../../commands/shared/api/api-server";
import type { Subject, Workload } from "../../../commands/verify/subject";
import { kubeconfigFor } from "../preflight/stand-ins";

/** A status and a body; any other value is the body of a 200. `hang`: no answer. */
export class Status {
  constructor(
    readonly status: number,
    readonly body: unknown = { kind: "Status", message: `status ${status}` },
    readonly headers: Record<string, string> = {},
  ) {}
}
export const hang: unique symbol = Symbol("hang");

/** A program behind the API server's proxy: what it answers to a path. */
export type Program = (path: string, parameters: URLSearchParams, cookie?: string, text?: string) => unknown;

/** What the stand-in for an API server has. */
export interface Content {
  /** By path, without parameters. */
  objects: Record<string, unknown>;
  /** By target, such as `services/mimir:9009` or `pods/loki-0:3100`. */
  programs: Record<string, Program>;
  /** Requests that arrived: method and path. */
  seen: string[];
}

const running: Server[] = [];

/** Starts it, and gives the way to it. */
export async function serveCluster(content: Content): Promise<string> {
  const server = createServer((request, response) => {
    void textOf(request).then((text) => {
      const { method = "GET", url = "", headers } = request;
      const answer = answerTo(content, method, url, text, headers.cookie);
      if (answer === hang) return;
      response.writeHead(answer.status, answer.headers).end(bodyOf(answer));
    });
  }).listen(0, "127.0.0.1");
  running.push(server);
  await once(server, "listening");
  return kubeconfigFor(`127.0.0.1:${(server.address() as AddressInfo).port}`);
}

/** The same without a server and its hundred connections; the cost of those is for the tests of the command (`cli.test.ts`). */
export const clusterOf = (content: Content): Api => ({
  server: "http://127.0.0.1:6443",
  async request(path, { method, form, json, cookie, body, signal = AbortSignal.timeout(5000) } = {}) {
    signal.throwIfAborted();
    const text = json === undefined ? (form?.toString() ?? body) : JSON.stringify(json);
    assert.ok(typeof text !== "object", "no check sends a file");
    const answer = answerTo(content, method ?? (text === undefined ? "GET" : "POST"), path, text, cookie);
    if (answer === hang) return once(signal, "abort").then(() => Promise.reject(signal.reason as Error));
    // What arrives, arrives in a later turn.
    await nextTurn();
    const cookies = answer.headers["set-cookie"];
    return { status: answer.status, body: bodyOf(answer), ...(cookies && { cookies: [cookies.split(";")[0]] }) };
  },
});

/** Stops every stand-in. */
export function stopClusters(): void {
  for (const server of running.splice(0)) {
    server.closeAllConnections();
    server.close();
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

const bodyOf = ({ body }: Status): string => (typeof body === "string" ? body : JSON.stringify(body));

function answerTo(
  { objects, programs, seen }: Content,
  method: string,
  url: string,
  text = "",
  cookie?: string,
): Status | typeof hang {
  const { pathname, searchParams } = new URL(url, "http://server");
  seen.push(`${method} ${pathname}`);
  const [, target, rest] =
    /^\/api\/v1\/namespaces\/monitoring\/((?:services|pods)\/[^/]+:\d+)\/proxy(\/.*)$/.exec(pathname) ?? [];
  const parameters = text === "" ? searchParams : new URLSearchParams(text);
  const answer =
    target === undefined
      ? objects[pathname]
      : (programs[target]?.(rest, parameters, cookie, text) ?? new Status(404, { message: `${target} not found` }));
  if (answer === hang || answer instanceof Status) return answer;
  return answer === undefined ? new Status(404) : new Status(200, answer);
}

/** Answers of an API like Prometheus's: the first pattern that a query matches gives its series. */
export type Answers = [query: RegExp, series: object[] | ((parameters: URLSearchParams) => object[])][];

/** A program with such an API, ready, and with metrics. */
export const queryable =
  (answers: Answers, metrics = "", extra: Record<string, unknown> = {}): Program =>
  (path, parameters) => {
    if (path in extra) return extra[path];
    if (path === "/metrics") return metrics;
    if (path === "/ready" || path === "/-/ready") return "ready";
    const query = parameters.get("query") ?? "";
    const [, found] = answers.find(([pattern]) => pattern.test(query)) ?? [];
    const result = typeof found === "function" ? found(parameters) : (found ?? []);
    return { status: "success", data: { resultType: "vector", result } };
  };

/** A series of an instant. */
export const value = (n: number, metric: Record<string, string> = {}) => ({ metric, value: [0, `${n}`] });

/** A pod whose one container runs. */
export const pod = (name: string, container: object = {}) => ({
  metadata: { name, namespace: "monitoring" },
  spec: { containers: [{ name: "main" }] },
  status: {
    conditions: [{ type: "PodScheduled", status: "True" }],
    containerStatuses: [
      {
        name: "main",
        ready: true,
        restartCount: 0,
        state: { running: { startedAt: "2026-01-01T00:00:00Z" } },
        ...container,
      },
    ],
  },
});

const workload = (kind: string, name: string, more: Partial<Workload>): Workload => ({
  ...{ kind, name, namespace: "monitoring", addresses: [] },
  ...(kind === "StatefulSet" && { replicas: 1 }),
  ...more,
});

const from = (kind: "configMapKeyRef" | "secretKeyRef", name: string, key: string) => ({
  valueFrom: { [kind]: { name, key } },
});

const inMinio = { endpoint: "http://minio.monitoring.svc:9000", region: "home", forcePathStyle: true };

/** Loki's bucket by a claim, and two of Mimir's that share one, the second under a prefix. */
const claimed: Subject["buckets"] = {
  loki: {
    namespace: "monitoring",
    buckets: [
      { name: "${BUCKET}", endpoint: "http://${HOST}:${PORT}", region: "${REGION:-home}", forcePathStyle: true },
    ],
    variables: [
      { name: "POD_IP" },
      { name: "HOST", ...from("configMapKeyRef", "loki-bucket", "BUCKET_HOST") },
      { name: "PORT", value: "9000" },
      { name: "REGION", ...from("configMapKeyRef", "loki-bucket", "BUCKET_REGION") },
      { name: "BUCKET", ...from("configMapKeyRef", "loki-bucket", "BUCKET_NAME") },
      { name: "AWS_ACCESS_KEY_ID", ...from("secretKeyRef", "loki-bucket", "AWS_ACCESS_KEY_ID") },
      { name: "AWS_SECRET_ACCESS_KEY", ...from("secretKeyRef", "loki-bucket", "AWS_SECRET_ACCESS_KEY") },
    ],
  },
  mimir: {
    namespace: "monitoring",
    buckets: [
      { name: "blocks", ...inMinio, accessKey: "${BLOCKS_KEY}", secretKey: "${BLOCKS_SECRET}" },
      { name: "mimir", prefix: "ruler", ...inMinio, accessKey: "${RULER_KEY}", secretKey: "${RULER_SECRET}" },
    ],
    variables: ["BLOCKS_KEY", "BLOCKS_SECRET", "RULER_KEY", "RULER_SECRET"].map((name) => ({
      name,
      value: `of ${name}`,
    })),
  },
};

/** As MinIO says it. */
const refusedKey = new Status(
  403,
  '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>',
);

/** An object store, as far as it lists: buckets and prefixes with the key that may list each, and the objects' times. */
const store: Program = (path, parameters) => {
  const times: Record<string, string[]> = {
    "/loki  loki-bucket/": ["2026-11-21T10:00:00.000Z", "2026-11-21T11:30:00.000Z"],
    "/loki  loki-object-store/": ["2026-11-21T10:00:00.000Z"],
    "/blocks  of BLOCKS_KEY/": [],
    "/mimir ruler/ of RULER_KEY/": ["2026-11-21T09:00:00.000Z"],
  };
  const [key] = /^[^/]*\//.exec(parameters.get("X-Amz-Credential") ?? "") ?? [""];
  const found = times[`${path} ${parameters.get("prefix") ?? ""} ${key}`];
  if (!found || !parameters.get("X-Amz-Signature")) return refusedKey;
  return `<ListBucketResult>${found.map((time) => `<LastModified>${time}</LastModified>`).join("")}</ListBucketResult>`;
};

/** Rules of a PrometheusRule, and how Mimir's ruler shows them. */
const rules = [
  { alert: "Watchdog", expr: "vector(1)", labels: { severity: "none", cluster: "home" } },
  {
    alert: "NodeDown",
    expr: "# As upstream's, it begins with a comment.\nup ==\n  0 # and ends with one",
    for: "60m",
    labels: { severity: "critical" },
  },
  { record: "instance:cpu:rate5m", expr: "rate(cpu[5m])" },
];
export const rulerFile = `
home/monitoring/rules-base/1234:
  - name: base
    rules:
      - {alert: Watchdog, expr: vector(1), labels: {severity: none}}
      - {alert: NodeDown, expr: "up == 0", for: 1h, labels: {cluster: home, severity: critical}}
      - {record: "instance:cpu:rate5m", expr: "rate(cpu[5m])"}
`;

const monitoring = (kind: string, name: string, spec: object): KubernetesObject => ({
  ...{ apiVersion: "monitoring.coreos.com/v1", kind, metadata: { name, namespace: "monitoring" }, spec },
});

/** Where a Grafana finds the data sources of a stage. */
const prometheusUrl = "http://kube-prometheus-stack-prometheus.monitoring.svc.cluster.local:9090";
const mimirUrl = "http://mimir.monitoring.svc.cluster.local:9009/prometheus";

const victoriaMetricsUrl = "http://victoria-metrics.monitoring.svc.cluster.local:8428";

/** The stages in which a stack has VictoriaMetrics. */
export type VictoriaMetricsStage = "dual-write" | "victoria-metrics-default" | "kps-removed";

/** The same stack with VictoriaMetrics in Mimir's place. */
export function victoriaMetricsSubject(stage: VictoriaMetricsStage = "dual-write"): Subject {
  const { parts, sources, dataSources, panels, ...rest } = subject(
    stage === "victoria-metrics-default" ? "mimir-default" : stage,
  );
  delete parts.mimir;
  delete parts["rule-sync"];
  delete sources.mimir;
  return {
    ...rest,
    ...{ stage, backend: "victoria-metrics" },
    on: stageOf({ stage, kps: { enabled: true }, metrics: { backend: "victoria-metrics" } }),
    dataSources: dataSources.map((each) => renamed(each, "uid")).map((each) => renamed(each, "url")),
    panels: panels.map((each) => renamed(renamed(each, "named"), "source")),
    workloads: rest.workloads.map((each) =>
      each.part === "mimir"
        ? workload("StatefulSet", "victoria-metrics", { part: "victoria-metrics", metricsPort: 8428 })
        : each,
    ),
    // By which vmalert and vmagent get rules and monitors.
    monitoring: [
      ...rest.monitoring,
      ...(stage === "dual-write" ? [] : [monitoring("Prometheus", "vmalert-operator", { replicas: 0 })]),
      ...(stage === "kps-removed" ? [monitoring("Prometheus", "vmagent", { replicas: 0 })] : []),
    ],
    parts: { ...parts, "victoria-metrics": {}, ...(stage !== "dual-write" && { vmalert: {} }) },
    sources: {
      ...sources,
      ...(stage === "kps-removed" && { prometheus: victoriaMetricsUrl }),
      "victoria-metrics": victoriaMetricsUrl,
    },
  };
}

/** The same of VictoriaMetrics in Mimir's place. */
const renamed = <T extends object>(of: T, key: keyof T): T =>
  of[key] === "mimir"
    ? { ...of, [key]: "victoria-metrics" }
    : of[key] === mimirUrl
      ? { ...of, [key]: victoriaMetricsUrl }
      : of;

/** A stack in a stage. */
export function subject(stage: MimirStage = "dual-write"): Subject {
  const on = stages[stage];
  const sources = {
    loki: "http://loki-gateway.monitoring.svc.cluster.local",
    prometheus: on.kps ? prometheusUrl : mimirUrl,
    mimir: mimirUrl,
    alertmanager: "http://alertmanager.monitoring.svc.cluster.local:9093",
  };
  const cpu = { panel: "CPU", named: "prometheus", source: "prometheus", expr: "node_cpu" };
  return {
    ...{ stack: "test", stage, on, backend: "mimir", namespace: "monitoring" },
    workloads: [
      workload("StatefulSet", "loki", { part: "loki", metricsPort: 3100, addresses: ["loki.monitoring:3100"] }),
      workload("DaemonSet", "loki-canary", { part: "canary", metricsPort: 3500 }),
      workload("StatefulSet", "mimir", { part: "mimir", metricsPort: 9009 }),
      workload("StatefulSet", "alertmanager", { part: "receivers", metricsPort: 9093 }),
      workload("Job", "minio-setup", {}),
    ],
    parts: {
      ...{ loki: {}, gateway: {}, canary: {}, collector: {}, mimir: {}, evaluator: {}, metrics: {} },
      "prometheus-api": {},
      ...{ alertmanager: {}, receivers: {}, grafana: {}, applications: {}, "control-plane": {}, "upstream-rules": {} },
      backup: {},
      ...(on.kps ? { prometheus: {} } : { "former-kps": {} }),
      ...(on.evaluator === "mimir" && { "rule-sync": {} }),
      ...(on.scraper === "alloy" && { "metrics-collector": {} }),
    },
    backup: { maxAge: 26 * 3600 },
    sources,
    dataSources: Object.entries(sources).map(([uid, url]) => ({
      ...{ uid, name: uid, url, isDefault: uid === on.defaultDataSource },
      type: uid === "mimir" ? "prometheus" : uid,
    })),
    panels: [
      { dashboard: "Nodes", ...cpu },
      { dashboard: "Nodes by the default", ...cpu, named: "the default", source: on.defaultDataSource },
      { dashboard: "Logs", panel: "Lines", named: "loki", source: "loki", expr: '{app="x"}' },
    ],
    sidecar: {
      ...{ dashboards: "grafana_dashboard=1", dataSources: "grafana_datasource=1", secrets: false },
      admin: { name: "grafana-admin", user: "admin-user", password: "admin-password" },
    },
    monitoring: [
      monitoring("PrometheusRule", "rules-base", { groups: [{ name: "base", rules }] }),
      monitoring("ServiceMonitor", "mimir", {
        selector: { matchLabels: { app: "mimir" } },
        endpoints: [{ port: "http-metrics" }],
      }),
    ],
    readable: { secrets: [], configMaps: [], scrapeConfigs: [] },
    ...(!on.kps && {
      formerKps: {
        ...{
          namespace: "monitoring",
          release: "kube-prometheus-stack",
          fullname: "kube-prometheus-stack",
          prometheus: "kube-prometheus-stack-prometheus",
        },
        reclaimed: true,
      },
    }),
    prometheus: {
      release: "monitoring/kube-prometheus-stack",
      services: ["monitoring/prometheus-operated", "monitoring/kube-prometheus-stack-prometheus"],
    },
    formerNames: [],
    controlPlane: ["scheduler", "proxy"],
    endedByImport: [],
    buckets: structuredClone(claimed),
    excludedNamespaces: ["noisy"],
    notifier: "receivers",
    told: { people: true, heartbeat: true },
  };
}

const statuses: Record<string, object> = {
  Job: { succeeded: 1 },
  DaemonSet: { observedGeneration: 1, numberReady: 1, updatedNumberScheduled: 1, desiredNumberScheduled: 1 },
  StatefulSet: { observedGeneration: 1, updatedReplicas: 1, readyReplicas: 1 },
  Deployment: { observedGeneration: 1, updatedReplicas: 1, readyReplicas: 1 },
};

const live = ({ kind, name, replicas }: Workload) => ({
  metadata: { generation: 1 },
  spec: { replicas, selector: { matchLabels: { app: name } } },
  status: { ...statuses[kind] },
});

export const paths = {
  loki: "/apis/apps/v1/namespaces/monitoring/statefulsets/loki",
  canary: "/apis/apps/v1/namespaces/monitoring/daemonsets/loki-canary",
  pods: "/api/v1/namespaces/monitoring/pods",
  allPods: "/api/v1/pods",
  log: "/api/v1/namespaces/monitoring/pods/main-0/log",
  rules: "/apis/monitoring.coreos.com/v1/prometheusrules",
  serviceMonitors: "/apis/monitoring.coreos.com/v1/servicemonitors",
  podMonitors: "/apis/monitoring.coreos.com/v1/podmonitors",
  probes: "/apis/monitoring.coreos.com/v1/probes",
  scrapeConfigs: "/apis/monitoring.coreos.com/v1alpha1/scrapeconfigs",
  gatherers: "/apis/monitoring.coreos.com/v1/prometheuses",
  prometheuses: "/apis/monitoring.coreos.com/v1/namespaces/monitoring/prometheuses",
  slices: "/apis/discovery.k8s.io/v1/endpointslices",
  services: "/api/v1/services",
  configMaps: "/api/v1/configmaps",
  backup: "/apis/batch/v1/namespaces/monitoring/cronjobs/backup",
  claims: "/api/v1/namespaces/monitoring/persistentvolumeclaims",
  volumes: "/api/v1/persistentvolumes",
  crd: (plural: string) => `/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${plural}.monitoring.coreos.com`,
};

const targets = [value(3, { job: "node-exporter" }), value(1, { job: "mimir" })];
/** Samples of `up` of a day. */
const day = [value(8640, { job: "node-exporter" })];

/**
 * Samples of a range since an age, in seconds.
 * @param retention as Mimir does it: a range that begins before is begun there, and its steps are counted from there
 */
export const since =
  (age: number, retention = Infinity) =>
  (parameters: URLSearchParams) => {
    const [from, end, step] = ["start", "end", "step"].map((name) => Number(parameters.get(name)));
    const start = Math.max(from, Date.now() / 1000 - retention);
    const first = Date.now() / 1000 - age;
    const values: [number, string][] = [];
    for (let at = start; at <= end; at += step) if (at >= first) values.push([at, "1"]);
    return values.length > 0 ? [{ metric: {}, values }] : [];
  };

const days = (n: number) => n * 86_400;

/** Prometheus's metrics of a queue that is up to date. */
export const queue = ({ behind = 5, pending = 10, failed = 0, onPurpose = 3, to = "mimir" } = {}) =>
  [
    `prometheus_remote_storage_queue_highest_sent_timestamp_seconds{remote_name="${to}",url="u"} ${Date.now() / 1000 - behind}`,
    `prometheus_remote_storage_samples_pending{remote_name="${to}",url="u"} ${pending}`,
    `prometheus_remote_storage_samples_failed_total{remote_name="${to}",url="u"} ${failed}`,
    `prometheus_remote_storage_samples_failed_total{remote_name="elsewhere",url="u"} 99`,
    `prometheus_remote_storage_samples_dropped_total{remote_name="${to}",reason="dropped_series",url="u"} ${onPurpose}`,
  ].join("\n");

/** The canary's metrics. */
export const canary = ({ written = 600, readBack = 598, missing = 0 } = {}) =>
  [
    "# TYPE loki_canary_entries_total counter",
    `loki_canary_entries_total ${written}`,
    `loki_canary_response_latency_seconds_count ${readBack}`,
    `loki_canary_missing_entries_total ${missing}`,
    "loki_canary_spot_check_missing_entries_total 0",
    "loki_canary_websocket_missing_entries_total 0",
  ].join("\n");

/** Loki's metrics. */
export const writer = ({ flushed = 7, failures = 0 } = {}) =>
  [
    `loki_ingester_chunks_flushed_total{reason="idle"} ${flushed}`,
    `loki_ingester_chunks_flush_failures_total ${failures}`,
  ].join("\n");

/** Alertmanager's metrics. */
export const notifier = ({ sent = 12, failed = 0, beats = 4 } = {}) =>
  [
    `alertmanager_notifications_total{integration="pushover",receiver_name="notifications"} ${sent}`,
    `alertmanager_notifications_total{integration="webhook",receiver_name="heartbeat"} ${beats}`,
    `alertmanager_notifications_failed_total{integration="pushover",receiver_name="notifications",reason="other"} ${failed}`,
  ].join("\n");

/** Answers of Prometheus where all is well. */
/** The control plane: scheduler and kube-proxy, on two nodes each. */
const controlPlane: Answers[number] = [
  /^max_over_time\(up\{job=~"kube-scheduler\|kube-proxy"\}\[5m\]\)$/,
  ["kube-scheduler", "kube-proxy"].flatMap((job) => ["a", "b"].map((instance) => value(1, { job, instance }))),
];
export const prometheusAnswers: Answers = [
  controlPlane,
  [/^count by \(job\) \(up\)$/, targets],
  [/count_over_time\(up\[1d\]\)/, day],
  [
    /^group by \(job, namespace, service, pod\)/,
    [
      value(1, { namespace: "monitoring", service: "mimir" }),
      ...["kubelet", "apiserver", "coredns"].map((job) => value(1, { job })),
    ],
  ],
  [/remote_storage_samples_total/, [value(1000)]],
  [/distributor_received|vm_rows_inserted/, [value(990)]],
  [/increase/, [value(0)]],
  [/node_cpu|vector/, [value(1)]],
  [/^up == 0$/, [value(0, { job: "node-exporter" })]],
];

/** Answers of Mimir where all is well: ten days of samples. */
export const mimirAnswers: Answers = [
  controlPlane,
  [/^count by \(job\) \(up\)$/, targets],
  [/^sum by \(job\) \(count_over_time/, day],
  [/^count\(count_over_time\(up\[/, since(days(10))],
  [/^group by \(job, namespace, service, pod\)/, [value(1, { namespace: "monitoring", service: "mimir" })]],
  [/increase/, [value(0)]],
  [/node_cpu|vector/, [value(1)]],
  // By remote_write it has the external label.
  [/^up == 0$/, [value(0, { job: "node-exporter", cluster: "home" })]],
];

/** Rules as an evaluator tells of them. */
export const evaluated = (rule: object = {}, group: object = {}) => ({
  status: "success",
  data: {
    groups: [
      {
        ...{ name: "base", file: "home/monitoring/rules-base/1234", interval: 60 },
        lastEvaluation: new Date().toISOString(),
        rules: [{ name: "NodeDown", health: "ok", ...rule }],
        ...group,
      },
    ],
  },
});
const noRules = { status: "success", data: { groups: [] } };

/** What vmalert evaluates where all is well: the rules of {@link rulerFile}, and a group of its own. */
export const vmalertGroups = (rule: object = {}) => {
  const rules = [
    { ...{ name: "Watchdog", type: "alerting", query: "vector(1)" }, labels: { severity: "none" } },
    {
      ...{ name: "NodeDown", type: "alerting", query: "up == 0", duration: 3600 },
      labels: { severity: "critical" },
      ...rule,
    },
    { name: "instance:cpu:rate5m", type: "recording", query: "rate(cpu[5m])" },
  ].map((each) => ({ health: "ok", ...each }));
  const { data } = evaluated({}, { file: "/rules/monitoring-rules-base-1234.yaml", rules });
  const own = evaluated({ name: "vmalert:rule_files:count" }, { name: "vmalert-rule-files" }).data.groups;
  return { status: "success", data: { groups: [...data.groups, ...own] } };
};

/** What Mimir's ruler answers where all is well. */
const ruler = () => ({
  "/config/v1/rules": rulerFile,
  "/api/v1/rules": evaluated(),
});

/** Answers of Loki where all is well. */
export const lokiAnswers: Answers = [
  [/by \(namespace\)/, [value(50, { namespace: "monitoring" })]],
  [/offset 4h/, [value(3600)]],
  [/app="x"/, [{ metric: {}, values: [["0", "a line"]] }]],
];

/** Watchdog in Alertmanager, by whom it is sent. */
export const watchdog = (by: Stage["evaluator"], updatedAt = new Date()) => [
  {
    startsAt: "2026-01-01T00:00:00Z",
    updatedAt: updatedAt.toISOString(),
    receivers: [{ name: "heartbeat" }],
    generatorURL: {
      prometheus: "http://kube-prometheus-stack-prometheus.monitoring:9090/graph?g0.expr=vector%281%29&g0.tab=1",
      mimir: "/graph?g0.expr=vector%281%29&g0.tab=1",
      "victoria-metrics": "http://vmalert-0:8880/vmalert/alert?group_id=1&alert_id=2",
    }[by],
  },
];

/** A Service, and a slice with one address behind it. */
const served = (name: string, port: string) => ({
  service: { metadata: { name, namespace: "monitoring", labels: { app: name } } },
  slice: {
    metadata: { name: `${name}-1`, namespace: "monitoring", labels: { "kubernetes.io/service-name": name } },
    ports: [{ name: port }],
    endpoints: [{}],
  },
});

/** What the release of upstream's rules brings; no alert, as the evaluators of these tests have none of it. */
const ofUpstream = {
  metadata: { name: "upstream-general.rules", namespace: "monitoring" },
  spec: { groups: [{ name: "kubernetes-storage" }] },
};

/** A Secret with the key of an object store's user. */
export const keyOf = (user: string) => ({
  data: { AWS_ACCESS_KEY_ID: btoa(user), AWS_SECRET_ACCESS_KEY: btoa("hush") },
});

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString();

/** The CronJob of the backup, made a month ago, which succeeded some hours ago, or never. */
export const cronJob = (succeeded?: number, made = 720, spec: object = {}) => ({
  metadata: { creationTimestamp: hoursAgo(made) },
  spec,
  status: { ...(succeeded !== undefined && { lastSuccessfulTime: hoursAgo(succeeded) }) },
});

/** A cluster on which everything of a stack is as it should be. */
export function well({ workloads, monitoring, on, buckets } = subject()): Content {
  const { service, slice } = served("mimir", "http-metrics");
  // The items of a list don't say their kind.
  const itemsOf = (kind: string) => ({
    items: monitoring.filter((each) => each.kind === kind).map(({ metadata, spec }) => ({ metadata, spec })),
  });
  const plural = (kind: string) => `${kind.toLowerCase()}s`;
  const group = (kind: string) => (kind === "Job" ? "batch" : "apps");
  return {
    objects: {
      ...Object.fromEntries(
        Object.values(buckets)
          .flatMap(({ variables }) => variables.map(({ valueFrom }) => valueFrom?.secretKeyRef?.name ?? ""))
          .map((name) => [`/api/v1/namespaces/monitoring/secrets/${name}`, keyOf(name)]),
      ),
      "/api/v1/namespaces/monitoring/configmaps/loki-bucket": {
        data: { BUCKET_HOST: "minio.monitoring.svc", BUCKET_NAME: "loki", BUCKET_REGION: "" },
      },
      ...Object.fromEntries(
        workloads.map((each) => [
          `/apis/${group(each.kind)}/v1/namespaces/monitoring/${plural(each.kind)}/${each.name}`,
          live(each),
        ]),
      ),
      [paths.backup]: cronJob(25),
      // One pod stands for each workload's.
      [paths.pods]: { items: [pod("main-0")] },
      [paths.allPods]: { items: [pod("main-0")] },
      "/version": { gitVersion: "v1.36.3" },
      "/api/v1/namespaces/monitoring/secrets/grafana-admin": {
        data: { "admin-user": encoded("admin"), "admin-password": encoded(grafanaPassword) },
      },
      [paths.configMaps]: {
        items: [
          configMap("home/boards", { "heating.json": '{"uid":"heating","title":"Heating"}' }),
          configMap("home/sources", { "tempo.yaml": "datasources: [{ name: Tempo, uid: tempo }]" }),
        ],
      },
      [paths.rules]: { items: [...itemsOf("PrometheusRule").items, ofUpstream] },
      [paths.serviceMonitors]: itemsOf("ServiceMonitor"),
      [paths.podMonitors]: itemsOf("PodMonitor"),
      [paths.scrapeConfigs]: itemsOf("ScrapeConfig"),
      [paths.gatherers]: itemsOf("Prometheus"),
      [paths.services]: { items: [service] },
      [paths.slices]: { items: [slice] },
      ...Object.fromEntries(
        ["servicemonitors", "podmonitors", "probes", "scrapeconfigs", "prometheusrules"].map((plural) => [
          paths.crd(plural),
          { metadata: { name: plural } },
        ]),
      ),
    },
    programs: {
      "services/minio:9000": store,
      "pods/main-0:3100": queryable([], writer()),
      "pods/main-0:3500": queryable([], canary()),
      "pods/main-0:9009": queryable([]),
      "pods/main-0:9093": queryable([], notifier()),
      "services/loki-gateway:80": queryable(lokiAnswers),
      "services/kube-prometheus-stack-prometheus:9090": queryable(prometheusAnswers, queue(), {
        "/api/v1/rules": on.evaluator === "prometheus" ? evaluated() : noRules,
      }),
      // Its API is below `/prometheus`.
      "services/mimir:9009": (path, parameters) =>
        path.startsWith("/prometheus/")
          ? queryable(mimirAnswers, "", ruler())(path.slice("/prometheus".length), parameters)
          : undefined,
      "services/metrics:9090": queryable([[/vector/, [value(1)]]]),
      "services/alertmanager:9093": queryable([], "", {
        "/api/v2/alerts": watchdog(on.evaluator),
        "/api/v2/status": {},
        "/api/v2/receivers": [{ name: "notifications" }],
      }),
      "services/grafana:3000": grafana(),
    },
    seen: [],
  };
}

const encoded = (text: string) => Buffer.from(text).toString("base64");

/** A ConfigMap; `namespace/name` is its name. */
export const configMap = (name: string, data: Record<string, string>) => {
  const [namespace, own] = name.split("/");
  return { metadata: { namespace, name: own }, data };
};

const grafanaPassword = "the-password-of-admin";
const session = "grafana_session=1234";

/** Grafana, which shows its API only to a browser that has logged in: https://grafana.com/docs/grafana/latest/developers/http_api/ */
export const grafana =
  ({
    dashboards = [{ uid: "heating", title: "Heating" }],
    dataSources = [{ uid: "tempo", name: "Tempo" }],
  } = {}): Program =>
  (path, _parameters, cookie, text = "{}") => {
    if (path === "/api/health") return { database: "ok", version: "13.2.0" };
    if (path === "/login") {
      const { user, password } = JSON.parse(text) as Record<string, string>;
      const headers = { "set-cookie": `${session}; Path=/; HttpOnly` };
      return user === "admin" && password === grafanaPassword
        ? new Status(200, { message: "Logged in" }, headers)
        : new Status(401, { message: "Invalid username or password" });
    }
    if (cookie !== session) return new Status(401, { message: "Unauthorized" });
    return path === "/api/search" ? dashboards : path === "/api/datasources" ? dataSources : undefined;
  };

/** Mimir's API, with other answers, to queries or by path. */
export const mimir =
  (answers: Answers, byPath: Record<string, unknown> = {}): Program =>
  (path, parameters) =>
    queryable([...answers, ...mimirAnswers], "", { ...ruler(), ...byPath })(
      path.slice("/prometheus".length),
      parameters,
    );
