import type { Settings } from "../../config/schema";
import { quantityValue, seconds } from "../../config/units";
import type { MimirStorage } from "../object-storage/types";

/** Folder of everything that Mimir keeps, and where the volume is mounted. */
export const dataDirectory = "/var/mimir";

/** Mimir's ports, in its pod and its Service. */
export const ports = { http: 9009, grpc: 9095 } as const;

/** Path of its Alertmanager's interface and API, Mimir's own default (`api.alertmanager_http_prefix`). */
export const alertmanagerPrefix = "/alertmanager";

/** What a configuration is made of. */
export interface MimirConfigArgs {
  settings: Settings["mimir"];
  /** Where blocks, rules and the Alertmanager's state are kept; its credentials are no part of the configuration. */
  storage: Pick<MimirStorage, "connection" | "buckets">;
  /** Where the ruler's alerts go. */
  alertmanagerUrl: string;
  /** Mimir's own Alertmanager, where it runs: the address that notifications link to, and the path of its configuration file. */
  alertmanager?: { externalUrl: string; configFile: string };
  /** Mimir's ruler evaluates rules; false while Prometheus does, or each alert would be sent twice. */
  evaluates: boolean;
  /** How often the ruler evaluates a group of rules that doesn't say so itself (Prometheus duration). */
  evaluationInterval: string;
}

/** Mimir's configuration, before it is YAML. */
export type MimirConfig = ReturnType<typeof mimirConfig>;

/**
 * Mimir's configuration: everything in one process, classic architecture (ingesters with a write-ahead log, no Kafka).
 *
 * No key of the object store is in it: with none, Mimir takes `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` from the environment
 * (`NewBucketWithConfig` in thanos-io/objstore, providers/s3). Nothing in it depends on the pod, so nothing has to be expanded.
 *
 * @param args settings and where things are
 * @see https://grafana.com/docs/mimir/latest/configure/configuration-parameters/
 */
export function mimirConfig({
  settings,
  storage,
  alertmanagerUrl,
  alertmanager,
  evaluates,
  evaluationInterval,
}: MimirConfigArgs) {
  const { buckets } = storage;
  return {
    // One tenant, `anonymous`, whose name is in the bucket's paths.
    multitenancy_enabled: false,
    server: {
      http_listen_port: ports.http,
      grpc_listen_port: ports.grpc,
      log_level: settings.logLevel,
    },
    common: { storage: { backend: "s3", s3: s3(storage) } },
    blocks_storage: {
      s3: { bucket_name: buckets.mimirBlocks },
      tsdb: {
        dir: `${dataDirectory}/tsdb`,
        // Off by default, where the log was 2.2 times Prometheus's; on, as large (docs/sizing.md).
        wal_compression_enabled: true,
      },
      bucket_store: {
        sync_dir: `${dataDirectory}/tsdb-sync`,
        // By default 1 GiB, whatever the pod has.
        index_cache: { inmemory: { max_size_bytes: share(settings, 1 / 16) } },
        series_hash_cache_max_size_bytes: share(settings, 1 / 32),
      },
    },
    ruler_storage: { s3: { bucket_name: buckets.mimirRuler } },
    alertmanager_storage: { s3: { bucket_name: buckets.mimirAlertmanager } },

    distributor: { ring: alone },
    ingester: { ring: { ...alone, replication_factor: 1, min_ready_duration: "0s" } },
    querier: { ring: alone, max_concurrent: 8 },
    frontend: { address: loopback },
    query_scheduler: { ring: alone },
    store_gateway: { sharding_ring: { ...alone, replication_factor: 1 } },
    compactor: { data_dir: `${dataDirectory}/compactor`, sharding_ring: alone },
    ruler: {
      rule_path: `${dataDirectory}/ruler`,
      alertmanager_url: alertmanagerUrl,
      // By default a minute; Prometheus evaluated as often as it scrapes.
      evaluation_interval: `${seconds(evaluationInterval)}s`,
      ring: alone,
    },
    ...(alertmanager && { alertmanager: ownAlertmanager(alertmanager) }),

    limits: limits(settings, evaluates),
    activity_tracker: { filepath: `${dataDirectory}/metrics-activity.log` },
    usage_stats: { enabled: false },
  };
}

/** One process reaches itself on the loopback, whichever address its pod has; found by itself, the address may be one that nobody reaches. */
const loopback = "127.0.0.1";

/** A ring with one member, which forgets nothing that matters when it restarts. */
const alone = { instance_addr: loopback, kvstore: { store: "inmemory" } };

/**
 * One tenant's Alertmanager, whose only configuration is a file: from no other place does Mimir take one whose receivers read their
 * secrets from files. By its API it would take one with the secrets themselves, and keep them in clear text in the bucket.
 */
function ownAlertmanager({ externalUrl, configFile }: NonNullable<MimirConfigArgs["alertmanager"]>) {
  return {
    // Silences and the notification log, as they were when it last ended; the bucket has a copy.
    data_dir: `${dataDirectory}/alertmanager`,
    external_url: externalUrl,
    fallback_config_file: configFile,
    enable_api: false,
    sharding_ring: { ...alone, replication_factor: 1 },
  };
}

function limits({ retention, outOfOrderWindow, limits }: Settings["mimir"], evaluates: boolean) {
  return {
    max_global_series_per_user: limits.maxSeries,
    ingestion_rate: limits.ingestionRate,
    ingestion_burst_size: limits.ingestionBurst,
    // kube-state-metrics makes a label of each of an object's labels.
    max_label_names_per_series: limits.maxLabelsPerSeries,
    out_of_order_time_window: outOfOrderWindow,
    compactor_blocks_retention_period: `${seconds(retention)}s`,
    ruler_recording_rules_evaluation_enabled: evaluates,
    ruler_alerting_rules_evaluation_enabled: evaluates,
    // By default 20 rules a group and 70 groups: the base rules alone have longer groups.
    ruler_max_rules_per_rule_group: 0,
    ruler_max_rule_groups_per_tenant: 0,
  };
}

function s3({ connection }: MimirConfigArgs["storage"]) {
  return {
    endpoint: new URL(connection.endpoint).host,
    region: connection.region,
    bucket_lookup_type: connection.forcePathStyle ? "path" : "auto",
    insecure: connection.endpoint.startsWith("http://"),
  };
}

const share = ({ resources }: Settings["mimir"], part: number) =>
  Math.floor(quantityValue(resources.limits.memory) * part);
