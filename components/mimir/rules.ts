import type { Settings } from "../../settings/schema";
import { quantityValue } from "../../settings/units";
import type { Environment } from "../kubernetes/environment";
import { metricOf, type Metric } from "../loki/series";
import { lateGroups } from "../rules/late";
import type { AlertingRule, RuleGroup } from "../rules/types";
import { containerTargets, mimirTargets } from "./series";

/** What the alerts are made for. */
export interface MimirRulesArgs {
  environment: Pick<Environment, "namespace">;
  settings: Pick<Settings["mimir"], "limits" | "resources">;
}

/**
 * Alerts on Mimir: is it up, does it accept samples, keep them, and get them into the bucket and back? Names are the mimir-mixin's where
 * it has one that means the same; metric names are those that a running Mimir 3.0.5 exports, or those in its source if they only appear
 * with an event. A full volume, a crash loop or a container killed for its memory is reported by the base rules.
 * @param args where Mimir is, how many series it takes, and how much memory it has
 * @see https://github.com/grafana/mimir/tree/main/operations/mimir-mixin
 */
export function mimirRules({ environment: { namespace }, settings }: MimirRulesArgs): RuleGroup[] {
  const scope = {
    namespace,
    mimir: metricOf(mimirTargets(namespace)),
    log: `kubectl -n ${namespace} logs mimir-0 --tail=-1 --since=1h`,
  };
  return [
    { name: "mimir", rules: [...presence(scope), ...requests(scope), memory(scope, settings.resources)] },
    { name: "mimir-ingestion", rules: [...ingestion(scope), ...seriesLimit(scope, settings.limits), ...head(scope)] },
    { name: "mimir-storage", rules: [...objectStore(scope), ...compactor(scope)] },
    { name: "mimir-ruler", rules: ruler(scope) },
  ];
}

/** The pieces that all alerts here are made of. */
interface Scope {
  namespace: string;
  mimir: Metric;
  /** The command that shows an hour of Mimir's log. */
  log: string;
}

const by = (...labels: string[]) => `by (${["cluster", "namespace", ...labels].join(", ")})`;

function presence({ namespace, mimir }: Scope): AlertingRule[] {
  return [
    {
      alert: "MimirDown",
      expr: `absent(${mimir("up")} == 1)`,
      for: "5m",
      labels: { severity: "critical", namespace },
      annotations: {
        summary: "Mimir doesn't answer",
        description: `For 5 minutes it has accepted no samples and answered no queries. Samples wait in the sender's write-ahead log, which keeps at least an hour. kubectl -n ${namespace} describe pod mimir-0; a crash loop's reason is in kubectl logs --previous.`,
      },
    },
    {
      alert: "MimirIngesterRestarts",
      // KubePodCrashLooping misses a pod that runs for ten minutes between crashes: Kubernetes then no longer waits before a restart.
      expr: `changes(${mimir("process_start_time_seconds")}[1h]) > 2`,
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.pod }} started {{ $value | humanize }} times within an hour",
        description: `Each time it reads its write-ahead log first, and accepts nothing meanwhile. kubectl -n ${namespace} logs mimir-0 --previous --tail=20 shows why it ended; if it was killed for its memory, KubeContainerOutOfMemory fires.`,
      },
    },
  ];
}

function requests({ mimir, log }: Scope): AlertingRule[] {
  // 503 is the answer of a pod that is starting; 529 is a rate limit, 598 a client that has disconnected.
  const rate = (more = "") =>
    `sum ${by("route")} (rate(${mimir("cortex_request_duration_seconds_count", `route!~"ready|debug_pprof"${more}`)}[5m]))`;
  return [
    {
      alert: "MimirRequestErrors",
      expr: `${rate(', status_code=~"5..", status_code!~"529|598"')}\n/ ${rate()} > 0.1`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $value | humanizePercentage }} of the {{ $labels.route }} requests to Mimir fail",
        description: `${log} | grep level=error. If MimirObjectStoreErrors fires too, the cause is the object store; if MimirIngesterTSDBWALWritesFailed does, the volume. Writes are retried; queries are not.`,
      },
    },
  ];
}

