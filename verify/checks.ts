import { alertmanagerReady, notificationsDelivered, watchdogFires } from "./alerts";
import { count, type Check } from "./check";
import { dashboardsFit, dataSourcesAnswer, grafanaHealthy, ofMetrics, panelsAnswer } from "./grafana";
import { nothingOrphaned } from "./leftovers";
import { canaryLossless, chunksInBucket, everyPodReady, linesPerNamespace, lokiReady } from "./logs";
import { enoughDays, oldestSample, remoteWrite, sameRates, sameTargets } from "./mimir";
import { alloyCanScrape, monitorsScraped, monitorsThere } from "./monitors";
import { alertsEqual, prometheusSilent, rulesInRuler } from "./rules";

/** Seconds for all of a dashboard's queries: they are asked a few at a time. */
const forAllPanels = 120;

/** Seconds for the queries of all alerts, each of them asked of both. */
const forAllAlerts = 240;

/** The checklist of every stage, beside the rows of the workloads: a stack has those rows whose parts it has. */
export const checks: readonly Check[] = [
  {
    id: "loki/ready",
    title: "Loki is ready",
    needs: ["loki", "gateway"],
    asks: "`/ready` of each of Loki's pods; `labels` by the gateway",
    todo: "docs/troubleshooting.md, sections “Ring” and “S3”",
    look: lokiReady,
  },
  {
    id: "loki/lines",
    title: "Loki has lines of every namespace",
    needs: ["loki", "gateway", "collector"],
    asks: "Loki for its lines of the last hour by namespace; of a namespace without any, the kubelet whether a pod wrote some",
    todo: "docs/troubleshooting.md, section “No logs”",
    look: linesPerNamespace,
  },
  {
    id: "loki/canary",
    title: "The canary misses no line",
    needs: ["loki", "gateway", "canary"],
    asks: "each canary's own counters since its start; where one counts a loss, Prometheus whether it was in the last hour",
    todo: "docs/alerts.md, section LokiCanaryMissesLines",
    look: canaryLossless,
  },
  {
    id: "loki/chunks",
    title: "Loki's chunks are in the bucket",
    needs: ["loki", "gateway"],
    asks: "Loki for lines of four to five hours ago, which no writer is asked for any more; else its writers' counters of stored chunks",
    todo: "a new Loki stores its first chunk after half an hour without a line or two hours with: look again then; docs/troubleshooting.md, section “S3”",
    look: chunksInBucket,
  },
  {
    id: "mimir/ready",
    title: "Mimir is ready",
    needs: ["mimir"],
    asks: "`/ready` of Mimir's pod",
    todo: "kubectl logs of the pod say what it waits for; after a start that is the replay of its write-ahead log",
    look: (context) => everyPodReady(context, "mimir"),
  },
  {
    id: "mimir/targets",
    title: "Mimir has every target that Prometheus has",
    needs: ["prometheus", "mimir"],
    asks: "both for `count by (job) (up)` at five instants, the last a minute ago",
    todo: "look at the row of remote_write first; then Prometheus's log, which has Mimir's refusals",
    look: sameTargets,
  },
  {
    id: "mimir/targets",
    title: "Mimir has every target of the monitors",
    needs: ["mimir"],
    restsOn: ["metrics-collector"],
    on: { scraper: "alloy" },
    asks: "the API server for all monitors, and for the Services and pods that they select; Mimir for `up` of each in the last five minutes; notes have the monitors that Alloy can't scrape, and what a monitor's own relabelling may have left out or renamed",
    todo: "the log of alloy-metrics, and its page of targets: kubectl port-forward sts/alloy-metrics 12345; docs/kps-removed.md",
    look: monitorsScraped,
  },
  {
    id: "mimir/rates",
    title: "Mimir takes the samples that Prometheus sends",
    needs: ["prometheus", "mimir"],
    asks: "Prometheus for the rates of its own counter of sent samples and of Mimir's of received ones, over five minutes",
    todo: "Mimir's log has what it refuses and by which limit: settings `mimir.limits`",
    look: sameRates,
  },
  {
    id: "mimir/remote-write",
    title: "Prometheus keeps up with Mimir",
    needs: ["prometheus", "mimir"],
    asks: "Prometheus's own metrics of its queue to Mimir: seconds behind (120 allowed), samples waiting, samples given up since its start; where there are some, Prometheus whether that was in the last hour",
    todo: "is Mimir ready, is the object store there, are `kps.remoteWrite` and `mimir.limits` large enough for the load? What was given up stays in Prometheus alone",
    look: remoteWrite,
  },
  {
    id: "mimir/oldest",
    title: "Mimir's oldest sample",
    needs: ["mimir"],
    restsOn: ["prometheus", "metrics-collector"],
    asks: "Mimir for the first day, hour and minute with a sample of `up`",
    todo: "nothing has arrived yet: look at the rows of remote_write and of Mimir's pod",
    look: oldestSample,
  },
  {
    id: "monitors/there",
    title: "Monitors and rules are there",
    needs: [],
    asks: "the API server for every ServiceMonitor, PodMonitor, Probe, ScrapeConfig and PrometheusRule, of which the stack's own must be there",
    todo: "bring the stack up again: an object that was deleted by hand is made anew after `pulumi refresh`",
    look: monitorsThere,
  },
  {
    id: "monitors/alloy",
    title: "What Alloy will scrape",
    needs: ["prometheus", "mimir"],
    on: { scraper: "prometheus" },
    asks: "the API server for all monitors, and for the stack's Prometheus; notes have what Alloy can't scrape in stage `kps-removed`, or scrapes otherwise, and what ends with Prometheus or its rules. Never ✗",
    todo: "docs/kps-removed.md",
    look: alloyCanScrape,
  },
  {
    id: "rules/alerts-equal",
    title: "Alerts are the same in Mimir",
    needs: ["prometheus", "mimir"],
    on: { evaluator: "prometheus" },
    asks: "the API server for all PrometheusRules; both for each alert's expression a minute ago. Labels are compared, values and Prometheus's external labels are not, of which notes have those beside `cluster`; what looks back further than Mimir has samples is a note, what neither can evaluate is ✗",
    todo: "look at the row of the targets first; an expression that asks for an external label of Prometheus's has to be rewritten, one that neither can evaluate corrected, or its PrometheusRule labelled observability/rules=off: docs/mimir-default.md",
    seconds: forAllAlerts,
    look: alertsEqual,
  },
  {
    id: "rules/in-ruler",
    title: "Mimir's ruler evaluates the cluster's rules",
    needs: ["mimir"],
    restsOn: ["rule-sync"],
    on: { evaluator: "mimir" },
    asks: "the API server for all PrometheusRules; the ruler for its rules, their health, and when each group was evaluated",
    todo: "the log of alloy-rules says which rules the ruler refuses; docs/mimir-default.md",
    look: rulesInRuler,
  },
  {
    id: "rules/prometheus-silent",
    title: "Prometheus evaluates no rule",
    needs: ["prometheus", "mimir"],
    on: { evaluator: "mimir" },
    asks: "Prometheus for its rules",
    todo: "the operator may need a minute; then: kubectl describe prometheus, which must select no rule; docs/mimir-default.md",
    look: prometheusSilent,
  },
  {
    id: "kps/orphans",
    title: "Nothing is left of kube-prometheus-stack",
    needs: ["former-kps"],
    asks: "the API server for objects with the release's labels or by the names that its operator gave; for Prometheus's claims and volumes, of which those in `migration.reclaimVolumes` must be gone; for the CRDs",
    todo: "look at each before it is deleted: docs/kps-removed.md",
    look: nothingOrphaned,
  },
  {
    id: "alertmanager/ready",
    title: "Alertmanager is ready",
    needs: ["alertmanager"],
    asks: "its `/-/ready`",
    todo: "docs/troubleshooting.md, section “No alerts”",
    look: alertmanagerReady,
  },
  {
    id: "alertmanager/watchdog",
    title: "Watchdog fires",
    needs: ["alertmanager", "evaluator"],
    restsOn: ["rule-sync"],
    asks: "Alertmanager for the alert that always fires, and when it was sent the last time; where Mimir evaluates, by its link whether the ruler sent it",
    todo: "docs/troubleshooting.md, section “No alerts”",
    look: watchdogFires,
  },
  {
    id: "alertmanager/notifications",
    title: "Notifications are delivered",
    needs: ["receivers"],
    asks: "Alertmanager's own counters since its start; where one counts a failure, Prometheus whether it was in the last hour",
    todo: "Alertmanager's log has what the receiver answered; docs/troubleshooting.md, section “No alerts”",
    look: notificationsDelivered,
  },
  {
    id: "grafana/health",
    title: "Grafana is healthy",
    needs: ["grafana"],
    asks: "its `/api/health`, which needs no password",
    todo: "kubectl logs of its pod; docs/troubleshooting.md",
    look: grafanaHealthy,
  },
  {
    id: "grafana/data-sources",
    title: "Grafana's data sources answer",
    needs: [],
    asks: "each at the URL that Grafana's provisioning file has for it, by the API server and not by Grafana",
    todo: "the row of what the data source leads to says why",
    look: dataSourcesAnswer,
  },
  {
    id: "dashboards/data-sources",
    title: "Dashboards ask data sources that are there",
    needs: [],
    asks: "the stack's dashboards, and those in ConfigMaps for a Grafana that exists: to which data source each query goes, by uid, name, variable or default; none may ask Prometheus for what only Mimir's ruler makes: in `dual-write` those that will are notes",
    todo: "a dashboard that names no data source, or a variable, follows the stages by itself; docs/mimir-default.md",
    look: dashboardsFit,
  },
  {
    id: "dashboards/prometheus",
    title: "Panels of metrics have answers",
    needs: ["metrics"],
    asks: "for every query of every dashboard, now, the data source that it is sent to: Prometheus or Mimir",
    todo: "a query that is refused is a fault of the dashboard: report it; one that takes too long is the load of what is asked",
    seconds: forAllPanels,
    look: (context) => panelsAnswer(context, ofMetrics),
  },
  {
    id: "dashboards/loki",
    title: "Panels of logs have answers",
    needs: ["loki", "gateway"],
    asks: "Loki for every query of every dashboard, over the last hour",
    todo: "a query that is refused is a fault of the dashboard: report it; one that takes too long is Loki's load",
    seconds: forAllPanels,
    look: (context) => panelsAnswer(context, ["loki"]),
  },
];

/**
 * The gate before a stage is raised. Unlike a row of the checklist it is never left out: what can't be known is not enough.
 * @param required days that Mimir must have, without a gap
 */
export const gate = (required: number): Check => ({
  id: "gate/days",
  title: `Mimir has ${count(required, "day")} without a gap`,
  needs: [],
  asks: "Mimir for its oldest sample of `up`; both for the number of samples of `up` by job on each of the days, of which Mimir must have 99.5 %",
  todo: "stay in this stage until the days are full; a gap closes by itself once it is older than they are",
  look: (context) => enoughDays(context, required),
});
