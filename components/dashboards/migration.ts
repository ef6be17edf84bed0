import type { Stage } from "../../migration/stages";
import { dashboard, type Dashboard } from "../grafana/dashboard";
import { stat, table, timeSeries, type Source, type UnplacedPanel } from "../grafana/panels";
import { ofWriter } from "../kube-prometheus-stack/series";
import { rate, sumOrZero } from "./promql";
import { behind, lostSamples, mimir, samples, scraped } from "./stack";

const both = [
  ["prometheus", "Prometheus"],
  ["mimir", "Mimir"],
] as const satisfies [Source, string][];

/**
 * Prometheus and Mimir side by side, for as long as there are both: what one has and the other lacks is seen here before the next stage.
 * @param stage who evaluates rules
 */
export function migrationDashboard(stage: Pick<Stage, "evaluator">): Dashboard {
  return dashboard({
    uid: "migration-progress",
    title: "Migration progress",
    description: "Does Mimir have what Prometheus has, for how long, and who still asks Prometheus?",
    tags: ["metrics"],
    rows: {
      Now: now(),
      "The same in both": parity(),
      "Who evaluates and who is asked": use(stage),
    },
  });
}

function now(): UnplacedPanel[] {
  return [
    ...both.map(([source, name]) =>
      stat({
        title: `Targets up, in ${name}`,
        description: "The two are the same number.",
        unit: "short",
        source,
        queries: ["sum(up)"],
      }),
    ),
    stat({
      title: "Mimir is behind",
      description: "Age of the newest sample that it was sent. Alert PrometheusRemoteWriteBehind.",
      unit: "s",
      queries: [behind],
      steps: [{ from: 120, color: "red" }],
    }),
    stat({
      title: "Samples lost in 24 h",
      description: "On their way to Mimir. Alert PrometheusRemoteStorageFailures.",
      unit: "short",
      decimals: 0,
      queries: [sumOrZero(`increase(${lostSamples}[24h])`)],
      steps: [{ from: 1, color: "red" }],
    }),
    stat({
      title: "Days in Mimir",
      description:
        "Of the last 14, the days of which it has samples. The setting migration.dualWriteDays asks for as many.",
      unit: "short",
      decimals: 0,
      source: "mimir",
      queries: ["count_over_time(count(up)[14d:1d])"],
    }),
    stat({
      title: "Prometheus's volume",
      description: "What its removal gives back, where migration.reclaimVolumes names it.",
      unit: "bytes",
      queries: [
        'sum(kubelet_volume_stats_used_bytes{job="kubelet",metrics_path="/metrics",persistentvolumeclaim=~"prometheus-.*"})',
      ],
    }),
  ];
}

function parity(): UnplacedPanel[] {
  const ofBoth = (expr: string) => both.map(([source, legend]) => ({ expr, legend, source }));
  return [
    timeSeries({
      title: "Samples",
      description: "A second. The three are one line, but for moments after an outage.",
      unit: "short",
      width: 8,
      queries: [samples.stored, samples.sent, samples.taken],
    }),
    timeSeries({
      title: "Series",
      description: "In memory of each. They let go of series that ended at different times, at most two hours apart.",
      unit: "short",
      width: 8,
      queries: [
        { expr: `sum(${ofWriter("prometheus_tsdb_head_series")})`, legend: "Prometheus" },
        { expr: `sum(${mimir("cortex_ingester_memory_series")})`, legend: "Mimir" },
      ],
    }),
    timeSeries({
      title: "Age of the newest sample",
      description: "Of `up`, as each answers. Mimir's is higher by what it is behind.",
      unit: "s",
      width: 8,
      min: 0,
      queries: ofBoth("time() - max(timestamp(up))"),
    }),
    ...both.map(([source, name]) =>
      table({
        title: `Targets up by job, in ${name}`,
        description: "A row that only one of the two has is a job that isn't written, or no longer scraped.",
        unit: "short",
        source,
        width: 6,
        queries: ["sum by (job) (up)"],
        columns: { job: "Job" },
        value: "Targets",
      }),
    ),
    ...both.map(([source, name]) =>
      table({
        title: `Series by job, in ${name}`,
        description: "Of one scrape. A difference is what remote_write relabels away, or what Mimir refuses.",
        unit: "short",
        source,
        width: 6,
        queries: [`sum by (job) (${scraped})`],
        columns: { job: "Job" },
        value: "Series",
      }),
    ),
  ];
}

function use({ evaluator }: Pick<Stage, "evaluator">): UnplacedPanel[] {
  return [
    timeSeries({
      title: "Evaluations of rules",
      description: "A second. Exactly one of the two evaluates, or each alert would be sent twice.",
      unit: "ops",
      width: 8,
      min: 0,
      queries: [
        { expr: `sum(${ofWriter(rate("prometheus_rule_evaluations_total"))})`, legend: "Prometheus" },
        { expr: `sum(${rate(mimir("cortex_prometheus_rule_evaluations_total"))})`, legend: "Mimir" },
      ],
    }),
    timeSeries({
      title: "Queries",
      description:
        "A second. Whoever still asks Prometheus gets no answer once it is removed: Grafana's uid prometheus leads to Mimir then, an address doesn't.",
      unit: "reqps",
      width: 8,
      min: 0,
      queries: [
        {
          expr: `sum(${ofWriter(rate('prometheus_http_requests_total{handler=~"/api/v1/query.*"}'))})`,
          legend: "Prometheus",
        },
        {
          expr: `sum(${rate(mimir("cortex_request_duration_seconds_count", 'route=~"prometheus_api_v1_query.*"'))})`,
          legend: "Mimir",
        },
      ],
    }),
    table({
      title: "Alerts that fire",
      description: "As who evaluates has them.",
      unit: "short",
      source: evaluator,
      width: 8,
      queries: ['count by (alertname, severity) (ALERTS{alertstate="firing"})'],
      columns: { severity: "Severity", alertname: "Alert" },
      value: "Of how many",
    }),
  ];
}
