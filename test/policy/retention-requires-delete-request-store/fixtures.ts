import assert from "node:assert/strict";
import { stringify } from "yaml";
import { retentionRequiresDeleteRequestStore as policy } from "../../../policy/retention-requires-delete-request-store";
import { allFindings, type TestResource } from "../support";

/** What the policy says of a resource, and of a stack that has nothing else. */
export const check = (resource: TestResource, config?: object) => allFindings(policy, resource, config);

export const good = `
auth_enabled: false
schema_config:
  configs:
    - from: "2024-04-01"
      store: tsdb
      object_store: s3
      schema: v13
      index: {prefix: index_, period: 24h}
limits_config:
  retention_period: 7d
compactor:
  working_directory: /var/loki/compactor
  retention_enabled: true
  delete_request_store: s3
`;
export const refusal =
  'With retention on, Loki refuses to start without a store ("CONFIG ERROR: invalid compactor config: compactor.delete-request-store should be configured when retention is enabled").';
export const missing = (found: string) =>
  `ConfigMap monitoring/loki: data["config.yaml"]: compactor.delete_request_store is ${found}; wanted "s3", the object_store of a period of schema_config. ${refusal} Write delete_request_store: s3 there.`;
export const unused = (found: string, wanted = '"s3"') =>
  `ConfigMap monitoring/loki: data["config.yaml"]: compactor.delete_request_store is ${found}; wanted ${wanted}, the object_store of a period of schema_config. No period of the schema uses that store, so the compactor would look for its delete requests in the wrong place. Write delete_request_store: ${wanted.split(" ")[0].replaceAll('"', "")} there.`;
export const refusedSwitch =
  'ConfigMap monitoring/loki: data["config.yaml"]: compactor.retention_enabled is "true", where only true or false is accepted (without quotes); wanted true or false. Loki refuses to start. Write it without quotes.';
export const fromEnvironment = (name: string) =>
  `taken from the environment variable ${name}, which this resource doesn't show (an unset one is empty)`;

/** The good configuration with one change. */
export const mutated = (from: string | RegExp, to: string) => {
  assert.notEqual(good.replace(from, to), good, `${from} is not in the good configuration`);
  return good.replace(from, to);
};
export const store = (text: string) => mutated("delete_request_store: s3", text);
export const enabled = (text: string) => mutated("retention_enabled: true", `retention_enabled: ${text}`);

/** The good configuration with a period for each of these stores. */
export function withPeriods(...stores: string[]): string {
  const configs = stores.map((object_store, index) => ({
    from: `202${index}-01-01`,
    store: "tsdb",
    object_store,
    schema: "v13",
  }));
  return good.replace(/schema_config:[^]*?(?=limits_config)/, stringify({ schema_config: { configs } }));
}
