/** What Mimir and Prometheus need by number of series: the measured table of docs/sizing.md, “What to give them”. */
export interface MetricFigures {
  series: number;
  /** Requests: cores at a scrape every {@link measuredInterval}, and bytes of memory; the limit of memory. */
  cpu: number;
  memory: number;
  memoryLimit: number;
  /** Bytes of the volume; Prometheus's holds 14 days. */
  volume: number;
  /** Bytes of samples a day at that interval, on disk and in the bucket alike. */
  day: number;
}

const [MiB, GiB] = [2 ** 20, 2 ** 30];

/** Seconds between the scrapes of the measurements. Memory hardly depends on it; CPU and disk are inversely proportional. */
export const measuredInterval = 15;

/** Days that Prometheus's volumes of the table hold. */
export const measuredDays = 14;

/** By program, in the order of the series. */
export const metricFigures: Record<"prometheus" | "mimir", readonly MetricFigures[]> = {
  prometheus: [
    { series: 10_000, cpu: 0.02, memory: 192 * MiB, memoryLimit: 512 * MiB, volume: 4 * GiB, day: 0.2e9 },
    { series: 100_000, cpu: 0.1, memory: 768 * MiB, memoryLimit: 1536 * MiB, volume: 30 * GiB, day: 1.8e9 },
    { series: 400_000, cpu: 0.2, memory: 2 * GiB, memoryLimit: 3 * GiB, volume: 120 * GiB, day: 7.5e9 },
  ],
  mimir: [
    { series: 10_000, cpu: 0.02, memory: 256 * MiB, memoryLimit: 768 * MiB, volume: 2 * GiB, day: 0.2e9 },
    { series: 100_000, cpu: 0.1, memory: 768 * MiB, memoryLimit: 1536 * MiB, volume: 10 * GiB, day: 1.8e9 },
    { series: 400_000, cpu: 0.3, memory: 2 * GiB, memoryLimit: 3 * GiB, volume: 40 * GiB, day: 7.5e9 },
  ],
};
