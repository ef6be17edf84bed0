import type { Settings } from "../../config/schema";
import { nodeRules } from "./nodes";
import { pipelineRules } from "./pipeline";
import { recordingRules } from "./recording";
import type { RuleGroup } from "./types";
import { volumeRules } from "./volumes";
import { workloadRules } from "./workloads";

/**
 * Rules about the cluster and about monitoring itself, by system. Names of alerts and recorded series are those of the
 * kubernetes-mixin and node-mixin where these have one that means the same, so that dashboards, routes and silences fit.
 * @param settings which exporters and base targets there are: no alert misses what was turned off
 * @see https://github.com/kubernetes-monitoring/kubernetes-mixin
 */
export function baseRules(settings: Pick<Settings, "exporters" | "monitors">): Record<string, RuleGroup[]> {
  const { exporters, monitors } = settings;
  const jobs = [
    ...(exporters.nodeExporter.enabled ? ["node-exporter"] : []),
    ...(exporters.kubeStateMetrics.enabled ? ["kube-state-metrics"] : []),
    ...(monitors.kubelet ? ["kubelet"] : []),
    ...(monitors.apiServer ? ["apiserver"] : []),
  ];
  return {
    recording: recordingRules,
    nodes: nodeRules,
    workloads: workloadRules,
    volumes: volumeRules,
    pipeline: pipelineRules(jobs),
  };
}
