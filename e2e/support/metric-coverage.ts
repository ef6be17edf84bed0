import { minioRules } from "../../components/object-storage/rules";
import { exported, metricsIn } from "../../test/components/dashboards/exported";

/** Exporter → which test holds its metrics against a real one. */
const seenBy: Readonly<Record<string, string>> = {
  "node-exporter": "e2e/dashboard-metrics.test.ts",
  alertmanager: "e2e/dashboard-metrics.test.ts",
  kubelet: "e2e/dashboard-metrics.test.ts",
  minio: "e2e/dashboard-metrics.test.ts",
  loki: "e2e/loki-processes.test.ts, e2e/loki-rules.test.ts",
  "loki-canary": "e2e/loki-processes.test.ts",
  mimir: "e2e/mimir-series.test.ts",
  prometheus: "e2e/mimir-series.test.ts",
};

/** Exporter → why no test runs it. */
const unavailable: Readonly<Record<string, string>> = {
  alloy: "is no Go module that can be built: its names are those of its documentation and source",
  "kube-state-metrics": "v2 is not published as a Go module: its names are those of its documentation",
};

/** Metric → why a real exporter may well not have it. */
const excused: Readonly<Record<string, string>> = {
  node_hwmon_temp_celsius: "needs a sensor of temperature, which a virtual machine lacks",
  node_disk_io_time_seconds_total: "needs a disk of its own",
  node_disk_read_bytes_total: "needs a disk of its own",
  node_disk_written_bytes_total: "needs a disk of its own",
  container_cpu_cfs_periods_total: "needs a container with a CPU limit, which the stack's have not",
  container_cpu_cfs_throttled_periods_total: "needs a container with a CPU limit, which the stack's have not",
  container_network_receive_bytes_total: "needs a pod with a network of its own",
  container_network_transmit_bytes_total: "needs a pod with a network of its own",
  kubelet_volume_stats_available_bytes: "needs a pod with a claim; e2e/stack/dual-write.test.ts has one",
  kubelet_volume_stats_capacity_bytes: "needs a pod with a claim; e2e/stack/dual-write.test.ts has one",
  kubelet_volume_stats_inodes: "needs a pod with a claim; e2e/stack/dual-write.test.ts has one",
  kubelet_volume_stats_inodes_used: "needs a pod with a claim; e2e/stack/dual-write.test.ts has one",
  kubelet_volume_stats_used_bytes: "needs a pod with a claim; e2e/stack/dual-write.test.ts has one",
  minio_s3_requests_5xx_errors_total: "is counted from the first error on",
};

/** Metrics that alerts add to those of dashboards. */
const ofAlerts: Readonly<Record<string, string[]>> = {
  minio: minioRules.flatMap(({ rules }) => rules.flatMap(({ expr }) => metricsIn(expr))),
};

/** Whether nobody says of an exporter which test sees it, or why none does. */
export const unexplained = (exporter: string): boolean => !(exporter in seenBy) && !(exporter in unavailable);

/**
 * The metrics of an exporter that dashboards and alerts name, and that it doesn't export.
 * @param exporter a key of `exported`
 * @param text what it exports, in Prometheus's text format
 */
export function unseen(exporter: string, text: string): string[] {
  const there = new Set(text.split("\n").flatMap((line) => /^([a-zA-Z_:][\w:]*)[ {]/.exec(line)?.[1] ?? []));
  const wanted = new Set([...exported[exporter], ...(ofAlerts[exporter] ?? [])]);
  return [...wanted].filter((name) => !there.has(name) && !(name in excused));
}
