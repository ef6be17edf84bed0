import { upstreamGroups, type UpstreamGroup } from "../../settings/sections/rules";
import { offInChart, recording } from "./values";

/**
 * Upstream's alerts and recorded series by group, as the chart (88.5.3) has them: a plan has no chart, and is still to call each by its name.
 * `npm run chart:check` fails where `helm template` gives others.
 */
const names: Readonly<Record<UpstreamGroup, string>> = {
  alertmanager: `
    AlertmanagerFailedReload AlertmanagerMembersInconsistent AlertmanagerFailedToSendAlerts AlertmanagerClusterFailedToSendAlerts
    AlertmanagerConfigInconsistent AlertmanagerClusterDown AlertmanagerClusterCrashlooping AlertmanagerClusterFailedPeers`,
  etcd: `
    etcdMembersDown etcdInsufficientMembers etcdNoLeader etcdHighNumberOfLeaderChanges etcdHighNumberOfFailedGRPCRequests
    etcdGRPCRequestsSlow etcdMemberCommunicationSlow etcdHighNumberOfFailedProposals etcdHighFsyncDurations etcdHighCommitDurations
    etcdDatabaseQuotaLowSpace etcdExcessiveDatabaseGrowth etcdDatabaseHighFragmentationRatio`,
  configReloaders: `
    ConfigReloaderSidecarErrors`,
  general: `
    TargetDown Watchdog InfoInhibitor`,
  k8sContainerCpuLimits: `
    cluster:namespace:pod_cpu:active:kube_pod_container_resource_limits namespace_cpu:kube_pod_container_resource_limits:sum`,
  k8sContainerCpuRequests: `
    cluster:namespace:pod_cpu:active:kube_pod_container_resource_requests namespace_cpu:kube_pod_container_resource_requests:sum`,
  k8sContainerCpuUsageSecondsTotal: `
    node_namespace_pod_container:container_cpu_usage_seconds_total:sum_rate5m
    node_namespace_pod_container:container_cpu_usage_seconds_total:sum_irate`,
  k8sContainerMemoryCache: `
    node_namespace_pod_container:container_memory_cache`,
  k8sContainerMemoryLimits: `
    cluster:namespace:pod_memory:active:kube_pod_container_resource_limits namespace_memory:kube_pod_container_resource_limits:sum`,
  k8sContainerMemoryRequests: `
    cluster:namespace:pod_memory:active:kube_pod_container_resource_requests namespace_memory:kube_pod_container_resource_requests:sum`,
  k8sContainerMemoryRss: `
    node_namespace_pod_container:container_memory_rss`,
  k8sContainerMemorySwap: `
    node_namespace_pod_container:container_memory_swap`,
  k8sContainerMemoryWorkingSetBytes: `
    node_namespace_pod_container:container_memory_working_set_bytes`,
  k8sContainerResource: `
    cluster:namespace:pod_memory:active:kube_pod_container_resource_requests namespace_memory:kube_pod_container_resource_requests:sum
    cluster:namespace:pod_cpu:active:kube_pod_container_resource_requests namespace_cpu:kube_pod_container_resource_requests:sum
    cluster:namespace:pod_memory:active:kube_pod_container_resource_limits namespace_memory:kube_pod_container_resource_limits:sum
    cluster:namespace:pod_cpu:active:kube_pod_container_resource_limits namespace_cpu:kube_pod_container_resource_limits:sum`,
  k8sPodOwner: `
    namespace_workload_pod:kube_pod_owner:relabel`,
  kubeApiserverAvailability: `
    code_verb:apiserver_request_total:increase30d code:apiserver_request_total:increase30d
    cluster_verb_scope_le:apiserver_request_sli_duration_seconds_bucket:increase1h
    cluster_verb_scope_le:apiserver_request_sli_duration_seconds_bucket:increase30d
    cluster_verb_scope:apiserver_request_sli_duration_seconds_count:increase1h
    cluster_verb_scope:apiserver_request_sli_duration_seconds_count:increase30d apiserver_request:availability30d
    code_resource:apiserver_request_total:rate5m code_verb:apiserver_request_total:increase1h`,
  kubeApiserverBurnrate: `
    apiserver_request:burnrate1d apiserver_request:burnrate1h apiserver_request:burnrate2h apiserver_request:burnrate30m
    apiserver_request:burnrate3d apiserver_request:burnrate5m apiserver_request:burnrate6h`,
  kubeApiserverHistogram: `
    cluster_quantile:apiserver_request_sli_duration_seconds:histogram_quantile`,
  kubeApiserverSlos: `
    KubeAPIErrorBudgetBurn`,
  kubeControllerManager: `
    KubeControllerManagerDown KubeControllerManagerInstanceUnreachable`,
  kubelet: `
    node_quantile:kubelet_pleg_relist_duration_seconds:histogram_quantile`,
  kubeProxy: `
    KubeProxyDown KubeProxyInstanceUnreachable`,
  kubePrometheusGeneral: `
    count:up1 count:up0`,
  kubePrometheusNodeRecording: `
    instance:node_cpu:rate:sum instance:node_network_receive_bytes:rate:sum instance:node_network_transmit_bytes:rate:sum
    instance:node_cpu:ratio cluster:node_cpu:sum_rate5m cluster:node_cpu:ratio`,
  kubernetesApps: `
    KubePodCrashLooping KubePodNotReady KubeDeploymentGenerationMismatch KubeDeploymentReplicasMismatch KubeDeploymentRolloutStuck
    KubeStatefulSetReplicasMismatch KubeStatefulSetGenerationMismatch KubeStatefulSetUpdateNotRolledOut KubeDaemonSetRolloutStuck
    KubeContainerWaiting KubeDaemonSetNotScheduled KubeDaemonSetMisScheduled KubeJobNotCompleted KubeJobFailed KubeHpaReplicasMismatch
    KubeHpaMaxedOut KubePdbNotEnoughHealthyPods`,
  kubernetesResources: `
    KubeCPUOvercommit KubeMemoryOvercommit KubeCPUQuotaOvercommit KubeMemoryQuotaOvercommit KubeQuotaAlmostFull KubeQuotaFullyUsed
    KubeQuotaExceeded CPUThrottlingHigh`,
  kubernetesStorage: `
    KubePersistentVolumeFillingUp KubePersistentVolumeInodesFillingUp KubePersistentVolumeErrors`,
  kubernetesSystem: `
    KubeClientCertificateExpiration KubeAggregatedAPIErrors KubeAggregatedAPIDown KubeAPIDown KubeAPIInstanceUnreachable
    KubeAPITerminatedRequests KubeNodeNotReady KubeNodePressure KubeNodeUnreachable KubeletTooManyPods KubeNodeReadinessFlapping
    KubeNodeEviction KubeletPlegDurationHigh KubeletPodStartUpLatencyHigh KubeletClientCertificateExpiration
    KubeletServerCertificateExpiration KubeletClientCertificateRenewalErrors KubeletServerCertificateRenewalErrors
    KubeletInstanceUnreachable KubeletDown KubeVersionMismatch KubeClientErrors`,
  kubeSchedulerAlerting: `
    KubeSchedulerDown KubeSchedulerInstanceUnreachable`,
  kubeSchedulerRecording: `
    cluster_quantile:scheduler_scheduling_attempt_duration_seconds:histogram_quantile
    cluster_quantile:scheduler_scheduling_algorithm_duration_seconds:histogram_quantile
    cluster_quantile:scheduler_pod_scheduling_sli_duration_seconds:histogram_quantile`,
  kubeStateMetrics: `
    KubeStateMetricsListErrors KubeStateMetricsWatchErrors KubeStateMetricsShardingMismatch KubeStateMetricsShardsMissing`,
  network: `
    NodeNetworkInterfaceFlapping`,
  node: `
    node_namespace_pod:kube_pod_info: node:node_num_cpu:sum :node_memory_MemAvailable_bytes:sum node:node_cpu_utilization:ratio_rate5m
    cluster:node_cpu:ratio_rate5m`,
  nodeExporterAlerting: `
    NodeFilesystemSpaceFillingUp NodeFilesystemAlmostOutOfSpace NodeFilesystemFilesFillingUp NodeFilesystemAlmostOutOfFiles
    NodeNetworkReceiveErrs NodeNetworkTransmitErrs NodeHighNumberConntrackEntriesUsed NodeTextFileCollectorScrapeError NodeClockSkewDetected
    NodeClockNotSynchronising NodeRAIDDegraded NodeRAIDDiskFailure NodeFileDescriptorLimit NodeCPUHighUsage NodeSystemSaturation
    NodeMemoryMajorPagesFaults NodeMemoryHighUtilization NodeDiskIOSaturation NodeSystemdServiceFailed NodeSystemdServiceCrashlooping
    NodeBondingDegraded`,
  nodeExporterRecording: `
    instance:node_num_cpu:sum instance:node_cpu_utilisation:rate5m instance:node_load1_per_cpu:ratio instance:node_memory_utilisation:ratio
    instance:node_vmstat_pgmajfault:rate5m instance_device:node_disk_io_time_seconds:rate5m
    instance_device:node_disk_io_time_weighted_seconds:rate5m instance:node_network_receive_bytes_excluding_lo:rate5m
    instance:node_network_transmit_bytes_excluding_lo:rate5m instance:node_network_receive_drop_excluding_lo:rate5m
    instance:node_network_transmit_drop_excluding_lo:rate5m instance:node_network_receive_bytes_physical:rate5m
    instance:node_network_transmit_bytes_physical:rate5m instance:node_network_receive_drop_physical:rate5m
    instance:node_network_transmit_drop_physical:rate5m`,
  prometheus: `
    PrometheusBadConfig PrometheusSDRefreshFailure PrometheusKubernetesListWatchFailures PrometheusNotificationQueueRunningFull
    PrometheusErrorSendingAlertsToSomeAlertmanagers PrometheusNotConnectedToAlertmanagers PrometheusTSDBReloadsFailing
    PrometheusTSDBCompactionsFailing PrometheusNotIngestingSamples PrometheusDuplicateTimestamps PrometheusOutOfOrderTimestamps
    PrometheusRemoteStorageFailures PrometheusRemoteWriteBehind PrometheusRemoteWriteDesiredShards PrometheusRuleFailures
    PrometheusMissingRuleEvaluations PrometheusTargetLimitHit PrometheusLabelLimitHit PrometheusScrapeBodySizeLimitHit
    PrometheusScrapeSampleLimitHit PrometheusTargetSyncFailure PrometheusHighQueryLoad PrometheusErrorSendingAlertsToAnyAlertmanager`,
  prometheusOperator: `
    PrometheusOperatorListErrors PrometheusOperatorWatchErrors PrometheusOperatorSyncFailed PrometheusOperatorReconcileErrors
    PrometheusOperatorStatusUpdateErrors PrometheusOperatorNodeLookupErrors PrometheusOperatorNotReady PrometheusOperatorRejectedResources`,
  windows: `
    node:windows_node:sum node:windows_node_num_cpu:sum :windows_node_cpu_utilisation:avg1m node:windows_node_cpu_utilisation:avg1m
    ':windows_node_memory_utilisation:' :windows_node_memory_MemFreeCached_bytes:sum node:windows_node_memory_totalCached_bytes:sum
    :windows_node_memory_MemTotal_bytes:sum node:windows_node_memory_bytes_available:sum node:windows_node_memory_bytes_total:sum
    node:windows_node_memory_utilisation:ratio 'node:windows_node_memory_utilisation:' node:windows_node_memory_swap_io_pages:irate
    :windows_node_disk_utilisation:avg_irate node:windows_node_disk_utilisation:avg_irate 'node:windows_node_filesystem_usage:'
    'node:windows_node_filesystem_avail:' :windows_node_net_utilisation:sum_irate node:windows_node_net_utilisation:sum_irate
    :windows_node_net_saturation:sum_irate node:windows_node_net_saturation:sum_irate windows_pod_container_available
    windows_container_total_runtime windows_container_memory_usage windows_container_private_working_set_usage
    windows_container_network_received_bytes_total windows_container_network_transmitted_bytes_total
    kube_pod_windows_container_resource_memory_request kube_pod_windows_container_resource_memory_limit
    kube_pod_windows_container_resource_cpu_cores_request kube_pod_windows_container_resource_cpu_cores_limit
    namespace_pod_container:windows_container_cpu_usage_seconds_total:sum_rate`,
};