// Not the working set: most of that is files mapped into memory, which the kernel can take back.
function memory({ namespace }: Scope, { limits }: MimirRulesArgs["settings"]["resources"]): AlertingRule {
  const used = `max ${by("pod")} (container_memory_rss{${containerTargets(namespace)}})`;
  return {
    alert: "MimirAllocatingTooMuchMemory",
    expr: `${used} / ${quantityValue(limits.memory)} > 0.85`,
    for: "30m",
    labels: { severity: "warning" },
    annotations: {
      summary: "{{ $labels.pod }} uses {{ $value | humanizePercentage }} of its memory limit",
      description:
        "Above 90 % it spends its time collecting garbage, and at the limit it is killed. Series use most of it: the dashboard Mimir shows Series by job. Reduce them, or raise mimir.resources.limits.memory.",
    },
  };
}

/** The reason after which a sender tries again, by the settings of remote_write; whatever else is refused is lost. */
const retried = "rate_limited";

function ingestion({ mimir, log }: Scope): AlertingRule[] {
  const refused = (match: string) =>
    `sum ${by("reason")} (increase(${mimir("cortex_discarded_samples_total", `reason${match}`)}[15m])) > 0`;
  return [
    {
      alert: "MimirIngestionLimited",
      expr: refused(`="${retried}"`),
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "Mimir limits its senders: they send more than mimir.limits.ingestionRate",
        description:
          "They send these samples again, and fall behind meanwhile. After an outage it is the backlog: wait until it has been sent. Otherwise raise mimir.limits.ingestionRate.",
      },
    },
    {
      alert: "MimirSamplesRefused",
      expr: refused(`!="${retried}"`),
      for: "5m",
      labels: { severity: "warning" },
      annotations: {
        summary: "Mimir refuses samples, and they are lost: {{ $labels.reason }}",
        description: `About {{ $value | humanize }} were lost in 15 minutes. per_user_series_limit: more than mimir.limits.maxSeries; sample-out-of-order, sample-too-old, sample-timestamp-too-old: older than mimir.outOfOrderWindow; new-value-for-timestamp: a series is exported twice. ${log} | grep err-mimir shows the series.`,
      },
    },
  ];
}

function seriesLimit({ mimir }: Scope, { maxSeries }: MimirRulesArgs["settings"]["limits"]): AlertingRule[] {
  if (maxSeries === 0) return [];
  return [
    {
      alert: "MimirIngesterReachingSeriesLimit",
      expr: `max ${by()} (${mimir("cortex_ingester_memory_series")}) / ${maxSeries} > 0.8`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "Mimir holds {{ $value | humanizePercentage }} of the series that its limit allows",
        description:
          "At the limit, samples of new series are refused and lost. The dashboard Mimir shows Series by job. Reduce them, or raise mimir.limits.maxSeries, and Mimir's memory with it.",
      },
    },
  ];
}

