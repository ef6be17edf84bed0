/** Exporter → the metrics of it that dashboards may use, each found in the exporter's own documentation or source. */
export const exported: Readonly<Record<string, readonly string[]>> = {
  // https://github.com/prometheus/node_exporter (v1.12)
  "node-exporter": [
    "node_cpu_seconds_total",
    "node_disk_io_time_seconds_total",
    "node_disk_read_bytes_total",
    "node_disk_written_bytes_total",
    "node_filefd_allocated",
    "node_filefd_maximum",
    "node_filesystem_avail_bytes",
    "node_filesystem_size_bytes",
    "node_hwmon_temp_celsius",
    "node_load5",
    "node_memory_MemAvailable_bytes",
    "node_memory_MemTotal_bytes",
    "node_network_receive_bytes_total",
    "node_network_receive_drop_total",
    "node_network_receive_errs_total",
    "node_network_transmit_bytes_total",
    "node_network_transmit_drop_total",
    "node_network_transmit_errs_total",
    "node_uname_info",
  ],
  // https://github.com/kubernetes/kube-state-metrics/tree/main/docs/metrics (v2.20)
  "kube-state-metrics": [
    "kube_job_failed",
    "kube_node_status_allocatable",
    "kube_persistentvolume_status_phase",
    "kube_persistentvolumeclaim_info",
    "kube_persistentvolumeclaim_status_phase",
    "kube_pod_container_resource_limits",
    "kube_pod_container_resource_requests",
    "kube_pod_container_status_last_terminated_reason",
    "kube_pod_container_status_restarts_total",
    "kube_pod_container_status_waiting_reason",
    "kube_pod_info",
    "kube_pod_status_phase",
  ],
  // https://kubernetes.io/docs/reference/instrumentation/metrics/ and https://github.com/google/cadvisor/blob/master/docs/storage/prometheus.md
  kubelet: [
    "container_cpu_cfs_periods_total",
    "container_cpu_cfs_throttled_periods_total",
    "container_cpu_usage_seconds_total",
    "container_memory_working_set_bytes",
    "container_network_receive_bytes_total",
    "container_network_transmit_bytes_total",
    "kubelet_volume_stats_available_bytes",
    "kubelet_volume_stats_capacity_bytes",
    "kubelet_volume_stats_inodes",
    "kubelet_volume_stats_inodes_used",
    "kubelet_volume_stats_used_bytes",
  ],
  // Section "Debug metrics" of each component in https://grafana.com/docs/alloy/v1.18/reference/components/loki/; the controller's are in
  // internal/runtime/internal/controller/metrics.go
  alloy: [
    "alloy_component_controller_running_components",
    "loki_process_dropped_lines_total",
    "loki_source_file_file_bytes_total",
    "loki_source_file_files_active_total",
    "loki_source_file_read_bytes_total",
    "loki_source_file_read_lines_total",
    "loki_source_journal_target_lines_total",
    "loki_write_batch_retries_total",
    "loki_write_dropped_entries_total",
    "loki_write_request_duration_seconds_bucket",
    "loki_write_request_duration_seconds_count",
    "loki_write_sent_bytes_total",
    "loki_write_sent_entries_total",
  ],
  // The server itself, and what every scraper says of a target: https://prometheus.io/docs/concepts/jobs_instances/
  prometheus: [
    "ALERTS",
    "prometheus_http_requests_total",
    "prometheus_remote_storage_queue_highest_sent_timestamp_seconds",
    "prometheus_remote_storage_samples_dropped_total",
    "prometheus_remote_storage_samples_failed_total",
    "prometheus_remote_storage_samples_pending",
    "prometheus_remote_storage_samples_retried_total",
    "prometheus_remote_storage_samples_total",
    "prometheus_remote_storage_shard_capacity",
    "prometheus_remote_storage_shards",
    "prometheus_rule_evaluation_failures_total",
    "prometheus_rule_evaluations_total",
    "prometheus_tsdb_head_samples_appended_total",
    "prometheus_tsdb_head_series",
    "scrape_duration_seconds",
    "scrape_samples_post_metric_relabeling",
    "scrape_series_added",
    "up",
  ],
  // https://github.com/prometheus/alertmanager/blob/main/notify/metric.go
  alertmanager: ["alertmanager_notifications_failed_total"],
  // Held against a real one by e2e/mimir-series.test.ts
  mimir: [
    "cortex_alertmanager_notifications_failed_total",
    "cortex_bucket_index_last_successful_update_timestamp_seconds",
    "cortex_compactor_last_successful_run_timestamp_seconds",
    "cortex_discarded_samples_total",
    "cortex_ingester_ingested_samples_total",
    "cortex_ingester_memory_series",
    "cortex_ingester_shipper_last_successful_upload_timestamp_seconds",
    "cortex_prometheus_rule_evaluation_failures_total",
    "cortex_prometheus_rule_evaluations_total",
    "cortex_request_duration_seconds_bucket",
    "cortex_request_duration_seconds_count",
    "thanos_objstore_bucket_operation_failures_total",
  ],
  // Held against a real one by e2e/loki-rules.test.ts
  loki: [
    "loki_compactor_apply_retention_last_successful_run_timestamp_seconds",
    "loki_discarded_samples_total",
    "loki_distributor_bytes_received_total",
    "loki_distributor_lines_received_total",
    "loki_prometheus_rule_group_rules",
    "loki_s3_request_duration_seconds_count",
  ],
  "loki-canary": ["loki_canary_missing_entries_total"],
  // https://github.com/minio/minio/blob/master/docs/metrics/prometheus/list.md
  minio: [
    "minio_cluster_capacity_usable_free_bytes",
    "minio_cluster_capacity_usable_total_bytes",
    "minio_cluster_usage_total_bytes",
  ],
};

/** Words of PromQL, which are no names of metrics. */
const words =
  /^(and|or|unless|on|ignoring|by|without|bool|offset|sum|min|max|avg|count|topk|rate|increase|time|vector|timestamp|absent|histogram_quantile|predict_linear|deriv|\w+_over_time|group_left)$/;

/** Names of metrics in a PromQL expression, also those of a matcher of `__name__` that has alternatives. */
export function metricsIn(expr: string): string[] {
  const alternatives = [...expr.matchAll(/__name__=~"(\w*)\(([\w|]+)\)(\w*)"/g)].flatMap(([, before, middle, after]) =>
    middle.split("|").map((each) => `${before}${each}${after}`),
  );
  const bare = expr
    .replace(/"[^"]*"/g, '""')
    .replace(/\{[^}]*\}|\[[^\]]*\]|\boffset \w+/g, " ")
    .replace(/\b(by|on|without|ignoring) ?\([^)]*\)/g, " ");
  const plain = [...bare.matchAll(/[a-zA-Z_:][\w:]*/g)].map(([name]) => name).filter((name) => !words.test(name));
  return [...plain, ...alternatives];
}
