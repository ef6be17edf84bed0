import type { Settings } from "../../settings/schema";
import { seconds } from "../../settings/units";
import type { Environment } from "../kubernetes/environment";
import { counted } from "../rules/counted";
import { lateGroups } from "../rules/late";
import type { AlertingRule, RuleGroup } from "../rules/types";
import { memcacheds } from "./caches";
import { canaryTargets, lokiTargets } from "./series";
import { burnRateAlerts } from "./slo-rules";
import { isDistributed, jobs, type Modes, type Role } from "./topology";

/** What the alerts are made for. */
export interface LokiRulesArgs {
  environment: Pick<Environment, "namespace" | "cluster">;
  settings: Modes &
    Pick<Settings["loki"], "compactionInterval" | "logAlerts"> &
    Partial<Pick<Settings["loki"], "caches">>;
}

/**
 * Alerts on Loki and its canary: is it up, does it accept lines, keep them, find them, delete them in time, and evaluate its rules?
 * Metric names are those that a running Loki 3.6.3 exports; some still say `boltdb_shipper` and mean the compactor of any index.
 * @param args where Loki is, in which modes, how often it compacts, whether it has rules of the stack, and what it has in memcached; default: nothing
 */
export function lokiRules(args: LokiRulesArgs): RuleGroup[] {
  const scope = scopeOf(args);
  return [
    { name: "loki", rules: [...presence(scope, args.settings), ...requests(scope), ...ring(scope)] },
    { name: "loki-ingestion", rules: [...ingestion(scope), ...storage(scope)] },
    { name: "loki-retention", rules: retention(scope, args.settings) },
    { name: "loki-canary", rules: canary(scope) },
    { name: "loki-ruler", rules: ruler(scope, args.settings) },
    ...(memcacheds(args.settings).length > 0 ? [{ name: "loki-caches", rules: caches(scope) }] : []),
    { name: "loki-slo", rules: serviceLevels(scope) },
  ];
}

/** The pieces that all expressions here are made of. */
interface Scope {
  namespace: string;
  /** Label matchers of Loki's targets. */
  own: string;
  /** Label `app.kubernetes.io/component` of the writers, where they are apart. */
  writer: string;
  /** Labels that a sum keeps: these, and those that distinguish one alert from another. */
  by: (...labels: string[]) => string;
}

function scopeOf({ environment: { namespace, cluster }, settings }: LokiRulesArgs): Scope {
  const kept = cluster === undefined ? ["namespace"] : ["cluster", "namespace"];
  return {
    namespace,
    own: lokiTargets(namespace, settings),
    writer: settings.mode === "distributed" ? "ingester" : "write",
    by: (...labels) => `by (${[...kept, ...labels].join(", ")})`,
  };
}

const [unstored, unanswered, uncleaned] = [
  "no lines are stored; they wait in the nodes' log files until the kubelet deletes them",
  "no queries are answered; LogQL alerts and collectors still work",
  "nothing is compacted or deleted",
];

/** What fails without each part. In a single binary, `loki` is every part. */
const parts: Readonly<Record<string, { does: Role; missing: string }>> = {
  write: { does: "distributor", missing: unstored },
  read: { does: "query-frontend", missing: unanswered },
  backend: { does: "compactor", missing: `${uncleaned}, LogQL alerts don't fire, and queries fail` },
};

/** Likewise where each component is apart. Patterns are worth no alert at night: without their ingesters there are none. */
const components: Partial<Record<Role, string>> = {
  distributor: unstored,
  ingester: `${unstored}; and queries fail`,
  "query-frontend": unanswered,
  querier: unanswered,
  "query-scheduler": unanswered,
  "index-gateway": "queries fail, and LogQL alerts don't fire",
  compactor: uncleaned,
  ruler: "LogQL alerts don't fire",
};

