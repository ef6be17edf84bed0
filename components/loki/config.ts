import type { Settings } from "../../settings/schema";
import { quantityValue, seconds } from "../../settings/units";
import { serviceHost, type Environment } from "../kubernetes/environment";
import type { LokiStorage } from "../object-storage/types";
import { cacheConfig } from "./caches";
import { headlessService, httpUrl, memberlistService, ports, topology, type Topology, type Workload } from "./topology";

/** Folder of everything that Loki keeps, and where the volume is mounted. */
export const dataDirectory = "/var/loki";

/** Folder of the ruler's rules, where they are not in the bucket: one below it for each tenant. */
export const rulesDirectory = "/etc/loki/rules";

/** The one tenant's name, as long as `auth_enabled` is false. */
export const tenant = "fake";

/** Environment variable with the pod's own address; the pod template sets it. */
export const addressVariable = "POD_IP";

/** Largest request that is taken, in bytes, whichever way it comes: by the gateway, by HTTP, by gRPC between Loki's processes. */
export const largestRequest = 16 * 2 ** 20;

/** What a configuration is made of. */
export interface LokiConfigArgs {
  environment: Environment;
  settings: Settings["loki"];
  /** Where chunks, index, rules and delete requests are kept; its credentials are no part of the configuration. */
  storage: Pick<LokiStorage, "connection" | "buckets">;
  /** Where the ruler's alerts go. */
  alertmanagerUrl: string;
}

/** Loki's configuration, before it is YAML. */
export type LokiConfig = ReturnType<typeof lokiConfig>;

/**
 * Loki's configuration: one for all of its processes, in the order and with the names of Loki's documentation.
 *
 * No key of the object store is in it. Loki takes `AWS_ACCESS_KEY_ID` and `AWS_SECRET_ACCESS_KEY` from the environment where the
 * configuration has none (`s3ClientConfigFunc` in pkg/storage/chunk/client/aws); put in by `-config.expand-env` instead, a key with
 * a quote, a colon or a dollar sign would be YAML. What is expanded is the pod's address, and what only a bucket's claim knows of it.
 *
 * @param args settings and where Loki is
 * @see https://grafana.com/docs/loki/v3.6.x/configure/
 */
export function lokiConfig(args: LokiConfigArgs) {
  const { environment, settings, storage } = args;
  const processes = topology(settings);
  const schema = settings.schemaConfigs ?? defaultSchema;
  return {
    // One tenant, whose name is in the bucket's paths.
    auth_enabled: false,
    server: server(settings),
    ...schedulers(environment, processes),
    query_range: {
      align_queries_with_step: true,
      cache_results: true,
      results_cache: {
        cache: cacheConfig("results", settings, environment, processes.doing["query-frontend"].resources),
      },
    },
    querier: { max_concurrent: workers },
    ruler: ruler(args),
    ingester: ingester(processes),
    pattern_ingester: { enabled: settings.patternIngester },
    ...apart(processes, {
      // Of the clients: the index gateways and backends always are. By `ring` one dead backend could hold up every query for a minute.
      index_gateway: { mode: "simple" },
    }),
    storage_config: {
      max_chunk_batch_size: chunksAtOnce,
      ...apart(processes, indexGateways(environment, processes, schema)),
    },
    chunk_store_config: {
      chunk_cache_config: cacheConfig("chunks", settings, environment, processes.doing.querier.resources),
    },
    schema_config: { configs: schema },
    compactor: {
      working_directory: `${dataDirectory}/compactor`,
      compaction_interval: settings.compactionInterval,
      retention_enabled: true,
      retention_delete_delay: settings.retentionDeleteDelay,
      retention_delete_worker_count: settings.retentionDeleteWorkers,
      // Loki 3 doesn't start with retention and without it.
      delete_request_store: schema[schema.length - 1].object_store,
    },
    limits_config: { ...limits(settings), ...parallelism(processes) },
    memberlist: {
      // A pod may get the address of another program's that used memberlist a moment ago, and would join it.
      cluster_label: `loki-${environment.namespace}`,
      join_members: [`dns+${serviceHost(environment, memberlistService)}:${ports.memberlist}`],
      // Heals what a broken network parted: `autoforget_unhealthy` wants it.
      rejoin_interval: "90s",
    },
    analytics: { reporting_enabled: false },
    common: {
      path_prefix: dataDirectory,
      replication_factor: settings.replicationFactor,
      // Otherwise Loki looks for it on eth0 and en0, and with no private address there advertises one that no other pod reaches.
      instance_addr: `\${${addressVariable}}`,
      ...apart(processes, {
        compactor_grpc_address: `${serviceHost(environment, processes.doing.compactor.name)}:${ports.grpc}`,
      }),
      storage: { s3: s3(storage) },
      ring: { kvstore: { store: "memberlist" } },
    },
    // By then no Service sends it requests any more.
    shutdown_delay: "5s",
  };
}

