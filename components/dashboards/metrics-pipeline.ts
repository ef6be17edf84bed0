import { dashboard, type Dashboard } from "../grafana/dashboard";
import { stat, table, timeSeries, type UnplacedPanel } from "../grafana/panels";
import { rate, sumOrZero } from "./promql";
import { behind, lostSamples, mimir, samples, scraped, sender } from "./stack";

/** The way of a sample from its target by remote_write into Mimir and its bucket, and back to a reader; whoever scrapes and sends. */
export function metricsPipelineDashboard(): Dashboard {
  return dashboard({
    uid: "metrics-pipeline",
    title: "Metrics pipeline",
    description: "Does every sample get from its target into Mimir, from there into the bucket, and back to who asks?",
    tags: ["metrics"],
    rows: {
      "From target to scraper": scraping(),
      "From scraper to Mimir": sending(),
      "From Mimir to the bucket": storing(),
      "Back to a reader": reading(),
    },
  });
}

function scraping(): UnplacedPanel[] {
  return [
    timeSeries({
      title: "Targets that don't answer",
      description: "By job. Alert TargetDown; one that isn't found any more is not here: TargetsMissing.",
      unit: "short",
      width: 8,
      min: 0,
      queries: [{ expr: "count by (job) (up == 0)", legend: "{{job}}" }],
    }),
    timeSeries({
      title: "Slowest targets",
      description: "Time of a scrape, of the five slowest jobs. Above the interval, samples are missing.",
      unit: "s",
      width: 8,
      min: 0,
      queries: [{ expr: "topk(5, max by (job) (scrape_duration_seconds))", legend: "{{job}}" }],
    }),
    table({
      title: "Series by job",
      description: "Of one scrape, kept ones only.",
      unit: "short",
      decimals: 0,
      width: 8,
      queries: [`topk(15, sum by (namespace, job) (${scraped}))`],
      columns: { namespace: "Namespace", job: "Job" },
      value: "Series",
    }),
  ];
}

function sending(): UnplacedPanel[] {
  return [
    stat({
      title: "Behind",
      description: "Age of the newest sample that was sent.",
      unit: "s",
      queries: [behind],
      steps: [{ from: 120, color: "red" }],
    }),
    stat({
      title: "Lost in 24 h",
      description: "Samples that were refused for good, or dropped before they were sent.",
      unit: "short",
      decimals: 0,
      queries: [sumOrZero(`increase(${lostSamples}[24h])`)],
      steps: [{ from: 1, color: "red" }],
    }),
    timeSeries({
      title: "Samples",
      description: "A second: sent and taken are one line, but for moments after an outage.",
      unit: "short",
      width: 16,
      queries: [samples.sent, samples.taken],
    }),
    timeSeries({
      title: "Samples sent again, failed, refused",
      description:
        "A second. Sent again: nothing is lost yet. Refused, by Mimir's reason: lost, but for rate_limited. Alert MimirSamplesRefused.",
      unit: "short",
      queries: [
        { expr: `sum(${rate(sender("samples_retried_total"))})`, legend: "sent again" },
        { expr: `sum(${rate(sender("samples_failed_total"))})`, legend: "failed" },
        { expr: `sum by (reason) (${rate(mimir("cortex_discarded_samples_total"))})`, legend: "refused: {{reason}}" },
      ],
    }),
    timeSeries({
      title: "Samples in the queue",
      description: "And how many fit. A full queue reads no further in the write-ahead log: no sample is lost by that.",
      unit: "short",
      queries: [
        { expr: `sum(${sender("samples_pending")})`, legend: "waiting" },
        { expr: `sum(${sender("shards")} * ${sender("shard_capacity")})`, legend: "fit" },
      ],
    }),
  ];
}

function storing(): UnplacedPanel[] {
  const since = (metric: string, legend: string) => ({ expr: `time() - max(${mimir(metric)} > 0)`, legend });
  return [
    timeSeries({
      title: "Series in memory",
      description: "Of the last hours: what a new block is made of. Alert MimirIngesterReachingSeriesLimit.",
      unit: "short",
      width: 8,
      queries: [{ expr: `sum(${mimir("cortex_ingester_memory_series")})`, legend: "series" }],
    }),
    timeSeries({
      title: "Time since it was last done",
      description:
        "An upload every two hours, a compaction every hour, the bucket's index every quarter. Alerts MimirIngesterHasUnshippedBlocks, MimirCompactorNotRunningCompaction, MimirBucketIndexNotUpdated.",
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
      description: "A second. Alert MimirObjectStoreErrors.",
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
      title: "Queries, and those that failed",
      description: "A second. Alert MimirRequestErrors.",
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
      title: "Time that queries take",
      description: "99 of 100 are faster.",
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
