/** What keeps, scrapes and evaluates metrics needs by number of series: the measured table of docs/sizing.md, “What to give them”. */
export interface MetricFigures {
  series: number;
  /** Requests: cores at a scrape every {@link measuredInterval}, and bytes of memory; the limit of memory. */
  cpu: number;
  memory: number;
  memoryLimit: number;
  /** Bytes of the volume: Prometheus's and VictoriaMetrics' hold 14 days; 0 where it depends on settings, or there is none. */
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
export const metricFigures: Record<
  "prometheus" | "mimir" | "victoria-metrics" | "vmagent" | "vmalert",
  readonly MetricFigures[]
> = {
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
  "victoria-metrics": [
    { series: 10_000, cpu: 0.03, memory: 160 * MiB, memoryLimit: 384 * MiB, volume: 3 * GiB, day: 0.09e9 },
    { series: 50_000, cpu: 0.08, memory: 224 * MiB, memoryLimit: 640 * MiB, volume: 15 * GiB, day: 0.43e9 },
    { series: 100_000, cpu: 0.12, memory: 384 * MiB, memoryLimit: 1 * GiB, volume: 30 * GiB, day: 0.86e9 },
  ],
  // How much waits on its volume depends on settings.
  vmagent: [
    { series: 10_000, cpu: 0.02, memory: 128 * MiB, memoryLimit: 384 * MiB, volume: 0, day: 0 },
    { series: 50_000, cpu: 0.05, memory: 160 * MiB, memoryLimit: 512 * MiB, volume: 0, day: 0 },
    { series: 100_000, cpu: 0.08, memory: 192 * MiB, memoryLimit: 640 * MiB, volume: 0, day: 0 },
  ],
  vmalert: [
    { series: 10_000, cpu: 0.01, memory: 96 * MiB, memoryLimit: 256 * MiB, volume: 0, day: 0 },
    { series: 50_000, cpu: 0.01, memory: 128 * MiB, memoryLimit: 256 * MiB, volume: 0, day: 0 },
    { series: 100_000, cpu: 0.02, memory: 128 * MiB, memoryLimit: 384 * MiB, volume: 0, day: 0 },
  ],
};
