import type { Settings } from "../../settings/schema";
import { seconds, sizeBytes } from "../../settings/units";
import type { Relabeling } from "../kubernetes/service-monitor";
import { eventStages, lineStages } from "./lines";
import { block, component, concat, env, exported, write, type Block, type Expression } from "./syntax";

/** Environment variable with the name of the pod's node; the pod template sets it. */
export const nodeNameVariable = "NODE_NAME";

/** The settings of logs, but for what else could collect them. */
export type LogSettings = Omit<Settings["logs"], "agent" | "vector">;

/** What a configuration is made of. */
export interface AlloyConfigArgs {
  settings: LogSettings;
  /** What Loki takes, so that what it would refuse is not sent. */
  limits: Pick<Settings["loki"]["limits"], "rejectOldSamplesMaxAge" | "maxLineSize">;
  /** URL of Loki's push API. */
  pushUrl: string;
  /** Value of the label `cluster`; none when left out. */
  cluster?: string;
}

/**
 * The configuration of the collector on each node: pods' logs and the node's journal.
 * @param args settings, limits, where to
 */
export function alloyLogsConfig(args: AlloyConfigArgs): string {
  return write(logPipeline(args));
}

/**
 * The configuration of the one collector of Kubernetes events.
 * @param args settings, limits, where to
 */
export function alloyEventsConfig(args: AlloyConfigArgs): string {
  return write(eventPipeline(args));
}

/** {@link alloyLogsConfig} before it is text. */
export function logPipeline(args: AlloyConfigArgs): Block[] {
  const { settings } = args;
  const write = lokiWrite(args);
  const { lines, receiver } = lineProcess(lineStages(settings), write);
  return [
    ...podLogs(args, receiver),
    ...(settings.journal ? journal(args, receiver) : []),
    ...(settings.nodeFiles.length > 0 ? nodeFiles(args, receiver) : []),
    ...(settings.talos ? talos(receiver) : []),
    ...lines,
    write,
  ];
}

/** {@link alloyEventsConfig} before it is text. */
export function eventPipeline(args: AlloyConfigArgs): Block[] {
  const write = lokiWrite(args);
  const { lines, receiver } = lineProcess(eventStages(args.settings), write);
  const events = component("loki.source.kubernetes_events", "cluster", {
    job_name: "kubernetes-events",
    log_format: "logfmt",
    forward_to: [receiver],
  });
  return [events, ...lines, write];
}

/** What stands between the sources and the writer, where anything is to be done, and where the sources send their lines. */
function lineProcess(stages: readonly Block[], write: Block): { lines: Block[]; receiver: Expression } {
  const lines =
    stages.length > 0
      ? [component("loki.process", "lines", { forward_to: [exported(write, "receiver")] }, stages)]
      : [];
  return { lines, receiver: exported(lines.at(0) ?? write, "receiver") };
}

/** @see https://grafana.com/docs/alloy/v1.18/reference/components/loki/loki.write/ */
function lokiWrite({ cluster, pushUrl }: AlloyConfigArgs): Block {
  return component("loki.write", "loki", { external_labels: cluster === undefined ? undefined : { cluster } }, [
    block("endpoint", {
      url: pushUrl,
      // 0 is "for ever" (internal/component/loki/write/types.go); the default gives lines up after 8.5 minutes. While it retries,
      // the sources wait and their positions stand still: the node's own log files are the buffer.
      max_backoff_retries: 0,
      // Default 5m: a Loki that is back would wait that long for the first line.
      max_backoff_period: "30s",
    }),
  ]);
}

function podLogs({ settings, limits }: AlloyConfigArgs, receiver: Expression): Block[] {
  const files = settings.source === "files";
  const pods = component("discovery.kubernetes", "pods", { role: "pod" }, [
    // The API server sends each node its own pods only.
    block("selectors", { role: "pod", field: concat("spec.nodeName=", env(nodeNameVariable)) }),
  ]);
  const relabelled = component(
    "discovery.relabel",
    "pods",
    { targets: exported(pods, "targets") },
    ruleBlocks([...podRules(settings), ...(files ? podFileRules : [])]),
  );
  const process = component("loki.process", "pods", { forward_to: [receiver] }, [
    ...(files ? [criStage(limits)] : []),
    tooOldStage(limits),
    // `loki.source.file` adds it; it is not of the label set, and each restart of a container would be a stream of its own.
    ...(files ? [block("stage.label_drop", { values: ["filename"] })] : []),
  ]);
  const source = component(
    files ? "loki.source.file" : "loki.source.kubernetes",
    "pods",
    { targets: exported(relabelled, "output"), forward_to: [exported(process, "receiver")] },
    files ? [block("file_match", { enabled: true })] : [],
  );
  return [pods, relabelled, source, process];
}

/** A step of relabelling, with Alloy's names. */
export interface Rule {
  action?: Relabeling["action"];
  source_labels?: readonly string[];
  separator?: string;
  regex?: string;
  modulus?: number;
  replacement?: string;
  target_label?: string;
}

/**
 * Steps of relabelling as blocks.
 * @param rules the steps, in their order
 */
export const ruleBlocks = (rules: readonly Rule[]): Block[] => rules.map((rule) => block("rule", { ...rule }));

const meta = (name: string) => `__meta_kubernetes_${name}`;

/**
 * The labels of pods' lines: `namespace`, `pod`, `container`, `app`, `job`, `container_runtime`. `stream` comes from the line, `cluster` is the writer's.
 * @param settings which namespaces are collected, and which are left out
 */
