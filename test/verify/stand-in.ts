import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { StageName } from "../../config/sections/migration";
import { stages, type Stage } from "../../migration/stages";
import type { KubernetesObject } from "../../offline/objects";
import { apiOf, type Api } from "../../verify/api";
import type { Subject, Workload } from "../../verify/subject";
import { kubeconfigFor } from "../preflight/stand-ins";

/** A status and a body; any other value is the body of a 200. `hang`: no answer. */
export class Status {
  constructor(
    readonly status: number,
    readonly body: unknown = { kind: "Status", message: `status ${status}` },
  ) {}
}
export const hang = Symbol("hang");

/** A program behind the API server's proxy: what it answers to a path. */
export type Program = (path: string, parameters: URLSearchParams) => unknown;

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
export async function serveCluster(content: Content): Promise<{ api: Api; kubeconfig: string }> {
  const server = createServer((request, response) => {
    void textOf(request).then((form) => {
      const { pathname, searchParams } = new URL(request.url ?? "", "http://server");
      content.seen.push(`${request.method} ${pathname}`);
      const answer = answerTo(content, pathname, form === "" ? searchParams : new URLSearchParams(form));
      if (answer === hang) return;
      const { status, body } =
        answer instanceof Status ? answer : answer === undefined ? new Status(404) : new Status(200, answer);
      response.writeHead(status).end(typeof body === "string" ? body : JSON.stringify(body));
    });
  }).listen(0, "127.0.0.1");
  running.push(server);
  await once(server, "listening");
  const kubeconfig = kubeconfigFor(`127.0.0.1:${(server.address() as AddressInfo).port}`);
  return { api: await apiOf({ kubeconfig }, { milliseconds: 5000 }), kubeconfig };
}

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

