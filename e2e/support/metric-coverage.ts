import { alloyRules } from "../../components/alloy/rules";
import { minioRules } from "../../components/object-storage/rules";
import { baseRules } from "../../components/rules/base";
import type { RuleGroup } from "../../components/rules/types";
import { settingsSchema } from "../../settings/schema";
import { exported, metricsIn } from "../../test/components/dashboards/exported";
import { leftOut } from "./note";

/** Exporter → which test holds its metrics against a real one. */
const seenBy: Readonly<Record<string, string>> = {
  "node-exporter": "e2e/dashboard-metrics.test.ts",
  alertmanager: "e2e/dashboard-metrics.test.ts",
  "kube-state-metrics": "e2e/dashboard-metrics.test.ts",
  alloy: "e2e/logs.test.ts",
  kubelet: "e2e/dashboard-metrics.test.ts",
  minio: "e2e/dashboard-metrics.test.ts",
  loki: "e2e/loki-processes.test.ts, e2e/loki-rules.test.ts",
  "loki-canary": "e2e/loki-processes.test.ts",
  mimir: "e2e/mimir-series.test.ts",
  prometheus: "e2e/mimir-series.test.ts",
};

/** Metric → why a real exporter may well not have it. */
const excuses: Readonly<Record<string, string>> = {
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
  kube_state_metrics_list_total: "is counted where the API server doesn't stream lists, as one before 1.34",
  minio_s3_requests_5xx_errors_total: "is counted from the first error on",
};

const metricsOf = (groups: readonly RuleGroup[]) =>
  groups.flatMap(({ rules }) => rules.flatMap(({ expr }) => metricsIn(expr)));

/** Metrics that alerts and recorded series add to those of dashboards. */
const ofRules: Readonly<Record<string, string[]>> = {
  minio: metricsOf(minioRules),
  "kube-state-metrics": metricsOf(Object.values(baseRules(settingsSchema.parse({}))).flat()).filter((name) =>
    /^kube_\w+$/.test(name),
  ),
  alloy: metricsOf(alloyRules({ namespace: "monitoring" })).filter((name) => /^(alloy|loki)_\w+$/.test(name)),
};

/** Whether no test sees an exporter's metrics. */
export const unseenByTests = (exporter: string): boolean => !(exporter in seenBy);

/** What of an exporter's metrics is not there. */
export interface Lacking {
  /** Those that it has to have. */
  unseen: string[];
  /** Those that it may well lack, each with the reason. */
  excused: { name: string; why: string }[];
}

/**
 * The metrics of an exporter that dashboards and rules name, and that it doesn't export.
 * @param exporter a key of `exported`
 * @param text what it exports, in Prometheus's text format
 */
export function lacking(exporter: string, text: string): Lacking {
  const there = new Set(text.split("\n").flatMap((line) => /^([a-zA-Z_:][\w:]*)[ {]/.exec(line)?.[1] ?? []));
  const wanted = new Set([...exported[exporter], ...(ofRules[exporter] ?? [])]);
  const missing = [...wanted].filter((name) => !there.has(name));
  return {
    unseen: missing.filter((name) => !(name in excuses)),
    excused: missing.flatMap((name) => (name in excuses ? [{ name, why: excuses[name] }] : [])),
  };
}

/**
 * Says in the run's summary which metrics were not looked for, and why.
 * @param exporter what lacks them
 */
export function reportExcused(exporter: string, { excused }: Lacking): void {
  for (const { name, why } of excused) leftOut(`${name} of ${exporter}`, why);
}