type Period = NonNullable<Settings["loki"]["schemaConfigs"]>[number];

const defaultSchema: Period[] = [
  {
    from: "2024-04-01",
    store: "tsdb",
    object_store: "s3",
    schema: "v13",
    index: { prefix: "loki_index_", period: "24h" },
  },
];

/** Configuration that only separate processes need. */
const apart = <T extends object>({ workloads }: Topology, keys: T): T | undefined =>
  workloads.length > 1 ? keys : undefined;

/**
 * Who gives queries to the queriers. Frontends and queriers find the schedulers by DNS, not by their ring: a scheduler that has just started, and isn't
 * in the ring yet, never answers the frontend that connects to it (`FrontendLoop` in pkg/scheduler of 3.6.3 and 3.7.1), and that one waits for ever.
 * A single binary asks its own: one that ends with queries of another in its queue never does (`RequestQueue.stopping` in pkg/queue of 3.6.3), until
 * it is killed.
 * @see https://github.com/grafana/loki/issues/19528
 */
function schedulers(environment: Environment, { workloads, doing }: Topology) {
  const alone = workloads.length === 1;
  const host = alone ? "127.0.0.1" : serviceHost(environment, headlessService(doing["query-scheduler"]));
  const them = { scheduler_address: `${host}:${ports.grpc}` };
  // A frontend without a querier passes on who follows lines as they come.
  const tails = doing["query-frontend"] !== doing.querier && { tail_proxy_url: httpUrl(environment, doing.querier) };
  return {
    query_scheduler: { use_scheduler_ring: false },
    frontend: { compress_responses: true, ...them, ...tails },
    frontend_worker: them,
  };
}

/**
 * Requests that a querier takes at a time (by default 4), how many of one query these may be (128), and chunks that each fetches at a time (50).
 *
 * A query for the last lines ends when it has enough of them, and cancels what it asked for ahead. Loki takes that for a fault of the connection: the
 * worker that had the request takes none for up to five seconds, longer each time (`processQueriesOnSingleStream` in pkg/querier/worker of 3.6.3 and
 * 3.7.1). With four workers, queries of milliseconds soon wait for seconds on idle cores; of 32 others take over. So that several large queries at a
 * time take no more memory for that, each part of them holds fewer chunks. Measured: docs/logs-benchmark.md.
 */
const [workers, atOnce, chunksAtOnce] = [32, 4, 8];

function parallelism({ doing: { querier } }: Topology) {
  const all = atOnce * querier.replicas;
  return { max_query_parallelism: all, tsdb_max_query_parallelism: all };
}

function server({ limits, logLevel }: Settings["loki"]) {
  const longest = `${requestSeconds(limits)}s`;
  return {
    http_listen_port: ports.http,
    grpc_listen_port: ports.grpc,
    http_server_read_timeout: longest,
    http_server_write_timeout: longest,
    // By default 4 MiB, while the clients send up to 100: results of large queries would be refused between Loki's own processes.
    grpc_server_max_recv_msg_size: largestRequest,
    grpc_server_max_send_msg_size: largestRequest,
    log_level: logLevel,
  };
}

