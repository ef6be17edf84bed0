import type { Settings } from "../../settings/schema";
import { isScraped, minioJob } from "../object-storage/rules";
import { probeJob } from "../probes/rules";
import { controlPlaneRules } from "./control-plane";
import { nodeRules } from "./nodes";
import { pipelineRules } from "./pipeline";
import type { RuleGroup } from "./types";
import { volumeRules } from "./volumes";
import { workloadRules } from "./workloads";

/**
 * Alerts about the cluster and about monitoring itself, by system, beside upstream's. They have the names of the kubernetes-mixin and the
 * node-mixin where these have one that means the same, so that routes and silences fit.
 * @param settings which exporters, base targets and object store exist: no alert expects what isn't scraped; and the limits of volumes
 * @see https://github.com/kubernetes-monitoring/kubernetes-mixin
 */
export function baseRules(
  settings: Pick<Settings, "exporters" | "monitors" | "objectStore" | "probes" | "rules">,
): Record<string, RuleGroup[]> {
  const { exporters, monitors, objectStore, probes, rules } = settings;
  const jobs = [
    ...(exporters.nodeExporter.enabled ? ["node-exporter"] : []),
    ...(exporters.kubeStateMetrics.enabled ? ["kube-state-metrics"] : []),
    ...(monitors.kubelet ? ["kubelet"] : []),
    ...(monitors.apiServer ? ["apiserver"] : []),
    ...(isScraped(objectStore) ? [minioJob] : []),
    ...(probes.length > 0 ? [probeJob] : []),
  ];
  return {
    nodes: nodeRules,
    workloads: workloadRules,
    volumes: volumeRules(rules),
    "control-plane": controlPlaneRules(monitors),
    pipeline: pipelineRules(jobs),
  };
}