/** Values that have to be on, too, for a group or for one alert, as `values.yaml` names their parts. */
const needs: Readonly<Record<string, string>> = {
  etcd: "kubeEtcd.enabled",
  kubeApiserverAvailability: "kubeApiServer.enabled",
  kubeApiserverBurnrate: "kubeApiServer.enabled",
  kubeApiserverHistogram: "kubeApiServer.enabled",
  kubeApiserverSlos: "kubeApiServer.enabled",
  KubeAPIDown: "kubeApiServer.enabled",
  kubelet: "kubelet.enabled",
  KubeletDown: "prometheusOperator.kubeletService.enabled",
  kubeControllerManager: "kubeControllerManager.enabled",
  kubeProxy: "kubeProxy.enabled",
  kubeSchedulerAlerting: "kubeScheduler.enabled",
  kubeSchedulerRecording: "kubeScheduler.enabled",
  windows: "windowsMonitoring.enabled",
};

/** Groups that the chart leaves out as a whole where one of their alerts is disabled. */
const first: Partial<Record<UpstreamGroup, string>> = {
  kubeControllerManager: "KubeControllerManagerDown",
  kubeProxy: "KubeProxyDown",
  kubeSchedulerAlerting: "KubeSchedulerDown",
};

/** The part of the chart's values that decides which rules there are. */
interface RuleValues {
  defaultRules?: {
    create?: boolean;
    rules?: Partial<Record<string, boolean>>;
    disabled?: Partial<Record<string, boolean>>;
  };
  additionalPrometheusRulesMap?: Record<string, { groups?: { rules?: { alert?: string; record?: string }[] }[] }>;
}

