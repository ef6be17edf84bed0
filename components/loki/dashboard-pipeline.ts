import { dashboard, type Dashboard } from "../grafana/dashboard";
import { timeSeries, type UnplacedPanel } from "../grafana/panels";
import { canaryTargets, collectorTargets, lokiTargets, metricOf, type Metric } from "./series";

/**
 * The way of a line from its container into the bucket and to a query, and what rules find in it.
 * @param namespace where Loki and its collector are
 * @param errors LogQL that gives the lines which are errors
 */
export function pipelineDashboard(namespace: string, errors: string): Dashboard {
  const [loki, canary, collector] = [lokiTargets, canaryTargets, collectorTargets].map((targets) =>
    metricOf(targets(namespace)),
  );
  return dashboard({
    uid: "log-pipeline",
    title: "Log pipeline",
    description:
      "Does every line get from its container into Loki and its bucket, who writes how many, and what do they say?",
    tags: ["logs"],
    rows: {
      "From collector to Loki": [...sent(collector, loki), ...refused(collector, loki)],
      "What the canary sees": seen(canary),
      "Into the bucket, and out again": stored(loki),
      "Who writes": writing(),
      "What lines say": said(loki, errors),
    },
  });
}

function sent(collector: Metric, loki: Metric): UnplacedPanel[] {
  return [
    timeSeries({
      title: "Lines",
      description:
        "A second: what collectors sent, and what Loki took. Loki's is higher by what comes from elsewhere, such as its canary.",
      unit: "short",
      queries: [
        { expr: `sum(rate(${collector("loki_write_sent_entries_total")}[$__rate_interval]))`, legend: "sent" },
        { expr: `sum(rate(${loki("loki_distributor_lines_received_total")}[$__rate_interval]))`, legend: "taken" },
      ],
    }),
    timeSeries({
      title: "Bytes that Loki takes",
      description: "A second, before compression. The limit is the setting loki.limits.ingestionRateMb.",
      unit: "Bps",
      queries: [
        { expr: `sum(rate(${loki("loki_distributor_bytes_received_total")}[$__rate_interval]))`, legend: "taken" },
      ],
    }),
  ];
}

function refused(collector: Metric, loki: Metric): UnplacedPanel[] {
  return [
    timeSeries({
      title: "Lines that Loki refused, and why",
      description:
        "A second. Rate limits are tried again by collectors; every other reason is a lost line. Alerts LokiIngestionLimited, LokiLinesRefused.",
      unit: "short",
      queries: [
        {
          expr: `sum by (reason) (rate(${loki("loki_discarded_samples_total")}[$__rate_interval]))`,
          legend: "{{reason}}",
        },
      ],
    }),
    timeSeries({
      title: "Batches that collectors send again",
      description: "A second, by pod: Loki doesn't answer, or holds them back. Their lines wait in the nodes' files.",
      unit: "short",
      queries: [
        {
          expr: `sum by (pod) (rate(${collector("loki_write_batch_retries_total")}[$__rate_interval]))`,
          legend: "{{pod}}",
        },
      ],
    }),
  ];
}

function seen(canary: Metric): UnplacedPanel[] {
  const increase = (metric: string) => `sum by (pod) (increase(${canary(metric)}[1h]))`;
  return [
    timeSeries({
      title: "Lines that the canary misses",
      description: "In an hour, of 3,600 by canary: lines that it wrote and didn't find. Alert LokiCanaryMissesLines.",
      unit: "short",
      width: 8,
      queries: [{ expr: increase("loki_canary_missing_entries_total"), legend: "{{pod}}" }],
    }),
    timeSeries({
      title: "Lines that came late",
      description: "In an hour, by canary: not seen by its tail within a minute, but found by a query.",
      unit: "short",
      width: 8,
      queries: [{ expr: increase("loki_canary_websocket_missing_entries_total"), legend: "{{pod}}" }],
    }),
    timeSeries({
      title: "From writing to reading",
      description: "99 of 100 lines of the canary are read back faster. Below half a second it isn't measured finer.",
      unit: "s",
      width: 8,
      queries: [
        {
          expr: `histogram_quantile(0.99, sum by (le) (rate(${canary("loki_canary_response_latency_seconds_bucket")}[$__rate_interval])))`,
          legend: "99 of 100",
        },
      ],
    }),
  ];
}

function stored(loki: Metric): UnplacedPanel[] {
  const since = (metric: string, legend: string) => ({ expr: `time() - max(${loki(metric)} > 0)`, legend });
  return [
    timeSeries({
      title: "Chunks flushed, waiting, failed",
      description: "Flushed and failed a second; waiting in the writers' queues. Alert LokiFlushFailing.",
      unit: "short",
      width: 8,
      queries: [
        { expr: `sum(rate(${loki("loki_ingester_chunks_flushed_total")}[$__rate_interval]))`, legend: "flushed" },
        { expr: `sum(${loki("loki_ingester_flush_queue_length")})`, legend: "waiting" },
        {
          expr: `sum(rate(${loki("loki_ingester_chunks_flush_failures_total")}[$__rate_interval]))`,
          legend: "failed",
        },
      ],
    }),
    timeSeries({
      title: "Failed calls to the object store",
      description: "A second, by call. Alert LokiObjectStoreErrors.",
      unit: "ops",
      width: 8,
      queries: [
        {
          expr: `sum by (operation) (rate(${loki("loki_s3_request_duration_seconds_count", 'status_code=~"5.."')}[$__rate_interval]))`,
          legend: "{{operation}}",
        },
      ],
    }),
    timeSeries({
      title: "Time since the last compaction and deletion",
      description: "Of what is older than loki.retention. Alerts LokiCompactionStale, LokiRetentionStale.",
      unit: "s",
      width: 8,
      queries: [
        since("loki_boltdb_shipper_compact_tables_operation_last_successful_run_timestamp_seconds", "compaction"),
        since("loki_compactor_apply_retention_last_successful_run_timestamp_seconds", "deletion"),
      ],
    }),
  ];
}

function said(loki: Metric, errors: string): UnplacedPanel[] {
  const evaluations = (what: string) => `sum(rate(${loki(`loki_prometheus_rule_${what}_total`)}[$__rate_interval]))`;
  return [
    timeSeries({
      title: "Errors by app",
      description: "Lines a second that are errors; the ten apps with most. Alert LogErrorsHigh.",
      unit: "cps",
      source: "loki",
      queries: [
        { expr: `topk(10, sum by (namespace, app) (rate(${errors} [$__auto])))`, legend: "{{namespace}}/{{app}}" },
      ],
    }),
    timeSeries({
      title: "Rules on lines, evaluated and failed",
      description: "A second, by Loki's ruler. Alerts LokiRuleFailures, LokiRulesLate, LokiRulesMissing.",
      unit: "ops",
      queries: [
        { expr: evaluations("evaluations"), legend: "evaluated" },
        { expr: evaluations("evaluation_failures"), legend: "failed" },
      ],
    }),
  ];
}

function writing(): UnplacedPanel[] {
  const rate = (what: string, by: string) => `topk(10, sum by (${by}) (${what}({namespace=~".+"}[$__auto])))`;
  return [
    timeSeries({
      title: "Bytes by namespace",
      description: "A second; the ten that write most.",
      unit: "Bps",
      source: "loki",
      queries: [{ expr: rate("bytes_rate", "namespace"), legend: "{{namespace}}" }],
    }),
    timeSeries({
      title: "Lines by app",
      description: "A second; the ten that write most.",
      unit: "short",
      source: "loki",
      queries: [{ expr: rate("rate", "app"), legend: "{{app}}" }],
    }),
  ];
}
