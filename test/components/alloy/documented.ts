/**
 * What the reference of Alloy 1.18 documents of the components that are used: names only. Where this list and `alloy validate` differ,
 * `alloy validate` is right; it runs wherever there is Docker or Go.
 * @see https://grafana.com/docs/alloy/v1.18/reference/components/
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

const stages: Readonly<Record<string, Documented>> = {
  "stage.cri": { optional: ["max_partial_line_size_truncate", "max_partial_line_size", "max_partial_lines"] },
  "stage.drop": {
    optional: ["drop_counter_reason", "expression", "longer_than", "older_than", "separator", "source", "value"],
  },
  "stage.json": { optional: ["drop_malformed", "expressions", "regex", "source"] },
  "stage.label_drop": { optional: ["values"] },
  "stage.labels": { optional: ["values"] },
  "stage.multiline": { required: ["firstline"], optional: ["max_lines", "max_wait_time", "trim_newlines"] },
  "stage.replace": { required: ["expression"], optional: ["replace", "source"] },
  "stage.sampling": { required: ["rate"], optional: ["drop_counter_reason"] },
  "stage.structured_metadata": { optional: ["regex", "values"] },
  "stage.template": { required: ["source", "template"] },
  "stage.timestamp": {
    required: ["format", "source"],
    optional: ["action_on_failure", "fallback_formats", "location"],
  },
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
      attach_metadata: { optional: ["node"] },
    },
    exports: ["targets"],
  },
  "discovery.file": {
    stage: "general-availability",
    required: ["files"],
    optional: ["refresh_interval"],
    exports: ["targets"],
  },
  "discovery.http": {
    stage: "general-availability",
    required: ["url"],
    optional: ["enable_http2", "follow_redirects", "refresh_interval"],
    exports: ["targets"],
  },
  "discovery.dns": {
    stage: "general-availability",
    required: ["names"],
    optional: ["port", "refresh_interval", "type"],
    exports: ["targets"],
  },
  "discovery.consul": {
    stage: "general-availability",
    optional: [
      ...["allow_stale", "datacenter", "namespace", "node_meta", "partition", "refresh_interval", "scheme", "server"],
      ...["services", "tag_separator", "tags"],
    ],
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
      "enable_compression",
      "enable_http2",
      "honor_labels",
      "honor_timestamps",
      "job_name",
      "metrics_path",
      "params",
      "label_limit",
      "label_name_length_limit",
      "label_value_length_limit",
      "sample_limit",
      "scheme",
      "scrape_interval",
      "scrape_timeout",
      "target_limit",
      "track_timestamps_staleness",
    ],
    blocks: {
      authorization: { optional: ["credentials_file", "type"] },
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
  // Generally available, but for the listeners' format "raw".
  "loki.source.syslog": {
    stage: "general-availability",
    required: ["forward_to"],
    optional: ["relabel_rules"],
    blocks: {
      listener: {
        required: ["address"],
        optional: ["idle_timeout", "labels", "max_message_length", "protocol", "syslog_format"],
      },
    },
  },
  "loki.process": {
    stage: "general-availability",
    required: ["forward_to"],
    blocks: {
      ...stages,
      "stage.match": {
        required: ["selector"],
        optional: ["action", "drop_counter_reason", "pipeline_name"],
        blocks: stages,
      },
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
