import type { Resource } from "@pulumi/pulumi";
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
import { imageVersion } from "./components/kubernetes/labels";
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
import { lokiWriters } from "./settings/loki-mode-change";
import { hasUpstreamRelease } from "./settings/release-values";
import { victoriaMetricsUrl } from "./components/victoria-metrics/url";
import { Vector } from "./components/vector/vector";
import { mountVictoriaMetricsKey, VictoriaMetrics } from "./components/victoria-metrics/victoria-metrics";
import { Vmagent } from "./components/vmagent/vmagent";
import { Vmalert } from "./components/vmalert/vmalert";
import type { LoadedSettings } from "./settings/load";
import type { Settings } from "./settings/schema";
import { seconds } from "./settings/units";
import { backendOf, stageOf, type Backend } from "./stages";
import { type ImageName } from "./settings/image-list";

/**
 * Declares the whole stack as the table of stages has it, in the order in which an update makes it. What each part is made of stands below.
 * @returns what the stack's outputs are made of
 */
export function stack(loaded: LoadedSettings) {
  const { settings } = loaded;
  const on = stageOf(settings);

  // Every stage: CRDs, secrets, object storage and its backup (data belongs to no stage); Alertmanager; Loki and what collects logs; probes.
  const base = foundation(loaded);
  const alertmanager = alertReceiver(base);
  const logs = logCollection(base, alertmanager);
  const probes = blackboxProbes(base);

  // From stage `dual-write` on: Mimir or VictoriaMetrics. It comes before whoever writes to it.
  const metrics = metricsBackends[settings.metrics.backend](base, alertmanager);
  // From stage `…-default` on: what has the rules, before Prometheus stops evaluating them.
  const evaluator = on.evaluator === "prometheus" ? undefined : metrics?.evaluator();
  // Stage `kps-removed`: what scrapes, before kube-prometheus-stack is removed.
  const scraper = on.scraper === "prometheus" ? undefined : metrics?.scraper(evaluator);
  // Every stage before that: kube-prometheus-stack. It writes to the backend, and leaves the rules to whatever evaluates them there.
  const kps = on.kps ? kubePrometheusStack(base, alertmanager, metrics?.store, evaluator) : undefined;

  // Every stage: exporters, monitors and rules; one address for whoever asks Prometheus; Grafana; network policies, if the settings want them.
  const parts = { ...base, alertmanager, logs, probes, metrics, evaluator, scraper, kps };
  exportersAndRules(parts);
  const prometheusApi = metricsAddress(parts);
  const grafana = grafanaOf(parts);
  networkPolicies(parts);

  const urls = queryUrls(parts);
  return {
    /** The stage that this update brings about: the next one's order is checked against it. */
    stage: settings.stage,
    /** What writes lines: the next update may take one writer of Loki's former mode away. */
    lokiWriters: lokiWriters(settings.loki),
    /** What reads the data that another version left: the next update may skip none of Loki's and Mimir's. */
    versions: versions(parts),
    /** How to open Grafana. */
    grafanaAccess: grafana.access,
    /** Where logs are pushed to, and queried from, inside the cluster. */
    lokiPushUrl: logs.loki.pushUrl,
    lokiQueryUrl: logs.loki.queryUrl,
    /** Base URLs of the Prometheus APIs that the stage has, inside the cluster. */
    metricsUrls: {
      default: prometheusApi?.url,
      prometheus: urls.prometheus,
      mimir: urls.mimir,
      victoriaMetrics: urls["victoria-metrics"],
    },
    /** Where alerts are sent to. */
    alertmanagerUrl: alertmanager.url,
  };
}

type Base = ReturnType<typeof foundation>;

/** What the cluster must have before anything else, and what every component is made from. */
function foundation({ settings, secretValues }: LoadedSettings) {
  const { retain } = settings.removal;
  const on = stageOf(settings);
  const environment = describe(settings);
  const image = <Name extends ImageName>(...names: Name[]) => images(settings.images, ...names);

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
  const opts = after(inNamespace, crds);

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
  const samples = { url: victoriaMetricsUrl(environment), retention: seconds(settings.victoriaMetrics.retention) };
  const backup = settings.backup.enabled
    ? new Backup(
        "backup",
        {
          ...{ environment, settings: settings.backup, images: image("minio-mc", "victoria-metrics"), storage },
          ...(backendOf(on) === "victoria-metrics" && { victoriaMetrics: samples }),
        },
        after(opts, storage),
      )
    : undefined;
  return { settings, on, environment, image, opts, secrets, storage, backup };
}

