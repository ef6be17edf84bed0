import type { Running } from "./workspace";

/** A database of metrics that is measured: how it is started, and where it keeps what. */
export interface Database {
  name: "mimir" | "prometheus";
  /** Base URL. */
  url: string;
  /** Name of the metric with the number of series in memory. */
  seriesMetric: string;
  /** Starts it, the second time on what the first left behind. */
  start(): Promise<Running>;
  /** Folder of the write-ahead log. */
  wal: string;
  /** Has it write a block of all that it holds in memory, as it does every two hours; gives the folder that the block is in. */
  compact(): Promise<string>;
}
