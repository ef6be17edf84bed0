import type { Settings } from "../../settings/schema";
import { quantityValue, seconds } from "../../settings/units";
import { serviceHost, type Environment } from "../kubernetes/environment";
import type { MimirStorage, S3Connection } from "../object-storage/types";

/** Folder of everything that Mimir keeps, and where the volume is mounted. */
export const dataDirectory = "/var/mimir";

/** Name of the one tenant that there is without tenants (`no_auth_tenant`). */
const tenant = "anonymous";

/** Mimir's ports, in its pods and its Services. */
export const ports = { http: 9009, grpc: 9095, memberlist: 7946 } as const;

/** Headless Service by which several replicas find one another. */
export const memberlistService = "mimir-memberlist";

/** Environment variable with the pod's own address, where there are several replicas. */
export const addressVariable = "POD_IP";

/** What a configuration is made of. */
export interface MimirConfigArgs {
  environment: Pick<Environment, "namespace" | "dnsDomain">;
  settings: Settings["mimir"];
  /** Where blocks, rules and the Alertmanager's state are kept; its credentials are no part of the configuration. */
  storage: Omit<MimirStorage, "pod">;
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
 * Mimir's configuration: everything in one process, classic architecture (ingesters with a write-ahead log, no Kafka). Several replicas are equal
 * members of one ring, each of which answers queries alone.
 *
 * No key of the object store is in it: with none, Mimir takes `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` from the environment
 * (`NewBucketWithConfig` in thanos-io/objstore, providers/s3). Only where each bucket has a key of its own it names their variables, which
 * `-config.expand-env` puts in; those keys are a provisioner's, and have no character that YAML would take for its own.
 *
 * @param args settings and where things are
 * @see https://grafana.com/docs/mimir/latest/configure/configuration-parameters/
 */
export function mimirConfig({
  environment,
  settings,
  storage,
  alertmanagerUrl,
  alertmanager,
  evaluates,
  evaluationInterval,
}: MimirConfigArgs) {
  const { replicas, replicationFactor: replication_factor } = settings;
  const several = replicas > 1;
  const member = several ? inRing : alone;
  return {
    // One tenant, whose name is in the bucket's paths.
    multitenancy_enabled: false,
    server: {
      http_listen_port: ports.http,
      grpc_listen_port: ports.grpc,
      log_level: settings.logLevel,
    },
    common: { storage: { backend: "s3", s3: s3(storage) } },
    blocks_storage: {
      ...bucket(storage, "mimirBlocks"),
      tsdb: {
        dir: `${dataDirectory}/tsdb`,
        // Off by default, where the log was 2.2 times Prometheus's; on, as large (docs/sizing.md).
        wal_compression_enabled: true,
        // A replica that goes for good takes its volume along: what it has is in the bucket before.
        ...(several && { flush_blocks_on_shutdown: true }),
      },
      bucket_store: {
        sync_dir: `${dataDirectory}/tsdb-sync`,
        // By default 1 GiB, whatever the pod has.
        index_cache: { inmemory: { max_size_bytes: share(settings, 1 / 16) } },
        series_hash_cache_max_size_bytes: share(settings, 1 / 32),
        // By default the newest ten hours are left to the ingesters: see query_store_after.
        ...(several && { ignore_blocks_within: "0s" }),
      },
    },
    ruler_storage: bucket(storage, "mimirRuler"),
    alertmanager_storage: bucket(storage, "mimirAlertmanager"),

    distributor: { ring: member },
    // The next replica restarts when this one is ready: by default after 15 s, in which the others have heard of it.
    ingester: { ring: { ...member, replication_factor, ...(!several && { min_ready_duration: "0s" }) } },
    querier: {
      ring: alone,
      max_concurrent: 8,
      // Of three replicas two answer a query, and one of them may be new: by default it would know nothing of the last twelve hours.
      ...(several && { query_store_after: "0s" }),
    },
    frontend: { address: loopback },
    query_scheduler: { ring: alone },
    store_gateway: { ...tenants(storage), sharding_ring: { ...member, replication_factor } },
    compactor: { ...tenants(storage), data_dir: `${dataDirectory}/compactor`, sharding_ring: member },
    ruler: {
      rule_path: `${dataDirectory}/ruler`,
      alertmanager_url: alertmanagerUrl,
      // By default a minute; Prometheus evaluated as often as it scrapes.
      evaluation_interval: `${seconds(evaluationInterval)}s`,
      ring: member,
    },
    ...(alertmanager && { alertmanager: ownAlertmanager(alertmanager) }),

    ...(several && { memberlist: memberlist(environment) }),

    limits: limits(settings, evaluates),
    activity_tracker: { filepath: `${dataDirectory}/metrics-activity.log` },
    usage_stats: { enabled: false },
  };
}

/** One process reaches itself on the loopback, whichever address its pod has. An address that it detects may not be reachable. */
const loopback = "127.0.0.1";

/** A ring with one member, which forgets nothing that matters when it restarts. */
const alone = { instance_addr: loopback, kvstore: { store: "inmemory" } };

/** Several replicas tell one another their addresses. An address that a replica detects may not be reachable from other pods. */
const inRing = { instance_addr: `\${${addressVariable}}`, kvstore: { store: "memberlist" } };

const memberlist = (environment: MimirConfigArgs["environment"]) => ({
  // A pod may get the address of another program's that used memberlist a moment ago, and would join it.
  cluster_label: `mimir-${environment.namespace}`,
  advertise_addr: `\${${addressVariable}}`,
  bind_port: ports.memberlist,
  join_members: [`dns+${serviceHost(environment, memberlistService)}:${ports.memberlist}`],
  // Heals what a broken network parted.
  rejoin_interval: "90s",
});

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

function limits({ retention, outOfOrderWindow, blockUpload, limits }: Settings["mimir"], evaluates: boolean) {
  return {
    max_global_series_per_user: limits.maxSeries,
    ingestion_rate: limits.ingestionRate,
    ingestion_burst_size: limits.ingestionBurst,
    // kube-state-metrics makes a label of each of an object's labels.
    max_label_names_per_series: limits.maxLabelsPerSeries,
    out_of_order_time_window: outOfOrderWindow,
    compactor_blocks_retention_period: `${seconds(retention)}s`,
    compactor_block_upload_enabled: blockUpload,
    ruler_recording_rules_evaluation_enabled: evaluates,
    ruler_alerting_rules_evaluation_enabled: evaluates,
    // By default 20 rules a group and 70 groups: the base rules alone have longer groups.
    ruler_max_rules_per_rule_group: 0,
    ruler_max_rule_groups_per_tenant: 0,
  };
}

/** Where one of the stores is. One that shares the blocks' bucket has a prefix: without it, Mimir refuses to start. */
function bucket({ buckets, prefixes, own }: MimirConfigArgs["storage"], use: keyof MimirStorage["buckets"]) {
  const prefix = prefixes?.[use];
  const access = own?.[use];
  return {
    ...(prefix && { storage_prefix: prefix }),
    s3: {
      ...(access && place(access)),
      bucket_name: buckets[use],
      ...(access && { access_key_id: access.accessKey, secret_access_key: access.secretKey }),
    },
  };
}

function s3({ connection, own }: MimirConfigArgs["storage"]) {
  return {
    ...(!own && place(connection)),
    bucket_lookup_type: connection.forcePathStyle ? "path" : "auto",
    insecure: connection.endpoint.startsWith("http://"),
    ...(connection.caFile && { http: { tls_ca_path: connection.caFile } }),
  };
}

const place = ({ endpoint, region }: Pick<S3Connection, "endpoint" | "region">) => ({
  // Host and port alone; where they are variables, it is no URL yet.
  endpoint: endpoint.replace(/^https?:\/\//, "").replace(/\/$/, ""),
  region,
});

/**
 * In the blocks' bucket, the other stores' prefixes look like tenants (`ListUsers` in pkg/storage/tsdb/users_scanner.go): without this, the
 * compactor would clean up there as after a tenant whose blocks are gone (`deleteRemainingData` in pkg/compactor/blocks_cleaner.go).
 */
const tenants = ({ prefixes }: MimirConfigArgs["storage"]) => prefixes && { enabled_tenants: tenant };

const share = ({ resources }: Settings["mimir"], part: number) =>
  Math.floor(quantityValue(resources.limits.memory) * part);