/** The same options, and what must be there before. */
const after = <Opts extends { dependsOn: Resource[] }>(opts: Opts, ...before: (Resource | undefined)[]): Opts => ({
  ...opts,
  dependsOn: [...opts.dependsOn, ...before.filter((each) => each !== undefined)],
});

/** Where alerts go: an Alertmanager that exists, Mimir's, or the stack's own. */
function alertReceiver({ settings, environment, image, opts, secrets }: Base): AlertReceiver {
  if (settings.adopt.alertmanagerUrl) return existingAlertmanager(settings.adopt.alertmanagerUrl);
  const args = { environment, settings: settings.alertmanager, secrets };
  if (settings.alertmanager.implementation === "mimir") return mimirAlertmanager(args);
  return new Alertmanager("alertmanager", { ...args, images: image("alertmanager") }, opts);
}

/** Loki, and what brings it logs. */
function logCollection({ settings, environment, image, opts, storage }: Base, alertmanager: AlertReceiver) {
  // A collector's inputs don't name it, and only Vector's have Vector's own settings.
  const { agent, vector: onlyOfVector, ...collected } = settings.logs;
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
    after(opts, storage),
  );
  const shared = { environment, limits: settings.loki.limits, pushUrl: loki.pushUrl };
  const alloy =
    agent === "alloy" || (agent === "vector" && collected.events)
      ? new LogCollector(
          "alloy",
          { ...shared, settings: collected, images: image("alloy"), ...(agent === "vector" && { only: "events" }) },
          after(opts, loki),
        )
      : undefined;
  const vector =
    agent === "vector"
      ? new Vector(
          "vector",
          { ...shared, settings: { ...collected, vector: onlyOfVector }, images: image("vector") },
          after(opts, loki),
        )
      : undefined;
  return { loki, alloy, vector };
}

/** The probes of the settings; undefined where they name none. */
const blackboxProbes = ({ settings: { exporters, probes }, environment, image, opts }: Base): Probes | undefined =>
  probes.length > 0
    ? new Probes(
        "probes",
        { environment, settings: exporters.blackbox, probes, images: image("blackbox-exporter") },
        opts,
      )
    : undefined;

/** What keeps metrics for long, and takes over from Prometheus one stage after the other. */
interface MetricsBackend {
  store: Mimir | VictoriaMetrics;
  /** Has rules evaluated on it. */
  evaluator(): RuleSync | Vmalert;
  /** Scrapes, and writes to it. */
  scraper(evaluator: RuleSync | Vmalert | undefined): MetricsCollector | Vmagent;
  /** Names of the three. */
  names: { store: Backend; evaluator: string; scraper: string };
}

/** Both by one shape, each undefined in a stage without it. */
const metricsBackends: Record<Backend, (base: Base, alertmanager: AlertReceiver) => MetricsBackend | undefined> = {
  mimir: mimirMetrics,
  "victoria-metrics": victoriaMetrics,
};

/** Metrics in Mimir: its ruler evaluates, and gets its rules from Alloy; Alloy scrapes. */
function mimirMetrics(base: Base, alertmanager: AlertReceiver): MetricsBackend | undefined {
  const { settings, on, environment, image, opts, storage } = base;
  // In this order: existing buckets need no key of Mimir's before a stage has it.
  if (!on.mimir || !storage.mimir) return undefined;
  const { scrapeInterval } = settings.kps;
  const shared = { environment, settings: collecting(base), images: image("alloy") };
  const store = new Mimir(
    "mimir",
    {
      environment,
      settings: settings.mimir,
      stage: on,
      images: image("mimir"),
      storage: storage.mimir,
      alertmanagerUrl: alertmanager.url,
      evaluationInterval: scrapeInterval,
      alertmanager: alertmanager.inMimir,
    },
    after(opts, storage),
  );
  return {
    names: { store: "mimir", evaluator: "alloy-rules", scraper: "alloy-metrics" },
    store,
    evaluator: () => new RuleSync("alloy-rules", { ...shared, rulerUrl: store.url }, after(opts, store)),
    scraper: () =>
      new MetricsCollector(
        "alloy-metrics",
        {
          ...shared,
          pushUrl: store.pushUrl,
          targets: [...baseTargets(monitored(settings)), ...storage.targets],
          scrapeInterval,
        },
        after(opts, store),
      ),
  };
}

