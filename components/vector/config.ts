import type { Settings } from "../../settings/schema";
import { quantityValue, sizeBytes } from "../../settings/units";
import { hasMetadata, journalProgram, lineProgram, podProgram, type ProgramArgs } from "./vrl";

/** Port of Vector's own metrics. */
export const metricsPort = 9598;

/** Folder in the container for positions and the buffer. */
export const dataFolder = "/var/lib/vector";

/** What a configuration is made of. */
export interface VectorConfigArgs {
  settings: Pick<
    Settings["logs"],
    "journal" | "journalPath" | "includeNamespaces" | "excludeNamespaces" | "redact" | "lines" | "vector"
  >;
  /** What Loki takes. */
  limits: Pick<Settings["loki"]["limits"], "rejectOldSamplesMaxAge" | "maxLineSize">;
  /** URL of Loki's push API. */
  pushUrl: string;
  /** Value of the label `cluster`; none when left out. */
  cluster?: string;
}

/** A source, transform or sink: its type, and its options as the reference names them. */
interface Component {
  type: string;
  inputs?: string[];
  [option: string]: unknown;
}

/** A configuration of Vector. */
export interface VectorConfig {
  data_dir: string;
  expire_metrics_per_metric_set: object[];
  sources: Record<string, Component>;
  transforms: Record<string, Component>;
  sinks: Record<string, Component>;
}

/** What the kernel shows of its node in any pod; network and file systems are the pod's own there. */
const hostCollectors = ["cpu", "disk", "load", "memory"];

/** Vector's own metrics of which alerts and the dashboard ask for the last value, or for how much they have grown. */
const lastingMetrics =
  "^(buffer_size_(bytes|events)|component_(discarded_events|errors)_total|http_client_responses_total)$";

const yearSeconds = 365 * 86_400;

/** Longest line that is put together of the runtime's parts of 16 KiB; a longer one is dropped, and counted. */
const mergedBytes = 16 * 1024 * 1024;

/**
 * The configuration of Vector on each node: pods' logs and the node's journal to Loki, and its own metrics for who scrapes them.
 * @param args settings, limits, where to
 */
export function vectorConfig({ settings, limits, pushUrl, cluster }: VectorConfigArgs): VectorConfig {
  const { journal, vector } = settings;
  const programs: ProgramArgs = { settings, limits, runtime: vector.containerRuntime, cluster };
  const remap = (inputs: string[], source: string): Component => ({
    type: "remap",
    inputs,
    source,
    // A line that a program can't read is not sent, and counted as an error; one that it aborts is left out on purpose.
    drop_on_error: true,
    drop_on_abort: true,
  });
  const { origin, pathname } = new URL(pushUrl);
  return {
    data_dir: dataFolder,
    // What doesn't change is left out after five minutes else: a full buffer, or how many lines were lost.
    expire_metrics_per_metric_set: [{ name: { type: "regex", pattern: lastingMetrics }, expire_secs: yearSeconds }],
    sources: {
      pods: podSource(settings),
      ...(journal && { journal: journalSource(settings) }),
      own: { type: "internal_metrics" },
      ...(vector.hostMetrics && { host: { type: "host_metrics", collectors: hostCollectors } }),
    },
    transforms: {
      pod_lines: remap(["pods"], podProgram(programs)),
      ...(journal && { journal_lines: remap(["journal"], journalProgram(programs)) }),
      lines: remap(
        ["pod_lines", ...(journal ? ["journal_lines"] : [])],
        lineProgram(settings, sizeBytes(limits.maxLineSize)),
      ),
    },
    sinks: {
      loki: {
        type: "loki",
        inputs: ["lines"],
        endpoint: origin,
        path: pathname,
        // The line as it was written: the same text as Alloy's, which Loki recognises.
        encoding: { codec: "text" },
        labels: { "*": "{{ labels }}" },
        ...(hasMetadata(settings.lines) && { structured_metadata: { "*": "{{ metadata }}" } }),
        // Since 0.57 a template must begin with fixed text, so that no event chooses where it goes. Labels go nowhere.
        dangerously_allow_unconfined_template_resolution: true,
        out_of_order_action: "accept",
        // The journal's position moves when Loki has an entry, or the disk; `kubernetes_logs` has no acknowledgements (README, Traps).
        acknowledgements: { enabled: true },
        buffer: { type: "disk", max_size: quantityValue(vector.buffer), when_full: "block" },
        request: { retry_max_duration_secs: 30 },
      },
      metrics: {
        type: "prometheus_exporter",
        inputs: ["own", ...(vector.hostMetrics ? ["host"] : [])],
        address: `0.0.0.0:${metricsPort}`,
        // Those with a time of their own go on for five minutes after their pod.
        suppress_timestamp: true,
      },
    },
  };
}

function podSource({ includeNamespaces, excludeNamespaces }: VectorConfigArgs["settings"]): Component {
  // With the file that the kubelet has rotated last: what Vector had not read of it when it stopped is still there. Files are known by their first line.
  const files = (namespace: string) => `/var/log/pods/${namespace}_*/*/*.log*`;
  return {
    type: "kubernetes_logs",
    include_paths_glob_patterns: includeNamespaces.length > 0 ? includeNamespaces.map(files) : [files("*")],
    // Those rotated before are compressed.
    exclude_paths_glob_patterns: [...excludeNamespaces.map(files), "**/*.gz", "**/*.tmp"],
    // Labels of namespaces are of no use here, and every node would watch them.
    insert_namespace_fields: false,
    // Default 60 s: a pod that ends sooner would never be read.
    glob_minimum_cooldown_ms: 10_000,
    max_merged_line_bytes: mergedBytes,
  };
}

function journalSource({ journalPath }: VectorConfigArgs["settings"]): Component {
  return {
    type: "journald",
    journal_directory: journalPath,
    // Entries of earlier boots: the source refuses them with the systemd 250 to 257 of its image (src/sources/journald.rs).
    current_boot_only: true,
    batch_size: 256,
  };
}
