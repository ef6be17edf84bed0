import type { Settings } from "../../config/schema";
import { isScraped, minioJob } from "../object-storage/rules";
import { nodeRules } from "./nodes";
import { pipelineRules } from "./pipeline";
import { recordingRules } from "./recording";
import type { RuleGroup } from "./types";
import { volumeRules } from "./volumes";
import { workloadRules } from "./workloads";

/**
 * Rules about the cluster and about monitoring itself, by system. Names of alerts and recorded series are those of the
 * kubernetes-mixin and node-mixin where these have one that means the same, so that dashboards, routes and silences fit.
 * @param settings which exporters, base targets and object store there are: no alert misses what isn't scraped
 * @see https://github.com/kubernetes-monitoring/kubernetes-mixin
 */
export function baseRules(
  settings: Pick<Settings, "exporters" | "monitors" | "objectStore">,
): Record<string, RuleGroup[]> {
  const { exporters, monitors, objectStore } = settings;
  const jobs = [
    ...(exporters.nodeExporter.enabled ? ["node-exporter"] : []),
    ...(exporters.kubeStateMetrics.enabled ? ["kube-state-metrics"] : []),
    ...(monitors.kubelet ? ["kubelet"] : []),
    ...(monitors.apiServer ? ["apiserver"] : []),
    ...(isScraped(objectStore) ? [minioJob] : []),
  ];
  return {
    recording: recordingRules,
    nodes: nodeRules,
    workloads: workloadRules,
    volumes: volumeRules,
    pipeline: pipelineRules(jobs),
  };
}