export function podRules({ includeNamespaces, excludeNamespaces }: LogSettings): Rule[] {
  const containerId = meta("pod_container_id");
  const ofNamespaces = (action: "keep" | "drop", names: readonly string[]): Rule[] =>
    names.length > 0 ? [{ action, source_labels: [meta("namespace")], regex: names.join("|") }] : [];
  return [
    // A container that never started has no log. Taken in before its id is known, it would change its labels once it is, and be read twice.
    { action: "keep", source_labels: [containerId], regex: ".+" },
    ...ofNamespaces("keep", includeNamespaces),
    ...ofNamespaces("drop", excludeNamespaces),
    { source_labels: [meta("namespace")], target_label: "namespace" },
    { source_labels: [meta("pod_name")], target_label: "pod" },
    { source_labels: [meta("pod_container_name")], target_label: "container" },
    { source_labels: [meta("pod_label_app_kubernetes_io_name")], target_label: "app" },
    { source_labels: [meta("namespace"), meta("pod_container_name")], separator: "/", target_label: "job" },
    // containerd://…, cri-o://…, docker://…
    { source_labels: [containerId], regex: "(.+)://.+", target_label: "container_runtime" },
  ];
}

const podFile = (uid: string): Rule => ({
  source_labels: [meta("namespace"), meta("pod_name"), uid, meta("pod_container_name")],
  separator: "/",
  regex: "([^/]+)/([^/]+)/([^/]+)/([^/]+)",
  // `${1}_`, because `$1_` would be a group named "1_".
  replacement: "/var/log/pods/${1}_${2}_${3}/${4}/*.log",
  target_label: "__path__",
});

/**
 * Where the kubelet keeps a container's log. Of a static pod (kube-apiserver, etcd …) the folder has not the uid of its mirror in the API
 * but the hash of its manifest, which the mirror has as an annotation; where there is none, the second rule matches nothing.
 */
export const podFileRules: readonly Rule[] = [
  podFile(meta("pod_uid")),
  podFile(meta("pod_annotation_kubernetes_io_config_hash")),
];

// A container that writes without ever ending its line must not fill the memory: what Loki would refuse is cut off.
const criStage = ({ maxLineSize }: AlloyConfigArgs["limits"]) =>
  block("stage.cri", { max_partial_line_size: sizeBytes(maxLineSize), max_partial_line_size_truncate: true });

// At the first start the files reach back for months. Loki would refuse those lines, and with each its whole batch would count as lost.
const tooOldStage = (limits: AlloyConfigArgs["limits"]) =>
  block("stage.drop", { older_than: oldest(limits), drop_counter_reason: "too_old" });

/** Alloy's durations are Go's, which have no days. */
const oldest = ({ rejectOldSamplesMaxAge }: AlloyConfigArgs["limits"]) => `${seconds(rejectOldSamplesMaxAge)}s`;

function journal({ settings, limits }: AlloyConfigArgs, receiver: Expression): Block[] {
  // It only lends its rules to the source: a journal entry's fields don't get past it.
  const relabel = component("loki.relabel", "journal", { forward_to: [] }, ruleBlocks(journalRules));
  const source = component("loki.source.journal", "node", {
    path: settings.journalPath,
    // Default 7h: a collector that was off longer would skip entries.
    max_age: oldest(limits),
    labels: { job: "systemd-journal", node: env(nodeNameVariable) },
    relabel_rules: exported(relabel, "rules"),
    forward_to: [receiver],
  });
  return [relabel, source];
}

/** `unit`: services only, without the instance of a template, because sessions, scopes and instances are without number; and the kernel. */
export const journalRules: readonly Rule[] = [
  {
    source_labels: ["__journal__systemd_unit"],
    regex: "([^@]+@?).*([.]service)",
    replacement: "${1}${2}",
    target_label: "unit",
  },
  { source_labels: ["__journal__transport"], regex: "kernel", replacement: "kernel", target_label: "unit" },
];

// These files have no times that all of them write alike: a line's time is when it is read, and so an old file is not read from its start.
function nodeFiles({ settings }: AlloyConfigArgs, receiver: Expression): Block[] {
  const targets = settings.nodeFiles.map((path) => ({
    __path__: path,
    job: "node-files",
    node: env(nodeNameVariable),
  }));
  const source = component("loki.source.file", "node", { targets, tail_from_end: true, forward_to: [receiver] }, [
    block("file_match", { enabled: true }),
  ]);
  return [source];
}

/** Port of each node that its Talos sends its own log to. */
export const talosPort = 5170;

/**
 * What Talos sends, a JSON object a line: of its services, with `talos-service`, and of the kernel, without.
 * @see https://www.talos.dev/latest/talos-guides/configuration/logging/
 */
function talos(receiver: Expression): Block[] {
  const process = component("loki.process", "talos", { forward_to: [receiver] }, [
    // JMESPath takes a name with a hyphen in quotes.
    block("stage.json", { expressions: { time: '"talos-time"', level: '"talos-level"', unit: '"talos-service"' } }),
    block("stage.template", { source: "unit", template: '{{ or .Value "kernel" }}' }),
    block("stage.timestamp", { source: "time", format: "RFC3339Nano" }),
    block("stage.labels", { values: { unit: "" } }),
  ]);
  const listener = (protocol: string) =>
    block("listener", {
      address: `0.0.0.0:${talosPort}`,
      protocol,
      // The lines are no syslog. Alloy calls this format experimental, so the collector's pods start with that stability.
      syslog_format: "raw",
      // By default two minutes: Talos may have nothing to say for longer, and the line that finds the connection closed is lost.
      idle_timeout: "24h",
      labels: { job: "talos", node: env(nodeNameVariable) },
    });
  const source = component("loki.source.syslog", "talos", { forward_to: [exported(process, "receiver")] }, [
    listener("tcp"),
    listener("udp"),
  ]);
  return [source, process];
}
