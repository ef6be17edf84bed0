import { Alertmanager } from "./components/alertmanager/alertmanager";
import { existingAlertmanager } from "./components/alertmanager/existing";
import type { AlertReceiver } from "./components/alertmanager/types";
import { LogCollector } from "./components/alloy/log-collector";
import { MetricsCollector } from "./components/alloy/metrics-collector";
import { RuleSync } from "./components/alloy/rule-sync";
import { Backup } from "./components/backup/backup";
import { baseDashboards } from "./components/dashboards/base";
import { Exporters } from "./components/exporters/exporters";
import { dataSources } from "./components/grafana/data-sources";
import { ExistingGrafana } from "./components/grafana/existing";
import { Grafana } from "./components/grafana/grafana";
import { images } from "./components/images";
import { PrometheusOperatorCrds } from "./components/kube-prometheus-stack/crds";
import { KubePrometheusStack } from "./components/kube-prometheus-stack/kube-prometheus-stack";
import { kpsImages } from "./components/kube-prometheus-stack/values";
import { cluster } from "./components/kubernetes/cluster";
import { environment as describe } from "./components/kubernetes/environment";
import { Loki } from "./components/loki/loki";
import { mimirAlertmanager } from "./components/mimir/alertmanager";
import { NetworkPolicies } from "./components/network-policies/network-policies";
import { Mimir } from "./components/mimir/mimir";
import { BaseMonitors } from "./components/monitors/monitors";
import { baseTargets } from "./components/monitors/targets";
import { objectStorage } from "./components/object-storage/object-storage";
import { PrometheusApi } from "./components/prometheus-api/prometheus-api";
import { baseRules } from "./components/rules/base";
import { Probes } from "./components/probes/probes";
import { BaseRules } from "./components/rules/rules";
import { Secrets } from "./components/secrets/secrets";
import { UpstreamRules } from "./components/upstream-rules/upstream-rules";
import { kpsRuleValues } from "./components/upstream-rules/values";
import { formerNames } from "./settings/former-names";
import { victoriaMetricsUrl } from "./components/victoria-metrics/url";
import { Vector } from "./components/vector/vector";
import { mountVictoriaMetricsKey, VictoriaMetrics } from "./components/victoria-metrics/victoria-metrics";
import { Vmagent } from "./components/vmagent/vmagent";
import { Vmalert } from "./components/vmalert/vmalert";
import type { LoadedSettings } from "./settings/load";
import { seconds } from "./settings/units";
import { backendOf, stageOf } from "./stages";
import { type ImageName } from "./settings/image-list";

/**
 * Declares the whole stack: what is installed in which stage, in the order in which an update makes it.
 * @returns what the stack's outputs are made of
 */
