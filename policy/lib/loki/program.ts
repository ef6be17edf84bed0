import { configOfValue } from "../charts/config-value";
import { isLokiBefore3 } from "../charts/layouts";
import { expandForLoki } from "../config/placeholders";
import type { ChartContext, Program } from "../config/program";
import { isBlock, type Block } from "../unknown";

const compactorSettings = ["retention_enabled", "delete_request_store"];

/** Where the charts `loki` (5 and later), `loki-distributed` and `loki-simple-scalable` keep the blocks of Loki's configuration. */
export const valueOf: Readonly<Record<string, string>> = {
  server: "server",
  common: "commonConfig",
  schema_config: "schemaConfig",
  storage_config: "storage_config",
  limits_config: "limits_config",
  compactor: "compactor",
  ingester: "ingester",
  ingester_client: "ingester_client",
  distributor: "distributor",
  querier: "querier",
  query_range: "query_range",
  query_scheduler: "query_scheduler",
  frontend: "frontend",
  frontend_worker: "frontend_worker",
  index_gateway: "index_gateway",
  pattern_ingester: "pattern_ingester",
  ruler: "rulerConfig",
  analytics: "analytics",
};
const signs = ["config", "structuredConfig", "schemaConfig", "limits_config", "commonConfig", "storage_config"];

/** Loki, as the reader of configurations must know it. */
export const loki: Program = {
  name: "Loki",
  key: "loki",
  tenantSettings: ["retention_period", "retention_stream"],
  flags: [
    { flag: "target", setting: "target" },
    // Above common.replication_factor, as the ring's own factor in the file is.
    { flag: "distributor.replication-factor", setting: "ingester.lifecycler.ring.replication_factor" },
    {
      flag: "validation.allow-structured-metadata",
      setting: "limits_config.allow_structured_metadata",
      isSwitch: true,
    },
    { flag: "store.retention", setting: "limits_config.retention_period" },
    { flag: "compactor.retention-enabled", setting: "compactor.retention_enabled", isSwitch: true },
    { flag: "compactor.delete-request-store", setting: "compactor.delete_request_store" },
    { flag: "common.path-prefix", setting: "common.path_prefix" },
    ...["tsdb", "boltdb"].flatMap((index) => [
      {
        flag: `${index}.shipper.active-index-directory`,
        setting: `storage_config.${index}_shipper.active_index_directory`,
      },
      { flag: `${index}.shipper.cache-location`, setting: `storage_config.${index}_shipper.cache_location` },
    ]),
    { flag: "s3.buckets", setting: "storage_config.aws.bucketnames" },
    { flag: "s3.endpoint", setting: "storage_config.aws.endpoint" },
    { flag: "gcs.bucketname", setting: "storage_config.gcs.bucket_name" },
    { flag: "azure.container-name", setting: "storage_config.azure.container_name" },
  ],
  file: "/etc/loki/local-config.yaml",
  validation: "loki -verify-config -config.file=FILE",
  expand: expandForLoki,
  isValue,
  ofChart: (value, context) =>
    configOfValue(value, context, {
      program: loki,
      base,
      valueOf: (block) => valueOf[block],
      read: [...signs, "compactor"],
    }),
};

/** Whether a block named `compactor` is Loki's settings, and not a chart's set of pods or another program's compactor. */
export function isLokiCompactor(value: unknown): value is Block {
  return isBlock(value) && compactorSettings.some((setting) => setting in value);
}

// A chart of one's own may as well have the whole file there, with Loki's names for all of its blocks.
function isValue(value: Block): boolean {
  const isFile = "schema_config" in value && !signs.some((sign) => sign !== sign.toLowerCase() && sign in value);
  return !isFile && (signs.some((sign) => sign in value) || isLokiCompactor(value.compactor));
}

// The chart leaves out what is empty (`with`), so an empty block doesn't reach Loki.
function base(value: Block, { chart }: ChartContext): Block {
  if (chart && isLokiBefore3(chart)) return {};
  const given = Object.entries(valueOf).map(([block, key]) => [block, value[key]] as const);
  const schema = value.useTestSchema === true ? { schema_config: value.testSchemaConfig ?? testSchema } : {};
  // The only setting of loki-distributed's own file that another policy must know: one writer is enough.
  const one = { ingester: { lifecycler: { ring: { replication_factor: 1 } } } };
  return {
    ...Object.fromEntries(given.filter(([, content]) => !isEmpty(content))),
    ...schema,
    ...(chart?.name === "loki-distributed" && one),
  };
}

// `loki.testSchemaConfig`: s3 with the chart's own MinIO, else filesystem.
const testSchema = {
  configs: ["s3", "filesystem"].map((object_store, index) => ({
    from: `2024-04-0${index + 1}`,
    store: "tsdb",
    object_store,
    schema: "v13",
    index: { prefix: "index_", period: "24h" },
  })),
};

function isEmpty(content: unknown): boolean {
  return !content || (typeof content === "object" && Object.keys(content).length === 0);
}
