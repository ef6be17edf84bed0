import { backendTitles, type Backend, type Stage } from "../../stages";
import { dashboard, type Dashboard } from "../grafana/dashboard";
import { stat, table, timeSeries, type Source, type UnplacedPanel } from "../grafana/panels";
import { ofWriter } from "../kube-prometheus-stack/series";
import { rate, sumOrZero } from "./promql";
import { mimir, scraped, victoriaMetrics, wayTo } from "./stack";

/** The two that are compared: data source and name. */
const bothOf = (backend: Backend): [Source, string][] => [
  ["prometheus", "Prometheus"],
  [backend, backendTitles[backend]],
];

/**
 * Prometheus and the stack's backend side by side, while both run: differences are visible here before the next stage.
 * @param stage which system evaluates rules
 * @param backend the stack's
 */
export function migrationDashboard(stage: Pick<Stage, "evaluator">, backend: Backend): Dashboard {
  const title = backendTitles[backend];
  return dashboard({
    uid: "migration-progress",
    title: "Migration progress",
    description: `Does ${title} have what Prometheus has, since when, and who still queries Prometheus?`,
    tags: ["metrics"],
    rows: {
      Now: now(backend),
      "Both compared": parity(backend),
      "Rules and queries": use(stage, backend),
    },
  });
}

const possessive = (title: string) => (title.endsWith("s") ? `${title}'` : `${title}'s`);

/** Metrics of each backend: series in memory, queries, and evaluations of rules, if it can do that. */
const figures: Readonly<Record<Backend, { series: string; queries: string; evaluations?: string }>> = {
  mimir: {
    series: mimir("cortex_ingester_memory_series"),
    queries: mimir("cortex_request_duration_seconds_count", 'route=~"prometheus_api_v1_query.*"'),
    evaluations: mimir("cortex_prometheus_rule_evaluations_total"),
  },
  "victoria-metrics": {
    series: victoriaMetrics("vm_hourly_series_limit_current_series"),
    queries: victoriaMetrics("vm_http_requests_total", 'path=~"/api/v1/query.*"'),
  },
};

function now(backend: Backend): UnplacedPanel[] {
  const title = backendTitles[backend];
  const { behind, lostSamples } = wayTo(backend);
  return [
    ...bothOf(backend).map(([source, name]) =>
      stat({
        title: `Targets up, in ${name}`,
        description: "Both numbers should be the same.",
        unit: "short",
        source,
        queries: ["sum(up)"],
      }),
    ),
    stat({
      title: `${title} is behind`,
      description: "Age of the newest sample sent to it. Alert PrometheusRemoteWriteBehind.",
      unit: "s",
      queries: [behind],
      steps: [{ from: 120, color: "red" }],
    }),
    stat({
      title: "Samples lost in 24 h",
      description: `On the way to ${title}. Alert PrometheusRemoteStorageFailures.`,
      unit: "short",
      decimals: 0,
      queries: [sumOrZero(`increase(${lostSamples}[24h])`)],
      steps: [{ from: 1, color: "red" }],
    }),
    stat({
      title: `Days in ${title}`,
      description:
        "Days of the last 14 for which it has samples. The setting migration.dualWriteDays says how many are needed.",
      unit: "short",
      decimals: 0,
      source: backend,
      queries: ["count_over_time(count(up)[14d:1d])"],
    }),
    stat({
      title: "Prometheus's volume",
      description: "Freed when Prometheus is removed, if migration.reclaimVolumes names it.",
      unit: "bytes",
      queries: [
        'sum(kubelet_volume_stats_used_bytes{job="kubelet",metrics_path="/metrics",persistentvolumeclaim=~"prometheus-.*"})',
      ],
    }),
  ];
}

function parity(backend: Backend): UnplacedPanel[] {
  const [both, title] = [bothOf(backend), backendTitles[backend]];
  const { samples } = wayTo(backend);
  const ofBoth = (expr: string) => both.map(([source, legend]) => ({ expr, legend, source }));
  return [
    timeSeries({
      title: "Samples",
      description: "Per second. All three are the same, except for a short time after an outage.",
      unit: "short",
      width: 8,
      queries: [samples.stored, samples.sent, samples.taken],
    }),
    timeSeries({
      title: "Series",
      description: "In memory. Each drops ended series at a different time, at most two hours apart.",
      unit: "short",
      width: 8,
      queries: [
        { expr: `sum(${ofWriter("prometheus_tsdb_head_series", backend)})`, legend: "Prometheus" },
        { expr: `sum(${figures[backend].series})`, legend: title },
      ],
    }),
    timeSeries({
      title: "Age of the newest sample",
      description: `Of \`up\`, in each. ${possessive(title)} is higher by the time that it is behind.`,
      unit: "s",
      width: 8,
      min: 0,
      queries: ofBoth("time() - max(timestamp(up))"),
    }),
    ...both.map(([source, name]) =>
      table({
        title: `Targets up by job, in ${name}`,
        description: `A job that only one of them has is not written to ${title}, or no longer scraped.`,
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
        description: `Series of one scrape. Differences are series that remote_write drops or ${title} refuses.`,
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

function use({ evaluator }: Pick<Stage, "evaluator">, backend: Backend): UnplacedPanel[] {
  const title = backendTitles[backend];
  const { evaluations, queries } = figures[backend];
  return [
    timeSeries({
      title: "Evaluations of rules",
      description: "Per second. Only one of them may evaluate, otherwise each alert is sent twice.",
      unit: "ops",
      width: 8,
      min: 0,
      queries: [
        { expr: `sum(${ofWriter(rate("prometheus_rule_evaluations_total"), backend)})`, legend: "Prometheus" },
        ...(evaluations ? [{ expr: `sum(${rate(evaluations)})`, legend: title }] : []),
      ],
    }),
    timeSeries({
      title: "Queries",
      description: `Per second. Clients that query Prometheus by its address get no answer once it is removed; Grafana's data source with uid prometheus then leads to ${title}.`,
      unit: "reqps",
      width: 8,
      min: 0,
      queries: [
        {
          expr: `sum(${ofWriter(rate('prometheus_http_requests_total{handler=~"/api/v1/query.*"}'), backend)})`,
          legend: "Prometheus",
        },
        { expr: `sum(${rate(queries)})`, legend: title },
      ],
    }),
    table({
      title: "Alerts firing",
      description: "From the system that evaluates the rules.",
      unit: "short",
      source: evaluator,
      width: 8,
      queries: ['count by (alertname, severity) (ALERTS{alertstate="firing"})'],
      columns: { severity: "Severity", alertname: "Alert" },
      value: "Count",
    }),
  ];
}