/** Metrics in VictoriaMetrics: vmalert evaluates, vmagent scrapes. */
function victoriaMetrics(base: Base, alertmanager: AlertReceiver): MetricsBackend | undefined {
  const { settings, on, environment, image, opts, secrets } = base;
  // In every stage: a key is data.
  const secret = mountVictoriaMetricsKey(secrets);
  if (!on.victoriaMetrics) return undefined;
  const { scrapeInterval, operatorResources } = settings.kps;
  const store = new VictoriaMetrics(
    "victoria-metrics",
    { environment, settings: settings.victoriaMetrics, stage: on, images: image("victoria-metrics"), secret },
    opts,
  );
  return {
    names: { store: "victoria-metrics", evaluator: "vmalert", scraper: "vmagent" },
    store,
    evaluator: () =>
      new Vmalert(
        "vmalert",
        {
          environment,
          images: image("vmalert", "prometheus", "prometheus-operator"),
          resources: settings.metrics.rulesResources,
          operatorResources,
          metricsUrl: store.queryUrl,
          alertmanagerUrl: alertmanager.url,
          evaluationInterval: scrapeInterval,
          readable: on.scraper === "vmagent" ? collecting(base) : undefined,
        },
        after(opts, store),
      ),
    // Its configuration is written by vmalert's operator.
    scraper: (vmalert) =>
      new Vmagent(
        "vmagent",
        {
          environment,
          settings: collecting(base),
          images: image("vmagent", "prometheus"),
          operatorResources,
          pushUrl: store.pushUrl,
          scrapeInterval,
        },
        after(opts, store, vmalert),
      ),
  };
}

/** Settings of what scrapes and of what evaluates rules. They don't name the backend. */
const collecting = ({ settings: { metrics } }: Base) => ({ ...metrics, backend: undefined });

/** The release. An adopted one gives up its own Alertmanager and, in time, its rules: whatever takes over is there first. */
function kubePrometheusStack(
  base: Base,
  alertmanager: AlertReceiver,
  store?: MetricsBackend["store"],
  evaluator?: Resource,
): KubePrometheusStack {
  const { settings, on, environment, image, opts } = base;
  const { retireKps, reclaimVolumes } = settings.migration;
  return new KubePrometheusStack(
    "kube-prometheus-stack",
    {
      environment,
      settings: settings.kps,
      adopt: settings.adopt.kps,
      stage: on,
      retire: retireKps,
      retain: settings.removal.retain,
      reclaimVolume: reclaimVolumes?.includes("prometheus") ?? false,
      images: image(...kpsImages),
      alertmanager: alertmanager.target,
      remoteWriteUrl: store?.pushUrl,
      ruleValues: kpsRuleValues({ ...upstream(base), writes: store !== undefined }),
    },
    after(opts, alertmanager instanceof Alertmanager ? alertmanager : undefined, store, evaluator),
  );
}

/** What of the cluster itself is scraped, whoever does it. */
const monitored = ({ monitors: settings, kps: { dropApiserverHistograms } }: Settings) => ({
  settings,
  dropApiserverHistograms,
});

/** Upstream's rules depend on that. */
const upstream = ({ settings, environment }: Base) => ({
  environment,
  settings: settings.rules,
  monitors: settings.monitors,
  dropApiserverHistograms: settings.kps.dropApiserverHistograms,
  grafana: { dashboardLabel: settings.grafana.dashboardLabel, labelValue: settings.grafana.labelValue },
});

/** What the stack has, for what watches it, shows it or guards it. */
interface Parts extends Base {
  alertmanager: AlertReceiver;
  logs: ReturnType<typeof logCollection>;
  probes?: Probes;
  metrics?: MetricsBackend;
  evaluator?: RuleSync | Vmalert;
  scraper?: MetricsCollector | Vmagent;
  kps?: KubePrometheusStack;
}

