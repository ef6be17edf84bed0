import { isDeepStrictEqual } from "node:util";
import type { Settings } from "../../settings/schema";
import { seconds } from "../../settings/units";
import type { Relabeling } from "../kubernetes/service-monitor";
import type { BaseTarget, Discovery, Tls } from "../monitors/targets";
import { ruleBlocks, type Rule } from "./config";
import { scrapeConfigBlocks } from "./scrape-configs";
import { block, component, exported, write, type Attributes, type Block, type Expression } from "./syntax";

/** What the configuration of rules is made of. */
export interface RulesConfigArgs {
  settings: Pick<Settings["metrics"], "rulesSyncInterval" | "ruleNamespaces">;
  /** Namespace of the stack: no other stack's rules are touched. */
  namespace: string;
  /** Value of the label `cluster`; none when left out. */
  cluster?: string;
  /** Base URL of Mimir, without a path. */
  rulerUrl: string;
}

/** What the configuration of scraping is made of. */
export interface MetricsConfigArgs {
  settings: Pick<Settings["metrics"], "mimirOutage" | "remoteWrite" | "scrapeConfigs">;
  /** Value of the label `cluster`; none when left out. */
  cluster?: string;
  /** URL of Mimir's push API. */
  pushUrl: string;
  /** What is scraped beside the monitors. */
  targets: readonly BaseTarget[];
  /** How often targets are scraped whose monitor says nothing (Prometheus duration). */
  scrapeInterval: string;
}

/**
 * The configuration of what keeps Mimir's ruler in step with the cluster's PrometheusRules.
 * @param args settings, where to
 */
export function alloyRulesConfig(args: RulesConfigArgs): string {
  return write(rulesPipeline(args));
}

/**
 * The configuration of the metrics collector: everything that is scraped.
 * @param args settings, where to
 */
export function alloyMetricsConfig(args: MetricsConfigArgs): string {
  return write(metricsPipeline(args));
}

/** A PrometheusRule with this label is left out: the way out when an invalid one keeps the others from getting into the ruler. */
export const rulesOff = { key: "observability/rules", value: "off" };

/** The label that all objects of this program have (`labels()` of components/kubernetes). */
const ofStack = { key: "app.kubernetes.io/part-of", value: "observability" };

/**
 * {@link alloyRulesConfig} before it is text.
 *
 * The stack's own PrometheusRules, those of each namespace that `metrics.ruleNamespaces` names, and all others are kept in step apart: a
 * PrometheusRule that is not valid stops every change of its component (`desiredStateFromKubernetes` in
 * internal/component/mimir/rules/kubernetes/events.go; grafana/alloy#307), and it must not stop the alerts that would report it.
 *
 * The prefixes distinguish them, and this stack from another one on the same Mimir; renaming one leaves its groups in the ruler for good, to be
 * evaluated twice. A namespace can't have a dot, so no other's prefix is the same.
 */
export function rulesPipeline({ settings, namespace, cluster, rulerUrl }: RulesConfigArgs): Block[] {
  const apart = [...new Set(settings.ruleNamespaces)].sort();
  const keeper = (name: string, prefix: string, ofStackOrNot: Matches, namespaces: Block[]) =>
    component(
      "mimir.rules.kubernetes",
      name,
      {
        address: rulerUrl,
        mimir_namespace_prefix: `${namespace}.${prefix}`,
        sync_interval: goDuration(settings.rulesSyncInterval),
        // The ruler has no external labels: what Prometheus put on every alert and recorded series as it sent them is put on the rules.
        external_labels: cluster === undefined ? undefined : { cluster },
      },
      [
        ...namespaces,
        block("rule_selector", {}, [
          expression(ofStack.key, ofStackOrNot, [ofStack.value]),
          expression(rulesOff.key, "NotIn", [rulesOff.value]),
        ]),
      ],
    );
  const inNamespaces = (matches: Matches, names: string[]) => [
    block("rule_namespace_selector", {}, [expression("kubernetes.io/metadata.name", matches, names)]),
  ];
  return [
    keeper("stack", "stack", "In", []),
    ...apart.map((name) =>
      keeper(`in_${name.replaceAll("-", "_")}`, `in.${name}`, "NotIn", inNamespaces("In", [name])),
    ),
    keeper("cluster", "cluster", "NotIn", apart.length > 0 ? inNamespaces("NotIn", apart) : []),
  ];
}

