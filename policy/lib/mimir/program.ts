import { configOfValue } from "../charts/config-value";
import { expandForMimir } from "../config/placeholders";
import type { ChartContext, Program } from "../config/program";
import { at, type Block } from "../unknown";
import { storageFlags } from "./storage-flags";

/** Mimir, as the reader of configurations must know it. */
export const mimir: Program = {
  name: "Mimir",
  key: "mimir",
  tenantSettings: ["compactor_blocks_retention_period"],
  flags: [
    { flag: "target", setting: "target" },
    { flag: "ingester.ring.replication-factor", setting: "ingester.ring.replication_factor" },
    { flag: "ingest-storage.enabled", setting: "ingest_storage.enabled", isSwitch: true },
    { flag: "compactor.blocks-retention-period", setting: "limits.compactor_blocks_retention_period" },
    ...storageFlags,
  ],
  validation: "mimir -config.file=FILE -modules",
  expand: expandForMimir,
  isValue: (value) => "config" in value || "structuredConfig" in value,
  ofChart: (value, context) =>
    configOfValue(value, context, {
      program: mimir,
      base,
      valueOf: () => undefined,
      read: ["config", "structuredConfig"],
    }),
};

// What the chart's own template (`mimir.config` of mimir-distributed) says of storage and ingestion. Kafka came with version 6.
function base(_: Block, { values, chart }: ChartContext): Block {
  const bucket = (name: string) => ({ backend: "s3", s3: { bucket_name: `mimir-${name}` } });
  const ownMinio = at(values, "minio.enabled") !== false;
  const runs = at(values, "alertmanager.enabled") !== false;
  const isClassic = Number.parseInt(chart?.version ?? "6", 10) < 6;
  return {
    blocks_storage: ownMinio ? bucket("tsdb") : { backend: "s3" },
    ...(ownMinio && { ruler_storage: bucket("ruler") }),
    ...(runs && { alertmanager: { enable_api: true }, ...(ownMinio && { alertmanager_storage: bucket("ruler") }) }),
    ingest_storage: { enabled: !isClassic },
  };
}
