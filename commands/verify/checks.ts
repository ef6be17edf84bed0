import { backendTitles, type Backend, type Stage } from "../../stages";
import { alertmanagerConfigsRead } from "./alertmanager-configs";
import { alertmanagerReady, notificationsDelivered, watchdogFires } from "./alerts";
import { applicationsShown } from "./applications";
import { backupFresh } from "./backup";
import { type Check, type Context } from "./check";
import { count } from "../shared/words";
import { formerWritersLeft } from "./former-writers";
import { dashboardsFit, dataSourcesAnswer, grafanaHealthy, ofMetrics, panelsAnswer } from "./grafana";
import { nothingOrphaned } from "./leftovers";
import { canaryLossless, chunksInBucket, everyPodReady, filesCanBeWatched, linesPerNamespace, lokiReady } from "./logs";
import { enoughDays, oldestSample, remoteWrite, sameRates, sameTargets } from "./mimir";
import { canBeScraped, controlPlaneAnswers, monitorsScraped, monitorsThere, prometheusScrapes } from "./monitors";
import type { Part } from "./subject";
import { volumesHaveRoom } from "./volumes";
import { addressAnswers, askersAreAnswered } from "./prometheus-api";
import { objectsListed } from "./objects";
import { alertsEqual, prometheusSilent, rulesEvaluated, upstreamThere } from "./rules";

/** Seconds for all dashboards' queries: a few run at a time. */
const forAllPanels = 120;

/** Seconds for the queries of all alerts, each sent to both. */
const forAllAlerts = 240;

/** What differs in the words of a row. */
const words: Readonly<
  Record<
    Backend,
    {
      possessive: string;
      limits: string;
      store: string;
      start: string;
      differences: string;
      evaluator: { id: string; title: string; called: string; needs: Part; refuses: string };
      scraper: { id: Exclude<Stage["scraper"], "prometheus">; title: string; todo: string; page: string };
    }
  >
> = {
  mimir: {
    possessive: "Mimir's",
    limits: "mimir.limits",
    store: "does the object store answer",
    start: "replays its write-ahead log",
    differences: "docs/mimir-default.md",
    evaluator: {
      ...{ id: "ruler", title: "Mimir's ruler", called: "the ruler", needs: "rule-sync" },
      refuses: "the log of alloy-rules shows which rules the ruler refuses",
    },
    scraper: {
      ...{ id: "alloy", title: "Alloy", page: "docs/kps-removed.md" },
      todo: "look at the log of alloy-metrics and at its targets: kubectl port-forward sts/alloy-metrics 12345",
    },
  },
  "victoria-metrics": {
    possessive: "VictoriaMetrics'",
    limits: "victoriaMetrics.limits",
    store: "has its volume room",
    start: "opens its index, which takes minutes from a slow disk",
    differences: "docs/victoria-metrics-default.md",
    evaluator: {
      ...{ id: "vmalert", title: "vmalert", called: "vmalert", needs: "vmalert" },
      refuses: "events of a PrometheusRule, and the log of vmalert's container rule-files, show why it is refused",
    },
    scraper: {
      ...{ id: "vmagent", title: "vmagent", page: "docs/victoria-metrics-kps-removed.md" },
      todo: "look at its targets: kubectl port-forward sts/vmagent 8429, /targets; events of a monitor, and the log of vmalert-operator, show why it is left out",
    },
  },
};

/**
 * The rows about Prometheus and what it writes to.
 * @param backend which one
 */
