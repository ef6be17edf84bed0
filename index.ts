import { Alertmanager } from "./components/alertmanager/alertmanager";
import { existingAlertmanager } from "./components/alertmanager/existing";
import type { AlertReceiver } from "./components/alertmanager/types";
import { LogCollector } from "./components/alloy/log-collector";
import { MetricsCollector } from "./components/alloy/metrics-collector";
import { RuleSync } from "./components/alloy/rule-sync";
import { baseDashboards } from "./components/dashboards/base";
import { Exporters } from "./components/exporters/exporters";
import { dataSources } from "./components/grafana/data-sources";
import { ExistingGrafana } from "./components/grafana/existing";
import { Grafana } from "./components/grafana/grafana";
import { images, type ImageName } from "./components/images";
import { PrometheusOperatorCrds } from "./components/kube-prometheus-stack/crds";
import { KubePrometheusStack } from "./components/kube-prometheus-stack/kube-prometheus-stack";
import { cluster } from "./components/kubernetes/cluster";
import { environment as describe } from "./components/kubernetes/environment";
import { Loki } from "./components/loki/loki";
import { mimirAlertmanager } from "./components/mimir/alertmanager";
import { Mimir } from "./components/mimir/mimir";
import { BaseMonitors } from "./components/monitors/monitors";
import { baseTargets } from "./components/monitors/targets";
import { objectStorage } from "./components/object-storage/object-storage";
import { baseRules } from "./components/rules/base";
import { BaseRules } from "./components/rules/rules";
import { Secrets } from "./components/secrets/secrets";
import { loadSettings } from "./config/load";
import { stageOf } from "./migration/stages";

const { settings, secretValues } = loadSettings();
const on = stageOf(settings);
const environment = describe(settings);
const image = <Name extends ImageName>(...names: Name[]) => images(settings.images, ...names);

// Every stage: what the cluster must have before anything else.
const inNamespace = cluster(settings);
const crds = new PrometheusOperatorCrds(
  "prometheus-operator-crds",
  { environment, chartVersion: settings.kps.crdsChartVersion, takeOwnership: settings.adopt.crds },
  inNamespace,
);
const opts = { ...inNamespace, dependsOn: [...inNamespace.dependsOn, crds] };

// Every stage: secrets and object storage; data belongs to no stage.
const secrets = new Secrets("secrets", { environment, settings: settings.secrets, values: secretValues }, opts);
const storage = objectStorage(
  "object-storage",
  {
    environment,
    settings: settings.objectStore,
    buckets: settings.buckets,
    images: image("minio", "minio-mc"),
    secrets,
  },
  opts,
);

// Every stage: alerts and logs.
const alerting = { environment, settings: settings.alertmanager, secrets };
const alertmanager: AlertReceiver = settings.adopt.alertmanagerUrl
  ? existingAlertmanager(settings.adopt.alertmanagerUrl)
  : settings.alertmanager.implementation === "mimir"
    ? mimirAlertmanager(alerting)
    : new Alertmanager("alertmanager", { ...alerting, images: image("alertmanager") }, opts);
const loki = new Loki(
  "loki",
  {
    environment,
    settings: settings.loki,
    images: image("loki", "loki-canary", "nginx"),
    storage: storage.loki,
    alertmanagerUrl: alertmanager.url,
  },
  { ...opts, dependsOn: [...opts.dependsOn, storage] },
);
const collector = new LogCollector(
  "alloy",
  { environment, settings: settings.logs, limits: settings.loki.limits, images: image("alloy"), pushUrl: loki.pushUrl },
  { ...opts, dependsOn: [...opts.dependsOn, loki] },
);

// From stage `dual-write` on: Mimir. It comes before whoever writes to it.
const mimir = on.mimir
  ? new Mimir(
      "mimir",
      {
        environment,
        settings: settings.mimir,
        stage: on,
        images: image("mimir"),
        storage: storage.mimir,
        alertmanagerUrl: alertmanager.url,
        evaluationInterval: settings.kps.scrapeInterval,
        alertmanager: alertmanager.inMimir,
      },
      { ...opts, dependsOn: [...opts.dependsOn, storage] },
    )
  : undefined;

