import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { apiOf } from "../../../commands/shared/api/api-server";
import type { Recorded } from "../../../commands/shared/record";
import { owningKinds } from "../../../commands/shared/belongings";
import { checks } from "../../../commands/verify/checks";
import { dataSourcesIn, panelsIn } from "../../../commands/verify/dashboards";
import type { Subject } from "../../../commands/verify/subject";
import { changes, table } from "../../../commands/verify/table";
import { isWell, verify, type Report, type Row, type VerifyOptions } from "../../../commands/verify/verify";
import { labels } from "../../../components/kubernetes/labels";
import { refusingAddress, serve, stopAll } from "../preflight/stand-ins";
import {
  type Answers,
  canary,
  clusterOf,
  configMap,
  cronJob,
  evaluated,
  grafana,
  keyOf,
  hang,
  lokiAnswers,
  mimir,
  notifier,
  paths,
  pod,
  prometheusAnswers,
  queryable,
  queue,
  rulerFile,
  serveCluster,
  since,
  Status,
  stopClusters,
  subject,
  victoriaMetricsSubject,
  type VictoriaMetricsStage,
  vmalertGroups,
  mimirAnswers,
  value,
  watchdog,
  well,
  writer,
  type Content,
} from "./stand-in";
import type { MimirStage } from "../../../stages";

/** Everything well but for what a test changes. */
async function look(
  change: (content: Content, subject: Subject) => void = () => undefined,
  { stage, ...options }: VerifyOptions & { stage?: MimirStage } = {},
): Promise<Report> {
  const about = subject(stage);
  const content = well(about);
  change(content, about);
  return verify(about, clusterOf(content), options);
}

const row = ({ checks }: Report, id: string): Row =>
  checks.find((each) => each.id === id) ?? assert.fail(`no row ${id}`);
const failed = ({ checks }: Report) => checks.filter(({ result }) => result === "fail").map(({ id }) => id);

const prometheus = "services/kube-prometheus-stack-prometheus:9090";
const gateway = "services/loki-gateway:80";

/** Prometheus with other answers and metrics. */
const prometheusWith = (answers: Parameters<typeof queryable>[0], metrics = queue()) =>
  queryable([...answers, ...prometheusAnswers], metrics);

/** The cluster of a stack with VictoriaMetrics where all is well. */
function wellWithVictoriaMetrics(about: Subject): Content {
  const content = well(about);
  Object.assign(content.programs, {
    "pods/main-0:8428": queryable([]),
    [victoriaMetrics]: queryable(mimirAnswers, "", { "/api/v1/rules": vmalertGroups() }),
    [prometheus]: queryable(prometheusAnswers, queue({ to: "victoria-metrics" }), {
      "/api/v1/rules": about.on.evaluator === "prometheus" ? evaluated() : { data: { groups: [] } },
    }),
  });
  return content;
}

const victoriaMetrics = "services/victoria-metrics:8428";

