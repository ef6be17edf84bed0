/**
 * What the reference of Alloy 1.12 documents of the components that are used: names only. Where this list and `alloy validate` differ,
 * `alloy validate` is right; it runs in the workflow that has the binary.
 * @see https://grafana.com/docs/alloy/v1.12/reference/components/
 */
export interface Documented {
  /** `general-availability` in the reference's front matter; `--stability.level=generally-available` refuses any other. */
  stage?: "general-availability";
  required?: readonly string[];
  optional?: readonly string[];
  blocks?: Readonly<Record<string, Documented>>;
  exports?: readonly string[];
}

const rule: Documented = {
  optional: ["action", "modulus", "regex", "replacement", "separator", "source_labels", "target_label"],
};

const labelSelector: Documented = {
  optional: ["match_labels"],
  blocks: { match_expression: { required: ["key", "operator"], optional: ["values"] } },
};

const monitors = {
  stage: "general-availability",
  required: ["forward_to"],
  optional: ["informer_sync_timeout", "namespaces"],
  blocks: {
    client: {},
    clustering: {},
    rule,
    scrape: { optional: ["default_scrape_interval", "default_scrape_timeout"] },
    selector: labelSelector,
  },
} as const satisfies Documented;

/** Component → what is documented of it. */
export const documented: Readonly<Record<string, Documented>> = {
  "discovery.kubernetes": {
    stage: "general-availability",
    required: ["role"],
    optional: ["api_server", "kubeconfig_file", "bearer_token_file", "enable_http2", "follow_redirects", "proxy_url"],
    blocks: {
      selectors: { required: ["role"], optional: ["field", "label"] },
      namespaces: { optional: ["names", "own_namespace"] },
      attach_metadata: {},
    },
    exports: ["targets"],
  },
  "discovery.relabel": {
    stage: "general-availability",
    required: ["targets"],
    blocks: { rule },
    exports: ["output", "rules"],
  },
  "mimir.rules.kubernetes": {
    stage: "general-availability",
    required: ["address"],
    optional: [
      "external_labels",
      "mimir_namespace_prefix",
      "prometheus_http_prefix",
      "sync_interval",
      "tenant_id",
      "use_legacy_routes",
    ],
    blocks: { rule_namespace_selector: labelSelector, rule_selector: labelSelector, extra_query_matchers: {} },
  },
  // Not prometheus.operator.scrapeconfigs, which is experimental.
  "prometheus.operator.servicemonitors": { ...monitors, optional: [...monitors.optional, "kubernetes_role"] },
  "prometheus.operator.podmonitors": monitors,
  "prometheus.operator.probes": monitors,
  "prometheus.scrape": {
    stage: "general-availability",
    required: ["forward_to", "targets"],
    optional: [
      "bearer_token_file",
      "body_size_limit",
      "honor_labels",
      "honor_timestamps",
      "job_name",
      "metrics_path",
      "params",
      "sample_limit",
      "scheme",
      "scrape_interval",
      "scrape_timeout",
      "track_timestamps_staleness",
    ],
    blocks: {
      tls_config: {
        optional: ["ca_file", "cert_file", "insecure_skip_verify", "key_file", "min_version", "server_name"],
      },
      clustering: {},
    },
  },
  "prometheus.relabel": {
    stage: "general-availability",
    required: ["forward_to"],
    optional: ["max_cache_size"],
    blocks: { rule },
    exports: ["receiver", "rules"],
  },
  "prometheus.remote_write": {
    stage: "general-availability",
    optional: ["external_labels"],
    blocks: {
      endpoint: {
        required: ["url"],
        optional: ["headers", "name", "remote_timeout", "send_exemplars", "send_native_histograms"],
        blocks: {
          queue_config: {
            optional: [
              "batch_send_deadline",
              "capacity",
              "max_backoff",
              "max_samples_per_send",
              "max_shards",
              "min_backoff",
              "min_shards",
              "retry_on_http_429",
              "sample_age_limit",
            ],
          },
          metadata_config: { optional: ["max_samples_per_send", "send", "send_interval"] },
        },
      },
      wal: { optional: ["max_keepalive_time", "min_keepalive_time", "truncate_frequency"] },
    },
    exports: ["receiver"],
  },
  "loki.source.file": {
    stage: "general-availability",
    required: ["forward_to", "targets"],
    optional: ["encoding", "legacy_positions_file", "on_positions_file_error", "tail_from_end"],
    blocks: {
      decompression: {},
      file_match: { optional: ["enabled", "ignore_older_than", "sync_period"] },
      file_watch: { optional: ["max_poll_frequency", "min_poll_frequency"] },
    },
  },
  "loki.source.kubernetes": {
    stage: "general-availability",
    required: ["forward_to", "targets"],
    blocks: { client: {}, clustering: {} },
  },
  "loki.source.journal": {
    stage: "general-availability",
    required: ["forward_to"],
    optional: ["format_as_json", "labels", "matches", "max_age", "path", "relabel_rules"],
    blocks: { legacy_position: {} },
  },
  "loki.source.kubernetes_events": {
    stage: "general-availability",
    required: ["forward_to"],
    optional: ["job_name", "log_format", "namespaces"],
    blocks: { client: {} },
  },
  "loki.relabel": {
    stage: "general-availability",
    required: ["forward_to"],
    optional: ["max_cache_size"],
    blocks: { rule },
    exports: ["receiver", "rules"],
  },
  "loki.process": {
    stage: "general-availability",
    required: ["forward_to"],
    blocks: {
      "stage.cri": { optional: ["max_partial_line_size_truncate", "max_partial_line_size", "max_partial_lines"] },
      "stage.drop": {
        optional: ["drop_counter_reason", "expression", "longer_than", "older_than", "separator", "source", "value"],
      },
      "stage.label_drop": { optional: ["values"] },
    },
    exports: ["receiver"],
  },
  "loki.write": {
    stage: "general-availability",
    optional: ["external_labels", "max_streams"],
    // `wal` and `endpoint` > `queue_config` are experimental, so they are not here.
    blocks: {
      endpoint: {
        required: ["url"],
        optional: [
          "batch_size",
          "batch_wait",
          "enable_http2",
          "follow_redirects",
          "headers",
          "max_backoff_period",
          "max_backoff_retries",
          "min_backoff_period",
          "name",
          "remote_timeout",
          "retry_on_http_429",
          "tenant_id",
        ],
      },
    },
    exports: ["receiver"],
  },
};
