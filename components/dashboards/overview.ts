import type { Stage } from "../../migration/stages";
import { dashboard, type Dashboard } from "../grafana/dashboard";
import { stat, table, timeSeries, type UnplacedPanel } from "../grafana/panels";
import { rate, sumOrZero } from "./promql";
import { behind, loki, lostSamples, mimir, objectStoreFree, samples } from "./stack";

/** What the dashboard is made for. */
export interface OverviewArgs {
  stage: Pick<Stage, "mimir" | "evaluator">;
  /** There are metrics of the object store. */
  objectStore: boolean;
}

const bad = (from: number) => [{ from, color: "red" }];

/**
 * The stack on one screen: is anything wrong, and where to look on.
 * @param args what the stage has
 */
export function overviewDashboard(args: OverviewArgs): Dashboard {
  return dashboard({
    uid: "observability-overview",
    title: "Stack overview",
    description: "Is anything wrong with monitoring itself or with what it watches, and where is it?",
    rows: {
      Alerts: alerts(args.stage),
      Logs: lines(),
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
      description: "Alerts that fire now: something is lost, or soon will be.",
      unit: "short",
      source,
      queries: [sumOrZero(firing("critical"))],
      steps: bad(1),
    }),
    stat({
      title: "Warnings",
      description: "Alerts that fire now and can wait until morning.",
      unit: "short",
      source,
      queries: [sumOrZero(firing("warning"))],
      steps: [{ from: 1, color: "orange" }],
    }),
    stat({
      title: "Targets that don't answer",
      description: "Of all that are known. Alert TargetDown.",
      unit: "short",
      queries: ["count(up == 0) or vector(0)"],
      steps: bad(1),
    }),
    stat({
      title: "Notifications that failed",
      description: "Within an hour. Alert AlertmanagerNotificationsFailing.",
      unit: "short",
      decimals: 0,
      queries: [`sum(${failed("alertmanager")}) or sum(${failed("cortex_alertmanager")}) or vector(0)`],
      steps: bad(1),
    }),
    table({
      title: "What fires",
      description:
        "Each alert with how many things it is about; docs/alerts.md has what to do. Alerts on lines are in Alertmanager only.",
      unit: "short",
      source,
      width: 12,
      queries: ['count by (severity, alertname, namespace) (ALERTS{alertstate="firing",severity!="none"})'],
      columns: { severity: "Severity", alertname: "Alert", namespace: "Namespace" },
      value: "Of how many",
    }),
    table({
      title: "Targets by job",
      description: "How many answer. A job that is missing here isn't scraped at all.",
      unit: "short",
      width: 12,
      queries: ["sum by (namespace, job) (up)"],
      columns: { namespace: "Namespace", job: "Job" },
      value: "Answer",
    }),
  ];
}

function lines(): UnplacedPanel[] {
  return [
    stat({
      title: "Lines taken",
      description: "By Loki, a second.",
      unit: "cps",
      queries: [`sum(${rate(loki("loki_distributor_lines_received_total"))})`],
    }),
    stat({
      title: "Lines lost",
      description: "Within an hour: refused for good, by Loki's count. Alert LokiLinesRefused.",
      unit: "short",
      decimals: 0,
      queries: [
        sumOrZero(
          `increase(${loki("loki_discarded_samples_total", 'reason!~"rate_limited|per_stream_rate_limit|stream_limit"')}[1h])`,
        ),
      ],
      steps: bad(1),
    }),
    stat({
      title: "Lines that the canary misses",
      description: "Within an hour. Alert LokiCanaryMissesLines.",
      unit: "short",
      decimals: 0,
      queries: [sumOrZero('increase(loki_canary_missing_entries_total{job="loki-canary"}[1h])')],
      steps: bad(1),
    }),
    stat({
      title: "Failed calls of Loki to its store",
      description: "Within an hour. Alert LokiObjectStoreErrors.",
      unit: "short",
      decimals: 0,
      queries: [sumOrZero(`increase(${loki("loki_s3_request_duration_seconds_count", 'status_code=~"5.."')}[1h])`)],
      steps: bad(1),
    }),
    stat({
      title: "Rules on lines",
      description: "That Loki evaluates. Alert LokiRulesMissing.",
      unit: "short",
      queries: [sumOrZero(loki("loki_prometheus_rule_group_rules"))],
    }),
    stat({
      title: "Since the last deletion",
      description: "Loki looks every ten minutes what it may delete. Alert LokiRetentionStale.",
      unit: "s",
      queries: [`time() - max(${loki("loki_compactor_apply_retention_last_successful_run_timestamp_seconds")} > 0)`],
    }),
  ];
}

function metrics(stage: OverviewArgs["stage"]): UnplacedPanel[] {
  const ofMimir = [
    stat({
      title: "Mimir is behind",
      description: "Age of the newest sample that was sent to it. Alerts of remote_write and of the metrics collector.",
      unit: "s",
      queries: [behind],
      steps: bad(120),
    }),
    stat({
      title: "Samples lost",
      description: "On their way to Mimir, in 24 hours.",
      unit: "short",
      decimals: 0,
      queries: [sumOrZero(`increase(${lostSamples}[24h])`)],
      steps: bad(1),
    }),
    stat({
      title: "Failed calls of Mimir to its store",
      description: "Within an hour. Alert MimirObjectStoreErrors.",
      unit: "short",
      decimals: 0,
      queries: [sumOrZero(`increase(${mimir("thanos_objstore_bucket_operation_failures_total")}[1h])`)],
      steps: bad(1),
    }),
  ];
  const failures =
    stage.evaluator === "mimir"
      ? mimir("cortex_prometheus_rule_evaluation_failures_total")
      : "prometheus_rule_evaluation_failures_total";
  return [
    ...(stage.mimir ? ofMimir : []),
    stat({
      title: "Evaluations that failed",
      description: "Of rules on metrics, within an hour. Alerts PrometheusRuleFailures, MimirRuleFailures.",
      unit: "short",
      decimals: 0,
      queries: [sumOrZero(`increase(${failures}[1h])`)],
      steps: bad(1),
    }),
    timeSeries({
      title: "Samples",
      description: "A second.",
      unit: "short",
      width: 24,
      height: 6,
      queries: stage.mimir
        ? [samples.sent, samples.taken]
        : [{ expr: `sum(${rate("prometheus_tsdb_head_samples_appended_total")})`, legend: "stored" }],
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
      description: "Share that is used of the five fullest. Alert KubePersistentVolumeFillingUp.",
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