function head({ mimir, log }: Scope): AlertingRule[] {
  const failures = (counter: string, range: string) =>
    `sum ${by("pod")} (increase(${mimir(`cortex_ingester_tsdb_${counter}_failed_total`)}[${range}]))`;
  const cut = ["head_truncations", "checkpoint_creations", "wal_truncations"].map((what) => failures(what, "3h"));
  return [
    {
      alert: "MimirIngesterTSDBWALWritesFailed",
      expr: `${failures("wal_writes", "5m")} > 0`,
      for: "3m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $labels.pod }} can't write its write-ahead log",
        description: `It refuses samples; senders keep them and try again. Usually its volume is full or broken: ${log} | grep -i -E 'wal|no space'.`,
      },
    },
    {
      alert: "MimirIngesterTSDBWALCorrupted",
      expr: `sum ${by("pod")} (increase(${mimir("cortex_ingester_tsdb_wal_corruptions_total")}[1h])) > 0`,
      labels: { severity: "warning" },
      annotations: {
        summary: "The write-ahead log of {{ $labels.pod }} was damaged and repaired",
        description: `Mimir lost everything after the damaged place, up to two hours; in stages with Prometheus, Prometheus still has these samples. The cause is a disk or a power cut: ${log} | grep -i corrupt.`,
      },
    },
    {
      alert: "MimirIngesterTSDBWALTruncationFailed",
      expr: `${cut.join("\n+ ")} > 0`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $labels.pod }} can't truncate its write-ahead log",
        description: `The log grows until the volume is full, and each start takes longer. ${log} | grep -i -E 'truncat|checkpoint'.`,
      },
    },
    {
      alert: "MimirIngesterTSDBHeadCompactionFailed",
      expr: `${failures("compactions", "15m")} > 0`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $labels.pod }} can't write blocks from what it holds in memory",
        description: `Its memory and write-ahead log grow until one is full, and no new samples get into the bucket. ${log} | grep -i compact.`,
      },
    },
    {
      alert: "MimirIngesterHasUnshippedBlocks",
      // 0 where every block has been shipped.
      expr: `time() - (max ${by("pod")} (${mimir("cortex_ingester_oldest_unshipped_block_timestamp_seconds")}) > 0) > 3600`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $labels.pod }} has not been able to upload a block for {{ $value | humanizeDuration }}",
        description: `It tries again every minute; until it succeeds, the samples are only on its volume, which fills up. Does MimirObjectStoreErrors fire? ${log} | grep -i -E 'ship|upload'.`,
      },
    },
  ];
}

function objectStore({ mimir, log }: Scope): AlertingRule[] {
  const calls = (what: string) => `sum ${by("component", "operation")} (increase(${mimir(what)}[15m]))`;
  return [
    {
      alert: "MimirObjectStoreErrors",
      expr: `${calls("thanos_objstore_bucket_operation_failures_total")}\n/ ${calls("thanos_objstore_bucket_operations_total")} > 0.1`,
      for: "10m",
      labels: { severity: "critical" },
      annotations: {
        summary:
          "{{ $value | humanizePercentage }} of the {{ $labels.operation }} calls of Mimir's {{ $labels.component }} to the object store fail",
        description: `For the reason: ${log} | grep -i -E 'bucket|s3|minio'. Samples of the last hours are safe on Mimir's volume; older ones can't be queried.`,
      },
    },
    {
      alert: "MimirStoreGatewayHasNotSyncTheBucket",
      expr: `time() - (max ${by("pod")} (${mimir("cortex_bucket_stores_blocks_last_successful_sync_timestamp_seconds", 'component="store-gateway"')}) > 0) > 1800`,
      for: "5m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $labels.pod }} has not looked for new blocks for {{ $value | humanizeDuration }}",
        description: `It should do so every 15 minutes. Queries that go back further than half a day fail or lack samples. ${log} | grep store-gateway.`,
      },
    },
    {
      alert: "MimirBucketIndexNotUpdated",
      expr: `time() - min ${by()} (max_over_time(${mimir("cortex_bucket_index_last_successful_update_timestamp_seconds")}[15m])) > 2100`,
      labels: { severity: "critical" },
      annotations: {
        summary: "The list of blocks in Mimir's bucket is {{ $value | humanizeDuration }} old",
        description: `The compactor writes it every 15 minutes. When it is over an hour old, queries that need blocks fail with err-mimir-bucket-index-too-old. ${log} | grep component=cleaner.`,
      },
    },
  ];
}

