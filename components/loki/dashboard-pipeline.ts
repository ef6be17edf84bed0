import type { LogAgent } from "../../settings/sections/logs";
import { dashboard, type Dashboard } from "../grafana/dashboard";
import { timeSeries, type UnplacedPanel } from "../grafana/panels";
import { canaryTargets, collectorTargets, lokiTargets, metricOf, type Metric } from "./series";
import type { Modes } from "./topology";

/** What a collector counts. */
interface Collector {
  /** Counter of lines that Loki took. */
  sent: string;
  /** What is sent again, and where lines wait meanwhile. */
  again: { title: string; description: string; unit: string; series: string };
}

const counted: Partial<Record<LogAgent, (metric: Metric) => Collector>> = {
  alloy: (metric) => ({
    sent: metric("loki_write_sent_entries_total"),
    again: {
      title: "Batches sent again",
      description: "Per second, by pod: Loki doesn't answer, or limits the rate. The lines wait in the nodes' files.",
      unit: "short",
      series: `sum by (pod) (rate(${metric("loki_write_batch_retries_total")}[$__rate_interval]))`,
    },
  }),
  vector: (metric) => ({
    sent: metric("vector_component_sent_events_total", 'component_id="loki"'),
    again: {
      title: "Waiting for Loki",
      description: "Bytes, by pod, in the buffer on its node: Loki doesn't answer, or limits the rate.",
      unit: "bytes",
      series: `sum by (pod) (${metric("vector_buffer_size_bytes", 'component_id="loki"')})`,
    },
  }),
};

/**
 * The way of a line from its container into the bucket and into queries, and what rules find in it.
 * @param namespace where Loki and its collector are
 * @param modes in which Loki runs
 * @param errors LogQL that selects the lines that are errors
 * @param agent what collects; with `none`, only what Loki and its canary know is shown
 */
export function pipelineDashboard(
  namespace: string,
  modes: Modes,
  errors: string,
  agent: LogAgent = "alloy",
): Dashboard {
  const loki = metricOf(lokiTargets(namespace, modes));
  const canary = metricOf(canaryTargets(namespace));
  const collector = counted[agent]?.(metricOf(collectorTargets(namespace, agent)));
  return dashboard({
    uid: "log-pipeline",
    title: "Log pipeline",
    description:
      "Does every line get from its container into Loki and its bucket? Which apps write most, and which log errors?",
    tags: ["logs"],
    rows: {
      [collector ? "From collector to Loki" : "Into Loki"]: [...sent(loki, collector), ...refused(loki, collector)],
      Canary: [...seen(canary), ...goal(loki, canary)],
      "Into the bucket and out of it": stored(loki),
      "Lines by namespace and app": writing(),
      "Errors and rules": said(loki, errors),
    },
  });
}

function goal(loki: Metric, canary: Metric): UnplacedPanel[] {
  const push = 'route="loki_api_v1_push"';
  const share = (failed: string, all: string) => `sum(rate(${failed}[1h])) / sum(rate(${all}[1h])) or vector(0)`;
  const requests = "loki_request_duration_seconds_count";
  return [
    timeSeries({
      title: "Failed on the way in",
      description:
        "Share of the last hour's requests that Loki refused (429, 5xx), and of the canary's lines that it couldn't find. The goal is less than 0.1 % in 30 days. Alert LokiWriteBudgetBurning.",
      unit: "percentunit",
      width: 24,
      queries: [
        { expr: share(loki(requests, `${push}, status_code=~"5..|429"`), loki(requests, push)), legend: "requests" },
        {
          expr: share(canary("loki_canary_missing_entries_total"), canary("loki_canary_entries_total")),
          legend: "canary's lines",
        },
      ],
    }),
  ];
}