function answerTo({ objects, programs }: Content, path: string, parameters: URLSearchParams): unknown {
  const [, target, rest] =
    /^\/api\/v1\/namespaces\/monitoring\/((?:services|pods)\/[^/]+:\d+)\/proxy(\/.*)$/.exec(path) ?? [];
  if (target === undefined) return objects[path];
  return programs[target]?.(rest, parameters) ?? new Status(404, { message: `${target} not found` });
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

/** Rules of a PrometheusRule, and how Mimir's ruler shows them. */
export const rules = [
  { alert: "Watchdog", expr: "vector(1)", labels: { severity: "none", cluster: "home" } },
  { alert: "NodeDown", expr: "up ==\n  0", for: "60m", labels: { severity: "critical" } },
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

/** A stack in a stage. */
export function subject(stage: StageName = "dual-write"): Subject {
  const on = stages[stage];
  const sources = {
    loki: "http://loki-gateway.monitoring.svc.cluster.local",
    prometheus: on.kps ? prometheusUrl : mimirUrl,
    mimir: mimirUrl,
    alertmanager: "http://alertmanager.monitoring.svc.cluster.local:9093",
  };
  const cpu = { panel: "CPU", named: "prometheus", source: "prometheus", expr: "node_cpu" };
  return {
    ...{ stack: "test", stage, on, namespace: "monitoring" },
    workloads: [
      workload("StatefulSet", "loki", { part: "loki", metricsPort: 3100, addresses: ["loki.monitoring:3100"] }),
      workload("DaemonSet", "loki-canary", { part: "canary", metricsPort: 3500 }),
      workload("StatefulSet", "mimir", { part: "mimir", metricsPort: 9009 }),
      workload("StatefulSet", "alertmanager", { part: "receivers", metricsPort: 9093 }),
      workload("Job", "minio-setup", {}),
    ],
    parts: {
      ...{ loki: {}, gateway: {}, canary: {}, collector: {}, mimir: {}, evaluator: {}, metrics: {} },
      ...{ alertmanager: {}, receivers: {}, grafana: {} },
      ...(on.kps ? { prometheus: {} } : { "former-kps": {} }),
      ...(on.evaluator === "mimir" && { "rule-sync": {} }),
      ...(on.scraper === "alloy" && { "metrics-collector": {} }),
    },
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
    monitoring: [
      monitoring("PrometheusRule", "rules-base", { groups: [{ name: "base", rules }] }),
      monitoring("ServiceMonitor", "mimir", {
        selector: { matchLabels: { app: "mimir" } },
        endpoints: [{ port: "http-metrics" }],
      }),
    ],
    readable: { secrets: [], configMaps: [] },
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
  prometheuses: "/apis/monitoring.coreos.com/v1/namespaces/monitoring/prometheuses",
  slices: "/apis/discovery.k8s.io/v1/endpointslices",
  services: "/api/v1/services",
  configMaps: "/api/v1/configmaps",
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
export const queue = ({ behind = 5, pending = 10, failed = 0, onPurpose = 3 } = {}) =>
  [
    `prometheus_remote_storage_queue_highest_sent_timestamp_seconds{remote_name="mimir",url="u"} ${Date.now() / 1000 - behind}`,
    `prometheus_remote_storage_samples_pending{remote_name="mimir",url="u"} ${pending}`,
    `prometheus_remote_storage_samples_failed_total{remote_name="mimir",url="u"} ${failed}`,
    `prometheus_remote_storage_samples_failed_total{remote_name="elsewhere",url="u"} 99`,
    `prometheus_remote_storage_samples_dropped_total{remote_name="mimir",reason="dropped_series",url="u"} ${onPurpose}`,
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
export const prometheusAnswers: Answers = [
  [/^count by \(job\) \(up\)$/, targets],
  [/count_over_time\(up\[1d\]\)/, day],
  [/remote_storage_samples_total/, [value(1000)]],
  [/distributor_received/, [value(990)]],
  [/increase/, [value(0)]],
  [/node_cpu|vector/, [value(1)]],
  [/^up == 0$/, [value(0, { job: "node-exporter" })]],
];

/** Answers of Mimir where all is well: ten days of samples. */
export const mimirAnswers: Answers = [
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

/** Watchdog in Alertmanager, sent by Prometheus or by Mimir's ruler. */
export const watchdog = (by: Stage["evaluator"], updatedAt = new Date()) => [
  {
    startsAt: "2026-01-01T00:00:00Z",
    updatedAt: updatedAt.toISOString(),
    receivers: [{ name: "heartbeat" }],
    generatorURL: `${by === "mimir" ? "" : "http://kube-prometheus-stack-prometheus.monitoring:9090"}/graph?g0.expr=vector%281%29&g0.tab=1`,
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

/** A cluster on which everything of a stack is as it should be. */
export function well({ workloads, monitoring, on } = subject()): Content {
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
        workloads.map((each) => [
          `/apis/${group(each.kind)}/v1/namespaces/monitoring/${plural(each.kind)}/${each.name}`,
          live(each),
        ]),
      ),
      // One pod stands for each workload's.
      [paths.pods]: { items: [pod("main-0")] },
      [paths.allPods]: { items: [pod("main-0")] },
      "/version": { gitVersion: "v1.36.3" },
      [paths.rules]: itemsOf("PrometheusRule"),
      [paths.serviceMonitors]: itemsOf("ServiceMonitor"),
      [paths.podMonitors]: itemsOf("PodMonitor"),
      [paths.scrapeConfigs]: itemsOf("ScrapeConfig"),
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
      "pods/main-0:3100": queryable([], writer()),
      "pods/main-0:3500": queryable([], canary()),
      "pods/main-0:9009": queryable([]),
      "pods/main-0:9093": queryable([], notifier()),
      "services/loki-gateway:80": queryable(lokiAnswers),
      "services/kube-prometheus-stack-prometheus:9090": queryable(prometheusAnswers, queue(), {
        "/api/v1/rules": on.evaluator === "mimir" ? noRules : evaluated(),
      }),
      // Its API is below `/prometheus`.
      "services/mimir:9009": (path, parameters) =>
        path.startsWith("/prometheus/")
          ? queryable(mimirAnswers, "", ruler())(path.slice("/prometheus".length), parameters)
          : undefined,
      "services/alertmanager:9093": queryable([], "", {
        "/api/v2/alerts": watchdog(on.evaluator),
        "/api/v2/status": {},
      }),
      "services/grafana:3000": () => ({ database: "ok", version: "13.2.0" }),
    },
    seen: [],
  };
}

/** Mimir's API, with other answers, to queries or by path. */
export const mimir =
  (answers: Answers, byPath: Record<string, unknown> = {}): Program =>
  (path, parameters) =>
    queryable([...answers, ...mimirAnswers], "", { ...ruler(), ...byPath })(
      path.slice("/prometheus".length),
      parameters,
    );