/**
 * Seconds after which a connection is cut: never before a query has had its time.
 * @param limits limits of the settings
 */
export function requestSeconds({ queryTimeout }: Pick<Settings["loki"]["limits"], "queryTimeout">): number {
  return Math.ceil(seconds(queryTimeout)) + 60;
}

function ruler({ environment: { cluster }, settings, alertmanagerUrl }: LokiConfigArgs) {
  return {
    ...(cluster && { external_labels: { cluster } }),
    // s3: common.storage, under `rules/`
    storage: settings.logAlerts ? { type: "local", local: { directory: rulesDirectory } } : { type: "s3" },
    rule_path: `${dataDirectory}/rules-temp`,
    alertmanager_url: alertmanagerUrl,
    enable_alertmanager_v2: true,
    // Otherwise every replica evaluates every rule.
    enable_sharding: true,
    enable_api: true,
  };
}

function ingester({ doing: { ingester } }: Topology) {
  return {
    chunk_encoding: "snappy",
    // A writer whose node died leaves the ring after a minute. Until then, and for ever without this, lines of its streams are refused,
    // which holds up the others of every batch. Of two writers Loki never forgets one, and of one it warns every 15 s that it won't.
    autoforget_unhealthy: ingester.replicas > 2,
    wal: {
      enabled: true,
      dir: `${dataDirectory}/wal`,
      flush_on_shutdown: true,
      // By default 4 GB: a log that is larger than the memory would be replayed until the pod is killed, again and again.
      replay_memory_ceiling: megabytes(ingester.resources, 1 / 2),
    },
  };
}

/** Queriers ask the index gateways for the index rather than each downloading it: the headless Service has every ready one. */
function indexGateways(environment: Environment, { doing }: Topology, schema: Period[]) {
  const client = {
    index_gateway_client: {
      server_address: `dns+${serviceHost(environment, headlessService(doing["index-gateway"]))}:${ports.grpc}`,
    },
  };
  const stores = new Set(schema.map(({ store }) => store));
  return {
    ...(stores.has("boltdb-shipper") && { boltdb_shipper: client }),
    ...(stores.has("tsdb") && { tsdb_shipper: client }),
  };
}

function limits({ retention, retentionStreams, structuredMetadata, volume, limits }: Settings["loki"]) {
  return {
    ingestion_rate_mb: limits.ingestionRateMb,
    ingestion_burst_size_mb: limits.ingestionBurstMb,
    per_stream_rate_limit: limits.perStreamRateLimit,
    per_stream_rate_limit_burst: limits.perStreamRateLimitBurst,
    max_global_streams_per_user: limits.maxStreams,
    max_line_size: limits.maxLineSize,
    // The start of a long line is worth more than none of it.
    max_line_size_truncate: true,
    reject_old_samples: true,
    reject_old_samples_max_age: limits.rejectOldSamplesMaxAge,
    allow_structured_metadata: structuredMetadata,
    volume_enabled: volume,
    max_query_length: limits.maxQueryLength,
    query_timeout: limits.queryTimeout,
    retention_period: retention,
    ...(retentionStreams.length > 0 && { retention_stream: retentionStreams }),
  };
}

function s3({ connection, buckets }: LokiConfigArgs["storage"]) {
  return {
    endpoint: connection.endpoint,
    region: connection.region,
    bucketnames: buckets.loki,
    s3forcepathstyle: connection.forcePathStyle,
    insecure: connection.endpoint.startsWith("http://"),
    ...(connection.caFile && { http_config: { ca_file: connection.caFile } }),
  };
}

const megabytes = ({ limits }: Workload["resources"], share: number) =>
  `${Math.floor((quantityValue(limits.memory) * share) / 2 ** 20)}MB`;