function sent(loki: Metric, collector?: Collector): UnplacedPanel[] {
  return [
    timeSeries({
      title: "Lines",
      description: collector
        ? "Per second: sent by collectors, and accepted by Loki. Loki's number is higher because of other senders, such as its canary."
        : "Per second, accepted by Loki: its canary's, and those of whatever else sends some.",
      unit: "short",
      queries: [
        ...(collector ? [{ expr: `sum(rate(${collector.sent}[$__rate_interval]))`, legend: "sent" }] : []),
        { expr: `sum(rate(${loki("loki_distributor_lines_received_total")}[$__rate_interval]))`, legend: "accepted" },
      ],
    }),
    timeSeries({
      title: "Bytes accepted by Loki",
      description: "Per second, before compression. The limit is the setting loki.limits.ingestionRateMb.",
      unit: "Bps",
      queries: [
        { expr: `sum(rate(${loki("loki_distributor_bytes_received_total")}[$__rate_interval]))`, legend: "accepted" },
      ],
    }),
  ];
}

function refused(loki: Metric, collector?: Collector): UnplacedPanel[] {
  return [
    timeSeries({
      title: "Lines refused by Loki, by reason",
      description:
        "Per second. Collectors send rate-limited lines again; with every other reason the line is lost. Alerts LokiIngestionLimited, LokiLinesRefused.",
      unit: "short",
      queries: [
        {
          expr: `sum by (reason) (rate(${loki("loki_discarded_samples_total")}[$__rate_interval]))`,
          legend: "{{reason}}",
        },
      ],
    }),
    ...(collector
      ? [
          timeSeries({
            title: collector.again.title,
            description: collector.again.description,
            unit: collector.again.unit,
            queries: [{ expr: collector.again.series, legend: "{{pod}}" }],
          }),
        ]
      : []),
  ];
}

function seen(canary: Metric): UnplacedPanel[] {
  const increase = (metric: string) => `sum by (pod) (increase(${canary(metric)}[1h]))`;
  return [
    timeSeries({
      title: "Lines that the canary can't find",
      description: "Per hour, of 3,600 lines that each canary writes. Alert LokiCanaryMissesLines.",
      unit: "short",
      width: 8,
      queries: [{ expr: increase("loki_canary_missing_entries_total"), legend: "{{pod}}" }],
    }),
    timeSeries({
      title: "Lines that came late",
      description: "Per hour, by canary: not received from the tail within a minute, but found by a query.",
      unit: "short",
      width: 8,
      queries: [{ expr: increase("loki_canary_websocket_missing_entries_total"), legend: "{{pod}}" }],
    }),
    timeSeries({
      title: "From writing to reading",
      description:
        "99 of 100 lines of the canary are read back faster. Times below half a second are shown as half a second.",
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
      description: "Flushed and failed per second; waiting in the writers' queues. Alert LokiFlushFailing.",
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
      description: "Per second, by call. Alert LokiObjectStoreErrors.",
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
      description: "Lines older than loki.retention are deleted. Alerts LokiCompactionStale, LokiRetentionStale.",
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
      description: "Error lines per second, for the ten apps with most. Alert LogErrorsHigh.",
      unit: "cps",
      source: "loki",
      queries: [
        { expr: `topk(10, sum by (namespace, app) (rate(${errors} [$__auto])))`, legend: "{{namespace}}/{{app}}" },
      ],
    }),
    timeSeries({
      title: "Rules on log lines, evaluated and failed",
      description: "Per second, in Loki's ruler. Alerts LokiRuleFailures, LokiRulesLate, LokiRulesMissing.",
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
      description: "Per second, for the ten that write most.",
      unit: "Bps",
      source: "loki",
      queries: [{ expr: rate("bytes_rate", "namespace"), legend: "{{namespace}}" }],
    }),
    timeSeries({
      title: "Lines by app",
      description: "Per second, for the ten that write most.",
      unit: "short",
      source: "loki",
      queries: [{ expr: rate("rate", "app"), legend: "{{app}}" }],
    }),
  ];
}
