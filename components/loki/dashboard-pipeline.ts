import { dashboard, type Dashboard } from "../grafana/dashboard";
import { timeSeries, type UnplacedPanel } from "../grafana/panels";
import { canaryTargets, collectorTargets, lokiTargets, metricOf, type Metric } from "./series";

/**
 * The way of a line from its container to a query.
 * @param namespace where Loki and its collector are
 */
export function pipelineDashboard(namespace: string): Dashboard {
  const [loki, canary, collector] = [lokiTargets, canaryTargets, collectorTargets].map((targets) =>
    metricOf(targets(namespace)),
  );
  return dashboard({
    uid: "log-pipeline",
    title: "Log pipeline",
    description: "Does every line get from its container into Loki, and who writes how many?",
    tags: ["logs"],
    rows: {
      "From collector to Loki": [...sent(collector, loki), ...refused(collector, loki)],
      "What the canary sees": seen(canary),
      "Who writes": writing(),
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
