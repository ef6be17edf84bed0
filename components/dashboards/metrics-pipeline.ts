import { dashboard, type Dashboard } from "../grafana/dashboard";
import { stat, timeSeries, type UnplacedPanel } from "../grafana/panels";
import { rate, sumOrZero } from "./promql";
import { mimir, seriesByJob, wayTo } from "./stack";

const { behind, lostSamples, samples, sender } = wayTo("mimir");

/** The way of a sample from its target by remote_write into Mimir and its bucket, and back to a query, whichever system scrapes and sends. */
export function metricsPipelineDashboard(): Dashboard {
  return dashboard({
    uid: "metrics-pipeline",
    title: "Metrics pipeline",
    description: "Does every sample get from its target into Mimir, from there into the bucket, and back into queries?",
    tags: ["metrics"],
    rows: {
      "From target to scraper": scraping(),
      "From scraper to Mimir": sending(),
      "From Mimir to the bucket": storing(),
      "Back into queries": reading(),
    },
  });
}

function scraping(): UnplacedPanel[] {
  return [
    timeSeries({
      title: "Targets that don't answer",
      description:
        "By job. Alert TargetDown. Targets that are no longer discovered are not shown: alert TargetsMissing.",
      unit: "short",
      width: 8,
      min: 0,
      queries: [{ expr: "count by (job) (up == 0)", legend: "{{job}}" }],
    }),
    timeSeries({
      title: "Slowest targets",
      description: "Scrape duration of the five slowest jobs. Above the scrape interval, samples are missing.",
      unit: "s",
      width: 8,
      min: 0,
      queries: [{ expr: "topk(5, max by (job) (scrape_duration_seconds))", legend: "{{job}}" }],
    }),
    seriesByJob(15),
  ];
}

function sending(): UnplacedPanel[] {
  return [
    stat({
      title: "Behind",
      description: "Age of the newest sample sent.",
      unit: "s",
      queries: [behind],
      steps: [{ from: 120, color: "red" }],
    }),
    stat({
      title: "Lost in 24 h",
      description: "Samples that Mimir refused, or that were dropped before they were sent.",
      unit: "short",
      decimals: 0,
      queries: [sumOrZero(`increase(${lostSamples}[24h])`)],
      steps: [{ from: 1, color: "red" }],
    }),
    timeSeries({
      title: "Samples",
      description: "Per second. Sent and accepted are the same, except for a short time after an outage.",
      unit: "short",
      width: 16,
      queries: [samples.sent, samples.taken],
    }),
    timeSeries({
      title: "Samples sent again, failed, refused",
      description:
        "Per second. Sent again: nothing is lost yet. Refused, by Mimir's reason: lost, except for rate_limited. Alert MimirSamplesRefused.",
      unit: "short",
      queries: [
        { expr: `sum(${rate(sender("samples_retried_total"))})`, legend: "sent again" },
        { expr: `sum(${rate(sender("samples_failed_total"))})`, legend: "failed" },
        { expr: `sum by (reason) (${rate(mimir("cortex_discarded_samples_total"))})`, legend: "refused: {{reason}}" },
      ],
    }),
    timeSeries({
      title: "Samples in the queue",
      description: "And its size. When the queue is full, reading from the write-ahead log pauses; no sample is lost.",
      unit: "short",
      queries: [
        { expr: `sum(${sender("samples_pending")})`, legend: "waiting" },
        { expr: `sum(${sender("shards")} * ${sender("shard_capacity")})`, legend: "size" },
      ],
    }),
  ];
}

function storing(): UnplacedPanel[] {
  const since = (metric: string, legend: string) => ({ expr: `time() - max(${mimir(metric)} > 0)`, legend });
  return [
    timeSeries({
      title: "Series in memory",
      description: "Of the last hours: the content of the next block. Alert MimirIngesterReachingSeriesLimit.",
      unit: "short",
      width: 8,
      queries: [{ expr: `sum(${mimir("cortex_ingester_memory_series")})`, legend: "series" }],
    }),
    timeSeries({
      title: "Time since the last run",
      description:
        "Uploads run every two hours, compaction every hour, the bucket's index every 15 minutes. Alerts MimirIngesterHasUnshippedBlocks, MimirCompactorNotRunningCompaction, MimirBucketIndexNotUpdated.",
      unit: "s",
      width: 8,
      queries: [
        since("cortex_ingester_shipper_last_successful_upload_timestamp_seconds", "upload"),
        since("cortex_compactor_last_successful_run_timestamp_seconds", "compaction"),
        since("cortex_bucket_index_last_successful_update_timestamp_seconds", "index"),
      ],
    }),
    timeSeries({
      title: "Failed calls to the object store",
      description: "Per second. Alert MimirObjectStoreErrors.",
      unit: "ops",
      width: 8,
      queries: [
        {
          expr: `sum by (component, operation) (${rate(mimir("thanos_objstore_bucket_operation_failures_total"))}) > 0`,
          legend: "{{component}} {{operation}}",
        },
      ],
    }),
  ];
}

function reading(): UnplacedPanel[] {
  const route = 'route=~"prometheus_api_v1_query.*"';
  return [
    timeSeries({
      title: "Queries and failed queries",
      description: "Per second. Alert MimirRequestErrors.",
      unit: "reqps",
      queries: [
        { expr: `sum(${rate(mimir("cortex_request_duration_seconds_count", route))})`, legend: "all" },
        {
          expr: `sum(${rate(mimir("cortex_request_duration_seconds_count", `${route},status_code=~"5.."`))})`,
          legend: "failed",
        },
      ],
    }),
    timeSeries({
      title: "Query duration",
      description: "99 of 100 queries are faster.",
      unit: "s",
      queries: [
        {
          expr: `histogram_quantile(0.99, sum by (le) (${rate(mimir("cortex_request_duration_seconds_bucket", route))}))`,
          legend: "99 of 100",
        },
      ],
    }),
  ];
}