type Matches = "In" | "NotIn";

const expression = (key: string, operator: Matches, values: string[]) =>
  block("match_expression", { key, operator, values });

/** {@link alloyMetricsConfig} before it is text. */
export function metricsPipeline(args: MetricsConfigArgs): Block[] {
  const mimir = remoteWrite(args);
  const receiver = exported(mimir, "receiver");
  const { targets } = args;
  return [
    ...targets.flatMap((target) => {
      // Nodes are listed and watched once, for all that is scraped of them.
      const first = targets.find(({ discovery }) => isDeepStrictEqual(discovery, target.discovery)) ?? target;
      const found = discover(identifier(first), target.discovery);
      return [
        ...(first === target ? found.blocks : []),
        ...scrape(target, found.targets, args.scrapeInterval, receiver),
      ];
    }),
    ...args.settings.scrapeConfigs.flatMap((config) =>
      scrapeConfigBlocks(config, { scrapeInterval: args.scrapeInterval, receiver, secretFolder }),
    ),
    ...["servicemonitors", "podmonitors", "probes"].map((kind) => monitors(kind, args.scrapeInterval, receiver)),
    mimir,
  ];
}

/**
 * Monitors of one kind, in all namespaces. ScrapeConfigs are not among them, as `prometheus.operator.scrapeconfigs` is experimental, knows static
 * targets and HTTP discovery only, and gives them another job (`config_gen_scrapeconfig.go`): they are rendered one by one from the settings.
 * @see https://grafana.com/docs/alloy/v1.18/reference/components/prometheus/prometheus.operator.servicemonitors/
 */
const monitors = (kind: string, scrapeInterval: string, receiver: Expression): Block =>
  component(
    `prometheus.operator.${kind}`,
    "all",
    {
      forward_to: [receiver],
      // By default a minute, after which it never looks again: the API server may come later than this pod (crdmanager.go, configureInformers).
      informer_sync_timeout: "24h",
    },
    [
      block("scrape", {
        default_scrape_interval: goDuration(scrapeInterval),
        default_scrape_timeout: scrapeTimeout(scrapeInterval),
      }),
    ],
  );

/** As in Prometheus, where 10 seconds are the default too: never longer than the interval. */
const scrapeTimeout = (interval: string) => `${Math.min(10, seconds(interval))}s`;

const serviceAccount = "/var/run/secrets/kubernetes.io/serviceaccount";

/** What Prometheus's scrape class `service-account` and a ScrapeConfig's TLS are together (components/monitors/scrape-config.ts). */
function tlsConfig({ serviceAccount: inCluster, insecureSkipVerify, serverName, clientSecret }: Tls): Block[] {
  const file = (key: string) => clientSecret && `${secretFolder(clientSecret.name)}/${key}`;
  const ca = inCluster ? `${serviceAccount}/ca.crt` : clientSecret?.ca && file(clientSecret.ca);
  const attributes = {
    ca_file: insecureSkipVerify ? undefined : ca,
    cert_file: clientSecret && file(clientSecret.certificate),
    key_file: clientSecret && file(clientSecret.key),
    server_name: serverName,
    insecure_skip_verify: insecureSkipVerify || undefined,
  };
  return Object.values(attributes).some((each) => each !== undefined) ? [block("tls_config", attributes)] : [];
}

/** Folder in which the collector's pod has a Secret of its namespace. */
export const secretFolder = (name: string): string => `/etc/alloy-secrets/${name}`;

const identifier = ({ name }: BaseTarget) => name.replaceAll("-", "_");

