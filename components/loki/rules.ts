import type { Settings } from "../../config/schema";
import { seconds } from "../../config/units";
import type { Environment } from "../kubernetes/environment";
import { lateGroups } from "../rules/late";
import type { AlertingRule, RuleGroup } from "../rules/types";
import { canaryTargets, lokiTargets } from "./series";

/** What the alerts are made for. */
export interface LokiRulesArgs {
  environment: Pick<Environment, "namespace" | "cluster">;
  settings: Pick<Settings["loki"], "compactionInterval" | "logAlerts">;
}

/**
 * Alerts on Loki and on what its canary sees: is it there, does it take lines, keep them, find them, delete them in time, evaluate its rules.
 * Metric names are those that Loki 3.6.3 was seen to export; some still say `boltdb_shipper` and mean the compactor of any index.
 * @param args where Loki is, how often it compacts, and whether it has rules of the stack
 */
export function lokiRules(args: LokiRulesArgs): RuleGroup[] {
  const scope = scopeOf(args.environment);
  return [
    { name: "loki", rules: [...presence(scope), ...requests(scope), ...ring(scope)] },
    { name: "loki-ingestion", rules: [...ingestion(scope), ...storage(scope)] },
    { name: "loki-retention", rules: retention(scope, args.settings) },
    { name: "loki-canary", rules: canary(scope) },
    { name: "loki-ruler", rules: ruler(scope, args.settings) },
  ];
}

/** The pieces that all expressions here are made of. */
interface Scope {
  namespace: string;
  /** Label matchers of Loki's targets. */
  own: string;
  /** Labels that a sum keeps: these, and what tells one alert from another. */
  by: (...labels: string[]) => string;
}

function scopeOf({ namespace, cluster }: LokiRulesArgs["environment"]): Scope {
  const kept = cluster === undefined ? ["namespace"] : ["cluster", "namespace"];
  return {
    namespace,
    own: lokiTargets(namespace),
    by: (...labels) => `by (${[...kept, ...labels].join(", ")})`,
  };
}

/** What each part is missed for, in both modes: in a single binary, `loki` is every part. */
const parts = {
  write: "no line is taken; collectors keep them in their nodes' files for as long as those last",
  read: "no query is answered, LogQL alerts and collectors go on",
  backend: "nothing is compacted or deleted, LogQL alerts don't fire, and queries fail",
};

function presence({ namespace }: Scope): AlertingRule[] {
  return Object.entries(parts).map(([part, missing]) => ({
    alert: "LokiDown",
    expr: `absent(up{job=~"loki|loki-${part}", namespace="${namespace}"} == 1)`,
    for: "5m",
    labels: { severity: "critical", namespace, part },
    annotations: {
      summary: `No ${part} process of Loki answers`,
      description: `For 5 minutes: ${missing}. kubectl -n ${namespace} get pods -l app.kubernetes.io/name=loki; a crash loop's reason is in kubectl logs --previous.`,
    },
  }));
}

function requests({ namespace, own, by }: Scope): AlertingRule[] {
  // The kubelet asks for readiness, and 503 is the answer of a pod that is on its way up.
  const rate = (more: string) =>
    `sum ${by("job", "route")} (rate(loki_request_duration_seconds_count{${own}, route!="ready"${more}}[5m]))`;
  return [
    {
      alert: "LokiRequestErrors",
      expr: `${rate(', status_code=~"5.."')}\n  / ${rate("")} > 0.1`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $value | humanizePercentage }} of the requests {{ $labels.route }} to {{ $labels.job }} fail",
        description: `kubectl -n ${namespace} logs -l app.kubernetes.io/name=loki --tail=-1 --since=15m | grep level=error. With LokiRingUnhealthy it is the ring, with LokiObjectStoreErrors the object store.`,
      },
    },
    {
      alert: "LokiPanics",
      expr: `sum ${by("job")} (increase(loki_panic_total{${own}}[10m])) > 0`,
      labels: { severity: "critical" },
      annotations: {
        summary: "Requests to {{ $labels.job }} end in a panic",
        description: `{{ $value | humanize }} in 10 minutes: a fault of Loki's own. kubectl -n ${namespace} logs -l app.kubernetes.io/name=loki --tail=-1 | grep -A20 panic shows which request.`,
      },
    },
  ];
}