function presence({ namespace }: Scope, modes: Modes): AlertingRule[] {
  const watched = isDistributed(modes)
    ? Object.entries(components).map(([part, missing]) => ({ part, does: part as Role, missing }))
    : Object.entries(parts).map(([part, rest]) => ({ part, ...rest }));
  return watched.map(({ part, does, missing }) => ({
    alert: "LokiDown",
    expr: `absent(up{job=~"${jobs(modes, [does])}", namespace="${namespace}"} == 1)`,
    for: "5m",
    labels: { severity: "critical", namespace, part },
    annotations: {
      summary: `No ${part} process of Loki answers`,
      description: `For 5 minutes: ${missing}. kubectl -n ${namespace} get pods -l app.kubernetes.io/name=loki; a crash loop's reason is in kubectl logs --previous.`,
    },
  }));
}

function requests({ namespace, own, by }: Scope): AlertingRule[] {
  // The kubelet asks for readiness, and a pod that is starting answers 503.
  const rate = (more: string) =>
    `sum ${by("job", "route")} (rate(loki_request_duration_seconds_count{${own}, route!="ready"${more}}[5m]))`;
  return [
    {
      alert: "LokiRequestErrors",
      expr: `${rate(', status_code=~"5.."')}\n  / ${rate("")} > 0.1`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $value | humanizePercentage }} of the {{ $labels.route }} requests to {{ $labels.job }} fail",
        description: `kubectl -n ${namespace} logs -l app.kubernetes.io/name=loki --tail=-1 --since=15m | grep level=error. If LokiRingUnhealthy fires too, the cause is the ring; if LokiObjectStoreErrors does, the object store.`,
      },
    },
    {
      alert: "LokiPanics",
      expr: `sum ${by("job")} (increase(loki_panic_total{${own}}[10m])) > 0`,
      labels: { severity: "critical" },
      annotations: {
        summary: "Requests to {{ $labels.job }} end in a panic",
        description: `{{ $value | humanize }} in 10 minutes: a bug in Loki. kubectl -n ${namespace} logs -l app.kubernetes.io/name=loki --tail=-1 | grep -A20 panic shows which request.`,
      },
    },
  ];
}

/** Route of the requests that bring lines. */
const push = "loki_api_v1_push";

/** The write path's service level, by what senders are answered and by what the canary finds; and how long queries take. */
function serviceLevels({ namespace, own, by }: Scope): AlertingRule[] {
  const canaries = canaryTargets(namespace);
  const rate = (series: string) => (window: string, ago?: string) =>
    `sum ${by()} (rate(${series}[${window}]${ago === undefined ? "" : ` offset ${ago}`}))`;
  const requests = (codes: string) =>
    rate(`loki_request_duration_seconds_count{${own}, route="${push}", status_code${codes}}`);
  const lines = (counter: string) => rate(`loki_canary_${counter}_total{${canaries}}`);
  return [
    ...burnRateAlerts([
      {
        name: "requests",
        what: "the requests that bring lines",
        // What was sent wrongly is not Loki's failure. Of the others senders try again, and lose lines when that takes too long.
        all: requests('!="400"'),
        failed: requests('=~"5..|429"'),
        todo: "See LokiRequestErrors, LokiIngestionLimited and LokiRingUnhealthy.",
      },
      {
        name: "canary",
        what: "the canary's lines",
        all: lines("entries"),
        failed: lines("missing_entries"),
        todo: "See LokiCanaryMissesLines.",
      },
    ]),
    {
      alert: "LokiQueriesSlow",
      expr: `histogram_quantile(0.95, sum ${by("job", "route", "le")} (rate(loki_request_duration_seconds_bucket{${own}, route=~"loki_api_v1_query|loki_api_v1_query_range"}[15m]))) > 10`,
      for: "30m",
      labels: { severity: "warning" },
      annotations: {
        summary: "One of twenty queries takes longer than {{ $value | humanizeDuration }}",
        description: `Requests {{ $labels.route }} to {{ $labels.job }}. Somebody's dashboard asks for too much, or the readers lack CPU: kubectl -n ${namespace} logs -l app.kubernetes.io/name=loki --tail=-1 --since=30m | grep metrics.go shows each query and what it read.`,
      },
    },
  ];
}

