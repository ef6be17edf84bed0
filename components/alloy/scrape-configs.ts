import type { Settings } from "../../settings/schema";
import { identifierOf, mountedFile, secretsOf, type ScrapeConfigSpec } from "../../settings/sections/scrape-config";
import { seconds } from "../../settings/units";
import { ruleBlocks, type Rule } from "./config";
import { block, call, component, exported, type Attributes, type Block, type Expression, type Value } from "./syntax";

/** ScrapeConfigs of others in Alloy's language: the same targets, the same labels (`generateScrapeConfig` in the operator's pkg/prometheus/promcfg.go). */

/** A ScrapeConfig of somebody. */
type ScrapeConfig = Settings["metrics"]["scrapeConfigs"][number];

/** A Secret or ConfigMap of the stack's namespace that the collector's pod has as files. */
export interface Mounted {
  kind: "secret" | "configMap";
  name: string;
  path: string;
}

/** What a ScrapeConfig says nothing about. */
export interface ScrapeDefaults {
  /** How often (Prometheus duration). */
  scrapeInterval: string;
  /** Where samples go. */
  receiver: Expression;
  /** Folder of a Secret of the stack's namespace. */
  secretFolder: (name: string) => string;
}

/**
 * One ScrapeConfig: its discoveries, one relabelling for all of their targets, and the scrape.
 * @param config the object
 * @param defaults what it says nothing about
 */
export function scrapeConfigBlocks(config: ScrapeConfig, defaults: ScrapeDefaults): Block[] {
  const { spec } = config;
  // No base target is called so (`metrics-config.ts`).
  const name = `of__${identifierOf(config.name)}`;
  const { blocks, targets } = discoveries(name, spec);
  const relabelled = component("discovery.relabel", name, { targets }, ruleBlocks(scrapeConfigRules(config)));
  const rules = (spec.metricRelabelings ?? []).map(ruleOf);
  const kept = component("prometheus.relabel", name, { forward_to: [defaults.receiver] }, ruleBlocks(rules));
  const interval = spec.scrapeInterval ?? defaults.scrapeInterval;
  const scraped = component(
    "prometheus.scrape",
    name,
    {
      targets: exported(relabelled, "output"),
      forward_to: [rules.length > 0 ? exported(kept, "receiver") : defaults.receiver],
      job_name: jobOf(config.name),
      honor_labels: spec.honorLabels,
      honor_timestamps: spec.honorTimestamps,
      track_timestamps_staleness: spec.trackTimestampsStaleness,
      params: spec.params,
      scrape_interval: goDuration(interval),
      scrape_timeout: goDuration(spec.scrapeTimeout ?? `${Math.min(10, seconds(interval))}s`),
      metrics_path: spec.metricsPath,
      scheme: spec.scheme?.toLowerCase(),
      sample_limit: spec.sampleLimit,
      target_limit: spec.targetLimit,
      label_limit: spec.labelLimit,
      label_name_length_limit: spec.labelNameLengthLimit,
      label_value_length_limit: spec.labelValueLengthLimit,
      enable_compression: spec.enableCompression,
      enable_http2: spec.enableHTTP2,
    },
    credentials(spec, defaults.secretFolder),
  );
  return [...blocks, relabelled, scraped, ...(rules.length > 0 ? [kept] : [])];
}

const jobOf = (name: string) => `scrapeConfig/${name}`;

/**
 * A target's labels as Prometheus would relabel them. Prometheus has job, path, scheme and parameters on a target before that, unless the target
 * has its own; Alloy only once it scrapes.
 */
export function scrapeConfigRules({ name, spec }: ScrapeConfig): Rule[] {
  const first = {
    job: jobOf(name),
    __metrics_path__: spec.metricsPath ?? "/metrics",
    __scheme__: spec.scheme?.toLowerCase() ?? "http",
    ...Object.fromEntries(
      Object.entries(spec.params ?? {}).flatMap(([key, [value]]) =>
        value === undefined ? [] : [[`__param_${key}`, value]],
      ),
    ),
  };
  return [
    ...Object.entries(first).map(([label, replacement]) => ({
      source_labels: [label],
      regex: "^$",
      target_label: label,
      replacement: replacement.replaceAll("$", "$$$$"),
    })),
    { source_labels: ["job"], target_label: "__tmp_prometheus_job_name" },
    ...(spec.jobName === undefined ? [] : [{ target_label: "job", replacement: spec.jobName }]),
    ...(spec.relabelings ?? []).map(ruleOf),
  ];
}