function ring({ namespace, own, by }: Scope): AlertingRule[] {
  return [
    {
      alert: "LokiRingUnhealthy",
      expr: `max ${by("name")} (loki_ring_members{${own}, state="Unhealthy"}) > 0`,
      for: "5m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $value }} members of Loki's ring {{ $labels.name }} are unhealthy",
        description: `Of the ingesters: "too many unhealthy instances in the ring", lines are refused and queries fail. Bring the missing pod back; one that will never come back is forgotten on the page /ring of http://loki-gateway.${namespace}.`,
      },
    },
    {
      alert: "LokiIngesterForgotten",
      expr: `max ${by()} (increase(loki_ingester_autoforget_unhealthy_ingesters_total{${own}}[1h])) > 0`,
      labels: { severity: "warning" },
      annotations: {
        summary: "A writer of Loki is gone, and the others go on without it",
        description: `It gave no sign of life for a minute and was left out of the ring, so that lines are taken again. Queries may lack lines of the last two hours that it held, until it is back or another writer has flushed them. kubectl -n ${namespace} get pods -l app.kubernetes.io/component=write -o wide.`,
      },
    },
  ];
}

/** Reasons that a sender may try again for; whatever else is discarded is lost. */
const retried = "rate_limited|per_stream_rate_limit|stream_limit";

function ingestion({ namespace, own, by }: Scope): AlertingRule[] {
  const discarded = (reasons: string) =>
    `sum ${by("reason")} (increase(loki_discarded_samples_total{${own}, reason${reasons}}[15m])) > 0`;
  return [
    {
      alert: "LokiIngestionLimited",
      expr: discarded(`=~"${retried}"`),
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "Loki holds senders back: {{ $labels.reason }}",
        description:
          'Collectors send these lines again, and lose them once their nodes\' files are rotated. Who writes so much: topk(10, sum by (namespace, app) (bytes_rate({namespace=~".+"}[5m]))) in Loki. The limits are the settings loki.limits.ingestionRateMb, perStreamRateLimit and maxStreams.',
      },
    },
    {
      alert: "LokiLinesRefused",
      expr: discarded(`!~"${retried}"`),
      for: "5m",
      labels: { severity: "warning" },
      annotations: {
        summary: "Loki refuses lines for good: {{ $labels.reason }}",
        description: `About {{ $value | humanize }} in 15 minutes are lost. greater_than_max_sample_age: older than loki.limits.rejectOldSamplesMaxAge; too_far_in_future: a node's clock. kubectl -n ${namespace} logs -l app.kubernetes.io/name=loki --tail=-1 has the streams.`,
      },
    },
    {
      alert: "LokiWriteAheadLogFull",
      expr: `sum ${by("pod")} (increase(loki_ingester_wal_disk_full_failures_total{${own}}[15m])) > 0`,
      labels: { severity: "critical" },
      annotations: {
        summary: "The volume of {{ $labels.pod }} is full",
        description:
          "It goes on taking lines, without its write-ahead log: a crash loses what it has not flushed. Is the object store reachable (LokiObjectStoreErrors)? Then the log shrinks by itself; else the volume is too small for two hours of lines.",
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
        summary: "{{ $value | humanizePercentage }} of Loki's calls {{ $labels.operation }} to the object store fail",
        description: `500 stands for every error, also for no answer and a refused key. The reason: kubectl -n ${namespace} logs -l app.kubernetes.io/name=loki --tail=-1 | grep -i s3. Writers keep what they can't store in memory and on their volumes.`,
      },
    },
    {
      alert: "LokiFlushFailing",
      expr: `sum ${by("pod")} (increase(loki_ingester_chunks_flush_failures_total{${own}}[15m])) > 0`,
      for: "30m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $labels.pod }} can't get its chunks into the object store",
        description: `It tries again, and its memory and volume fill meanwhile. kubectl -n ${namespace} logs {{ $labels.pod }} | grep "failed to flush".`,
      },
    },
  ];
}

