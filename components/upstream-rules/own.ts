import type { UpstreamGroup } from "../../settings/sections/rules";

/** One of upstream's alerts that this program has in a better form. */
export interface Replaced {
  /** Upstream's group of it, by its key in the chart's values. */
  group: UpstreamGroup;
  /** What is better about this program's own. */
  why: string;
}

const ours = (group: UpstreamGroup, why: string, ...alerts: string[]): [string, Replaced][] =>
  alerts.map((alert) => [alert, { group, why }]);

/** Alerts about remote_write: this program's own are there only where it writes to Mimir. */
export const remoteWriteAlerts = [
  "PrometheusRemoteStorageFailures",
  "PrometheusRemoteWriteBehind",
  "PrometheusRemoteWriteDesiredShards",
];

const sameWithText = "the same condition; ours says what to do on this stack, and docs/alerts.md explains it";

/**
 * The alerts that both this program and the chart (88.5.3) have: the chart's are switched off. Where upstream's alert is as good or better,
 * this program has none of that name. `npm run chart:check` fails for an alert that both have and that is not listed here.
 */
export const replaced: Readonly<Record<string, Replaced>> = Object.fromEntries([
  ...ours("general", "the dead man's switch needs it even without the chart", "Watchdog"),
  ...ours("general", sameWithText, "TargetDown"),
  ...ours("configReloaders", sameWithText, "ConfigReloaderSidecarErrors"),
  ...ours(
    "kubernetesApps",
    sameWithText,
    "KubeContainerWaiting",
    "KubeDeploymentReplicasMismatch",
    "KubeJobFailed",
    "KubePodCrashLooping",
    "KubeStatefulSetReplicasMismatch",
  ),
  ...ours(
    "kubernetesStorage",
    sameWithText,
    "KubePersistentVolumeErrors",
    "KubePersistentVolumeFillingUp",
    "KubePersistentVolumeInodesFillingUp",
  ),
  ...ours("kubernetesSystem", "critical, and after 10 instead of 15 minutes", "KubeNodeNotReady"),
  ...ours("nodeExporterAlerting", sameWithText, "NodeClockNotSynchronising", "NodeClockSkewDetected"),
  ...ours("nodeExporterAlerting", sameWithText, "NodeMemoryHighUtilization"),
  // The chart leaves out the whole group where the alert …Down is disabled.
  ...ours(
    "kubeControllerManager",
    "it fires also while a target is known but doesn't answer",
    "KubeControllerManagerDown",
    "KubeControllerManagerInstanceUnreachable",
  ),
  ...ours(
    "kubeProxy",
    "it fires also while a target is known but doesn't answer",
    "KubeProxyDown",
    "KubeProxyInstanceUnreachable",
  ),
  ...ours(
    "kubeSchedulerAlerting",
    "it fires also while a target is known but doesn't answer",
    "KubeSchedulerDown",
    "KubeSchedulerInstanceUnreachable",
  ),
  ...ours(
    "prometheus",
    "they cover every Prometheus in the cluster, not only that of the release",
    "PrometheusBadConfig",
    "PrometheusErrorSendingAlertsToAnyAlertmanager",
    "PrometheusMissingRuleEvaluations",
    "PrometheusNotConnectedToAlertmanagers",
    "PrometheusNotIngestingSamples",
    "PrometheusRuleFailures",
    "PrometheusTSDBCompactionsFailing",
    "PrometheusTSDBReloadsFailing",
  ),
  ...ours(
    "prometheus",
    "upstream's doesn't fire while the queue is blocked, and doesn't name Mimir",
    ...remoteWriteAlerts,
  ),
  ...ours(
    "prometheusOperator",
    "they cover every operator in the cluster",
    "PrometheusOperatorReconcileErrors",
    "PrometheusOperatorRejectedResources",
  ),
]);
