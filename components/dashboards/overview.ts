import { backendOf, backendTitles, type Backend, type Stage } from "../../stages";
import { dashboard, type Dashboard } from "../grafana/dashboard";
import { stat, table, timeSeries, type UnplacedPanel } from "../grafana/panels";
import { counted } from "../rules/counted";
import { rate, sumOrZero } from "./promql";
import { mimir, objectStoreFree, victoriaMetrics, wayShown, type Metric, type ShownWay } from "./stack";

/** What the dashboard is made for. */
export interface OverviewArgs {
  stage: Pick<Stage, "mimir" | "victoriaMetrics" | "evaluator" | "scraper">;
  /** Whether the object store is scraped. */
  objectStore: boolean;
  /** A metric of Loki. */
  loki: Metric;
}

const bad = (from: number) => [{ from, color: "red" }];

/**
 * The stack on one screen: is anything wrong, and where to look next.
 * @param args what the stage has
 */
export function overviewDashboard(args: OverviewArgs): Dashboard {
  return dashboard({
    uid: "observability-overview",
    title: "Stack overview",
    description: "Is anything wrong with monitoring itself or with what it watches, and where?",
    rows: {
      Alerts: alerts(args.stage),
      Logs: lines(args.loki),
      Metrics: metrics(args.stage),
      Room: room(args),
    },
  });
}

/** Alertmanager's, or Mimir's own. */
const failed = (alertmanager: string) => `increase(${alertmanager}_notifications_failed_total[1h])`;

const firing = (severity: string) => `ALERTS{alertstate="firing",severity="${severity}"}`;

function alerts({ evaluator: source }: OverviewArgs["stage"]): UnplacedPanel[] {
  return [
    stat({
      title: "Critical",
      description: "Alerts that are firing now: data is being lost, or soon will be.",
      unit: "short",
      source,
      queries: [sumOrZero(firing("critical"))],
      steps: bad(1),
    }),
    stat({
      title: "Warnings",
      description: "Alerts that are firing now and can wait until morning.",
      unit: "short",
      source,
      queries: [sumOrZero(firing("warning"))],
      steps: [{ from: 1, color: "orange" }],
    }),
    stat({
      title: "Targets that don't answer",
      description: "Of all known targets. Alert TargetDown.",
      unit: "short",
      queries: ["count(up == 0) or vector(0)"],
      steps: bad(1),
    }),
    stat({
      title: "Notifications that failed",
      description: "In the last hour. Alert AlertmanagerNotificationsFailing.",
      unit: "short",
      decimals: 0,
      queries: [`sum(${failed("alertmanager")}) or sum(${failed("cortex_alertmanager")}) or vector(0)`],
      steps: bad(1),
    }),
    table({
      title: "Alerts firing",
      description:
        "Each alert, and how often it fires; docs/alerts.md explains what to do. Alerts on log lines are only in Alertmanager.",
      unit: "short",
      source,
      width: 12,
      queries: ['count by (severity, alertname, namespace) (ALERTS{alertstate="firing",severity!="none"})'],
      columns: { severity: "Severity", alertname: "Alert", namespace: "Namespace" },
      value: "Count",
    }),
    table({
      title: "Targets by job",
      description: "How many answer. A job that is missing here is not scraped at all.",
      unit: "short",
      width: 12,
      queries: ["sum by (namespace, job) (up)"],
      columns: { namespace: "Namespace", job: "Job" },
      value: "Answer",
    }),
  ];
}