/** A base target, once it is found: relabelled, scraped, and its samples relabelled. */
function scrape(target: BaseTarget, targets: Targets, scrapeInterval: string, receiver: Expression): Block[] {
  const name = identifier(target);
  const interval = target.scrapeInterval ?? scrapeInterval;
  const relabelled = component("discovery.relabel", name, { targets }, ruleBlocks(targetRules(target)));
  const drops = target.metricRelabelings.map(alloyRule);
  const dropped = component("prometheus.relabel", name, { forward_to: [receiver] }, ruleBlocks(drops));
  const scraped = component(
    "prometheus.scrape",
    name,
    {
      targets: exported(relabelled, "output"),
      forward_to: [drops.length > 0 ? exported(dropped, "receiver") : receiver],
      job_name: target.job,
      honor_labels: target.honorLabels,
      track_timestamps_staleness: target.trackTimestampsStaleness,
      scrape_interval: goDuration(interval),
      scrape_timeout: scrapeTimeout(interval),
      metrics_path: target.path,
      scheme: target.tls && "https",
      // Read again at each scrape: the kubelet renews it.
      bearer_token_file: target.tls?.serviceAccount ? `${serviceAccount}/token` : undefined,
    },
    target.tls ? tlsConfig(target.tls) : [],
  );
  return [relabelled, scraped, ...(drops.length > 0 ? [dropped] : [])];
}

/** A target's labels as Prometheus would relabel them. It has job, path and scheme on a target before that; Alloy only once it scrapes. */
export function targetRules({ job, path, tls, relabelings }: BaseTarget): Rule[] {
  const first = { job, __metrics_path__: path, __scheme__: tls ? "https" : "http" };
  return [
    ...Object.entries(first).map(([target_label, replacement]) => ({ target_label, replacement })),
    ...relabelings.map(alloyRule),
  ];
}

/**
 * A step of relabelling, with Alloy's names.
 * @param step the step as monitors write it
 */
export function alloyRule(step: Relabeling): Rule {
  const { action, sourceLabels, separator, regex, targetLabel, replacement } = step;
  return { action, source_labels: sourceLabels, separator, regex, target_label: targetLabel, replacement };
}

type Targets = Expression | Attributes[];

function discover(name: string, discovery: Discovery): { targets: Targets; blocks: Block[] } {
  if (discovery.role === "Static") {
    return { targets: discovery.addresses.map((address) => ({ __address__: address })), blocks: [] };
  }
  const role = discovery.role.toLowerCase();
  const found = component("discovery.kubernetes", name, { role }, [
    ...("namespace" in discovery ? [block("namespaces", { names: [discovery.namespace] })] : []),
    ...("labels" in discovery ? [block("selectors", { role, label: discovery.labels })] : []),
  ]);
  return { targets: exported(found, "targets"), blocks: [found] };
}

/** Name of the remote_write to Mimir: label `remote_name` of its metrics. */
export const remoteWriteName = "mimir";

/**
 * Prometheus's remote_write, over a write-ahead log of its own.
 *
 * At each `truncate_frequency` the lower two thirds of the log's segments go, whether they were sent or not (`Truncate` in
 * internal/static/metrics/wal/wal.go), and at least half of what one such period wrote is left: so it is twice the outage that must be survived.
 * Once the segment that comes next is gone, the reader continues at the present (`loop` in Prometheus's tsdb/wlog/watcher.go).
 * @see https://grafana.com/docs/alloy/v1.18/reference/components/prometheus/prometheus.remote_write/
 */
function remoteWrite({ settings, cluster, pushUrl }: MetricsConfigArgs): Block {
  const { maxShards, maxSamplesPerSend, capacity } = settings.remoteWrite;
  const period = `${2 * seconds(settings.mimirOutage)}s`;
  return component(
    "prometheus.remote_write",
    remoteWriteName,
    { external_labels: cluster === undefined ? undefined : { cluster } },
    [
      block("endpoint", { name: remoteWriteName, url: pushUrl, remote_timeout: "30s" }, [
        block("queue_config", {
          min_shards: maxShards, // a number that changes loses samples (components/kube-prometheus-stack/remote-write.ts)
          max_shards: maxShards,
          max_samples_per_send: maxSamplesPerSend,
          capacity,
          min_backoff: "100ms",
          max_backoff: "10s",
          retry_on_http_429: true,
        }),
      ]),
      // Default 8h for the longest time: after it, an outage that lasts would have the log cut at each period; before it, it only grows.
      block("wal", { truncate_frequency: period, max_keepalive_time: period }),
    ],
  );
}

/** Alloy's durations are Go's, which have no days. */
const goDuration = (duration: string) => `${seconds(duration)}s`;