function ring({ namespace, own, writer, by }: Scope): AlertingRule[] {
  return [
    {
      alert: "LokiRingUnhealthy",
      expr: `max ${by("name")} (loki_ring_members{${own}, state="Unhealthy"}) > 0`,
      for: "5m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $value }} members of Loki's ring {{ $labels.name }} are unhealthy",
        description: `If it is the ingesters' ring, lines are refused and queries fail ("too many unhealthy instances in the ring"). Bring the missing pod back. If it will never come back, forget it on the page /ring of http://loki-gateway.${namespace}.`,
      },
    },
    {
      alert: "LokiIngesterForgotten",
      expr: `max ${by()} (increase(loki_ingester_autoforget_unhealthy_ingesters_total{${own}}[1h])) > 0`,
      labels: { severity: "warning" },
      annotations: {
        summary: "A writer of Loki is gone, and the others continue without it",
        description: `It did not respond for a minute and was removed from the ring, so lines are accepted again. Queries may lack its lines of the last two hours until it is back or another writer has flushed them. kubectl -n ${namespace} get pods -l app.kubernetes.io/component=${writer} -o wide.`,
      },
    },
  ];
}

function caches({ namespace, own, by }: Scope): AlertingRule[] {
  const requests = (more: string) =>
    `sum ${by("name")} (rate(loki_memcache_request_duration_seconds_count{${own}${more}}[5m]))`;
  return [
    {
      alert: "LokiCacheFailing",
      expr: `${requests(', status_code="500"')}\n  / ${requests("")} > 0.1`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $value | humanizePercentage }} of Loki's requests to its cache {{ $labels.name }} fail",
        description: `No line is lost and no query fails, but queries read again from the object store what is in the cache. chunks is loki-chunks-cache, every other one loki-results-cache: kubectl -n ${namespace} get pods -l 'app.kubernetes.io/component in (chunks-cache, results-cache)'.`,
      },
    },
  ];
}

/** Reasons after which a sender may try again; whatever else is discarded is lost. */
const retried = "rate_limited|per_stream_rate_limit|stream_limit";

function ingestion({ namespace, own, by }: Scope): AlertingRule[] {
  const discarded = (reasons: string) =>
    `sum ${by("reason")} ${counted(`loki_discarded_samples_total{${own}, reason${reasons}}`, "15m")} > 0`;
  return [
    {
      alert: "LokiIngestionLimited",
      expr: discarded(`=~"${retried}"`),
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "Loki limits its senders: {{ $labels.reason }}",
        description:
          'Collectors send these lines again, but lose them once their nodes\' files are rotated. To see which app writes most, query Loki: topk(10, sum by (namespace, app) (bytes_rate({namespace=~".+"}[5m]))). The limits are the settings loki.limits.ingestionRateMb, perStreamRateLimit and maxStreams.',
      },
    },
    {
      alert: "LokiLinesRefused",
      expr: discarded(`!~"${retried}"`),
      for: "5m",
      labels: { severity: "warning" },
      annotations: {
        summary: "Loki refuses lines, and they are lost: {{ $labels.reason }}",
        description: `About {{ $value | humanize }} were lost in 15 minutes. greater_than_max_sample_age: older than loki.limits.rejectOldSamplesMaxAge; too_far_in_future: a node's clock is wrong. kubectl -n ${namespace} logs -l app.kubernetes.io/name=loki --tail=-1 shows the streams.`,
      },
    },
    {
      alert: "LokiWriteAheadLogFull",
      expr: `sum ${by("pod")} (increase(loki_ingester_wal_disk_full_failures_total{${own}}[15m])) > 0`,
      labels: { severity: "critical" },
      annotations: {
        summary: "The volume of {{ $labels.pod }} is full",
        description:
          "It still accepts lines, but without its write-ahead log: a crash loses what it has not flushed. If the object store can't be reached (LokiObjectStoreErrors), repair that and the log shrinks. Otherwise the volume is too small for two hours of lines.",
      },
    },
  ];
}