function compactor({ mimir, log }: Scope): AlertingRule[] {
  return [
    {
      alert: "MimirCompactorNotRunningCompaction",
      // It runs every hour; if it never succeeded, the time is 0.
      expr: `time() - max ${by("pod")} (${mimir("cortex_compactor_last_successful_run_timestamp_seconds")}) > ${6 * 3600}`,
      for: "2h",
      labels: { severity: "warning" },
      annotations: {
        summary: "Mimir's compactor has not finished a run for hours",
        description: `Two-hour blocks pile up, and queries over weeks get slower every day. ${log} | grep component=compactor.`,
      },
    },
    {
      alert: "MimirCompactorSkippedBlocks",
      expr: `sum ${by("reason")} (increase(${mimir("cortex_compactor_blocks_marked_for_no_compaction_total")}[24h])) > 0`,
      labels: { severity: "warning" },
      annotations: {
        summary: `Mimir's compactor skips {{ printf "%.0f" $value }} blocks: {{ $labels.reason }}`,
        description: `They stay as they are, and queries still read them. With reason critical a block is damaged, and its damaged part can't be read. ${log} | grep -i no-compact.`,
      },
    },
    {
      alert: "MimirCompactorHasRunOutOfDiskSpace",
      expr: `sum ${by("pod")} (increase(${mimir("cortex_compactor_disk_out_of_space_errors_total")}[24h])) > 0`,
      labels: { severity: "critical" },
      annotations: {
        summary: "Mimir's compactor ran out of space",
        description:
          "To compact a day's blocks it needs about twice their size, on the volume that also holds the write-ahead log: raise mimir.storage.",
      },
    },
  ];
}

/** Quiet while Mimir evaluates nothing: it then has no such series. */
function ruler({ mimir, log }: Scope): AlertingRule[] {
  const evaluations = (what: string) => `sum ${by("rule_group")} (increase(${mimir(what)}[5m]))`;
  const notifications = (what: string) =>
    `sum ${by("pod")} (increase(${mimir(`cortex_prometheus_notifications_${what}_total`)}[15m]))`;
  return [
    {
      alert: "MimirRuleFailures",
      expr: `${evaluations("cortex_prometheus_rule_evaluation_failures_total")} > 0`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "Rules fail in Mimir",
        description: `{{ printf "%.0f" $value }} evaluations of group {{ $labels.rule_group }} failed in 5 minutes: its alerts can't fire. ${log} | grep component=ruler.`,
      },
    },
    {
      alert: "MimirRulerMissedEvaluations",
      expr: `${evaluations("cortex_prometheus_rule_group_iterations_missed_total")} > 0`,
      for: "15m",
      labels: { severity: "warning" },
      annotations: {
        summary: "Rules are skipped in Mimir",
        description:
          "Group {{ $labels.rule_group }} takes longer than its interval, and evaluations of it are skipped.",
      },
    },
    {
      alert: "MimirRulesLate",
      expr: lateGroups((name) => mimir(`cortex_${name}`), by("rule_group")),
      for: "10m",
      labels: { severity: "critical" },
      annotations: {
        summary: "Rules are late in Mimir",
        description: `{{ $labels.rule_group }} was last evaluated {{ $value | humanizeDuration }} ago: its alerts come late or not at all. ${log} | grep component=ruler.`,
      },
    },
    {
      alert: "MimirRulesNotLoaded",
      expr: `min ${by("pod")} (${mimir("cortex_ruler_config_last_reload_successful")}) == 0`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "Mimir's ruler can't load its rules",
        description: `It continues with the rules that it had, and after a restart with none. ${log} | grep component=ruler.`,
      },
    },
    {
      alert: "MimirRulerCannotNotify",
      expr: `${notifications("errors")}\n/ ${notifications("sent")} > 0.1`,
      for: "15m",
      labels: { severity: "critical" },
      annotations: {
        summary: "Alerts from Mimir don't reach Alertmanager",
        description: `{{ $value | humanizePercentage }} of its ruler's notifications fail; if all of them fail, this alert is lost too, and the dead man's switch calls you. ${log} | grep component=ruler.`,
      },
    },
  ];
}