/** What exports and scrapes the cluster's own metrics, and all rules. */
function exportersAndRules(parts: Parts): void {
  const { settings, environment, image, storage, alertmanager, logs, probes, metrics, evaluator, scraper, kps } = parts;
  const { exporters, adopt, rules } = settings;
  // After a release that may have to give up its own: only one can have host port 9100, and nothing is scraped or evaluated twice meanwhile.
  const opts = after(parts.opts, kps);
  const exporterImages = image("node-exporter", "kube-state-metrics");
  new Exporters("exporters", { environment, settings: exporters, images: exporterImages, adopt: adopt.kps }, opts);
  new BaseMonitors("monitors", { environment, ...monitored(settings) }, opts);
  if (hasUpstreamRelease(rules)) new UpstreamRules("upstream-rules", { ...upstream(parts), chart: settings.kps }, opts);
  // The component records these names, in this order. Those of Mimir are there with either backend.
  const groups = {
    ...baseRules(settings),
    alertmanager: alertmanager.rules,
    alloy: logs.alloy?.rules ?? [],
    ...(logs.vector && { vector: logs.vector.rules }),
    loki: logs.loki.rules,
    probes: probes?.rules ?? [],
    mimir: [],
    ...(metrics && { [metrics.names.store]: metrics.store.rules }),
    "object-store": storage.rules,
    ...(parts.backup && { backup: parts.backup.rules }),
    "remote-write": kps?.rules ?? [],
    "alloy-rules": [],
    ...(metrics && evaluator && { [metrics.names.evaluator]: evaluator.rules }),
    "alloy-metrics": [],
    ...(metrics && scraper && { [metrics.names.scraper]: scraper.rules }),
  };
  new BaseRules("rules", { environment, settings: rules, groups }, opts);
}

/** Versions of the programs that read what another version of them left, as far as the stage has them; by their images. */
function versions({ settings, image, metrics }: Parts): Partial<Record<"loki" | "mimir" | "grafana", string>> {
  const { loki, mimir, grafana } = image("loki", "mimir", "grafana");
  return {
    loki: imageVersion(loki),
    ...(metrics?.names.store === "mimir" && { mimir: imageVersion(mimir) }),
    ...(settings.grafana.create && { grafana: imageVersion(grafana) }),
  };
}

/** Base URLs of the Prometheus APIs of a stage, by the uid of the data source that asks it. */
const queryUrls = ({ kps, metrics }: Parts): Partial<Record<"prometheus" | Backend, string>> => ({
  prometheus: kps?.prometheusUrl,
  ...(metrics && { [metrics.names.store]: metrics.store.queryUrl }),
});

/** One address with Prometheus's API, whoever answers; undefined in a stage without any. */
function metricsAddress(parts: Parts): PrometheusApi | undefined {
  const { settings, on, environment, image, opts, metrics, kps } = parts;
  const url = queryUrls(parts)[on.defaultDataSource];
  if (!url) return undefined;
  return new PrometheusApi(
    "metrics",
    {
      environment,
      settings: settings.prometheusApi,
      images: image("nginx"),
      backend: { program: on.defaultDataSource, url },
      formerNames: formerNames(settings),
    },
    after(opts, kps, metrics?.store),
  );
}

/** Grafana, the stack's own or one that exists, with what the stage has to show. */
function grafanaOf(parts: Parts): Grafana | ExistingGrafana {
  const { settings, on, environment, image, opts, secrets, alertmanager, logs, metrics, probes } = parts;
  const shown = {
    environment,
    settings: settings.grafana,
    dataSources: dataSources({
      default: on.defaultDataSource,
      loki: logs.loki.queryUrl,
      ...queryUrls(parts),
      alertmanager: alertmanager.url,
      scrapeInterval: settings.kps.scrapeInterval,
    }),
    dashboards: [
      ...baseDashboards({ stage: on, settings }),
      ...logs.loki.dashboards,
      ...(metrics?.store.dashboards ?? []),
      ...(probes?.dashboards ?? []),
    ],
  };
  if (!settings.grafana.create) return new ExistingGrafana("grafana", shown, opts);
  const own = { adopt: settings.adopt.kps, images: image("grafana", "k8s-sidecar"), secrets };
  return new Grafana("grafana", { ...shown, ...own }, opts);
}

/** Who may connect to the stack's pods, if the settings ask for that. */
function networkPolicies({ settings, on, environment, opts, alertmanager, metrics, scraper, kps }: Parts): void {
  if (!settings.networkPolicies.enabled) return;
  const texts = [metrics?.store.pushUrl ?? "", alertmanager.url];
  new NetworkPolicies(
    "network-policies",
    {
      environment,
      settings: settings.networkPolicies,
      outsiders: kps ? [{ ...kps.prometheusPods, texts, scrapes: on.scraper === "prometheus" }] : [],
      scraper: scraper && metrics?.names.scraper,
      // People, and programs of other namespaces.
      open: ["grafana", "metrics"],
    },
    opts,
  );
}