function lines(loki: Metric): UnplacedPanel[] {
  return [
    stat({
      title: "Lines stored",
      description: "By Loki, per second.",
      unit: "cps",
      queries: [`sum(${rate(loki("loki_distributor_lines_received_total"))})`],
    }),
    stat({
      title: "Lines lost",
      description: "Lines that Loki refused in the last hour. Alert LokiLinesRefused.",
      unit: "short",
      decimals: 0,
      queries: [
        sumOrZero(
          counted(
            loki("loki_discarded_samples_total", 'reason!~"rate_limited|per_stream_rate_limit|stream_limit"'),
            "1h",
          ),
        ),
      ],
      steps: bad(1),
    }),
    stat({
      title: "Lines that the canary can't find",
      description: "In the last hour. Alert LokiCanaryMissesLines.",
      unit: "short",
      decimals: 0,
      queries: [sumOrZero('increase(loki_canary_missing_entries_total{job="loki-canary"}[1h])')],
      steps: bad(1),
    }),
    stat({
      title: "Failed calls from Loki to its store",
      description: "In the last hour. Alert LokiObjectStoreErrors.",
      unit: "short",
      decimals: 0,
      queries: [sumOrZero(counted(loki("loki_s3_request_duration_seconds_count", 'status_code=~"5.."'), "1h"))],
      steps: bad(1),
    }),
    stat({
      title: "Rules on log lines",
      description: "Evaluated by Loki. Alert LokiRulesMissing.",
      unit: "short",
      queries: [sumOrZero(loki("loki_prometheus_rule_group_rules"))],
    }),
    stat({
      title: "Time since retention ran",
      description: "Loki applies its retention every ten minutes. Alert LokiRetentionStale.",
      unit: "s",
      queries: [`time() - max(${loki("loki_compactor_apply_retention_last_successful_run_timestamp_seconds")} > 0)`],
    }),
  ];
}

/** What each backend counts of its own failures. */
const troubles: Readonly<Record<Backend, UnplacedPanel>> = {
  mimir: stat({
    title: "Failed calls from Mimir to its store",
    description: "In the last hour. Alert MimirObjectStoreErrors.",
    unit: "short",
    decimals: 0,
    queries: [sumOrZero(`increase(${mimir("thanos_objstore_bucket_operation_failures_total")}[1h])`)],
    steps: bad(1),
  }),
  "victoria-metrics": stat({
    title: "Samples that VictoriaMetrics dropped",
    description: "In the last hour. Alert VictoriaMetricsSamplesDropped.",
    unit: "short",
    decimals: 0,
    queries: [sumOrZero(`increase(${victoriaMetrics("vm_rows_ignored_total")}[1h])`)],
    steps: bad(1),
  }),
};

function ofBackend(backend: Backend, { behind, lost }: ShownWay): UnplacedPanel[] {
  const title = backendTitles[backend];
  return [
    stat({ title: `${title} is behind`, ...behind }),
    stat({ title: "Samples lost", ...lost, description: `On the way to ${title}, in 24 hours. ${lost.description}` }),
    troubles[backend],
  ];
}

function metrics(stage: OverviewArgs["stage"]): UnplacedPanel[] {
  const backend = backendOf(stage);
  const way = backend && wayShown(backend, stage.scraper);
  const failures = {
    prometheus: "prometheus_rule_evaluation_failures_total",
    mimir: mimir("cortex_prometheus_rule_evaluation_failures_total"),
    "victoria-metrics": "vmalert_execution_errors_total",
  }[stage.evaluator];
  return [
    ...(backend && way ? ofBackend(backend, way) : []),
    stat({
      title: "Failed evaluations",
      description:
        "Of rules on metrics, in the last hour. Alerts PrometheusRuleFailures, MimirRuleFailures, VmalertRulesFail.",
      unit: "short",
      decimals: 0,
      queries: [sumOrZero(`increase(${failures}[1h])`)],
      steps: bad(1),
    }),
    timeSeries({
      title: "Samples",
      description: "Per second.",
      unit: "short",
      width: 24,
      height: 6,
      queries: way?.samples ?? [
        { expr: `sum(${rate("prometheus_tsdb_head_samples_appended_total")})`, legend: "stored" },
      ],
    }),
  ];
}

function room({ objectStore }: OverviewArgs): UnplacedPanel[] {
  const claims = 'job="kubelet",metrics_path="/metrics"';
  return [
    ...(objectStore
      ? [
          stat({
            title: "Object store free",
            description: "Alert ObjectStoreFillingUp.",
            unit: "percentunit",
            queries: [objectStoreFree],
          }),
        ]
      : []),
    timeSeries({
      title: "Fullest claims",
      description: "Used share of the five fullest. Alert KubePersistentVolumeFillingUp.",
      unit: "percentunit",
      min: 0,
      max: 1,
      queries: [
        {
          expr: `topk(5, max by (namespace, persistentvolumeclaim) (1 - kubelet_volume_stats_available_bytes{${claims}} / kubelet_volume_stats_capacity_bytes{${claims}}))`,
          legend: "{{namespace}}/{{persistentvolumeclaim}}",
        },
      ],
    }),
  ];
}
