import assert from "node:assert/strict";
import { stringify } from "yaml";
import type { Policy } from "../../policy/lib/policy";
import { allFindings, configMap, release, type TestResource } from "./support";

/** A mapping that a test changes. */
export type Values = Record<string, unknown>;

/** A Loki configuration that every policy accepts. */
export const goodLoki: Values = {
  auth_enabled: false,
  schema_config: {
    configs: [
      {
        from: "2024-04-01",
        store: "tsdb",
        object_store: "s3",
        schema: "v13",
        index: { prefix: "index_", period: "24h" },
      },
    ],
  },
  limits_config: { retention_period: "30d" },
  compactor: { working_directory: "/var/loki/compactor", retention_enabled: true, delete_request_store: "s3" },
  common: { path_prefix: "/var/loki", replication_factor: 1 },
};

/** A Mimir configuration that every policy accepts. */
export const goodMimir: Values = {
  multitenancy_enabled: false,
  common: { storage: { backend: "s3", s3: { endpoint: "minio:9000", bucket_name: "mimir" } } },
  blocks_storage: { storage_prefix: "blocks" },
  ruler_storage: { storage_prefix: "ruler" },
  ingester: { ring: { replication_factor: 1 } },
  limits: { compactor_blocks_retention_period: "90d" },
};

/**
 * A copy with one setting changed.
 *
 * @param path dotted keys; those of a list are numbers
 * @param value undefined removes it
 */
export function changed(values: Values, path: string, value: unknown): Values {
  const copy = structuredClone(values);
  const keys = path.split(".");
  const last = keys.pop() ?? "";
  const block = keys.reduce<Values>((inner, key) => (inner[key] ??= {}) as Values, copy);
  if (value === undefined) delete block[last];
  else block[last] = value;
  assert.notDeepEqual(copy, values, `${path} is as it was`);
  return copy;
}

/** A ConfigMap `monitoring/loki` with a configuration as `config.yaml`. */
export const file = (content: Values): TestResource => configMap(stringify(content));

/** The messages of a ConfigMap `monitoring/loki`, with a configuration as `config.yaml`, begin with this. */
export const inFile = 'ConfigMap monitoring/loki: data["config.yaml"]: ';

/** One case: what is given, and what the policy says of it. */
export interface Case {
  when: string;
  given: TestResource;
  config?: object;
  stack?: string;
  finds?: string[];
}

/** Makes a test of each case. */
export function cases(policy: Policy, list: Case[]): void {
  for (const { when, given, config, stack, finds = [] } of list) {
    it(`${finds.length > 0 ? "refuses it" : "accepts it"} when ${when}`, async () => {
      assert.deepEqual(await allFindings(policy, given, config, stack), finds);
    });
  }
}

/** The chart `loki` with these values under `loki`, which are good but for them. */
export const lokiChart = (loki: Values, values: Values = {}): TestResource =>
  release("loki", {
    deploymentMode: "SingleBinary",
    singleBinary: { replicas: 1 },
    read: { replicas: 0 },
    write: { replicas: 0 },
    backend: { replicas: 0 },
    loki: {
      storage: { bucketNames: { chunks: "chunks", ruler: "ruler" } },
      schemaConfig: goodLoki.schema_config,
      limits_config: goodLoki.limits_config,
      compactor: goodLoki.compactor,
      commonConfig: goodLoki.common,
      ...loki,
    },
    ...values,
  });