function ruleOf({ action, sourceLabels, targetLabel, ...rest }: Relabeling): Rule {
  return {
    action: action?.toLowerCase() as Rule["action"],
    source_labels: sourceLabels,
    target_label: targetLabel,
    ...rest,
  };
}

type Relabeling = NonNullable<ScrapeConfigSpec["relabelings"]>[number];

function discoveries(name: string, spec: ScrapeConfigSpec): { blocks: Block[]; targets: Value } {
  const fixed: Attributes[] = (spec.staticConfigs ?? []).flatMap(({ targets, labels }) =>
    targets.map((address) => ({ ...labels, __address__: address })),
  );
  const of = <T>(kind: string, all: readonly T[] = [], block: (each: T) => [Attributes, Block[]?]) =>
    all.map((each, index) => component(`discovery.${kind}`, `${name}_${index}`, ...block(each)));
  const blocks = [
    ...of("file", spec.fileSDConfigs, ({ files, refreshInterval }) => [
      { files, refresh_interval: goDuration(refreshInterval) },
    ]),
    ...of("http", spec.httpSDConfigs, ({ url, refreshInterval, followRedirects, enableHTTP2 }) => [
      {
        url,
        refresh_interval: goDuration(refreshInterval),
        follow_redirects: followRedirects,
        enable_http2: enableHTTP2,
      },
    ]),
    ...of("dns", spec.dnsSDConfigs, ({ names, type, port, refreshInterval }) => [
      { names, type, port, refresh_interval: goDuration(refreshInterval) },
    ]),
    ...of("kubernetes", spec.kubernetesSDConfigs, ({ role, namespaces, selectors = [], attachMetadata }) => [
      { role: role.toLowerCase() },
      [
        ...(namespaces ? [block("namespaces", { names: namespaces.names })] : []),
        ...selectors.map((each) => block("selectors", { ...each, role: each.role.toLowerCase() })),
        ...(attachMetadata ? [block("attach_metadata", { node: attachMetadata.node })] : []),
      ],
    ]),
    ...of(
      "consul",
      spec.consulSDConfigs,
      ({ tagSeparator, nodeMeta, allowStale, refreshInterval, scheme, ...rest }) => [
        {
          ...rest,
          scheme: scheme?.toLowerCase(),
          tag_separator: tagSeparator,
          node_meta: nodeMeta,
          allow_stale: allowStale,
          refresh_interval: goDuration(refreshInterval),
        },
      ],
    ),
  ];
  const lists: Value[] = [...(fixed.length > 0 ? [fixed] : []), ...blocks.map((each) => exported(each, "targets"))];
  return { blocks, targets: lists.length === 1 ? lists[0] : call("array.concat", ...lists) };
}

function credentials({ authorization, tlsConfig }: ScrapeConfigSpec, folder: ScrapeDefaults["secretFolder"]): Block[] {
  const file = (of?: { name: string; key: string }) => of && `${folder(of.name)}/${of.key}`;
  return [
    ...(authorization
      ? [
          block("authorization", {
            type: authorization.type ?? "Bearer",
            credentials_file: file(authorization.credentials),
          }),
        ]
      : []),
    ...(tlsConfig
      ? [
          block("tls_config", {
            ca_file: file(tlsConfig.ca?.secret),
            cert_file: file(tlsConfig.cert?.secret),
            key_file: file(tlsConfig.keySecret),
            server_name: tlsConfig.serverName,
            insecure_skip_verify: tlsConfig.insecureSkipVerify,
          }),
        ]
      : []),
  ];
}

/**
 * What ScrapeConfigs read as files; all of it is of the stack's namespace (a rule of the settings).
 * @param configs the ScrapeConfigs
 * @param secretFolder folder of a Secret
 */
export function mountsOf(configs: readonly ScrapeConfig[], secretFolder: (name: string) => string): Mounted[] {
  const all = configs.flatMap(({ spec }) => [
    ...secretsOf(spec).map((name) => ({ kind: "secret" as const, name, path: secretFolder(name) })),
    ...(spec.fileSDConfigs ?? []).flatMap(({ files }) =>
      files.map((file): Mounted => {
        const [, folder, name] = mountedFile.exec(file)!;
        return {
          kind: folder === "secrets" ? "secret" : "configMap",
          name,
          path: file.slice(0, file.lastIndexOf("/")),
        };
      }),
    ),
  ]);
  return [...new Map(all.map((each) => [each.path, each])).values()];
}

/** Alloy's durations are Go's, which have no days. */
function goDuration(duration: string): string;
function goDuration(duration: string | undefined): string | undefined;
function goDuration(duration: string | undefined): string | undefined {
  return duration === undefined ? undefined : `${seconds(duration)}s`;
}