// From stage `mimir-default` on: Mimir's ruler has the rules before Prometheus evaluates them no more.
const ruleSync =
  mimir && on.evaluator === "mimir"
    ? new RuleSync(
        "alloy-rules",
        { environment, settings: settings.metrics, images: image("alloy"), rulerUrl: mimir.url },
        { ...opts, dependsOn: [...opts.dependsOn, mimir] },
      )
    : undefined;

// What of the cluster itself is scraped, whoever does it.
const monitored = { settings: settings.monitors, dropApiserverHistograms: settings.kps.dropApiserverHistograms };

// Stage `kps-removed`: what scrapes. An update makes it before it removes kube-prometheus-stack.
const metrics =
  mimir && on.scraper === "alloy"
    ? new MetricsCollector(
        "alloy-metrics",
        {
          environment,
          settings: settings.metrics,
          images: image("alloy"),
          pushUrl: mimir.pushUrl,
          targets: [...baseTargets(monitored), ...storage.targets],
          scrapeInterval: settings.kps.scrapeInterval,
        },
        { ...opts, dependsOn: [...opts.dependsOn, mimir] },
      )
    : undefined;

// Stages `loki` to `mimir-default`: kube-prometheus-stack.
const kps = on.kps
  ? new KubePrometheusStack(
      "kube-prometheus-stack",
      {
        environment,
        settings: settings.kps,
        adopt: settings.adopt.kps,
        stage: on,
        retire: settings.migration.retireKps,
        reclaimVolume: settings.migration.reclaimVolumes?.includes("prometheus") ?? false,
        images: image(
          "prometheus",
          "prometheus-operator",
          "prometheus-config-reloader",
          "grafana",
          "k8s-sidecar",
          "node-exporter",
          "kube-state-metrics",
        ),
        alertmanager: alertmanager.target,
        remoteWriteUrl: mimir?.pushUrl,
      },
      { ...opts, dependsOn: [...opts.dependsOn, ...(mimir ? [mimir] : []), ...(ruleSync ? [ruleSync] : [])] },
    )
  : undefined;

// Every stage: what exports and scrapes the cluster's own metrics, and the rules. They come after a release that may have to give up its
// own: host port 9100 can be had once, and nothing is scraped or evaluated twice meanwhile.
const afterKps = { ...opts, dependsOn: [...opts.dependsOn, ...(kps ? [kps] : [])] };
new Exporters(
  "exporters",
  {
    environment,
    settings: settings.exporters,
    images: image("node-exporter", "kube-state-metrics"),
    adopt: settings.adopt.kps,
  },
  afterKps,
);
new BaseMonitors("monitors", { environment, ...monitored }, afterKps);
new BaseRules(
  "rules",
  {
    environment,
    groups: {
      ...baseRules(settings),
      alertmanager: alertmanager.rules,
      alloy: collector.rules,
      loki: loki.rules,
      mimir: mimir?.rules ?? [],
      "object-store": storage.rules,
      "remote-write": kps?.rules ?? [],
      "alloy-rules": ruleSync?.rules ?? [],
      "alloy-metrics": metrics?.rules ?? [],
    },
  },
  afterKps,
);

// Every stage: Grafana, with what the stage has to show.
const shown = {
  environment,
  settings: settings.grafana,
  dataSources: dataSources({
    default: on.defaultDataSource,
    loki: loki.queryUrl,
    prometheus: kps?.prometheusUrl,
    mimir: mimir?.queryUrl,
    alertmanager: alertmanager.url,
    scrapeInterval: settings.kps.scrapeInterval,
  }),
  dashboards: [...baseDashboards({ stage: on, settings }), ...loki.dashboards, ...(mimir?.dashboards ?? [])],
};
const grafana = settings.grafana.create
  ? new Grafana("grafana", { ...shown, images: image("grafana"), secrets }, opts)
  : new ExistingGrafana("grafana", shown, opts);

/** The stage that this update brings about: the next one's order is checked against it. */
export const stage = settings.stage;
/** How to open Grafana. */
export const grafanaAccess = grafana.access;
/** Where logs are pushed to, and queried from, inside the cluster. */
export const lokiPushUrl = loki.pushUrl;
export const lokiQueryUrl = loki.queryUrl;
/** Base URLs of the Prometheus APIs that the stage has, inside the cluster. */
export const metricsUrls = { prometheus: kps?.prometheusUrl, mimir: mimir?.queryUrl };
/** Where alerts are sent to. */
export const alertmanagerUrl = alertmanager.url;