function storage({ namespace, own, by }: Scope): AlertingRule[] {
  const calls = (more: string) =>
    `sum ${by("operation")} (rate(loki_s3_request_duration_seconds_count{${own}${more}}[5m]))`;
  return [
    {
      alert: "LokiObjectStoreErrors",
      expr: `${calls(', status_code=~"5.."')}\n  / ${calls("")} > 0.1`,
      for: "10m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $value | humanizePercentage }} of Loki's {{ $labels.operation }} calls to the object store fail",
        description: `Loki counts every error as 500, even no answer or a refused key. For the reason: kubectl -n ${namespace} logs -l app.kubernetes.io/name=loki --tail=-1 | grep -i s3. Meanwhile writers keep lines in memory and on their volumes.`,
      },
    },
    {
      alert: "LokiFlushFailing",
      expr: `sum ${by("pod")} (increase(loki_ingester_chunks_flush_failures_total{${own}}[15m])) > 0`,
      for: "30m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $labels.pod }} can't get its chunks into the object store",
        description: `It keeps trying, and meanwhile its memory and volume fill up. kubectl -n ${namespace} logs {{ $labels.pod }} | grep "failed to flush".`,
      },
    },
  ];
}

function retention({ namespace, own, by }: Scope, { compactionInterval }: LokiRulesArgs["settings"]): AlertingRule[] {
  // A compactor waits ten minutes for the ring to settle before its first run; if it never ran, the time is 0.
  const longest = Math.max(3 * 3600, 3 * Math.ceil(seconds(compactionInterval)));
  const sinceLast = (what: string) => `time() - max ${by()} (loki_${what}{${own}}) > ${longest}`;
  const running = `sum ${by()} (loki_boltdb_shipper_compactor_running{${own}})`;
  const log = `kubectl -n ${namespace} logs -l app.kubernetes.io/name=loki --tail=-1 | grep -i compact`;
  return [
    {
      alert: "LokiCompactorNotRunning",
      expr: `${running} == 0`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "No process of Loki runs the compactor",
        description: `Nothing is deleted, and the bucket grows until it is full. The ring of compactors elects one process; http://loki-gateway.${namespace}/compactor/ring shows it. ${log}.`,
      },
    },
    {
      alert: "LokiTooManyCompactors",
      expr: `${running} > 1`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $value }} processes of Loki run the compactor",
        description: `They don't see each other, and work on the same index: queries may return lines twice or not at all. http://loki-gateway.${namespace}/memberlist shows which members see each other.`,
      },
    },
    {
      alert: "LokiCompactionStale",
      expr: sinceLast("boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds"),
      for: "1h",
      labels: { severity: "warning" },
      annotations: {
        summary: "Loki's compactor has not finished a run for hours",
        description: `Queries get slower every day, and nothing is deleted. ${log}.`,
      },
    },
    {
      alert: "LokiRetentionStale",
      expr: sinceLast("compactor_apply_retention_last_successful_run_timestamp_seconds"),
      for: "1h",
      labels: { severity: "critical" },
      annotations: {
        summary: "Loki has not applied its retention for hours",
        description: `Lines are kept longer than loki.retention, and the bucket grows until it is full. ${log}.`,
      },
    },
  ];
}