export function stack({ settings, secretValues }: LoadedSettings) {
  const on = stageOf(settings);
  const { retain } = settings.removal;
  // What scrapes and what brings rules to the ruler are there with Mimir only.
  const collection = { ...settings.metrics, backend: undefined };
  // Not among the collector's own inputs: it is there, or it isn't.
  const { agent, vector: onlyOfVector, ...collected } = settings.logs;
  const environment = describe(settings);
  const image = <Name extends ImageName>(...names: Name[]) => images(settings.images, ...names);

  // Every stage: what the cluster must have before anything else.
  const inNamespace = cluster(settings);
  const crds = settings.crds.create
    ? new PrometheusOperatorCrds(
        "prometheus-operator-crds",
        {
          environment,
          chartVersion: settings.kps.crdsChartVersion,
          chart: settings.crds.chart,
          takeOwnership: settings.adopt.crds,
          release: settings.adopt.crdsRelease,
          retain,
        },
        inNamespace,
      )
    : undefined;
  const opts = { ...inNamespace, dependsOn: [...inNamespace.dependsOn, ...(crds ? [crds] : [])] };

  // Every stage: secrets and object storage; data belongs to no stage.
  const secrets = new Secrets(
    "secrets",
    { environment, settings: settings.secrets, values: secretValues, retain },
    opts,
  );
  const storage = objectStorage(
    "object-storage",
    {
      environment,
      settings: settings.objectStore,
      backend: settings.metrics.backend,
      buckets: settings.buckets,
      images: image("minio", "minio-mc"),
      secrets,
      retain,
    },
    opts,
  );
  const backup = settings.backup.enabled
    ? new Backup(
        "backup",
        {
          ...{ environment, settings: settings.backup, images: image("minio-mc", "victoria-metrics"), storage },
          ...(backendOf(on) === "victoria-metrics" && {
            victoriaMetrics: {
              url: victoriaMetricsUrl(environment),
              retention: seconds(settings.victoriaMetrics.retention),
            },
          }),
        },
        { ...opts, dependsOn: [...opts.dependsOn, storage] },
      )
    : undefined;
  const victoriaMetricsKey =
    settings.metrics.backend === "victoria-metrics" ? mountVictoriaMetricsKey(secrets) : undefined;

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
      images: image("loki", "loki-canary", "memcached", "nginx"),
      storage: storage.loki,
      alertmanagerUrl: alertmanager.url,
      agent,
    },
    { ...opts, dependsOn: [...opts.dependsOn, storage] },
  );
  const collector =
    agent === "alloy" || (agent === "vector" && collected.events)
      ? new LogCollector(
          "alloy",
          {
            environment,
            settings: collected,
            limits: settings.loki.limits,
            images: image("alloy"),
            pushUrl: loki.pushUrl,
            ...(agent === "vector" && { only: "events" }),
          },
          { ...opts, dependsOn: [...opts.dependsOn, loki] },
        )
      : undefined;
  const vector =
    agent === "vector"
      ? new Vector(
          "vector",
          {
            environment,
            settings: { ...collected, vector: onlyOfVector },
            limits: settings.loki.limits,
            images: image("vector"),
            pushUrl: loki.pushUrl,
          },
          { ...opts, dependsOn: [...opts.dependsOn, loki] },
        )
      : undefined;

  // From stage `dual-write` on: Mimir. It comes before whoever writes to it.
  const mimir =
    // In this order: buckets that exist need no key of Mimir's before a stage has it.
    on.mimir && storage.mimir
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

  // The same with `metrics.backend: victoria-metrics`.
  const victoriaMetrics =
    victoriaMetricsKey && on.victoriaMetrics
      ? new VictoriaMetrics(
          "victoria-metrics",
          {
            environment,
            settings: settings.victoriaMetrics,
            stage: on,
            images: image("victoria-metrics"),
            secret: victoriaMetricsKey,
          },
          opts,
        )
      : undefined;
  const longTerm = mimir ?? victoriaMetrics;

  // From stage `mimir-default` on: Mimir's ruler has the rules before Prometheus stops evaluating them. With VictoriaMetrics it is vmalert.
  const ruleSync =
    mimir && on.evaluator === "mimir"
      ? new RuleSync(
          "alloy-rules",
          { environment, settings: collection, images: image("alloy"), rulerUrl: mimir.url },
          { ...opts, dependsOn: [...opts.dependsOn, mimir] },
        )
      : undefined;

  const vmalert =
    victoriaMetrics && on.evaluator === "victoria-metrics"
      ? new Vmalert(
          "vmalert",
          {
            environment,
            images: image("vmalert", "prometheus", "prometheus-operator"),
            resources: settings.metrics.rulesResources,
            operatorResources: settings.kps.operatorResources,
            metricsUrl: victoriaMetrics.queryUrl,
            alertmanagerUrl: alertmanager.url,
            evaluationInterval: settings.kps.scrapeInterval,
            readable: on.scraper === "vmagent" ? collection : undefined,
          },
          { ...opts, dependsOn: [...opts.dependsOn, victoriaMetrics] },
        )
      : undefined;
  const evaluator = ruleSync ?? vmalert;

  // What of the cluster itself is scraped, whoever does it.
  const { dropApiserverHistograms } = settings.kps;
  const monitored = { settings: settings.monitors, dropApiserverHistograms };

  // Stage `kps-removed`: what scrapes. An update makes it before it removes kube-prometheus-stack.
  const metrics =
    mimir && on.scraper === "alloy"
      ? new MetricsCollector(
          "alloy-metrics",
          {
            environment,
            settings: collection,
            images: image("alloy"),
            pushUrl: mimir.pushUrl,
            targets: [...baseTargets(monitored), ...storage.targets],
            scrapeInterval: settings.kps.scrapeInterval,
          },
          { ...opts, dependsOn: [...opts.dependsOn, mimir] },
        )
      : undefined;

  // The same with VictoriaMetrics: its configuration is written by vmalert's operator.
  const vmagent =
    victoriaMetrics && vmalert && on.scraper === "vmagent"
      ? new Vmagent(
          "vmagent",
          {
            environment,
            settings: collection,
            images: image("vmagent", "prometheus"),
            operatorResources: settings.kps.operatorResources,
            pushUrl: victoriaMetrics.pushUrl,
            scrapeInterval: settings.kps.scrapeInterval,
          },
          { ...opts, dependsOn: [...opts.dependsOn, victoriaMetrics, vmalert] },
        )
      : undefined;

  // Upstream's rules depend on what is scraped.
  const upstream = { environment, settings: settings.rules, monitors: settings.monitors, dropApiserverHistograms };

  // Stages `loki` to `mimir-default`: kube-prometheus-stack. An adopted release gives up its own Alertmanager, so the stack's is there first.
  const kps = on.kps
    ? new KubePrometheusStack(
        "kube-prometheus-stack",
        {
          environment,
          settings: settings.kps,
          adopt: settings.adopt.kps,
          stage: on,
          retire: settings.migration.retireKps,
          retain,
          reclaimVolume: settings.migration.reclaimVolumes?.includes("prometheus") ?? false,
          images: image(...kpsImages),
          alertmanager: alertmanager.target,
          remoteWriteUrl: longTerm?.pushUrl,
          ruleValues: kpsRuleValues({ ...upstream, writes: longTerm !== undefined }),
        },
        {
          ...opts,
          dependsOn: [
            ...opts.dependsOn,
            ...(alertmanager instanceof Alertmanager ? [alertmanager] : []),
            ...(longTerm ? [longTerm] : []),
            ...(evaluator ? [evaluator] : []),
          ],
        },
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
  if (settings.rules.upstream.enabled)
    new UpstreamRules("upstream-rules", { ...upstream, chart: settings.kps }, afterKps);
  const probes =
    settings.probes.length > 0
      ? new Probes(
          "probes",
          {
            environment,
            settings: settings.exporters.blackbox,
            probes: settings.probes,
            images: image("blackbox-exporter"),
          },
          opts,
        )
      : undefined;
  new BaseRules(
    "rules",
    {
      environment,
      settings: settings.rules,
      groups: {
        ...baseRules(settings),
        alertmanager: alertmanager.rules,
        alloy: collector?.rules ?? [],
        ...(vector && { vector: vector.rules }),
        loki: loki.rules,
        probes: probes?.rules ?? [],
        mimir: mimir?.rules ?? [],
        ...(victoriaMetrics && { "victoria-metrics": victoriaMetrics.rules }),
        "object-store": storage.rules,
        ...(backup && { backup: backup.rules }),
        "remote-write": kps?.rules ?? [],
        "alloy-rules": ruleSync?.rules ?? [],
        ...(vmalert && { vmalert: vmalert.rules }),
        "alloy-metrics": metrics?.rules ?? [],
        ...(vmagent && { vmagent: vmagent.rules }),
      },
    },
    afterKps,
  );

  // Every stage: one address for whoever asks Prometheus.
  const defaultUrl = {
    prometheus: kps?.prometheusUrl,
    mimir: mimir?.queryUrl,
    "victoria-metrics": victoriaMetrics?.queryUrl,
  }[on.defaultDataSource];
  const prometheusApi = defaultUrl
    ? new PrometheusApi(
        "metrics",
        {
          environment,
          settings: settings.prometheusApi,
          images: image("nginx"),
          backend: { program: on.defaultDataSource, url: defaultUrl },
          formerNames: formerNames(settings),
        },
        { ...afterKps, dependsOn: [...afterKps.dependsOn, ...(longTerm ? [longTerm] : [])] },
      )
    : undefined;

  // Every stage: Grafana, with what the stage has to show.
  const shown = {
    environment,
    settings: settings.grafana,
    dataSources: dataSources({
      default: on.defaultDataSource,
      loki: loki.queryUrl,
      prometheus: kps?.prometheusUrl,
      mimir: mimir?.queryUrl,
      "victoria-metrics": victoriaMetrics?.queryUrl,
      alertmanager: alertmanager.url,
      scrapeInterval: settings.kps.scrapeInterval,
    }),
    dashboards: [
      ...baseDashboards({ stage: on, settings }),
      ...loki.dashboards,
      ...(longTerm?.dashboards ?? []),
      ...(probes?.dashboards ?? []),
    ],
  };
  const grafana = settings.grafana.create
    ? new Grafana(
        "grafana",
        { ...shown, adopt: settings.adopt.kps, images: image("grafana", "k8s-sidecar"), secrets },
        opts,
      )
    : new ExistingGrafana("grafana", shown, opts);

  // Every stage, where it is asked for: who may connect to all of these.
  if (settings.networkPolicies.enabled)
    new NetworkPolicies(
      "network-policies",
      {
        environment,
        settings: settings.networkPolicies,
        outsiders: kps
          ? [
              {
                ...kps.prometheusPods,
                texts: [longTerm?.pushUrl ?? "", alertmanager.url],
                scrapes: on.scraper === "prometheus",
              },
            ]
          : [],
        scraper: metrics ? "alloy-metrics" : vmagent ? "vmagent" : undefined,
        // People, and programs of other namespaces.
        open: ["grafana", "metrics"],
      },
      opts,
    );

  return {
    /** The stage that this update brings about: the next one's order is checked against it. */
    stage: settings.stage,
    /** How to open Grafana. */
    grafanaAccess: grafana.access,
    /** Where logs are pushed to, and queried from, inside the cluster. */
    lokiPushUrl: loki.pushUrl,
    lokiQueryUrl: loki.queryUrl,
    /** Base URLs of the Prometheus APIs that the stage has, inside the cluster. */
    metricsUrls: {
      default: prometheusApi?.url,
      prometheus: kps?.prometheusUrl,
      mimir: mimir?.queryUrl,
      victoriaMetrics: victoriaMetrics?.queryUrl,
    },
    /** Where alerts are sent to. */
    alertmanagerUrl: alertmanager.url,
  };
}