function beside(backend: Backend) {
  const title = backendTitles[backend];
  const { possessive, limits, store, start, differences, evaluator, scraper } = words[backend];
  return {
    ready: {
      id: `${backend}/ready`,
      title: `${title} is ready`,
      needs: [backend],
      asks: `\`/ready\` of ${possessive} pod`,
      todo: `kubectl logs of the pod shows what it is waiting for; after a start it ${start}`,
      look: (context: Context) => everyPodReady(context, backend),
    },
    targets: {
      id: `${backend}/targets`,
      title: `${title} has every target that Prometheus has`,
      needs: ["prometheus", backend],
      asks: "both for `count by (job) (up)` at five times, the last a minute ago",
      todo: `a new stage needs five minutes; then look at the row of remote_write, and at Prometheus's log, which shows what ${title} refuses`,
      look: (context: Context) => sameTargets(context, backend),
    },
    scraped: {
      id: `${backend}/targets`,
      title: `${title} has every target of the monitors`,
      needs: [backend],
      restsOn: ["metrics-collector"],
      on: { scraper: scraper.id },
      asks: `the API server for all monitors, and for the Services and pods that they select; ${title} for \`up\` of each in the last five minutes; notes list the monitors that ${scraper.title} can't scrape, and targets that a monitor's own relabelling may have dropped or renamed`,
      todo: `${scraper.todo}; ${scraper.page}`,
      look: (context: Context) => monitorsScraped(context, backend),
    },
    willBeScraped: {
      id: `monitors/${scraper.id}`,
      title: `What ${scraper.title} will scrape`,
      needs: ["prometheus", backend],
      on: { scraper: "prometheus" },
      asks: `the API server for all monitors, and for the stack's Prometheus; notes list what ${scraper.title} can't scrape in stage \`kps-removed\` or scrapes differently, and what is lost with Prometheus or its rules. Never ✗`,
      todo: scraper.page,
      look: (context: Context) => canBeScraped(context, backend),
    },
    rates: {
      id: `${backend}/rates`,
      title: `${title} accepts the samples that Prometheus sends`,
      needs: ["prometheus", backend],
      asks: `Prometheus for the rates of samples that it sent and that ${title} received, over five minutes`,
      todo: `a new stage needs five minutes; then ${possessive} log shows what it refuses and because of which limit: settings \`${limits}\``,
      look: (context: Context) => sameRates(context, backend),
    },
    remoteWrite: {
      id: `${backend}/remote-write`,
      title: `Prometheus keeps up with ${title}`,
      needs: ["prometheus", backend],
      asks: `Prometheus's own metrics of its queue to ${title}: seconds behind (120 allowed), samples waiting, samples lost since its start; if there are some, Prometheus whether that was in the last hour`,
      todo: `is ${title} ready, ${store}, are \`kps.remoteWrite\` and \`${limits}\` large enough for the load? Lost samples are only in Prometheus`,
      look: (context: Context) => remoteWrite(context, backend),
    },
    oldest: {
      id: `${backend}/oldest`,
      title: `${possessive} oldest sample`,
      needs: [backend],
      restsOn: ["prometheus", "metrics-collector"],
      asks: `${title} for the first day, hour and minute with a sample of \`up\``,
      todo: `nothing has arrived yet: look at the rows of remote_write and of ${possessive} pod`,
      look: (context: Context) => oldestSample(context, backend),
    },
    alertsEqual: {
      id: "rules/alerts-equal",
      title: `Alerts are the same in ${title}`,
      needs: ["prometheus", backend],
      on: { evaluator: "prometheus" },
      asks: `the API server for all PrometheusRules; both for each alert's expression a minute ago. Labels are compared; values and Prometheus's external labels are not, and notes list external labels other than \`cluster\`. Alerts that look back further than ${title} has samples are notes; expressions that neither can evaluate are ✗`,
      todo: `look at the row of the targets first. Rewrite an expression that uses an external label of Prometheus; correct one that neither can evaluate, or label its PrometheusRule observability/rules=off: ${differences}`,
      seconds: forAllAlerts,
      look: (context: Context) => alertsEqual(context, backend),
    },
    evaluated: {
      id: `rules/in-${evaluator.id}`,
      title: `${evaluator.title} evaluates the cluster's rules`,
      needs: [backend],
      restsOn: [evaluator.needs],
      on: { evaluator: backend },
      asks: `the API server for all PrometheusRules; ${evaluator.called} for its rules, their health, and when each group was evaluated`,
      todo: `${evaluator.refuses}; ${differences}`,
      look: (context: Context) => rulesEvaluated(context, backend),
    },
    silent: {
      id: "rules/prometheus-silent",
      title: "Prometheus evaluates no rules",
      needs: ["prometheus", backend],
      on: { evaluator: backend },
      asks: "Prometheus for its rules",
      todo: `the operator may need a minute; then look at kubectl describe prometheus, which must select no rules; ${differences}`,
      look: prometheusSilent,
    },
  } satisfies Record<string, Check>;
}