function retention({ namespace, own, by }: Scope, { compactionInterval }: LokiRulesArgs["settings"]): AlertingRule[] {
  // A compactor waits ten minutes for the ring to settle before its first run; of those that never ran the time is 0.
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
        description: `Nothing is deleted: the bucket grows until it is full. The ring of compactors elects one; http://loki-gateway.${namespace}/compactor/ring shows it. ${log}.`,
      },
    },
    {
      alert: "LokiTooManyCompactors",
      expr: `${running} > 1`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $value }} processes of Loki run the compactor",
        description: `They don't see one another, and work on the same index: lines may be found twice or not at all. http://loki-gateway.${namespace}/memberlist shows who sees whom.`,
      },
    },
    {
      alert: "LokiCompactionStale",
      expr: sinceLast("boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds"),
      for: "1h",
      labels: { severity: "warning" },
      annotations: {
        summary: "Loki's compactor has not finished a run for hours",
        description: `Queries get slower from day to day, and nothing is deleted. ${log}.`,
      },
    },
    {
      alert: "LokiRetentionStale",
      expr: sinceLast("compactor_apply_retention_last_successful_run_timestamp_seconds"),
      for: "1h",
      labels: { severity: "critical" },
      annotations: {
        summary: "Loki has not looked for hours what it may delete",
        description: `Lines are kept beyond loki.retention, and the bucket grows until it is full. ${log}.`,
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
        summary: "{{ $labels.pod }} wrote lines to Loki and can't find them",
        description: `{{ $value | humanize }} of 3,600 in an hour: not found five minutes after they were written. Either Loki took them and lost them, or it took none for longer than the canary tries. ${log} has their times.`,
      },
    },
    {
      alert: "LokiCanaryMissesOldLines",
      expr: `${increase("spot_check_missing_entries_total")} > 0`,
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.pod }} no longer finds lines that it found before",
        description: `Lines of the last four hours are gone, or queries of them fail: what was flushed can't be read. See LokiObjectStoreErrors, then ${log}.`,
      },
    },
    {
      alert: "LokiCanaryStuck",
      // A line that can't be written is tried again, and the next ones wait for it.
      expr: `${increase("entries_total", "10m")} == 0`,
      for: "10m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $labels.pod }} can't write to Loki",
        description: `Not one line in 10 minutes, by the gateway loki-gateway. The collector, which writes past it, may still do. ${log} has the answer it gets.`,
      },
    },
    {
      alert: "LokiCanarySlow",
      expr: `histogram_quantile(0.99, sum ${by("le")} (rate(loki_canary_response_latency_seconds_bucket{${own}}[5m]))) > 5`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "A line takes {{ $value | humanizeDuration }} from its writing to a tail of Loki",
        description:
          "The slowest of a hundred; usually none takes half a second. Writers or readers lack CPU, or the canary can't keep its connection.",
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
      summary: "Loki evaluates no rule: alerts on lines can't fire",
      description: `It can't read one of its files, which stops all of them, or has just started. ${log}; the files are the keys of ConfigMaps loki-rules and loki-rules-own.`,
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
        description: `Evaluations of {{ $labels.rule_group }} fail: its alerts on lines can't fire. Usually a query that takes too long or reads too much. ${log}.`,
      },
    },
    {
      alert: "LokiRulesLate",
      expr: lateGroups((name) => `loki_${name}{${own}}`, by("rule_group")),
      for: "10m",
      labels: { severity: "warning" },
      annotations: {
        summary: "Rules are late in Loki",
        description: `{{ $labels.rule_group }} was last evaluated {{ $value | humanizeDuration }} ago: its alerts on lines come late or not at all. ${log}.`,
      },
    },
    {
      alert: "LokiRulerCannotNotify",
      expr: `${notifications("errors")}\n  / ${notifications("sent")} > 0.1`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "Alerts of Loki get lost on their way to Alertmanager",
        description: `{{ $value | humanizePercentage }} of what it sends fail. Alerts of metrics go another way, and may well arrive. ${log}.`,
      },
    },
  ];
}
