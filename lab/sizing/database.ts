import type { Blocks } from "./blocks";
import type { Running } from "./workspace";

/** A database of metrics that is measured: how it is started, and where it keeps what. */
export interface Database {
  name: "mimir" | "prometheus" | "victoria-metrics";
  /** Base URL. */
  url: string;
  /** Where its Prometheus API is, without `/api/v1`. */
  queryUrl: string;
  /** Folder of everything that it keeps on its volume. */
  data: string;
  /** The metric with the number of series in memory: its name, and labels that it must have. */
  seriesMetric: readonly [name: string, labels?: Record<string, string>];
  /** Starts it, the second time on what the first left behind. */
  start(): Promise<Running>;
  /** Folder of the write-ahead log; undefined: it has none. */
  wal?: string;
  /** Has it write all that it holds in memory into one block, as it does every two hours, or merge it, and gives what that holds. */
  compact(): Promise<Blocks>;
}