function canary({ namespace, by }: Scope): AlertingRule[] {
  const own = canaryTargets(namespace);
  const log = `kubectl -n ${namespace} logs {{ $labels.pod }}`;
  const increase = (counter: string, range = "1h") =>
    `sum ${by("pod")} (increase(loki_canary_${counter}{${own}}[${range}]))`;
  return [
    {
      alert: "LokiCanaryMissesLines",
      expr: `${increase("missing_entries_total")} > 0`,
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $labels.pod }} can't find lines that it wrote to Loki",
        description: `{{ $value | humanize }} of 3,600 lines in an hour were not found five minutes after they were written. Either Loki lost them, or it refused lines for longer than the canary retries. ${log} shows their times.`,
      },
    },
    {
      alert: "LokiCanaryMissesOldLines",
      expr: `${increase("spot_check_missing_entries_total")} > 0`,
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.pod }} no longer finds lines that it found before",
        description: `Lines of the last four hours are gone, or queries for them fail: flushed chunks can't be read. See LokiObjectStoreErrors, then ${log}.`,
      },
    },
    {
      alert: "LokiCanaryStuck",
      // The canary retries a line that it can't write, and the next ones wait for it.
      expr: `${increase("entries_total", "10m")} == 0`,
      for: "10m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $labels.pod }} can't write to Loki",
        description: `It has not written a line in 10 minutes. It writes through loki-gateway; the collectors don't, so they may still work. ${log} shows the answer it gets.`,
      },
    },
    {
      alert: "LokiCanarySlow",
      expr: `histogram_quantile(0.99, sum ${by("le")} (rate(loki_canary_response_latency_seconds_bucket{${own}}[5m]))) > 5`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "It takes {{ $value | humanizeDuration }} until a written line can be read from Loki",
        description:
          "This is the 99th percentile; usually it is below half a second. Writers or readers lack CPU, or the canary can't keep its connection.",
      },
    },
  ];
}

function ruler({ namespace, own, by }: Scope, { logAlerts }: LokiRulesArgs["settings"]): AlertingRule[] {
  const log = `kubectl -n ${namespace} logs -l app.kubernetes.io/name=loki --tail=-1 --since=1h | grep -i -E 'ruler|rule'`;
  // By group: its file and its name.
  const failures = (counter: string) =>
    `sum ${by("rule_group")} (increase(loki_prometheus_rule_${counter}_total{${own}}[15m])) > 0`;
  const notifications = (counter: string) =>
    `sum ${by()} (increase(loki_prometheus_notifications_${counter}_total{${own}}[15m]))`;
  const missing: AlertingRule = {
    alert: "LokiRulesMissing",
    expr: `absent(loki_prometheus_rule_group_rules{${own}})`,
    for: "15m",
    labels: { severity: "warning", namespace },
    annotations: {
      summary: "Loki evaluates no rules: alerts on log lines can't fire",
      description: `It can't read one of its rule files, which stops all of them, or has just started. ${log}; the files are the keys of the ConfigMaps loki-rules and loki-rules-own.`,
    },
  };
  return [
    ...(logAlerts ? [missing] : []),
    {
      alert: "LokiRuleFailures",
      expr: failures("evaluation_failures"),
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "Rules fail in Loki",
        description: `Evaluations of {{ $labels.rule_group }} fail: its alerts on log lines can't fire. Usually a query takes too long or reads too much. ${log}.`,
      },
    },
    {
      alert: "LokiRulesLate",
      expr: lateGroups((name) => `loki_${name}{${own}}`, by("rule_group")),
      for: "10m",
      labels: { severity: "warning" },
      annotations: {
        summary: "Rules are late in Loki",
        description: `{{ $labels.rule_group }} was last evaluated {{ $value | humanizeDuration }} ago: its alerts on log lines come late or not at all. ${log}.`,
      },
    },
    {
      alert: "LokiRulerCannotNotify",
      expr: `${notifications("errors")}\n  / ${notifications("sent")} > 0.1`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "Alerts from Loki don't reach Alertmanager",
        description: `{{ $value | humanizePercentage }} of its notifications fail. Alerts on metrics take another way, and may still arrive. ${log}.`,
      },
    },
  ];
}