/** What is wrong with VictoriaMetrics: each row is checked as Mimir's is, so one case each. */
const ofVictoriaMetrics: (Omit<Case, "stage"> & { stage?: VictoriaMetricsStage })[] = [
  {
    stage: "victoria-metrics-default",
    id: "rules/in-vmalert",
    when: "a rule is another in vmalert",
    change: ({ programs }) =>
      (programs[victoriaMetrics] = queryable(mimirAnswers, "", { "/api/v1/rules": vmalertGroups({ duration: 60 }) })),
    says: /^monitoring\/rules-base › base differs in vmalert: NodeDown$/,
  },
  {
    stage: "kps-removed",
    id: "monitors/there",
    when: "what gathers the monitors for vmagent was deleted",
    change: ({ objects }) => {
      const { items } = objects[paths.gatherers] as { items: { metadata: { name: string } }[] };
      objects[paths.gatherers] = { items: items.filter(({ metadata }) => metadata.name !== "vmagent") };
    },
    says: /^1 object of 4 missing: Prometheus monitoring\/vmagent$/,
  },
  {
    stage: "victoria-metrics-default",
    id: "rules/in-vmalert",
    when: "a rule fails in vmalert",
    change: ({ programs }) =>
      (programs[victoriaMetrics] = queryable(mimirAnswers, "", {
        "/api/v1/rules": vmalertGroups({ health: "err", lastError: "unknown function" }),
      })),
    says: /› base › NodeDown fails: unknown function$/,
  },
  {
    stage: "victoria-metrics-default",
    id: "rules/prometheus-silent",
    when: "Prometheus goes on with its rules beside vmalert",
    change: ({ programs }) =>
      (programs[prometheus] = queryable(prometheusAnswers, queue({ to: "victoria-metrics" }), {
        "/api/v1/rules": evaluated(),
      })),
    says: /^Prometheus still evaluates 1 group: base$/,
  },
  {
    stage: "victoria-metrics-default",
    id: "alertmanager/watchdog",
    when: "Watchdog is not sent by vmalert",
    change: ({ programs }) =>
      (programs["services/alertmanager:9093"] = queryable([], "", { "/api/v2/alerts": watchdog("prometheus") })),
    says: /but not from vmalert: it doesn't fire there, or doesn't arrive$/,
  },
  {
    id: "victoria-metrics/ready",
    when: "VictoriaMetrics opens its index",
    change: ({ programs }) => (programs["pods/main-0:8428"] = () => new Status(503, "starting")),
    says: /503: starting$/,
  },
  {
    id: "victoria-metrics/targets",
    when: "VictoriaMetrics lacks a target",
    change: ({ programs }) =>
      (programs[victoriaMetrics] = queryable([[/^count by \(job\)/, [value(1, { job: "mimir" })]], ...mimirAnswers])),
    says: /^node-exporter 3 in Prometheus and 0 in VictoriaMetrics, 1 min ago, and 4 more$/,
  },
  {
    id: "victoria-metrics/rates",
    when: "VictoriaMetrics takes less than Prometheus sends",
    change: ({ programs }) =>
      (programs[prometheus] = prometheusWith([[/vm_rows_inserted/, [value(500)]]], queue({ to: "victoria-metrics" }))),
    says: /sends 1,000 samples\/s, VictoriaMetrics accepts 500 samples\/s/,
  },
  {
    id: "victoria-metrics/remote-write",
    when: "Prometheus writes to another only",
    change: ({ programs }) => (programs[prometheus] = prometheusWith([], queue())),
    says: /^Prometheus has no remote_write to VictoriaMetrics/,
  },
  {
    id: "victoria-metrics/oldest",
    when: "VictoriaMetrics has nothing",
    change: ({ programs }) =>
      (programs[victoriaMetrics] = queryable([[/^count\(count_over_time/, []], ...mimirAnswers])),
    says: /^VictoriaMetrics has no sample/,
  },
  {
    id: "rules/alerts-equal",
    when: "an alert would fire in VictoriaMetrics alone",
    change: ({ programs }) =>
      (programs[victoriaMetrics] = queryable([[/^up == 0$/, [value(0, { job: "else" })]], ...mimirAnswers])),
    says: /NodeDown differ$/,
  },
  {
    stage: "kps-removed",
    id: "victoria-metrics/targets",
    when: "vmagent doesn't scrape a monitor",
    change: ({ programs }) =>
      (programs[victoriaMetrics] = queryable([[/^group by/, [value(1, { job: "else" })]], ...mimirAnswers], "", {
        "/api/v1/rules": vmalertGroups(),
      })),
    says: /^ServiceMonitor monitoring\/mimir: no `up` of Service monitoring\/mimir in the last 5 min/,
  },
  {
    id: "monitors/vmagent",
    when: "the account may not list monitors",
    change: ({ objects }) => (objects[paths.probes] = new Status(403, { message: "probes is forbidden" })),
    says: /^the API server answers 403: probes is forbidden$/,
    also: ["monitors/there", "prometheus/targets"],
  },
];

/** The last words of a writer that left the ring, as Loki logs them. */
const left = 'level=info caller=lifecycler.go:658 msg="instance removed from the KV store" ring=ingester';

/** Of three writers of the former mode so many are left; those that are gone said these last words. */
function changesMode({ programs }: Content, about: Subject, writers: number, words: Record<string, string>): void {
  about.parts["former-writers"] = {};
  about.formerWriters = { pods: [0, 1, 2].map((i) => `loki-write-${i}`), left: writers };
  const line = (pod: string, said: string) =>
    [new RegExp(`pod="${pod}"`), [{ stream: { pod }, values: [["1", said]] }]] as never;
  programs[gateway] = queryable([...Object.entries(words).map(([pod, said]) => line(pod, said)), ...lokiAnswers]);
}

/** What the kubelet says of two claims. */
const volumeStats = (minio: number, loki: number): Answers[number] => [
  /kubelet_volume_stats_available/,
  [value(minio, { persistentvolumeclaim: "data-minio-0" }), value(loki, { persistentvolumeclaim: "data-loki-0" })],
];

interface Case {
  id: string;
  /** What is wrong, as a sentence. */
  when: string;
  change: (content: Content, subject: Subject) => void;
  says: RegExp;
  /** Default: dual-write. */
  stage?: MimirStage;
  /** Advice of its own; default: any. */
  advice?: RegExp;
  /** Rows that fail beside this one, because they ask the same. */
  also?: string[];
}

const waiting = (reason: string) => ({ state: { waiting: { reason } }, ready: false, restartCount: 4 });

/** As Helm marks what it makes. */
const helms = (name: string, namespace: string, release = "kube-prometheus-stack") => ({
  metadata: {
    ...{ name, namespace },
    annotations: { "meta.helm.sh/release-name": release, "meta.helm.sh/release-namespace": "monitoring" },
    labels: { release: "kube-prometheus-stack", heritage: "Helm" },
  },
});

const claim = "prometheus-kube-prometheus-stack-prometheus-db-prometheus-kube-prometheus-stack-prometheus-0";
/** Prometheus's claim, and its volume. */
const claimLeft = {
  [paths.claims]: {
    items: [{ metadata: { name: claim }, spec: { resources: { requests: { storage: "70Gi" } } } }],
  },
  [paths.volumes]: {
    items: [
      {
        metadata: { name: "pv-1" },
        spec: { claimRef: { namespace: "monitoring", name: claim }, persistentVolumeReclaimPolicy: "Retain" },
        status: { phase: "Released" },
      },
    ],
  },
};

type Objects = Content["objects"];

/** A PodMonitor of somebody's, and a pod with its label that runs these containers. */
function podMonitored(objects: Objects, podMetricsEndpoints: object[], spec: object): void {
  const metadata = { name: "shop", namespace: "home" };
  const labels = { app: "shop" };
  objects[paths.podMonitors] = {
    items: [{ metadata, spec: { selector: { matchLabels: labels }, podMetricsEndpoints } }],
  };
  objects[paths.allPods] = { items: [pod("main-0"), { metadata: { ...metadata, name: "shop-1", labels }, spec }] };
}

/** Mimir's own Service under another name, monitored with these steps and without a series of its own. */
function relabelled(objects: Objects, relabelings: object[], further: object[] = []): void {
  const { items } = objects[paths.serviceMonitors] as { items: { spec: { endpoints: object[] } }[] };
  items[0].spec = { ...items[0].spec, endpoints: [{ port: "http-metrics", relabelings }, ...further] };
  const [services, slices] = [paths.services, paths.slices].map((path) => objects[path] as { items: NamedItem[] });
  services.items[0].metadata.name = "other";
  slices.items[0].metadata.labels["kubernetes.io/service-name"] = "other";
}
interface NamedItem {
  metadata: { name: string; labels: Record<string, string> };
}

/** The stack's Prometheus as the chart makes it, and somebody else's beside it. */
function prometheusIs(objects: Objects, spec: object, name = "kube-prometheus-stack-prometheus"): void {
  const metadata = { name, namespace: "monitoring" };
  const other = { metadata: { ...metadata, name: "theirs" }, spec: { externalLabels: { job: "x" } } };
  objects[paths.prometheuses] = { items: [{ metadata, spec }, other] };
}

/** An alert's series in Mimir, with external labels. */
const down = (labels: Record<string, string>) =>
  mimir([[/^up == 0$/, [value(0, { job: "node-exporter", cluster: "home", ...labels })]]]);

/** A dashboard of somebody's, in a ConfigMap for a Grafana that exists, whose panels ask this of data sources of their own choice. */
function theirDashboard(objects: Objects, about: Subject, expr: string, datasources: object[]): void {
  about.dashboardLabel = "grafana_dashboard";
  const panels = datasources.map((each, i) => ({ title: `P${i}`, ...each, targets: [{ expr }] }));
  const current = { value: "default" };
  const list = [{ type: "datasource", name: "source", query: "prometheus", current }];
  const text = JSON.stringify({ title: "Theirs", panels, templating: { list } });
  objects[paths.configMaps] = {
    items: [{ metadata: { name: "theirs", namespace: "home" }, data: { "a.json": text } }],
  };
}

const deployments = "/apis/apps/v1/deployments";
/** Somebody who asks Prometheus by the name of its operator's Service. */
const keda = {
  metadata: { name: "keda", namespace: "shop" },
  spec: { args: ["--server=http://prometheus-operated.monitoring.svc:9090"] },
};

const cases: Case[] = [
  {
    id: "pods/statefulset/loki",
    when: "a workload is not there",
    change: ({ objects }) => delete objects[paths.loki],
    says: /^does not exist$/,
    also: ["loki/ready"],
  },
  {
    id: "pods/statefulset/loki",
    when: "a workload was scaled by hand",
    change: ({ objects }) => ((objects[paths.loki] as { spec: { replicas: number } }).spec.replicas = 0),
    says: /^is scaled to 0, but the stack says 1/,
  },
  {
    id: "pods/statefulset/loki",
    when: "not all of its pods are ready",
    change: ({ objects }) => ((objects[paths.loki] as { status: { readyReplicas: number } }).status.readyReplicas = 0),
    says: /^ready 0\/1/,
  },
  {
    id: "pods/statefulset/loki",
    when: "an update has not replaced every pod",
    change: ({ objects }) => ((objects[paths.loki] as { metadata: { generation: number } }).metadata.generation = 2),
    says: /an update is in progress/,
  },
  {
    id: "pods/daemonset/loki-canary",
    when: "no node may run a DaemonSet",
    change: ({ objects }) =>
      ((objects[paths.canary] as { status: { desiredNumberScheduled: number } }).status.desiredNumberScheduled = 0),
    says: /^no node can run it/,
  },
  {
    id: "pods/job/minio-setup",
    when: "a Job has not succeeded",
    change: ({ objects }) =>
      (objects["/apis/batch/v1/namespaces/monitoring/jobs/minio-setup"] = { metadata: {}, spec: {}, status: {} }),
    says: /^not complete/,
  },
  {
    id: "loki/ready",
    when: "a pod of Loki is not ready",
    change: ({ programs }) =>
      (programs["pods/main-0:3100"] = (path) =>
        path === "/ready" ? new Status(503, "Ingester not ready: waiting for 15s") : writer()),
    says: /^main-0 answers 503: Ingester not ready: waiting for 15s$/,
  },
  {
    id: "loki/ready",
    when: "Loki's gateway has no pod",
    change: ({ programs }) => (programs[gateway] = () => new Status(503, { message: "no endpoints available" })),
    says: /^loki-gateway\..* answers 503: no endpoints available$/,
    also: ["loki/lines", "logs/inotify", "loki/chunks", "grafana/data-sources", "dashboards/loki"],
  },
  {
    id: "loki/lines",
    when: "pods of a namespace write and Loki has nothing of it",
    change: ({ objects, programs }) => {
      programs[gateway] = queryable([[/by \(namespace\)/, []], ...lokiAnswers]);
      objects[paths.log] = `${new Date(Date.now() - 600_000).toISOString()} a line`;
    },
    says: /Loki has none from monitoring$/,
  },
  {
    id: "loki/lines",
    when: "Loki has no line of any pod",
    change: ({ programs }) => (programs[gateway] = queryable([[/by \(namespace\)/, []], ...lokiAnswers])),
    says: /no lines from pods/,
  },
  {
    id: "logs/inotify",
    when: "programs say that their node's inotify limits are exhausted",
    change: ({ programs }) =>
      (programs[gateway] = queryable([
        [
          /too many open files/,
          [
            value(3, { namespace: "monitoring", pod: "alloy-x", node: "pi-1" }),
            value(1, { node: "pi-2", unit: "kubelet.service" }),
          ],
        ],
        ...lokiAnswers,
      ])),
    says: /^in the last 15 minutes: kubelet\.service of node pi-2 \(1 line\), monitoring\/alloy-x \(3 lines\)$/,
    advice: /“inotify”$/,
  },
  {
    id: "loki/canary",
    when: "the canary misses lines, in the last hour too",
    change: ({ programs }) => {
      programs["pods/main-0:3500"] = queryable([], canary({ missing: 9 }));
      programs[prometheus] = prometheusWith([[/loki_canary/, [value(2.1)]]]);
    },
    says: /9 missing since their start, about 3 of them in the last hour$/,
  },
  {
    id: "loki/canary",
    when: "the canary misses lines, and no Prometheus can say when",
    change: ({ programs }, { sources, parts }) => {
      programs["pods/main-0:3500"] = queryable([], canary({ missing: 9 }));
      for (const each of ["prometheus", "mimir"] as const) {
        delete sources[each];
        delete parts[each];
      }
      delete parts.metrics;
    },
    says: /there is no Prometheus to say when$/,
  },
  {
    id: "loki/canary",
    when: "no line of the canary has come back",
    change: ({ programs }) => (programs["pods/main-0:3500"] = queryable([], canary({ readBack: 0 }))),
    says: /no line has been written and read back$/,
  },
  {
    id: "loki/bucket",
    when: "nothing is in its bucket",
    change: ({ programs }) => (programs["services/minio:9000"] = () => "<ListBucketResult/>"),
    says: /^loki: no object$/,
  },
  {
    id: "loki/bucket",
    when: "its key is another's",
    change: ({ objects }) => {
      objects["/api/v1/namespaces/monitoring/secrets/loki-bucket"] = keyOf("mimir-bucket");
    },
    says: /^loki: the object store refuses it \(AccessDenied\)$/,
  },
  {
    id: "loki/bucket",
    when: "its claim is not bound",
    change: ({ objects }) => delete objects["/api/v1/namespaces/monitoring/secrets/loki-bucket"],
    says: /^there is no Secret loki-bucket, which its pods need$/,
    advice: /preflight .*; otherwise npm run up -- --refresh/,
  },
  {
    id: "mimir/bucket",
    when: "the object store doesn't answer",
    change: ({ programs }) => delete programs["services/minio:9000"],
    says: /^blocks: minio\.monitoring\.svc:9000 answers 404.*; mimir\/ruler: minio/,
    also: ["loki/bucket"],
  },
  {
    id: "loki/former-writers",
    when: "a writer of the former mode was killed before it had put everything into the bucket",
    change: (content, about) =>
      changesMode(content, about, 1, { "loki-write-1": left, "loki-write-2": 'msg="Starting Loki"' }),
    says: /^no log line shows that loki-write-2 stored everything in the bucket: keep data-loki-write-2$/,
    advice: /raise `loki\.former\.writers` by one/,
  },
  {
    id: "loki/chunks",
    when: "nothing was stored and nothing old is found",
    change: ({ programs }) => {
      programs["pods/main-0:3100"] = queryable([], writer({ flushed: 0, failures: 3 }));
      programs[gateway] = queryable([[/offset 4h/, []], ...lokiAnswers]);
    },
    says: /^0 chunks stored and 3 failures since/,
  },
  {
    id: "mimir/ready",
    when: "Mimir replays its log",
    change: ({ programs }) => (programs["pods/main-0:9009"] = () => new Status(503, "Some services are not Running")),
    says: /503: Some services are not Running$/,
  },
  {
    id: "mimir/targets",
    when: "Mimir lacks a target",
    change: ({ programs }) =>
      (programs["services/mimir:9009"] = mimir([
        [/^count by \(job\)/, [value(2, { job: "node-exporter" }), value(1, { job: "mimir" })]],
      ])),
    says: /^node-exporter 3 in Prometheus and 2 in Mimir, 1 min ago, and 4 more$/,
  },
  {
    id: "mimir/targets",
    when: "Prometheus has no targets",
    change: ({ programs }) => {
      programs[prometheus] = prometheusWith([[/^count by \(job\)/, []]]);
      programs["services/mimir:9009"] = mimir([[/^count by \(job\)/, []]]);
    },
    says: /^Prometheus has no targets$/,
  },
  {
    id: "mimir/rates",
    when: "Mimir takes a good deal less than Prometheus sends",
    change: ({ programs }) => (programs[prometheus] = prometheusWith([[/distributor_received/, [value(880)]]])),
    says: /sends 1,000 samples\/s, Mimir accepts 880 samples\/s; 10 % difference is allowed$/,
  },
  {
    id: "mimir/rates",
    when: "nobody scrapes Mimir",
    change: ({ programs }) => (programs[prometheus] = prometheusWith([[/distributor_received/, []]])),
    says: /no metrics of Mimir's distributor/,
  },
  {
    id: "mimir/remote-write",
    when: "Prometheus is behind",
    change: ({ programs }) => (programs[prometheus] = prometheusWith([], queue({ behind: 340, pending: 51_200 }))),
    says: /^34\d s behind, 51,200 samples waiting/,
  },
  {
    id: "mimir/remote-write",
    when: "samples were given up in the last hour",
    change: ({ programs }) =>
      (programs[prometheus] = prometheusWith([[/increase.*remote_storage/, [value(20)]]], queue({ failed: 500 }))),
    says: /500 lost since Prometheus's start, about 20 of them in the last hour$/,
  },
  {
    id: "mimir/remote-write",
    when: "Prometheus has no remote_write",
    change: ({ programs }) => (programs[prometheus] = prometheusWith([], "up 1")),
    says: /^Prometheus has no remote_write to Mimir/,
  },
  {
    id: "mimir/oldest",
    when: "Mimir has nothing",
    change: ({ programs }) => (programs["services/mimir:9009"] = mimir([[/^count\(count_over_time/, []]])),
    says: /^Mimir has no sample/,
  },
  {
    id: "alertmanager/ready",
    when: "Alertmanager is not ready",
    change: ({ programs }) => (programs["services/alertmanager:9093"] = () => new Status(500, "no")),
    says: /^alertmanager\..* answers 500: no$/,
    also: ["alertmanager/watchdog", "grafana/data-sources"],
  },
  {
    id: "volumes/room",
    when: "a volume is almost full",
    change: ({ programs }) => (programs[prometheus] = prometheusWith([volumeStats(0.021, 0.1)])),
    says: /^data-minio-0 has 2\.1 % free$/,
    advice: /docs\/growing-a-volume\.md$/,
  },
  {
    id: "alertmanager/watchdog",
    when: "Watchdog does not fire",
    change: ({ programs }) => (programs["services/alertmanager:9093"] = queryable([], "", { "/api/v2/alerts": [] })),
    says: /^Alertmanager has no alert Watchdog/,
  },
  {
    id: "alertmanager/notifications",
    when: "the dead man's switch was never reached",
    change: ({ programs }) => (programs["pods/main-0:9093"] = queryable([], notifier({ beats: 0 }))),
    says: /Watchdog has not reached the dead man's switch$/,
  },
  {
    id: "alertmanager/notifications",
    when: "Mimir's Alertmanager has not reached the dead man's switch",
    change: ({ programs }, about) => {
      about.notifier = "mimir";
      programs["pods/main-0:9009"] = queryable([], notifier({ beats: 0 }).replaceAll(/^alertmanager_/gm, "cortex_$&"));
    },
    says: /Watchdog has not reached a webhook \(the dead man's switch or another\)$/,
  },
  {
    id: "alertmanager/notifications",
    when: "there is no receiver, also where a dead man's switch is called",
    change: (_, { told }) => Object.assign(told, { people: false }),
    says: /^the stack has no receiver: nobody is notified of an alert$/,
    advice: /alertmanager\.receivers: \{\}$/,
  },
  {
    id: "alertmanager/notifications",
    when: "notifications failed in the last hour",
    change: ({ programs }) => {
      programs["pods/main-0:9093"] = queryable([], notifier({ failed: 2 }));
      programs[prometheus] = prometheusWith([[/notifications_failed/, [value(1)]]]);
    },
    says: /2 failed since Alertmanager's start, about 1 of them in the last hour$/,
  },
  {
    id: "grafana/health",
    when: "Grafana's database is broken",
    change: ({ programs }) => (programs["services/grafana:3000"] = () => ({ database: "failing" })),
    says: /^its database is failing$/,
    also: ["grafana/applications"],
  },
  {
    id: "backup/age",
    when: "the last backup is older than a day and two hours",
    change: ({ objects }) => (objects[paths.backup] = cronJob(27)),
    says: /^finished 27\.0 h ago; 26\.0 h are allowed$/,
    advice: /docs\/backup\.md/,
  },
  {
    id: "backup/age",
    when: "none was ever finished",
    change: ({ objects }) => (objects[paths.backup] = cronJob(undefined, 48)),
    says: /^none in the 48\.0 h since it was created; 26\.0 h are allowed$/,
  },
  {
    id: "backup/age",
    when: "somebody suspended it",
    change: ({ objects }) => (objects[paths.backup] = cronJob(1, 48, { suspend: true })),
    says: /^it is suspended$/,
    advice: /"suspend":false/,
  },
  {
    id: "backup/age",
    when: "it isn't there",
    change: ({ objects }) => delete objects[paths.backup],
    says: /^the cluster has no CronJob backup$/,
    advice: /npm run up/,
  },
  {
    id: "grafana/applications",
    when: "Grafana lacks what a ConfigMap brings",
    change: ({ programs }) => (programs["services/grafana:3000"] = grafana({ dashboards: [], dataSources: [] })),
    says: /^1 dashboard and 1 data source found, 2 problems$/,
  },
  {
    id: "grafana/applications",
    when: "Grafana lacks a dashboard that a ConfigMap has as binaryData, which its sidecar reads too",
    change: ({ objects }) => {
      const { items } = objects[paths.configMaps] as { items: object[] };
      const board = Buffer.from('{"uid":"binary","title":"Größe"}').toString("base64");
      const metadata = { namespace: "a", name: "binary" };
      objects[paths.configMaps] = { items: [...items, { metadata, binaryData: { "b.json": board } }] };
    },
    says: /^2 dashboards and 1 data source found, 1 problem$/,
  },
  {
    id: "grafana/applications",
    when: "two ConfigMaps have one uid, a data source is a second default, and a file is none",
    change: ({ objects }) =>
      (objects[paths.configMaps] = {
        items: [
          configMap("a/x", { "x.json": '{"uid":"heating","title":"Heating"}' }),
          configMap("b/y", { "y.json": '{"uid":"heating","title":"Heating"}', "z.json": "no" }),
          configMap("a/s", { "s.yaml": "datasources: [{ name: Tempo, uid: tempo, isDefault: true }]" }),
        ],
      }),
    says: /^2 dashboards and 1 data source found, 3 problems$/,
  },
  {
    id: "grafana/applications",
    when: "Grafana doesn't start because a data source is a second default",
    change: ({ objects, programs }) => {
      programs["services/grafana:3000"] = () => new Status(503, "no endpoints available");
      objects[paths.configMaps] = {
        items: [configMap("a/s", { "s.yaml": "datasources: [{ name: Tempo, uid: tempo, isDefault: true }]" })],
      };
    },
    says: /^0 dashboards and 1 data source found, 2 problems$/,
    also: ["grafana/health"],
  },
  {
    id: "grafana/applications",
    when: "the Secret has another password than Grafana",
    change: ({ objects }) => (objects["/api/v1/namespaces/monitoring/secrets/grafana-admin"] = { data: {} }),
    says: /grafana\.monitoring\.svc:3000 answers 401: Invalid username or password$/,
  },
  {
    id: "grafana/data-sources",
    when: "a data source leads nowhere",
    change: (_, { sources }) => (sources.alertmanager = "http://nobody.monitoring.svc:9093"),
    says: /^alertmanager: nobody\.monitoring\.svc:9093 answers 404/,
    also: ["alertmanager/ready", "alertmanager/watchdog"],
  },
  {
    id: "dashboards/prometheus",
    when: "a panel's query is wrong",
    change: ({ programs }) => {
      const good = prometheusWith([]);
      programs[prometheus] = (path, parameters) =>
        parameters.get("query") === "node_cpu"
          ? new Status(400, { status: "error", error: "parse error: unexpected end" })
          : good(path, parameters);
    },
    says: /2 errors$/,
  },
  {
    id: "dashboards/loki",
    when: "a panel's query of lines is wrong",
    change: ({ programs }) => {
      const good = queryable(lokiAnswers);
      programs[gateway] = (path, parameters) =>
        parameters.get("query") === '{app="x"}' ? new Status(400, "parse error") : good(path, parameters);
    },
    says: /1 error$/,
  },
  {
    id: "mimir/targets",
    stage: "kps-removed",
    when: "nobody scrapes a monitor's Service",
    change: ({ programs }) => (programs["services/mimir:9009"] = mimir([[/^group by/, [value(1, { job: "x" })]]])),
    says: /^ServiceMonitor monitoring\/mimir: no `up` of Service monitoring\/mimir in the last 5 min$/,
  },
  {
    id: "mimir/targets",
    stage: "kps-removed",
    when: "a PodMonitor, a Probe and a ScrapeConfig have no series",
    change: ({ objects }) => {
      const metadata = { name: "backup", namespace: "jobs" };
      const pods = { metadata: { name: "p", namespace: "elsewhere", labels: { app: "backup" } } };
      const selector = { matchExpressions: [{ key: "app", operator: "In", values: ["backup"] }] };
      const spec = { namespaceSelector: { any: true }, selector, podMetricsEndpoints: [{}] };
      objects[paths.podMonitors] = { items: [{ metadata, spec }] };
      objects[paths.probes] = { items: [{ metadata, spec: {} }] };
      const labels = { "app.kubernetes.io/part-of": "observability", "app.kubernetes.io/managed-by": "pulumi" };
      objects[paths.scrapeConfigs] = { items: [{ metadata: { ...metadata, labels }, spec: { jobName: "kubelet" } }] };
      objects[paths.allPods] = { items: [pod("main-0"), { ...pod("p"), ...pods }] };
    },
    says: /^PodMonitor jobs\/backup: no `up` of pod elsewhere\/p in the last 5 min, and 2 more$/,
  },
  ...(["port", "portNumber", "targetPort"] as const).map((field): Case => ({
    id: "mimir/targets",
    stage: "kps-removed",
    when: `a pod has the port that a PodMonitor names by ${field}, in a sidecar`,
    change: ({ objects }) =>
      podMonitored(objects, [{ [field]: field === "port" ? "metrics" : 8080 }], {
        containers: [{}],
        initContainers: [{ ports: [{ name: "metrics", containerPort: 8080 }] }],
      }),
    says: /^PodMonitor home\/shop: no `up` of pod home\/shop-1 in the last 5 min$/,
  })),
  {
    id: "mimir/targets",
    stage: "kps-removed",
    when: "a monitor's steps leave the target and the labels that it is found by as they are",
    change: ({ objects }) =>
      relabelled(objects, [
        { targetLabel: "instance", replacement: "x" },
        { action: "Lowercase", targetLabel: "team" },
      ]),
    says: /^ServiceMonitor monitoring\/mimir: no `up` of Service/,
  },
  {
    id: "mimir/targets",
    stage: "kps-removed",
    when: "one of a monitor's endpoints has no steps",
    change: ({ objects }) => relabelled(objects, [{ action: "drop" }], [{ port: "http-metrics" }]),
    says: /^ServiceMonitor monitoring\/mimir: no `up` of Service/,
  },
  {
    id: "mimir/targets",
    stage: "kps-removed",
    when: "Mimir gets nothing any more",
    change: ({ programs }) => (programs["services/mimir:9009"] = mimir([[/^group by/, []]])),
    says: /^Mimir has no samples of `up` from the last 5 min$/,
  },
  {
    id: "monitors/there",
    when: "a monitor of the stack's was deleted",
    change: ({ objects }) => (objects[paths.serviceMonitors] = { items: [] }),
    says: /^1 object of 2 missing: ServiceMonitor monitoring\/mimir$/,
  },
  {
    id: "prometheus/targets",
    stage: "loki",
    when: "a monitor of the stack's finds a Service, and Prometheus has no target of it",
    change: ({ programs }) => (programs[prometheus] = prometheusWith([[/^group by/, [value(1, { job: "x" })]]])),
    says: /^ServiceMonitor monitoring\/mimir: no `up` of Service monitoring\/mimir in the last 5 min$/,
  },
  {
    id: "prometheus/targets",
    when: "Prometheus scrapes nothing",
    change: ({ programs }) => (programs[prometheus] = prometheusWith([[/^group by/, []]])),
    says: /^Prometheus has no samples of `up` from the last 5 min$/,
  },
  {
    id: "monitors/control-plane",
    when: "a part has no target, as kube-proxy with Cilium, and of another none answers",
    change: ({ programs }) =>
      (programs[prometheus] = prometheusWith([
        [/^max_over_time\(up\{job=~/, [value(0, { job: "kube-scheduler", instance: "10.0.0.1:10259" })]],
      ])),
    says: /^kube-scheduler: none of its targets answers \(10\.0\.0\.1:10259\); kube-proxy has no target: monitors\.proxy\.selector finds no pod/,
  },
  {
    id: "monitors/control-plane",
    stage: "kps-removed",
    when: "nothing of it arrives in Mimir",
    change: ({ programs }) => (programs["services/mimir:9009"] = mimir([[/^max_over_time\(up\{job=~/, []]])),
    says: /^kube-scheduler has no target: .*; kube-proxy has no target: /,
  },
  {
    id: "monitors/alloy",
    when: "the account may not list monitors",
    change: ({ objects }) => (objects[paths.probes] = new Status(403, { message: "probes is forbidden" })),
    says: /^the API server answers 403: probes is forbidden$/,
    also: ["monitors/there", "prometheus/targets"],
  },
  {
    id: "alertmanager/configs",
    when: "Alertmanager doesn't say which receivers it has",
    change: ({ objects, programs }) => {
      const spec = { receivers: [{ name: "ntfy", webhookConfigs: [{ url: "http://ntfy/" }] }] };
      objects[owningKinds.AlertmanagerConfig] = { items: [{ metadata: { name: "team", namespace: "shop" }, spec }] };
      const alertmanager = programs["services/alertmanager:9093"];
      programs["services/alertmanager:9093"] = (path, parameters) =>
        path === "/api/v2/receivers" ? new Status(500, "no") : alertmanager(path, parameters);
    },
    says: /answers 500/,
  },
  {
    id: "rules/alerts-equal",
    when: "an alert would fire in Mimir alone",
    change: ({ programs }) =>
      (programs["services/mimir:9009"] = mimir([[/^up == 0$/, [value(0, { job: "mimir", instance: "a" })]]])),
    says: /^2 alerts compared, 2 with a result: NodeDown differ$/,
  },
  {
    id: "rules/alerts-equal",
    when: "a label differs that is external to another Prometheus alone",
    change: ({ objects, programs }) => {
      prometheusIs(objects, { externalLabels: { cluster: "home", site: "attic" } });
      programs["services/mimir:9009"] = down({ site: "attic", job: "y" });
    },
    says: /NodeDown differ$/,
  },
  {
    id: "rules/alerts-equal",
    when: "an alert's expression is refused by one of them",
    change: ({ programs }) => {
      const good = prometheusWith([]);
      programs[prometheus] = (path, parameters) =>
        parameters.get("query") === "up == 0" ? new Status(422, { error: "too many samples" }) : good(path, parameters);
    },
    says: /NodeDown differ$/,
  },
  {
    id: "rules/alerts-equal",
    when: "an alert's expression is refused by both",
    change: ({ programs }) => {
      const refuses =
        (good: ReturnType<typeof prometheusWith>): ReturnType<typeof prometheusWith> =>
        (path, parameters) =>
          parameters.get("query") === "up == 0" ? new Status(400, { error: "parse error" }) : good(path, parameters);
      programs[prometheus] = refuses(prometheusWith([]));
      programs["services/mimir:9009"] = refuses(mimir([]));
    },
    says: /NodeDown can't be evaluated by either$/,
  },
  {
    id: "rules/alerts-equal",
    when: "there are no alerts",
    change: ({ objects }) => (objects[paths.rules] = { items: [] }),
    says: /^the cluster has no alerts, not even the stack's own$/,
    also: ["monitors/there", "rules/upstream"],
  },
  {
    id: "rules/upstream",
    when: "none of the release's rules exist",
    change: ({ objects }) => {
      const { items } = objects[paths.rules] as { items: { metadata: { name: string } }[] };
      objects[paths.rules] = { items: items.filter(({ metadata }) => !metadata.name.startsWith("upstream-")) };
    },
    says: /^no PrometheusRule upstream-… in namespace monitoring$/,
  },
  {
    id: "rules/in-ruler",
    stage: "mimir-default",
    when: "the ruler lacks a group",
    change: ({ objects }) => {
      const { items } = objects[paths.rules] as { items: object[] };
      const spec = { groups: [{ name: "theirs", rules: [{ alert: "Theirs", expr: 1 }] }] };
      items.push({ metadata: { name: "r", namespace: "home" }, spec });
    },
    says: /^home\/r › theirs is not in the ruler$/,
  },
  {
    id: "rules/in-ruler",
    stage: "mimir-default",
    when: "the ruler lacks one of two groups that are alike",
    change: ({ objects }) => {
      const { items } = objects[paths.rules] as { items: { metadata: object; spec: object }[] };
      items.push({ ...items[0], metadata: { name: "r", namespace: "home" } });
    },
    says: /^home\/r › base is not in the ruler$/,
  },
  {
    id: "rules/in-ruler",
    stage: "mimir-default",
    when: "a rule is another in the ruler",
    change: ({ programs }) =>
      (programs["services/mimir:9009"] = mimir([], {
        "/config/v1/rules": rulerFile.replace("for: 1h", "for: 5m"),
      })),
    says: /^monitoring\/rules-base › base differs in the ruler: NodeDown$/,
  },
  {
    id: "rules/in-ruler",
    stage: "mimir-default",
    when: "the ruler keeps a group that is gone, or has one twice",
    change: ({ programs }) =>
      (programs["services/mimir:9009"] = mimir([], {
        "/config/v1/rules": rulerFile + rulerFile.replace("1234", "5678"),
      })),
    says: /^home\/monitoring\/rules-base\/5678 › base is in the ruler, but in no PrometheusRule, and 1 more$/,
  },
  {
    id: "rules/in-ruler",
    stage: "mimir-default",
    when: "a rule fails",
    change: ({ programs }) =>
      (programs["services/mimir:9009"] = mimir([], {
        "/api/v1/rules": evaluated({ health: "err", lastError: "many-to-many" }),
      })),
    says: /rules-base\/1234 › base › NodeDown fails: many-to-many$/,
  },
  {
    id: "rules/in-ruler",
    stage: "mimir-default",
    when: "the ruler keeps a group and evaluates none",
    change: ({ programs }) =>
      (programs["services/mimir:9009"] = mimir([], { "/api/v1/rules": { data: { groups: [] } } })),
    says: /rules-base\/1234 › base is in the ruler, but not evaluated$/,
  },
  {
    id: "rules/in-ruler",
    stage: "mimir-default",
    when: "a group is not evaluated any more",
    change: ({ programs }) =>
      (programs["services/mimir:9009"] = mimir([], {
        "/api/v1/rules": evaluated({}, { lastEvaluation: new Date(Date.now() - 400_000).toISOString() }),
      })),
    says: /› base was last evaluated (39\d|40\d) s ago$/,
  },
  {
    id: "rules/in-ruler",
    stage: "mimir-default",
    when: "a group was never evaluated",
    change: ({ programs }) =>
      (programs["services/mimir:9009"] = mimir([], {
        "/api/v1/rules": evaluated({ health: "unknown" }, { lastEvaluation: "0001-01-01T00:00:00Z" }),
      })),
    says: /› base was never evaluated$/,
  },
  {
    id: "rules/in-ruler",
    stage: "mimir-default",
    when: "the ruler has nothing, though Alloy runs",
    change: ({ programs }) =>
      (programs["services/mimir:9009"] = mimir([], {
        "/config/v1/rules": new Status(404, "no rule groups found"),
        "/api/v1/rules": { data: { groups: [] } },
      })),
    says: /^Mimir's ruler has no rules$/,
  },
  {
    id: "rules/prometheus-silent",
    stage: "mimir-default",
    when: "Prometheus evaluates rules beside the ruler",
    change: ({ programs }) =>
      (programs[prometheus] = queryable(prometheusAnswers, queue(), { "/api/v1/rules": evaluated() })),
    says: /^Prometheus still evaluates 1 group: base$/,
  },
  {
    id: "alertmanager/watchdog",
    stage: "mimir-default",
    when: "it is one that Prometheus sent a moment ago, and the ruler's doesn't arrive",
    change: ({ programs }) =>
      (programs["services/alertmanager:9093"] = queryable([], "", { "/api/v2/alerts": watchdog("prometheus") })),
    says: /not from Mimir's ruler/,
  },
  {
    id: "alertmanager/watchdog",
    when: "it was sent a while ago the last time",
    change: ({ programs }) => {
      const alerts = watchdog("prometheus", new Date(Date.now() - 600_000));
      programs["services/alertmanager:9093"] = queryable([], "", { "/api/v2/alerts": alerts });
    },
    says: /^Watchdog was last sent (59\d|60\d) s ago: its evaluator is gone$/,
  },
  ...(
    [
      [
        "an object of the release is left in another namespace",
        ({ objects }) => (objects[paths.services] = { items: [helms("kube-prometheus-stack-coredns", "kube-system")] }),
        /^1 object left: Service kube-system\/kube-prometheus-stack-coredns$/,
      ],
      [
        "an object of a hook is left, which Helm doesn't mark",
        ({ objects }) => {
          const labels = { release: "kube-prometheus-stack", heritage: "Helm", chart: "kube-prometheus-stack-88.5.3" };
          objects["/apis/batch/v1/jobs"] = { items: [{ metadata: { name: "hook", namespace: "monitoring", labels } }] };
        },
        /^1 object left: Job monitoring\/hook$/,
      ],
      [
        "the kubelet's Service and Endpoints are left",
        ({ objects }) => {
          for (const kind of ["services", "endpoints"])
            objects[`/api/v1/namespaces/kube-system/${kind}/kube-prometheus-stack-kubelet`] = {
              metadata: { name: "kube-prometheus-stack-kubelet", namespace: "kube-system" },
            };
        },
        /^2 objects left: Service kube-system\/\S+-kubelet, Endpoints kube-system\/\S+-kubelet$/,
      ],
      [
        "its webhooks are left",
        ({ objects }) => {
          const name = "kube-prometheus-stack-admission";
          for (const kind of ["validating", "mutating"])
            objects[`/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations/${name}`] = {
              metadata: { name },
            };
        },
        /^2 objects left: ValidatingWebhookConfiguration \S+-admission, MutatingWebhookConfiguration \S+-admission$/,
      ],
      [
        "what its operator made is left",
        ({ objects }) => {
          const labels = { "operator.prometheus.io/name": "kube-prometheus-stack-prometheus" };
          const metadata = { name: "prometheus-kube-prometheus-stack-prometheus", namespace: "monitoring", labels };
          objects["/apis/apps/v1/statefulsets"] = { items: [{ metadata }] };
          objects[`/apis/apps/v1/namespaces/monitoring/statefulsets/${metadata.name}`] = { metadata };
        },
        /^1 object left: StatefulSet monitoring\/prometheus-kube-prometheus-stack-prometheus$/,
      ],
      [
        "a volume was to be reclaimed, and is there",
        ({ objects }) => Object.assign(objects, claimLeft),
        /prometheus-0 \(70Gi\) should be gone, but exists; PersistentVolume pv-1 is Released \(reclaim policy Retain\)$/,
      ],
      [
        "a CRD went along",
        ({ objects }) => delete objects[paths.crd("probes")],
        /^the CRD probes\.monitoring\.coreos\.com is gone, and all its objects$/,
      ],
    ] as [string, Case["change"], RegExp][]
  ).map(([when, change, says]): Case => ({ id: "kps/orphans", stage: "kps-removed", when, change, says })),
  {
    id: "prometheus-api/answers",
    when: "the address answers nothing",
    change: ({ programs }) => (programs["services/metrics:9090"] = queryable([])),
    says: /^metrics: vector\(1\) is nothing$/,
  },
  {
    id: "prometheus-api/answers",
    stage: "kps-removed",
    when: "a former name leads to another program",
    change: ({ programs }, about) => {
      about.formerNames = ["monitoring/prometheus-operated"];
      programs["services/prometheus-operated:9090"] = queryable([[/vector/, [value(1)]]], "", {
        "/api/v1/status/buildinfo": { status: "success", data: { version: "2.0.0" } },
      });
    },
    says: /^prometheus-operated: the answer is not from mimir$/,
  },
  {
    id: "prometheus-api/askers",
    stage: "kps-removed",
    when: "somebody asks by a name that went with the release",
    change: ({ objects }) => (objects[deployments] = { items: [keda] }),
    says: /^1 object with the removed release's names for Prometheus, 1 of them without an answer$/,
  },
  {
    id: "prometheus-api/askers",
    stage: "kps-removed",
    when: "somebody sends samples to a name that is kept",
    change: ({ objects, programs }, about) => {
      about.formerNames = ["monitoring/prometheus-operated"];
      programs["services/prometheus-operated:9090"] = programs["services/metrics:9090"];
      objects[deployments] = { items: [{ ...keda, spec: { args: [`${keda.spec.args[0]}/api/v1/write`] } }] };
    },
    says: /^1 object with the removed release's names for Prometheus, 1 of them without an answer$/,
  },
  {
    id: "dashboards/data-sources",
    when: "a panel names a data source that the stage doesn't have",
    change: (_, { panels }) => (panels[0] = { ...panels[0], named: "thanos", source: undefined }),
    says: /^3 queries of 3 dashboards, 1 of them get no answer$/,
  },
  {
    id: "dashboards/data-sources",
    stage: "mimir-default",
    when: "a panel asks Prometheus for what only the ruler makes",
    change: (_, { panels }) => (panels[0].expr = "sum(instance:cpu:rate5m) by (instance)"),
    says: /1 of them get no answer$/,
  },
  {
    id: "dashboards/data-sources",
    stage: "mimir-default",
    when: "a dashboard of somebody's in a ConfigMap asks Prometheus for alerts",
    change: ({ objects }, about) =>
      theirDashboard(objects, about, "count(ALERTS)", [{ datasource: { uid: "prometheus" } }]),
    says: /^4 queries of 4 dashboards, 1 of them get no answer$/,
    also: ["grafana/applications"],
  },
];

describe("verify", () => {
  afterEach(async () => {
    stopClusters();
    await stopAll();
  });

  it("passes every row where everything is as it should be, and writes nothing", async () => {
    const seen = new Set<string>();
    for (const stage of ["dual-write", "mimir-default", "kps-removed"] as const) {
      const about = subject(stage);
      const content = well(about);
      const report = await verify(about, clusterOf(content), stage === "dual-write" ? { requireDays: 7 } : {});
      assert.deepEqual(
        report.checks.filter(({ result }) => result !== "pass"),
        [],
      );
      report.checks.forEach(({ title }) => seen.add(title));
      // A browser's login: Grafana makes a session of it, and nothing else.
      const login = "POST /api/v1/namespaces/monitoring/services/grafana:3000/proxy/login";
      assert.ok(content.seen.every((request) => request.startsWith("GET ") || request === login));
      if (stage !== "dual-write") continue;
      assert.ok(Math.abs((report.oldestSampleDays ?? 0) - 10) < 0.01, `${report.oldestSampleDays} days`);
      assert.equal(report.daysWithoutGap, 7);
    }
    for (const stage of ["dual-write", "victoria-metrics-default", "kps-removed"] as const) {
      const about = victoriaMetricsSubject(stage);
      const options = stage === "kps-removed" ? {} : { requireDays: 7 };
      const content = wellWithVictoriaMetrics(about);
      changesMode(content, about, 2, { "loki-write-2": left });
      const report = await verify(about, clusterOf(content), options);
      assert.deepEqual(
        report.checks.filter(({ result }) => result !== "pass"),
        [],
      );
      report.checks.forEach(({ title }) => seen.add(title));
    }
    assert.deepEqual(
      checks.map(({ title }) => title).filter((title) => !seen.has(title)),
      [],
    );
  });

  for (const { id, when, change, says, stage, also = [] } of ofVictoriaMetrics)
    it(`says so in ${id} when ${when}`, async () => {
      const about = victoriaMetricsSubject(stage);
      const content = wellWithVictoriaMetrics(about);
      change(content, about);
      const report = await verify(about, clusterOf(content));
      assert.match(row(report, id).detail, says);
      assert.deepEqual(failed(report).sort(), [id, ...also].sort());
    });

  for (const { id, when, change, says, stage, advice = /./, also = [] } of cases)
    it(`says so in ${id}, and what to do, when ${when}`, async () => {
      const report = await look(change, { stage });
      const { result, detail, todo } = row(report, id);
      assert.equal(result, "fail", detail);
      assert.match(detail, says);
      assert.match(todo ?? "", advice);
      assert.deepEqual(failed(report).sort(), [id, ...also].sort());
    });

  it("has a failing case for every row of the checklist", () => {
    assert.deepEqual(
      checks.filter(({ id }) => ![...cases, ...ofVictoriaMetrics].some((each) => each.id === id)).map(({ id }) => id),
      [],
    );
  });

  describe("of a pod that doesn't stay up", () => {
    const podsAre = (container: object, log?: string) => (content: Content) => {
      content.objects[paths.pods] = { items: [pod("main-0", container)] };
      if (log !== undefined) content.objects[paths.log] = log;
    };

    it("tells the state, the restarts and the last line of its log", async () => {
      const report = await look(podsAre(waiting("CrashLoopBackOff"), "starting\nCONFIG ERROR: no store\n"));
      assert.match(
        row(report, "pods/statefulset/loki").detail,
        /main-0\/main CrashLoopBackOff, restarted 4 times: “CONFIG ERROR: no store”$/,
      );
    });

    it("tells the message that the container left, rather than its log", async () => {
      const terminated = { exitCode: 1, message: "out of disk" };
      const report = await look(podsAre({ ...waiting("CrashLoopBackOff"), lastState: { terminated } }, "a log"));
      assert.match(row(report, "pods/statefulset/loki").detail, /“out of disk”$/);
    });

    it("is not deceived by one that runs between two crashes", async () => {
      const running = { startedAt: new Date().toISOString() };
      const between = {
        state: { running },
        restartCount: 5,
        lastState: { terminated: { exitCode: 1, message: "no" } },
      };
      const report = await look(podsAre(between));
      assert.match(row(report, "pods/statefulset/loki").detail, /restarted 5 times, last \d+ s ago: “no”$/);
    });

    it("says why one is not scheduled", async () => {
      const report = await look(({ objects }) => {
        const unscheduled = pod("main-0");
        unscheduled.status.conditions = [
          { type: "PodScheduled", status: "False", message: "0/3 nodes: Insufficient memory" } as never,
        ];
        objects[paths.pods] = { items: [unscheduled] };
      });
      assert.match(row(report, "pods/statefulset/loki").detail, /main-0 is not scheduled: 0\/3 nodes/);
    });

    it("takes old restarts for what they are", async () => {
      const report = await look(podsAre({ restartCount: 3 }));
      assert.equal(row(report, "pods/statefulset/loki").result, "pass");
      assert.match(row(report, "pods/statefulset/loki").detail, /3 restarts/);
    });
  });

  describe("passes", () => {
    const passes = async (id: string, says: RegExp, change: Case["change"] = () => undefined, stage?: MimirStage) => {
      const { result, detail, notes } = row(await look(change, { stage }), id);
      assert.equal(result, "pass", detail);
      assert.match(detail, says);
      return notes;
    };

    it("monitors that are labelled for a Prometheus that is gone, and what another release has", () =>
      passes(
        "kps/orphans",
        /^nothing is left of monitoring\/kube-prometheus-stack; its volume is deleted$/,
        ({ objects }) => {
          const labels = { release: "kube-prometheus-stack" };
          const { items } = objects[paths.serviceMonitors] as { items: object[] };
          items.push({ metadata: { name: "theirs", namespace: "home", labels } }, helms("loki", "monitoring", "loki"));
        },
        "kps-removed",
      ));

    it("somebody who asks by a name of the release, while it is there and while the name is kept", async () => {
      const change: Case["change"] = ({ objects }) => (objects[deployments] = { items: [keda] });
      const asks = "Deployment shop/keda asks monitoring/prometheus-operated";
      const notes = await passes("prometheus-api/askers", /^1 object with the release's names/, change);
      const [before, end] = notes ?? [];
      assert.equal(before, asks);
      assert.match(end, /^their names are deleted in stage kps-removed: metrics\.monitoring:9090 stays/);
      const kept: Case["change"] = (content, about) => {
        about.formerNames = ["monitoring/prometheus-operated"];
        content.programs["services/prometheus-operated:9090"] = content.programs["services/metrics:9090"];
        return change(content, about);
      };
      assert.deepEqual(await passes("prometheus-api/askers", /^1 object/, kept, "kps-removed"), [asks]);
      const { askers } = await look(change);
      assert.deepEqual(askers, [
        { who: "Deployment shop/keda", asks: "monitoring/prometheus-operated", wants: "queries" },
      ]);
    });

    it("requests to Prometheus itself that no object explains, with what becomes of them", async () => {
      const answers: Parameters<typeof queryable>[0] = [
        [
          /increase\(prometheus_http_requests_total\{namespace="monitoring",.*\[1h\]/,
          [
            value(60, { handler: "/federate" }),
            value(7, { handler: "/api/v1/write" }),
            value(9, { handler: "/api/v1/query" }),
          ],
        ],
      ];
      const change: Case["change"] = ({ programs, objects }) => {
        programs[prometheus] = prometheusWith(answers);
        const tempo = { spec: { args: [`${keda.spec.args[0]}/api/v1/write`] } };
        objects[deployments] = { items: [{ ...keda, ...tempo }] };
      };
      const [named, , federated, ...rest] = (await passes("prometheus-api/askers", /^1 object/, change)) ?? [];
      assert.match(
        named,
        /^Deployment shop\/keda asks monitoring\/prometheus-operated: the address accepts no samples/,
      );
      assert.match(
        federated,
        /^Prometheus had 60 requests to \/federate in the last hour, and no object shows from whom: Mimir has no \/federate/,
      );
      assert.deepEqual(rest, []);
      const later = (await passes("prometheus-api/askers", /^1 object/, change, "mimir-default")) ?? [];
      assert.match(
        later.at(-1)!,
        /^Prometheus had 9 requests for queries in the last hour, although the default is mimir/,
      );
    });

    it("a kind that an account may not list, and says that it did not look", async () => {
      const refused = new Status(403, { message: "cronjobs is forbidden" });
      const notes = await passes(
        "prometheus-api/askers",
        /^0 objects/,
        ({ objects }) => (objects["/apis/batch/v1/cronjobs"] = refused),
      );
      assert.deepEqual(notes, ["CronJobs not looked at: the API server answers 403: cronjobs is forbidden"]);
    });

    it("a volume that was to be kept, and lists it", async () => {
      const notes = await passes(
        "kps/orphans",
        /; 1 volume kept$/,
        ({ objects }, { formerKps }) => {
          Object.assign(objects, claimLeft);
          formerKps!.reclaimed = false;
        },
        "kps-removed",
      );
      assert.deepEqual(notes, [`kept: monitoring/${claim} (70Gi)`]);
    });

    it("an account that may not see Secrets, and says that it did not look", async () => {
      const notes = await passes(
        "kps/orphans",
        /^nothing is left/,
        ({ objects }) => (objects["/api/v1/secrets"] = new Status(403, { message: "secrets is forbidden" })),
        "kps-removed",
      );
      assert.deepEqual(notes, ["Secrets not checked: the API server answers 403: secrets is forbidden"]);
    });

    it("an alert that looks back further than Mimir has samples, with both sides", async () => {
      const notes = await passes("rules/alerts-equal", /; 1 can't be the same yet$/, ({ objects, programs }) => {
        const { items } = objects[paths.rules] as { items: { spec: object }[] };
        items[0].spec = {
          groups: [{ name: "base", rules: [{ alert: "Slow", expr: "rate(x[5m:1m] offset 20d) > 0" }] }],
        };
        programs[prometheus] = prometheusWith([[/offset 20d/, [value(1, { pod: "a" })]]]);
      });
      assert.deepEqual(notes, [
        "Slow looks back further than Mimir has samples, so it can't be the same yet:",
        'Slow, only in Prometheus: {pod="a"}',
        "Slow, only in Mimir: nothing",
      ]);
    });

    it("rules that a label keeps out of the ruler", () =>
      passes(
        "rules/in-ruler",
        /as in the cluster, all recently evaluated$/,
        ({ objects }) => {
          const { items } = objects[paths.rules] as { items: object[] };
          const metadata = { name: "r", namespace: "home", labels: { "observability/rules": "off" } };
          items.push({ metadata, spec: { groups: [{ name: "theirs", rules: [{ alert: "Theirs", expr: 1 }] }] } });
        },
        "mimir-default",
      ));

    it("an alert that differs for a moment only, as samples with times of their own come late", () => {
      let asked = 0;
      return passes("rules/alerts-equal", /the same in both$/, ({ programs }) => {
        programs["services/mimir:9009"] = mimir([
          [/^up == 0$/, () => (asked++ === 0 ? [] : [value(0, { job: "node-exporter", cluster: "home" })])],
        ]);
      });
    });

    it("a part of the control plane of which one target doesn't answer, and names it", async () => {
      const report = await look(({ programs }) => {
        programs[prometheus] = prometheusWith([
          [
            /^max_over_time\(up\{job=~/,
            [
              value(1, { job: "kube-scheduler", instance: "a" }),
              value(0, { job: "kube-scheduler", instance: "b" }),
              value(1, { job: "kube-proxy", instance: "a" }),
            ],
          ],
        ]);
      });
      const { result, detail, notes } = row(report, "monitors/control-plane");
      assert.deepEqual([result, detail], ["pass", "kube-scheduler 1 of 2, kube-proxy 1 of 1"]);
      assert.deepEqual(notes, ["kube-scheduler: b doesn't answer"]);
    });

    it("what ended with the import of an adopted release, and names it", async () => {
      const ended = "ServiceMonitor a/b, Service kube-system/b, rule group c: they end";
      const report = await look((_, about) => (about.endedByImport = [ended]));
      assert.deepEqual(row(report, "monitors/there").notes, [ended]);
    });

    it("monitors that find nothing, or that Alloy can't scrape, and says so", async () => {
      const notes = await passes(
        "mimir/targets",
        /^1 target of 2 monitors; 1 more can't be scraped by Alloy as they are$/,
        ({ objects }) => {
          const { items } = objects[paths.serviceMonitors] as { items: object[] };
          const metadata = (name: string) => ({ name, namespace: "home" });
          items.push({ metadata: metadata("idle"), spec: { endpoints: [{ port: "x" }] } });
          objects[paths.scrapeConfigs] = { items: [{ metadata: metadata("nas"), spec: { jobName: "nas" } }] };
        },
        "kps-removed",
      );
      assert.match(notes?.[0] ?? "", /^ScrapeConfig home\/nas: it is not scraped until it is in metrics.scrapeConfigs/);
      assert.equal(notes?.[1], "nothing to scrape for ServiceMonitor home/idle");
    });

    it("a monitor of somebody else's that the stack's Prometheus doesn't scrape, and lists it", async () => {
      const notes = await passes("prometheus/targets", /^1 target of 2 monitors$/, ({ objects }) => {
        objects[paths.probes] = { items: [{ metadata: { name: "nas", namespace: "home" }, spec: {} }] };
      });
      assert.equal(notes?.[0], "Probe home/nas: no `up` of its targets in the last 5 min");
    });

    it("what Alloy can't scrape while Prometheus still does, and lists it", async () => {
      const notes = await passes(
        "monitors/alloy",
        /^1 of 2 objects not, or not in the same way as Prometheus$/,
        ({ objects }) => {
          objects[paths.scrapeConfigs] = { items: [{ metadata: { name: "nas", namespace: "home" }, spec: {} }] };
        },
      );
      assert.match(notes?.[0] ?? "", /^ScrapeConfig home\/nas: it is not scraped until it is in metrics.scrapeConfigs/);
    });

    it("what vmagent can't scrape while Prometheus still does, and lists it: no ScrapeConfig of others", async () => {
      const about = victoriaMetricsSubject();
      const content = wellWithVictoriaMetrics(about);
      const nas = { metadata: { name: "nas", namespace: "home" } };
      content.objects[paths.scrapeConfigs] = {
        items: [{ ...nas, spec: { staticConfigs: [{ targets: ["nas:9100"] }] } }],
      };
      content.objects[paths.podMonitors] = {
        items: [{ ...nas, spec: { podMetricsEndpoints: [{ basicAuth: { password: { name: "login", key: "p" } } }] } }],
      };
      const { result, notes } = row(await verify(about, clusterOf(content)), "monitors/vmagent");
      assert.equal(result, "pass");
      assert.deepEqual(notes, [
        "PodMonitor home/nas: podMetricsEndpoints[0].basicAuth.password is in the Secret home/login, which the stack's operator may not read, so it leaves this object out. Add it to metrics.secrets.",
      ]);
    });

    it("what ends with the stack's Prometheus or its rules, and lists it by stage", async () => {
      const spec = { externalLabels: { site: "attic" }, remoteWrite: [{ name: "office" }, { name: "mimir" }] };
      for (const name of ["kube-prometheus-stack-prometheus", "kube-prometheus-stack"]) {
        const told = async (stage?: MimirStage) =>
          (
            await passes(
              "monitors/alloy",
              /^1 of 2 objects not, or not in the same way as Prometheus$/,
              ({ objects }) => prometheusIs(objects, spec, name),
              stage,
            )
          )?.map((note) => note.split(" ").slice(0, 6).join(" "));
        const series = `Prometheus monitoring/${name}: externalLabels.site: in Mimir every`;
        const written = `Prometheus monitoring/${name}: remoteWrite[0] ("office") ends with`;
        const alerts = `Prometheus monitoring/${name}: externalLabels.site: from stage mimir-default`;
        assert.deepEqual(await told(), [series, written, alerts]);
        assert.deepEqual(await told("mimir-default"), [series, written]);
      }
    });

    it("alerts that differ by Prometheus's external labels alone, and names these", async () => {
      const notes = await passes("rules/alerts-equal", /the same in both$/, ({ objects, programs }) => {
        prometheusIs(objects, { externalLabels: { cluster: "home", site: "attic", team: "a" } });
        programs["services/mimir:9009"] = down({ site: "attic", team: "a" });
      });
      assert.equal(notes?.length, 1);
      assert.match(notes[0], /^not compared: site, team, which Prometheus adds to everything it sends\./);
    });

    for (const [whose, spec] of Object.entries({
      "that has no such port": { containers: [{ ports: [{ name: "http", containerPort: 80 }] }] },
      "that names no port": { containers: [{}] },
    }))
      it(`a pod ${whose} among those that a PodMonitor selects`, async () => {
        const notes = await passes(
          "mimir/targets",
          /^1 target of 2 monitors$/,
          ({ objects }) => podMonitored(objects, [{ port: "metrics" }, { portNumber: 8080 }], spec),
          "kps-removed",
        );
        assert.deepEqual(notes, ["nothing to scrape for PodMonitor home/shop"]);
      });

    for (const step of [
      { action: "drop" },
      { action: "Keep" },
      { action: "labeldrop", regex: "service" },
      { targetLabel: "service" },
      { targetLabel: "namespace" },
      { targetLabel: "${1}" },
    ])
      it(`a monitor whose own relabelling may be why it has no series, and says so: ${JSON.stringify(step)}`, async () => {
        const notes = await passes(
          "mimir/targets",
          /^0 targets of 1 monitor$/,
          ({ objects }) => relabelled(objects, [step]),
          "kps-removed",
        );
        assert.deepEqual(notes, [
          "ServiceMonitor monitoring/mimir: no `up` of Service monitoring/other in the last 5 min; its relabelings may drop or rename it",
        ]);
      });

    it("a Probe whose own relabelling gives its series another job", async () => {
      const notes = await passes(
        "mimir/targets",
        /^1 target of 2 monitors$/,
        ({ objects }) => {
          const staticConfig = { relabelingConfigs: [{ targetLabel: "job", replacement: "x" }] };
          const metadata = { name: "web", namespace: "home" };
          objects[paths.probes] = { items: [{ metadata, spec: { targets: { staticConfig } } }] };
        },
        "kps-removed",
      );
      assert.match(notes?.[0] ?? "", /^Probe home\/web: no `up` of its targets .*; its relabelings may/);
    });

    it("dashboards of others that will ask Prometheus in vain from the next stage on, and lists them", async () => {
      const ways = [{ datasource: { uid: "prometheus" } }, {}, { datasource: "$source" }, { datasource: "mimir" }];
      const notes = await passes("dashboards/data-sources", /^7 queries of 4 dashboards$/, ({ objects }, about) =>
        theirDashboard(objects, about, "count(ALERTS) + instance:cpu:rate5m", ways),
      );
      assert.deepEqual(notes, [
        "Theirs › P0 names prometheus, and queries it for series that rules record: from stage mimir-default on, it evaluates no rules",
      ]);
    });

    it("such dashboards in a stage that has no Mimir, or asking for what is scraped, without a word", async () => {
      const datasource = { datasource: { uid: "prometheus" } };
      for (const [stage, expr] of [
        ["loki", "ALERTS"],
        ["dual-write", "node_cpu"],
      ] as const) {
        const notes = await passes(
          "dashboards/data-sources",
          /^4 queries of 4 dashboards$/,
          ({ objects }, about) => theirDashboard(objects, about, expr, [datasource]),
          stage,
        );
        assert.deepEqual(notes ?? [], []);
      }
    });

    it("panels of the default that ask Mimir for what its ruler makes, and a data source of somebody else's", async () => {
      const notes = await passes(
        "dashboards/data-sources",
        /^5 queries of 5 dashboards$/,
        ({ objects }, about) => {
          about.panels[1].expr = "instance:cpu:rate5m";
          about.dashboardLabel = "grafana_dashboard";
          const theirs = {
            title: "Theirs",
            panels: [{ title: "P", datasource: { uid: "influx" }, targets: [{ expr: "x" }] }],
          };
          const metadata = { name: "theirs", namespace: "home" };
          const data = { "theirs.json": JSON.stringify(theirs), "README.md": "not JSON" };
          const binaryData = {
            "more.json": Buffer.from(JSON.stringify({ ...theirs, title: "More" })).toString("base64"),
          };
          objects[paths.configMaps] = { items: [{ metadata, data, binaryData }] };
        },
        "mimir-default",
      );
      assert.deepEqual(notes, [
        "Theirs › P names influx, which is not one of the stack's data sources",
        "More › P names influx, which is not one of the stack's data sources",
        "home/theirs is not a dashboard in JSON",
      ]);
    });

    it("a namespace whose pods wrote nothing, or nothing that has had time to arrive", () =>
      passes("loki/lines", /1 namespace with lines; no pod wrote lines in quiet$/, ({ objects }) => {
        const elsewhere = (namespace: string) => ({ ...pod("p"), metadata: { name: "p", namespace } });
        objects[paths.allPods] = { items: [pod("main-0"), elsewhere("quiet"), elsewhere("noisy")] };
        objects["/api/v1/namespaces/quiet/pods/p/log"] = `${new Date().toISOString()} just now`;
      }));

    it("a loss of lines that was long ago", () =>
      passes("loki/canary", /9 missing since their start, none in the last hour$/, ({ programs }) => {
        programs["pods/main-0:3500"] = queryable([], canary({ missing: 9 }));
      }));

    it("writers of the former mode that left with everything in the bucket, and names their volumes", async () => {
      const says = (writers: number, words: Record<string, string>) => (content: Content, about: Subject) =>
        changesMode(content, about, writers, words);
      const gone = { "loki-write-1": left, "loki-write-2": left };
      await passes("loki/former-writers", /: you may delete data-loki-write-1, data-loki-write-2$/, says(1, gone));
      await passes("loki/former-writers", /^none has left yet$/, says(3, {}));
      const { notes } = row(await look(says(1, gone)), "loki/former-writers");
      assert.deepEqual(notes, ["loki-write-0: still a writer: keep its volume"]);
      assert.equal(
        (await look()).checks.some(({ id }) => id === "loki/former-writers"),
        false,
      );
    });

    it("the workload of a former mode whose writers have all left", () =>
      passes("pods/statefulset/loki", /^has no pods, as in the stack/, ({ objects }, about) => {
        about.workloads = about.workloads.map((each) => (each.name === "loki" ? { ...each, replicas: 0 } : each));
        const live = objects[paths.loki] as { spec: object };
        objects[paths.loki] = { ...live, spec: { ...live.spec, replicas: 0 }, status: {} };
      }));

    it("a Loki that was just restarted and finds old lines in the bucket", () =>
      passes("loki/chunks", /^3,600 lines from four to five hours ago come from the bucket/, ({ programs }) => {
        programs["pods/main-0:3100"] = queryable([], writer({ flushed: 0 }));
      }));

    it("buckets that each application lists with its own key, under its prefix, an empty one of Mimir's too", async () => {
      await passes("loki/bucket", /^loki: 2 objects, of these the newest from 2026-11-21T11:30:00\.000Z$/);
      await passes("mimir/bucket", /^blocks: no object; mimir\/ruler: 1 object, /);
    });

    it("buckets whose key these credentials may not read", () =>
      passes("loki/bucket", /^not checked: .*\(403\)$/, ({ objects }) => {
        objects["/api/v1/namespaces/monitoring/secrets/loki-bucket"] = new Status(403);
      }));

    it("an object store outside the cluster that only pods reach", async () => {
      const address = await refusingAddress();
      await passes("mimir/bucket", /^blocks: not checked: .* can't be reached from here; /, (_, { buckets }) => {
        buckets.mimir!.buckets[0].endpoint = `http://${address}`;
      });
    });

    it("a young Loki that has stored chunks", () =>
      passes("loki/chunks", /^7 chunks stored and 0 failures/, ({ programs }) => {
        programs[gateway] = queryable([[/offset 4h/, []], ...lokiAnswers]);
      }));

    it("samples given up long ago", () =>
      passes("mimir/remote-write", /none in the last hour$/, ({ programs }) => {
        programs[prometheus] = prometheusWith([], queue({ failed: 500 }));
      }));

    it("an Alertmanager that tells nobody, where the settings say so", () =>
      passes("alertmanager/notifications", /^to nobody, as the settings say/, ({ programs }, { told }) => {
        Object.assign(told, { people: false, heartbeat: false, nobody: true });
        programs["pods/main-0:9093"] = () => new Status(500);
      }));

    it("notifications of Mimir's Alertmanager, which Mimir counts under names of its own", () =>
      passes(
        "alertmanager/notifications",
        /^16 notifications, 0 failed .*; Watchdog reached a webhook .* 4 times$/,
        ({ programs }, about) => {
          about.notifier = "mimir";
          programs["pods/main-0:9009"] = queryable([], notifier().replaceAll(/^alertmanager_/gm, "cortex_$&"));
          programs["pods/main-0:9093"] = () => new Status(500);
        },
      ));

    it("volumes with room, and lists those that have little", async () => {
      const report = await look(({ programs }) => (programs[prometheus] = prometheusWith([volumeStats(0.5, 0.1)])));
      const { result, detail, notes } = row(report, "volumes/room");
      assert.deepEqual([result, detail], ["pass", "least: data-loki-0 has 10 % free"]);
      assert.deepEqual(notes, ["data-loki-0 has 10 % free"]);
    });

    it("volumes of which the kubelet says nothing", () =>
      passes("volumes/room", /^the kubelet reports no sizes/, () => undefined));

    it("panels without data, and lists them", async () => {
      const report = await look(({ programs }) => (programs[prometheus] = prometheusWith([[/node_cpu/, []]])));
      const { result, detail, notes } = row(report, "dashboards/prometheus");
      assert.equal(result, "pass");
      assert.equal(detail, "2 queries, 2 without data");
      assert.deepEqual(notes, ["no data: Nodes: CPU", "no data: Nodes by the default: CPU"]);
    });
  });

  it("asks an Alertmanager outside the cluster directly", async () => {
    const seen: (string | undefined)[] = [];
    const address = await serve(({ url }) => {
      seen.push(url);
      return { body: url?.startsWith("/am/api/v2/alerts") ? [] : {} };
    });
    const report = await look((_, { sources }) => (sources.alertmanager = `http://${address}/am/`));
    assert.ok(seen.includes("/am/-/ready"));
    assert.equal(row(report, "alertmanager/ready").result, "pass");
    assert.equal(row(report, "alertmanager/watchdog").result, "fail");
  });

  it("sends a query that is too long for an address as a form", async () => {
    const content = well();
    const about = subject();
    about.panels[0].expr = `node_cpu{pod=~"${"x".repeat(20_000)}"}`;
    // Over HTTP: Node's server, too, refuses an address of 16 KiB.
    const api = await apiOf({ kubeconfig: await serveCluster(content) }, { milliseconds: 5000 });
    const { notes } = row(await verify(about, api), "dashboards/prometheus");
    assert.equal(notes, undefined, "the query did not arrive whole");
    assert.ok(
      content.seen.some((request) =>
        /^POST .*kube-prometheus-stack-prometheus:9090\/proxy\/api\/v1\/query$/.test(request),
      ),
    );
  });

  it("gives up on what doesn't answer, and still has every other row", async () => {
    const report = await look(({ programs }) => (programs["pods/main-0:9009"] = () => hang), { deadline: 2 });
    assert.deepEqual(failed(report), ["mimir/ready"]);
    assert.match(row(report, "mimir/ready").detail, /didn't answer within 2 s/);
  });

  describe("on a cluster that can't run everything", () => {
    it("doesn't run what it can't, with the reason, and asks the rest", async () => {
      const report = await look((_, about) => {
        about.parts.prometheus = about.parts.metrics = { notRun: "no chart" };
        about.workloads[0].notRun = "no image";
      });
      const notRun = report.checks.filter(({ result }) => result === "not-run");
      assert.deepEqual(
        notRun.map(({ id, detail }) => `${id}: ${detail}`),
        [
          "pods/statefulset/loki: no image",
          ...[
            ...["mimir/targets", "mimir/rates", "mimir/remote-write", "volumes/room", "prometheus/targets"],
            ...[
              "monitors/control-plane",
              "monitors/alloy",
              "rules/alerts-equal",
              "prometheus-api/answers",
              "dashboards/prometheus",
            ],
          ].map((id) => `${id}: no chart`),
        ],
      );
      assert.ok(isWell(report));
      assert.deepEqual(row(report, "grafana/data-sources").notes, ["prometheus not checked: no chart"]);
    });

    it("doesn't run what rests on what it can't run, unless something stands in for it", async () => {
      const without = (programs: Content["programs"]) => {
        programs["services/mimir:9009"] = mimir([[/^group by/, []]], {
          "/config/v1/rules": "{}",
          "/api/v1/rules": { data: { groups: [] } },
        });
        programs["services/alertmanager:9093"] = queryable([], "", { "/api/v2/alerts": [] });
      };
      const ids = ["rules/in-ruler", "mimir/targets", "alertmanager/watchdog"];
      const results = async (change: Case["change"]) => {
        const report = await look(
          (content, about) => {
            about.parts["metrics-collector"] = about.parts["rule-sync"] = { notRun: "no Alloy" };
            change(content, about);
          },
          { stage: "kps-removed" },
        );
        return ids.map((id) => row(report, id)).map(({ result, detail }) => (result === "not-run" ? detail : result));
      };
      assert.deepEqual(await results(({ programs }) => without(programs)), ["no Alloy", "no Alloy", "no Alloy"]);
      assert.deepEqual(await results(() => undefined), ["pass", "pass", "pass"]);
      const wrong = rulerFile.replace("for: 1h", "for: 5m");
      const [rules] = await results(({ programs }) => {
        programs["services/mimir:9009"] = mimir([], { "/config/v1/rules": wrong });
      });
      assert.equal(rules, "fail");
    });

    it("doesn't count it against Mimir that nobody who can't run writes to it", async () => {
      const report = await look(({ programs }, { parts }) => {
        parts.prometheus = { notRun: "no chart" };
        programs["services/mimir:9009"] = mimir([[/^count\(count_over_time/, []]]);
      });
      assert.deepEqual(row(report, "mimir/oldest"), {
        ...{ id: "mimir/oldest", title: "Mimir's oldest sample", result: "not-run", detail: "no chart" },
      });
    });

    it("has no row of what the stack doesn't have", async () => {
      const report = await look((_, { parts, sources }) => {
        delete parts.mimir;
        delete sources.mimir;
      });
      assert.deepEqual(
        report.checks.filter(({ id }) => id.startsWith("mimir/")),
        [],
      );
      assert.deepEqual(failed(report), []);
    });
  });

  it("finds the oldest sample of a Mimir that begins every range at its retention", async () => {
    const report = await look(
      ({ programs }) =>
        (programs["services/mimir:9009"] = mimir([[/^count\(count_over_time/, since(5 * 3600, 7 * 86_400)]])),
    );
    assert.ok(Math.abs((report.oldestSampleDays ?? 0) - 5 / 24) < 0.01, `${report.oldestSampleDays} days`);
    const day = new Date(Date.now() - 5 * 3_600_000).toISOString().slice(0, 10);
    assert.match(row(report, "mimir/oldest").detail, new RegExp(`, since ${day}$`));
  });

  describe("about AlertmanagerConfigs", () => {
    const config = (namespace: string) => ({
      metadata: { name: "team", namespace },
      spec: { route: { receiver: "ntfy" }, receivers: [{ name: "ntfy", webhookConfigs: [{ url: "http://ntfy/" }] }] },
    });
    const read = (content: Content) => {
      content.objects[owningKinds.AlertmanagerConfig] = { items: [config("shop"), config("home")] };
      const alertmanager = content.programs["services/alertmanager:9093"];
      content.programs["services/alertmanager:9093"] = (path, parameters) =>
        path === "/api/v2/receivers" ? [{ name: "shop-team-ntfy" }] : alertmanager(path, parameters);
    };

    it("says of each whether Alertmanager has its receivers", async () => {
      const { result, detail, notes } = row(await look(read), "alertmanager/configs");
      assert.deepEqual([result, detail], ["pass", "2 AlertmanagerConfigs, 1 of them not read"]);
      assert.deepEqual(notes, [
        "home/team: it is not read: Alertmanager lacks some or all of its receivers",
        "shop/team: Alertmanager has its receivers",
      ]);
    });

    const began = "2026-11-01T10:00:00Z";
    /** Its objects, with the time at which the stack's Alertmanager began. */
    const of =
      (...items: object[]): Case["change"] =>
      (content) => {
        read(content);
        content.objects[owningKinds.AlertmanagerConfig] = { items };
        content.objects["/apis/apps/v1/namespaces/monitoring/statefulsets/alertmanager"] = Object.assign(
          content.objects["/apis/apps/v1/namespaces/monitoring/statefulsets/alertmanager"] as object,
          { metadata: { name: "alertmanager", creationTimestamp: began } },
        );
      };
    const dated = (creationTimestamp: string, ...times: { time: string; subresource?: string }[]) => {
      const { metadata, spec } = config("home");
      return { metadata: { ...metadata, creationTimestamp, managedFields: times }, spec };
    };
    const old = "2026-10-01T10:00:00Z";
    const later = "2026-11-20T10:00:00Z";
    const rowOf = async (change: Case["change"], more: Parameters<typeof look>[1] = {}) =>
      row(await look(change, more), "alertmanager/configs");

    it("fails for one that came or changed after the stack's Alertmanager began, and for no older one", async () => {
      const came = await rowOf(of(dated(later)));
      assert.deepEqual([came.result, came.notes?.length], ["fail", 1]);
      assert.match(
        came.notes![0],
        /^home\/team: it was created on 2026-11-20, and nothing has read such objects since/,
      );
      assert.match(came.todo!, /alertmanager\.receivers and alertmanager\.routes, and delete the object/);
      const changed = await rowOf(of(dated(old, { time: later }, { time: old })));
      assert.match(changed.notes![0], /^home\/team: it was changed on 2026-11-20/);
      const status = await rowOf(of(dated(old, { time: later, subresource: "status" })));
      assert.deepEqual([status.result, status.detail], ["pass", "1 AlertmanagerConfig, 1 of them not read"]);
    });

    it("fails for one that got another receiver since its own became settings", async () => {
      const { metadata, spec } = config("shop");
      const more = {
        ...spec,
        receivers: [...spec.receivers, { name: "phone", webhookConfigs: [{ url: "http://p/" }] }],
      };
      const { result, notes } = await rowOf(of({ metadata, spec: more }));
      assert.equal(result, "fail");
      assert.match(notes![0], /^shop\/team: it has changed .*: alertmanager\.receivers lacks shop-team-phone$/);
    });

    it("fails for one that was there before a step, unless that was announced", async () => {
      const has = { AlertmanagerConfig: ["home/team"] };
      const gone = await rowOf(of(dated(old)), { before: { has, ends: [] } });
      assert.match(gone.notes![0], /^home\/team: it was there before the step/);
      const end = { kind: "AlertmanagerConfig" as const, name: "home/team", why: "a template", how: "rewrite it" };
      const announced = await rowOf(of(dated(later)), { before: { has, ends: [end] } });
      assert.deepEqual(
        [announced.result, announced.notes],
        ["pass", ["home/team: it is not read, as announced: a template"]],
      );
    });

    it("leaves alone what another Alertmanager selects, or what it can't know", async () => {
      const selecting =
        (change: (content: Content, about: Subject) => void = () => undefined): Case["change"] =>
        (content, about) => {
          of(dated(later))(content, about);
          content.objects["/apis/monitoring.coreos.com/v1/alertmanagers"] = {
            items: [
              {
                metadata: { name: "main", namespace: "alerts" },
                spec: {
                  alertmanagerConfigSelector: {},
                  alertmanagerConfigNamespaceSelector: { matchLabels: { team: "home" } },
                },
              },
            ],
          };
          content.objects["/api/v1/namespaces"] = { items: [{ metadata: { name: "home", labels: { team: "home" } } }] };
          change(content, about);
        };
      const other = await rowOf(selecting());
      assert.deepEqual([other.result, other.detail], ["pass", "1 AlertmanagerConfig, all of them read"]);
      assert.match(other.notes![0], /^home\/team: Alertmanager alerts\/main of an operator selects it$/);
      const elsewhere = selecting((_, about) => (about.told.elsewhere = true));
      assert.equal((await rowOf(elsewhere)).result, "pass");
      const without = await rowOf(elsewhere, { stage: "kps-removed" });
      assert.match(without.notes![0], /alerts\/main selects it, but lacks its receivers: the operator .* is gone/);
      const own: Case["change"] = (content, about) => {
        of(dated(later))(content, about);
        about.told.existingConfiguration = true;
      };
      const refused: Case["change"] = (content, about) => {
        of(dated(later))(content, about);
        content.objects["/api/v1/namespaces"] = new Status(403, { message: "no" });
      };
      assert.deepEqual([(await rowOf(own)).result, (await rowOf(refused)).result], ["pass", "pass"]);
    });

    describe("beside another stack on the cluster", () => {
      const service = (name: string, marked = labels({ name })) => ({
        metadata: { name, namespace: "other", labels: marked },
      });
      /** A new object, and what answers where another stack's Alertmanager is. */
      const beside =
        (name: string, path: string, answer: unknown, marked?: Record<string, string>): Case["change"] =>
        (content, about) => {
          of(dated(later))(content, about);
          content.objects["/api/v1/services"] = { items: [service(name, marked)] };
          content.objects[`/api/v1/namespaces/other/services/${path}/api/v2/receivers`] = answer;
        };
      const own = (answer: unknown) => beside("alertmanager", "alertmanager:9093/proxy", answer);

      it("takes what its Alertmanager reads, or Mimir's, for read, in the record too", async () => {
        const has = { AlertmanagerConfig: ["home/team"] };
        for (const change of [
          own([{ name: "home-team-ntfy" }]),
          beside("mimir", "mimir:9009/proxy/alertmanager", [{ name: "home-team-ntfy" }]),
        ]) {
          const report = await look(change, { before: { has, ends: [] } });
          const { result, notes } = row(report, "alertmanager/configs");
          const line = "home/team: Alertmanager of another stack has its receivers (namespace other)";
          assert.deepEqual([result, notes], ["pass", [line]]);
          assert.deepEqual(report.has?.AlertmanagerConfig, ["home/team"]);
        }
      });

      it("fails where that one doesn't read it either, and where it is somebody else's or a Mimir without one", async () => {
        for (const change of [
          own([{ name: "phone" }]),
          beside("mimir", "mimir:9009/proxy/alertmanager", new Status(404, "not found")),
          beside("alertmanager", "alertmanager:9093/proxy", [{ name: "home-team-ntfy" }], {}),
        ])
          assert.equal((await rowOf(change)).result, "fail");
      });

      it("says that it couldn't be asked, and nothing against the object", async () => {
        const { result, notes } = await rowOf(own(new Status(503, { message: "no endpoints available" })));
        assert.equal(result, "pass");
        assert.match(notes!.join("\n"), /Alertmanager of another stack not asked \(namespace other\): .*no endpoints/);
      });
    });

    it("keeps in the record what another Alertmanager of an operator reads", async () => {
      const has = { AlertmanagerConfig: ["home/team"] };
      const selecting: Case["change"] = (content) => {
        read(content);
        content.objects["/apis/monitoring.coreos.com/v1/alertmanagers"] = {
          items: [{ metadata: { name: "main", namespace: "home" }, spec: { alertmanagerConfigSelector: {} } }],
        };
      };
      const report = await look(selecting, { before: { has, ends: [] } });
      assert.deepEqual(report.has?.AlertmanagerConfig, ["home/team", "shop/team"]);
    });

    it("counts as gone what nobody reads any more", async () => {
      const had = { AlertmanagerConfig: ["home/team", "shop/team"] };
      const report = await look(read, { before: { has: had, ends: [] } });
      assert.deepEqual(report.has?.AlertmanagerConfig, ["shop/team"]);
      assert.match(
        row(report, "record/kept").notes![0],
        /^AlertmanagerConfig home\/team: .*Alertmanager lacks its receivers/,
      );
    });
  });

  describe("against what was recorded before a step", () => {
    const before = { has: { alert: ["Gone", "Shop"], receiver: ["ntfy"] }, ends: [] };
    const rules = {
      items: [{ metadata: { name: "a", namespace: "b" }, spec: { groups: [{ rules: [{ alert: "Shop" }] }] } }],
    };
    const kept = async (ends: Recorded["ends"], change: Case["change"] = () => undefined) => {
      const report = await look(
        (content, about) => {
          content.objects[paths.rules] = rules;
          const alertmanager = content.programs["services/alertmanager:9093"];
          content.programs["services/alertmanager:9093"] = (path, parameters) =>
            path === "/api/v2/receivers" ? [{ name: "ntfy" }] : alertmanager(path, parameters);
          change(content, about);
        },
        { before: { ...before, ends } },
      );
      return { ...row(report, "record/kept"), has: report.has };
    };

    it("names what is gone unexpectedly, with the way out, and records what there is", async () => {
      const { result, detail, notes, has } = await kept([]);
      assert.equal(result, "fail");
      assert.equal(detail, "1 name gone unexpectedly");
      assert.match(notes?.[0] ?? "", /^alert Gone: no PrometheusRule has it now\. To get it back: write it into/);
      assert.deepEqual([has?.alert, has?.receiver, has?.ThanosRuler], [["Shop"], ["ntfy"], []]);
    });

    it("lets pass what was said before, and says it again", async () => {
      const { result, detail, notes } = await kept([{ kind: "alert", name: "Gone", why: "off", how: "turn it on" }]);
      assert.equal(result, "pass");
      assert.match(detail, /alert: 1, .*receiver: 1; 1 name gone as announced$/);
      assert.deepEqual(notes, ["alert Gone: off, as announced: turn it on"]);
    });

    describe("and of what goes with kube-prometheus-stack", () => {
      const helms = {
        "meta.helm.sh/release-name": "kube-prometheus-stack",
        "meta.helm.sh/release-namespace": "monitoring",
      };
      const rule = (annotations: object, ...alerts: string[]) => ({
        metadata: { name: "a", namespace: "b", annotations },
        spec: { groups: [{ rules: alerts.map((alert) => ({ alert })) }] },
      });
      const things = ({ objects }: Content, about: Subject) => {
        objects[paths.rules] = {
          items: [
            rule(helms, "PrometheusTSDBReloadsFailing", "Shop"),
            rule({ "meta.helm.sh/release-name": "shop" }, "Shop"),
          ],
        };
        objects[paths.scrapeConfigs] = {
          items: ["nas", "camera"].map((name) => ({ metadata: { name, namespace: "home" }, spec: {} })),
        };
        objects[owningKinds.ThanosRuler] = { items: [{ metadata: { name: "far", namespace: "home" } }] };
        about.readable.scrapeConfigs = [{ name: "home/nas", spec: {} }];
      };

      it("says before what ends, with the way out: what only the release has, and what Alloy won't scrape", async () => {
        const { has, ends, checks } = await look(things, { stage: "mimir-default", before: { has: {}, ends: [] } });
        assert.deepEqual(has?.ScrapeConfig, ["home/camera", "home/nas"]);
        assert.deepEqual(ends?.map(({ kind, name }) => `${kind} ${name}`).sort(), [
          "ScrapeConfig home/camera",
          "ThanosRuler home/far",
          "alert PrometheusTSDBReloadsFailing",
        ]);
        assert.deepEqual([...new Set(ends?.map(({ step }) => step))], ["kps-removed"]);
        const { result, notes = [] } = checks.find(({ id }) => id === "record/kept")!;
        assert.equal(result, "pass");
        assert.ok(
          notes.some((note) =>
            /^will end: ScrapeConfig home\/camera: .*only those in metrics\.scrapeConfigs.*write it into metrics\.scrapeConfigs/.test(
              note,
            ),
          ),
          notes.join("\n"),
        );
      });

      it("finds it gone afterwards, as said; nothing else is gone", async () => {
        const { has = {}, ends = [] } = await look(things, { stage: "mimir-default", before: { has: {}, ends: [] } });
        const removed = (content: Content, about: Subject) => {
          things(content, about);
          content.objects[paths.rules] = { items: [rule({}, "Shop")] };
        };
        const after = await look(removed, { stage: "kps-removed", before: { has, ends } });
        const { result, detail } = row(after, "record/kept");
        assert.equal(result, "pass", detail);
        assert.match(detail, /ScrapeConfig: 1.*; 3 names gone as announced$/);
        assert.deepEqual([after.has?.ScrapeConfig, after.has?.ThanosRuler, after.ends], [["home/nas"], [], []]);
        const silent = await look(removed, { stage: "kps-removed", before: { has, ends: [] } });
        assert.equal(row(silent, "record/kept").detail, "3 names gone unexpectedly");
      });

      it("leaves the stack's own to its plan, which lists what of it ends", async () => {
        const object = (name: string, own: boolean) => ({
          metadata: { name, namespace: "monitoring", ...(own && { labels: labels({ name }) }) },
          spec: { groups: [{ rules: [{ alert: name }] }] },
        });
        const alerts =
          (...items: object[]) =>
          ({ objects }: Content) =>
            (objects[paths.rules] = { items });
        const recorded = await look(alerts(object("MimirSlow", true), object("Shop", false)), {
          before: { has: {}, ends: [] },
        });
        assert.deepEqual(recorded.own, [{ kind: "alert", name: "MimirSlow" }]);
        const { has = {}, ends = [], own } = recorded;
        const after = row(await look(alerts(object("Shop", false)), { before: { has, ends, own } }), "record/kept");
        assert.deepEqual([after.result, after.notes?.length], ["pass", 1]);
        assert.match(after.notes![0], /^alert MimirSlow: it was the stack's own, .*`npm run plan` lists/);
        const without = await look(alerts(), { before: { has, ends, own } });
        assert.equal(row(without, "record/kept").detail, "1 name gone unexpectedly");
      });

      it("hands on what an earlier record said, until it has happened", async () => {
        const said = ["Shop", "Gone"].map((name) => ({ kind: "alert" as const, name, why: "off", how: "turn it on" }));
        const { ends } = await look(things, {
          stage: "kps-removed",
          before: { has: { alert: ["Shop", "Gone"] }, ends: said },
        });
        assert.deepEqual(ends, [said[0]]);
      });
    });

    it("knows nothing of what can't be asked for, and says so", async () => {
      const refused = new Status(403, { message: "no" });
      const { result, notes } = await kept([], ({ objects }) => (objects[paths.rules] = refused));
      assert.equal(result, "pass");
      assert.deepEqual(notes, ["PrometheusRules not looked at: the API server answers 403: no"]);
    });
  });

  describe("as the gate", () => {
    const days = (n: number) => n * 86_400;
    const gate = async (change: Case["change"]) => row(await look(change, { requireDays: 7 }), "gate/days");

    it("refuses when Mimir's oldest sample is not old enough", async () => {
      const { result, detail } = await gate(
        ({ programs }) => (programs["services/mimir:9009"] = mimir([[/^count\(count_over_time/, since(days(6.5))]])),
      );
      assert.equal(result, "fail");
      assert.match(detail, /^the oldest sample is 6\.5 days old, 6 whole days without a gap; 7 are required$/);
    });

    it("refuses when Mimir lacks a part of a day, and says of which", async () => {
      const { result, detail, notes } = await gate(({ programs }) => {
        const threeDaysAgo = (parameters: URLSearchParams) =>
          Number(parameters.get("time")) < Date.now() / 1000 - days(2.5)
            ? [value(8000, { job: "node-exporter" })]
            : [value(8640, { job: "node-exporter" })];
        programs["services/mimir:9009"] = mimir([[/^sum by \(job\)/, threeDaysAgo]]);
      });
      assert.equal(result, "fail");
      assert.match(detail, /3 whole days without a gap; 7 are required$/);
      assert.match(notes?.[0] ?? "", /^the day before \S+: node-exporter 8000 of 8640 samples$/);
    });

    it("lets pass a few samples less: a restart is no gap", async () => {
      const { result } = await gate(
        ({ programs }) =>
          (programs["services/mimir:9009"] = mimir([[/^sum by \(job\)/, [value(8630, { job: "node-exporter" })]]])),
      );
      assert.equal(result, "pass");
    });

    it("says how many days have backfilled samples, by the blocks that Mimir's were merged from", async () => {
      const ms = (ago: number) => Date.now() - days(ago) * 1000;
      const block = (from: number, to: number, ...sources: string[]) => ({
        ...{ minTime: ms(from), maxTime: ms(to), compaction: { sources } },
      });
      const metas = [
        block(5.5, 4.5, "01K9Q2V4M5AAAAAAAAAAAAAAAA", "01K9Q2V4M5AAAAAAAAAAABACKF"),
        block(4.5, 0, "01K9Q2V4M5AAAAAAAAAAAAAAAA"),
      ];
      const { result, detail } = await gate(({ programs }) => {
        const usual = mimir([]);
        programs["services/mimir:9009"] = (path, parameters) =>
          path === "/store-gateway/tenant/anonymous/blocks" ? { metas } : usual(path, parameters);
      });
      assert.equal(result, "pass");
      assert.match(detail, /7 whole days without a gap \(2 with backfilled samples\); 7 are required$/);
    });

    it("refuses where a row about Mimir can't be asked", async () => {
      const report = await look((_, { parts }) => (parts.prometheus = { notRun: "no chart" }), { requireDays: 7 });
      const { result, detail } = row(report, "mimir/remote-write");
      assert.deepEqual([result, detail], ["fail", "can't be checked here: no chart"]);
    });

    it("refuses what can't be known, on whatever cluster", async () => {
      const { result } = await gate((_, { parts, sources }) => {
        parts.prometheus = { notRun: "no chart" };
        delete sources.prometheus;
      });
      assert.equal(result, "fail");
    });
  });

  it("shows a table with what to do, and of a later report what changed", async () => {
    const good = await look();
    const bad = await look(({ objects }) => delete objects[paths.loki]);
    assert.match(table(good), /✓ StatefulSet loki +ready 1\/1, loki\.monitoring:3100\n/);
    assert.match(table(good), /^Stack test, stage dual-write: \d+ ✓, 0 ✗, 0 not run\.\n\n✓/);
    assert.match(table(bad), /✗ StatefulSet loki +does not exist\n +→ deploy the stack/);
    assert.deepEqual(
      changes(good, bad).map((text) => text.split("\n")[0]),
      ["✗ StatefulSet loki  does not exist", "✗ Loki is ready  there is no pod"],
    );
    assert.deepEqual(changes(bad, bad), []);
  });

  it("shows in one line what is not run for one reason", async () => {
    const report = await look((_, about) => {
      about.parts.grafana = { notRun: "no image" };
      about.workloads[0].notRun = "no image";
      about.parts.canary = { notRun: "no second node" };
    });
    const lines = table(report)
      .split("\n")
      .filter((text) => text.startsWith("–"))
      .map((text) => text.replace(/ {2,}/g, "  "));
    assert.deepEqual(lines, [
      "– StatefulSet loki, Grafana is healthy, Grafana shows what other applications bring  not run: no image",
      "– The canary misses no lines  not run: no second node",
    ]);
    assert.match(table(report), /^Stack .* 0 ✗, 4 not run\.\n/);
  });

  it("says of a workload what stands in for its chart", async () => {
    const report = await look(({ objects }) => {
      const { metadata } = objects[paths.loki] as { metadata: object };
      Object.assign(metadata, { annotations: { "observability/made-of": "from values, not the chart" } });
    });
    assert.equal(
      row(report, "pods/statefulset/loki").detail,
      "ready 1/1, loki.monitoring:3100; from values, not the chart",
    );
  });

  describe("finds the data source of a panel as Grafana does,", () => {
    const dataSources = dataSourcesIn(`
datasources:
  - {uid: mimir, name: Mimir, type: prometheus, url: u, isDefault: true}
  - {uid: prometheus, name: Prometheus, type: prometheus, url: u}
  - {uid: loki, name: Loki, type: loki, url: u}
`);
    const list = (value?: string, query = "prometheus") => [
      { type: "datasource", name: "source", query, current: { value } },
    ];
    const sourceOf = (datasource: object | string | null | undefined, templating = list(), own?: object) => {
      const targets = [{ expr: "up", datasource: own }];
      const panels = [{ type: "row", panels: [{ title: "P", datasource, targets }] }];
      return panelsIn({ title: "D", panels, templating: { list: templating } }, dataSources)[0].source;
    };
    const named: [string, Parameters<typeof sourceOf>, string | undefined][] = [
      ["the uid", [{ uid: "prometheus" }], "prometheus"],
      ["the name, as before Grafana 8.3", ["Prometheus"], "prometheus"],
      ["nothing", [undefined], "mimir"],
      ["null", [null], "mimir"],
      ["the type alone", [{ type: "prometheus" }], "mimir"],
      ["the default by its word", ["default"], "mimir"],
      ["what another one has", [{ uid: "thanos" }], undefined],
      ["a variable without a choice", [{ uid: "${source}" }], "mimir"],
      ["a variable whose choice is the default", [{ uid: "$source" }, list("default")], "mimir"],
      ["a variable whose choice is a uid", [{ uid: "$source" }, list("prometheus")], "prometheus"],
      ["a variable whose choice is a name", ["$source", list("Prometheus")], "prometheus"],
      ["a variable whose choice is gone", [{ uid: "${source}" }, list("thanos")], "mimir"],
      ["a variable of another type", [{ uid: "${source}" }, list(undefined, "loki")], "loki"],
      ["a variable that the dashboard lacks", [{ uid: "${DS_PROMETHEUS}" }], undefined],
      ["several, each query its own", [{ uid: "-- Mixed --" }, list(), { uid: "loki" }], "loki"],
      ["one, and the query another", [{ uid: "mimir" }, list(), { uid: "prometheus" }], "prometheus"],
    ];
    for (const [how, args, expected] of named)
      it(`where the panel names ${how}`, () => assert.equal(sourceOf(...args), expected));
  });

  it("is documented row by row", () => {
    const page = readFileSync(join(__dirname, "../../../docs/verify.md"), "utf8");
    const [, text] = /<!-- checks: begin -->([^]*)<!-- checks: end -->/.exec(page) ?? [];
    const rows = checks.map(({ title, asks, todo }) => `| ${title} | ${asks} | ${todo} |`);
    const documented = [...text.matchAll(/^\| .* \| .* \| .* \|$/gm)].map(([line]) => line).slice(1);
    assert.deepEqual(
      documented,
      rows,
      "write the table between the marks of docs/verify.md anew from commands/verify/checks.ts",
    );
  });
});