const [mimir, victoriaMetrics] = [beside("mimir"), beside("victoria-metrics")];

/** The checklist of every stage, without the rows of the workloads: a stack has a row if it has its parts. */
export const checks: readonly Check[] = [
  {
    id: "loki/ready",
    title: "Loki is ready",
    needs: ["loki", "gateway"],
    asks: "`/ready` of each of Loki's pods; `labels` through the gateway",
    todo: "docs/troubleshooting.md, sections “Ring” and “S3”",
    look: lokiReady,
  },
  {
    id: "loki/lines",
    title: "Loki has lines from every namespace",
    needs: ["loki", "gateway", "collector"],
    asks: "Loki for its lines of the last hour by namespace; for a namespace without any, the kubelet whether a pod wrote some",
    todo: "docs/troubleshooting.md, section “No logs”",
    look: linesPerNamespace,
  },
  {
    id: "logs/inotify",
    title: "No program lacks files or inotify watches",
    needs: ["loki", "gateway", "collector"],
    asks: "Loki for lines of the last 15 minutes, of pods and of the nodes' journals, that say `too many open files` or name inotify",
    todo: "raise fs.inotify.max_user_watches and fs.inotify.max_user_instances on its node: docs/troubleshooting.md, section “inotify”",
    look: filesCanBeWatched,
  },
  {
    id: "loki/canary",
    title: "The canary misses no lines",
    needs: ["loki", "gateway", "canary"],
    asks: "each canary's own counters since its start; if one counts a loss, Prometheus whether it was in the last hour",
    todo: "docs/alerts.md, section LokiCanaryMissesLines",
    look: canaryLossless,
  },
  {
    id: "loki/chunks",
    title: "Loki's chunks are in the bucket",
    needs: ["loki", "gateway"],
    asks: "Loki for lines from four to five hours ago, which only the bucket has; otherwise its writers' counters of stored chunks",
    todo: "a new Loki stores the first chunk of a stream half an hour after its last line, or after two hours: run this again then; docs/troubleshooting.md, section “S3”",
    look: chunksInBucket,
  },
  {
    id: "loki/bucket",
    title: "Loki's key lists its bucket",
    needs: ["loki"],
    asks: "the object store for the first thousand objects of Loki's bucket, with the address and key of Loki's pods. Also ✗ if there is no object: logs aren't stored yet",
    todo: "a new Loki stores its first object after a quarter of an hour: run this again then; docs/troubleshooting.md, section “S3”",
    look: (context) => objectsListed(context, "loki"),
  },
  {
    id: "loki/former-writers",
    title: "Loki's former writers left with everything in the bucket",
    needs: ["loki", "gateway", "former-writers"],
    restsOn: ["collector"],
    asks: "Loki for the last log lines, in the last week, of each writer of `loki.former` that is gone: a writer only logs that it left the ring once everything it held is stored. ✓ names the volumes that you may delete",
    todo: "a writer that was killed has the rest on its volume: raise `loki.former.writers` by one to start it again, and look at its log when it stops; with `loki.logLevel` above info it logs nothing: docs/loki-modes.md",
    look: formerWritersLeft,
  },
  mimir.ready,
  victoriaMetrics.ready,
  {
    id: "mimir/bucket",
    title: "Mimir's keys list its buckets",
    needs: ["mimir"],
    asks: "the object store for the first thousand objects of each of Mimir's buckets, with the address and key of Mimir's pods. An empty bucket is ✓: Mimir uploads its first block after two hours",
    todo: "docs/troubleshooting.md, section “S3”",
    look: (context) => objectsListed(context, "mimir"),
  },
  {
    id: "backup/age",
    title: "The last backup by the schedule is not too old",
    needs: ["backup"],
    asks: "the API server for the last success of the CronJob `backup`, which may be as old as `backup.maxAge`; a new CronJob has that long for its first backup",
    todo: "kubectl logs of its last pod, containers begin, loki, mimir, samples and end; docs/backup.md, section “By a schedule”",
    look: backupFresh,
  },
  mimir.targets,
  victoriaMetrics.targets,
  mimir.scraped,
  victoriaMetrics.scraped,
  mimir.rates,
  victoriaMetrics.rates,
  mimir.remoteWrite,
  victoriaMetrics.remoteWrite,
  mimir.oldest,
  victoriaMetrics.oldest,
  {
    id: "volumes/room",
    title: "The stack's volumes have room",
    needs: ["metrics"],
    restsOn: ["metrics-collector"],
    asks: "Grafana's default data source for what the kubelets say of each claim in the stack's namespace, as `df` does in its pod: ✗ below 3 % free; notes list those below 15 %",
    todo: "a shorter retention, or a larger volume: docs/growing-a-volume.md",
    look: volumesHaveRoom,
  },
  {
    id: "monitors/there",
    title: "Monitors and rules exist",
    needs: [],
    asks: "the API server for every ServiceMonitor, PodMonitor, Probe, ScrapeConfig and PrometheusRule, and for every Prometheus object that vmagent and vmalert are configured by: the stack's own must exist; notes list what the import of an adopted release removed",
    todo: "run `pulumi refresh`, then update: this creates objects again that were deleted by hand",
    look: monitorsThere,
  },
  {
    id: "prometheus/targets",
    title: "Prometheus scrapes the stack's monitors",
    needs: ["prometheus"],
    on: { scraper: "prometheus" },
    asks: "the API server for all monitors, and for the Services and pods that they select; Prometheus for `up` of each of the stack's targets in the last five minutes; notes list other monitors without targets",
    todo: "a new stack needs a minute; then look at the operator's log, which shows what it rejects, and at Prometheus's targets; docs/troubleshooting.md, section “No metrics”",
    look: prometheusScrapes,
  },
  {
    id: "monitors/control-plane",
    title: "The control plane answers",
    needs: ["metrics", "control-plane"],
    restsOn: ["metrics-collector"],
    asks: "Prometheus, or Grafana's default data source, for `up` of kube-scheduler, kube-controller-manager, kube-proxy and etcd, if `monitors` has them: each must have a target that answered within five minutes; notes list those that didn't",
    todo: "docs/troubleshooting.md, section “Control plane”; leave a part that the cluster doesn't have (kube-proxy with Cilium) out of `monitors`",
    look: controlPlaneAnswers,
  },
  mimir.willBeScraped,
  victoriaMetrics.willBeScraped,
  {
    id: "rules/upstream",
    title: "Upstream's rules exist",
    needs: ["upstream-rules"],
    asks: "the API server for all PrometheusRules: some must be from the release upstream-rules",
    todo: "`helm status upstream-rules` in the stack's namespace shows why; components/upstream-rules/README.md",
    look: upstreamThere,
  },
  mimir.alertsEqual,
  victoriaMetrics.alertsEqual,
  mimir.evaluated,
  victoriaMetrics.evaluated,
  mimir.silent,
  victoriaMetrics.silent,
  {
    id: "kps/orphans",
    title: "Nothing is left of kube-prometheus-stack",
    needs: ["former-kps"],
    asks: "the API server for objects with the release's labels or the names that its operator uses; for Prometheus's claims and volumes: those in `migration.reclaimVolumes` must be gone; for the CRDs",
    todo: "look at each before you delete it: docs/kps-removed.md",
    look: nothingOrphaned,
  },
  {
    id: "prometheus-api/answers",
    title: "One address answers for Prometheus",
    needs: ["prometheus-api", "metrics"],
    asks: "the Service `metrics`, and each of `prometheusApi.formerNames` that leads to it in the same namespace, for `vector(1)` and for its build information: it must be the stage's default data source",
    todo: "look at the row of the data source first; then at the log of deployment metrics, which shows what it refuses or can't reach",
    look: addressAnswers,
  },
  {
    id: "prometheus-api/askers",
    title: "Whoever asks Prometheus is answered",
    needs: ["prometheus-api"],
    asks: "the API server for other applications' objects that contain the name and port of one of kube-prometheus-stack's Services (workloads, ConfigMaps, routes, monitors, ScaledObjects, HelmReleases, VMAgents …), and for monitors of `/federate`; while Prometheus exists, also its number of requests in the last hour. Notes list each, with what will happen to it; it is only ✗ once the name, or the function, is gone",
    todo: "set prometheusApi.formerNames to these names and migration.from: kps-removed, and update once more; or point them to the Service metrics: docs/kps-removed.md",
    look: askersAreAnswered,
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
    restsOn: ["rule-sync", "vmalert"],
    asks: "Alertmanager for the alert that always fires, and when it was last sent; if Mimir's ruler or vmalert evaluates, whether it was the sender",
    todo: "docs/troubleshooting.md, section “No alerts”",
    look: watchdogFires,
  },
  {
    id: "alertmanager/notifications",
    title: "Notifications are delivered",
    needs: ["receivers"],
    asks: "Alertmanager's own counters since its start; if one counts a failure, Prometheus whether it was in the last hour. Also ✗ if there is no receiver, so that nobody is notified of an alert, and `alertmanager.receivers: {}` doesn't say that this is intended",
    todo: "Alertmanager's log shows what the receiver answered; docs/troubleshooting.md, section “No alerts”",
    look: notificationsDelivered,
  },
  {
    id: "alertmanager/configs",
    title: "AlertmanagerConfigs, and who reads them",
    needs: ["alertmanager"],
    asks: "the API server for other applications' AlertmanagerConfigs and for the operators' Alertmanagers that select them, Alertmanager for its receivers, and those of other stacks on the cluster; notes list each, with what happened to it. ✗ only if nothing reads an object, and it was created or changed after the stack's Alertmanager, or only a part of its receivers is in the settings, or `--before` has it and didn't announce it",
    todo: "write its receivers and routes as alertmanager.receivers and alertmanager.routes, and delete the object, which nothing reads; docs/adoption.md, section “AlertmanagerConfigs”",
    look: alertmanagerConfigsRead,
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
    asks: "each at its URL in Grafana's provisioning file, through the API server, not through Grafana",
    todo: "look at the row of the system behind the data source",
    look: dataSourcesAnswer,
  },
  {
    id: "grafana/applications",
    title: "Grafana shows what other applications bring",
    needs: ["grafana", "applications"],
    asks: "the API server for ConfigMaps with the labels of Grafana's sidecar; Grafana, as its administrator, for its dashboards and data sources: each in a ConfigMap must be there, no uid twice, and none may be a second default",
    todo: "kubectl logs of Grafana's pod, containers sidecar-dashboards, sidecar-datasources and grafana, shows what they refuse; components/grafana/README.md",
    look: applicationsShown,
  },
  {
    id: "dashboards/data-sources",
    title: "Dashboards use data sources that exist",
    needs: [],
    asks: "the stack's dashboards, and those of other applications in labelled ConfigMaps: which data source each query uses, by uid, name, variable or default. None may query Prometheus for series that only Mimir's ruler or vmalert records; in `dual-write`, notes list those that will",
    todo: "a dashboard that names no data source, or a variable, follows the stages automatically; docs/mimir-default.md",
    look: dashboardsFit,
  },
  {
    id: "dashboards/prometheus",
    title: "Queries of metrics panels are answered",
    needs: ["metrics"],
    asks: "Prometheus, Mimir or VictoriaMetrics, whichever a panel uses, for every query of every dashboard, at this moment",
    todo: "a query that is refused is an error in the dashboard: report it; if one takes too long, the data source is overloaded",
    seconds: forAllPanels,
    look: (context) => panelsAnswer(context, ofMetrics),
  },
  {
    id: "dashboards/loki",
    title: "Queries of log panels are answered",
    needs: ["loki", "gateway"],
    asks: "Loki for every query of every dashboard, over the last hour",
    todo: "a query that is refused is an error in the dashboard: report it; if one takes too long, Loki is overloaded",
    seconds: forAllPanels,
    look: (context) => panelsAnswer(context, ["loki"]),
  },
];

/**
 * The gate before a stage is raised. Unlike a row of the checklist it is never left out: what can't be checked has failed.
 * @param required days that the backend must have, without a gap
 * @param backend the stack's
 */
export const gate = (required: number, backend: Backend): Check => ({
  id: "gate/days",
  title: `${backendTitles[backend]} has ${count(required, "day")} without a gap`,
  needs: [],
  asks: "it for its oldest sample of `up`; both for the number of samples of `up` by job on each of the days; it must have 99.5 % of Prometheus's",
  todo: "stay in this stage until the days have passed; a gap no longer counts once it is older than they are",
  look: (context) => enoughDays(context, required, backend),
});