/**
 * The names of upstream's rules that a release of kube-prometheus-stack has by its values.
 * @param values of the release
 */
export function upstreamRules(values: Readonly<Record<string, unknown>>): { alerts: string[]; records: string[] } {
  const { create = true, rules = {}, disabled = {} } = (values as RuleValues).defaultRules ?? {};
  const isOn = (name: string) => !(name in needs) || isEnabled(values, needs[name]);
  const groups = upstreamGroups.filter(
    (group) => create && (rules[group] ?? !offInChart.has(group)) && isOn(group) && !disabled[first[group] ?? ""],
  );
  const named = (records: boolean) =>
    groups
      .filter((group) => recording.has(group) === records)
      .flatMap((group) => names[group].trim().split(/\s+/))
      .filter((name) => isOn(name) && !disabled[name]);
  const added = Object.values((values as RuleValues).additionalPrometheusRulesMap ?? {}).flatMap(
    ({ groups: more }) => more?.flatMap(({ rules }) => rules ?? []) ?? [],
  );
  return {
    alerts: [...named(false), ...added.flatMap(({ alert }) => alert ?? [])],
    records: [...named(true), ...added.flatMap(({ record }) => record ?? [])],
  };
}

/** The chart has all of them on but Windows'. */
function isEnabled(values: unknown, path: string): boolean {
  const found = path
    .split(".")
    .reduce<unknown>((part, key) => (part as Record<string, unknown> | undefined)?.[key], values);
  return found === undefined ? path !== needs.windows : found === true;
}
