import { stringify } from "yaml";
import { changed, goodLoki, goodMimir, lokiChart, type Values } from "./fixtures";
import { object, type TestResource } from "./support";

/** A mistake in a configuration of Loki or Mimir. */
interface Fault {
  what: string;
  resources: readonly TestResource[];
  /** The policy that tells of it, and no other does. */
  refusedBy: string;
}

const file = (name: string, text: string): TestResource => ({
  ...object("core/v1", "ConfigMap", { metadata: { namespace: "logs", name }, data: { "config.yaml": text } }),
  name: `${name}-config`,
});
const loki = (path: string, value: unknown) => [file("loki", stringify(changed(goodLoki, path, value)))];
const mimir = (path: string, value: unknown) => [file("mimir", stringify(changed(goodMimir, path, value)))];
const writers = (name: string, replicas: number): TestResource => ({
  ...object("apps/v1", "StatefulSet", {
    metadata: { namespace: "logs", name },
    spec: {
      replicas,
      template: {
        spec: {
          containers: [{ name, image: `grafana/${name}:3.6.3`, args: ["-config.file=/etc/config.yaml"] }],
          volumes: [{ name: "config", configMap: { name } }],
        },
      },
    },
  }),
  name,
});
const inBucket = (content: Values, bucket: string) =>
  changed(content, "common.storage", { s3: { endpoint: "minio:9000", bucketnames: bucket } });

/** Faults by which Loki or Mimir crashes or loses data, at least one for each policy of the profile. */
export const faults: readonly Fault[] = [
  {
    what: "a file that isn't YAML",
    resources: [file("loki", `${stringify(goodLoki)}  compactor: [\n`)],
    refusedBy: "configurations-can-be-read",
  },
  {
    what: "retention without a store for delete requests",
    resources: loki("compactor.delete_request_store", undefined),
    refusedBy: "retention-requires-delete-request-store",
  },
  {
    what: "the same in a release",
    resources: [lokiChart({ compactor: { retention_enabled: true } })],
    refusedBy: "retention-requires-delete-request-store",
  },
  {
    what: "a misspelt setting",
    resources: loki("limits_config.retention_perod", "30d"),
    refusedBy: "configuration-fields-are-known",
  },
  {
    what: "a setting that Loki 3 doesn't know",
    resources: loki("limits_config.enforce_metric_name", false),
    refusedBy: "loki-config-has-no-removed-fields",
  },
  {
    what: "an old schema",
    resources: loki("schema_config.configs.0.schema", "v11"),
    refusedBy: "schema-is-tsdb-v13",
  },
  {
    what: "a retention that Loki refuses",
    resources: loki("limits_config.retention_period", "1h"),
    refusedBy: "retention-meets-stack-minimum",
  },
  {
    what: "a replication factor above the writers",
    resources: [...loki("common.replication_factor", 3), writers("loki", 1)],
    refusedBy: "replication-factor-fits-replicas",
  },
  {
    what: "a replication factor of 2",
    resources: [...loki("common.replication_factor", 2), writers("loki", 3)],
    refusedBy: "replication-factor-survives-a-writer",
  },
  {
    what: "rules among the blocks",
    resources: mimir("ruler_storage.storage_prefix", "blocks"),
    refusedBy: "mimir-storage-is-separate",
  },
  {
    what: "Loki in Mimir's bucket",
    resources: [
      file("loki", stringify(inBucket(goodLoki, "mimir"))),
      writers("loki", 1),
      file("mimir", stringify(changed(goodMimir, "blocks_storage.storage_prefix", undefined))),
      writers("mimir", 1),
    ],
    refusedBy: "buckets-are-not-shared",
  },
  {
    what: "a bucket that expires what Loki uses",
    resources: [
      file("loki", stringify(inBucket(goodLoki, "one"))),
      {
        type: "minio:index/ilmPolicy:IlmPolicy",
        name: "logs",
        props: { bucket: "one", rules: [{ id: "a", expiration: "30d" }] },
      },
    ],
    refusedBy: "bucket-lifecycles-spare-data",
  },
];
