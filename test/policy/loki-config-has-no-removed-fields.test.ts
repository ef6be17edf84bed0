import assert from "node:assert/strict";
import { lokiConfigHasNoRemovedFields as policy } from "../../policy/loki-config-has-no-removed-fields";
import { removedFlags, removedSettings } from "../../policy/lib/loki/removed";
import { retentionRequiresDeleteRequestStore } from "../../policy/retention-requires-delete-request-store";
import { cases, changed, file, goodLoki, inFile, lokiChart } from "./fixtures";
import { allFindings, configMap, object, release } from "./support";

const gone = (place: string, instead: string, since = "3.0", version = "3.7") =>
  `${place} is a setting that Loki ${version} doesn't know; wanted the key removed. Loki refuses to start: "field ${/\w+$/.exec(place)?.[0]} not found". Remove it (${instead}; see the upgrade notes of ${since}).`;
const noFlag = (flag: string, instead: string, since = "3.0") =>
  `Deployment loki: spec.template.spec.containers[0].args: -${flag} is a flag that Loki 3 doesn't know; wanted the argument removed. Loki refuses to start: "flag provided but not defined". Remove it (${instead}; see the upgrade notes of ${since}).`;
const podOf = (image: string | undefined, ...args: string[]) =>
  object("apps/v1", "Deployment", {
    metadata: { name: "loki" },
    spec: { template: { spec: { containers: [{ name: "loki", image, args }] } } },
  });
const pod = (...args: string[]) => podOf(undefined, ...args);
const withSetting = (path: string) => file(changed(goodLoki, path, true));

describe("loki-config-has-no-removed-fields", () => {
  cases(policy, [
    { when: "every setting is one of Loki 3", given: file(goodLoki) },
    {
      when: "metric names are enforced",
      given: withSetting("limits_config.enforce_metric_name"),
      finds: [gone(`${inFile}limits_config.enforce_metric_name`, "it has no replacement")],
    },
    {
      when: "a removed setting is null",
      given: configMap("schema_config: {}\nlimits_config:\n  enforce_metric_name:\n"),
      finds: [gone(`${inFile}limits_config.enforce_metric_name`, "it has no replacement")],
    },
    {
      when: "a shipper has a shared store",
      given: withSetting("storage_config.tsdb_shipper.shared_store"),
      finds: [
        gone(`${inFile}storage_config.tsdb_shipper.shared_store`, "the index is where object_store of its period says"),
      ],
    },
    {
      when: "a cache is a fifocache, wherever it is",
      given: file(changed(goodLoki, "query_range.results_cache.cache", { enable_fifocache: true, fifocache: {} })),
      finds: ["enable_fifocache", "fifocache"].flatMap((key) =>
        gone(
          `${inFile}query_range.results_cache.cache.${key}`,
          "set embedded_cache.enabled and embedded_cache.max_size_mb",
          "2.7",
        ),
      ),
    },
    {
      when: "a whole block is gone",
      given: withSetting("usage_report.reporting_enabled"),
      finds: [gone(`${inFile}usage_report`, "set analytics", "2.7")],
    },
    { when: "a setting of the same name stands elsewhere", given: withSetting("limits_config.query_timeout") },
    {
      when: "chart values have one",
      given: lokiChart({ structuredConfig: { compactor: { shared_store: "s3" } } }),
      finds: [
        gone(
          "Release monitoring/loki: values.loki.structuredConfig.compactor.shared_store",
          "set delete_request_store, where retention is on",
        ),
      ],
    },
    {
      when: "the text of chart values has one",
      given: release("loki", { loki: { config: "schema_config: {}\nquerier: {query_timeout: 1m}\n" } }),
      finds: [
        gone("Release monitoring/loki: values.loki.config: querier.query_timeout", "set limits_config.query_timeout"),
      ],
    },
    {
      when: "an argument is a flag that is gone",
      given: pod("-config.file=/etc/loki.yaml", "-validation.enforce-metric-name=false"),
      finds: [noFlag("validation.enforce-metric-name", "it has no replacement")],
    },
    {
      when: "a shell's command has one of a whole group",
      given: pod("-c", "exec loki --boltdb.shipper.compactor.retention-enabled=true"),
      finds: [noFlag("boltdb.shipper.compactor.retention-enabled", "write -compactor. instead of the prefix")],
    },
    {
      when: "the image is the first version without the flag",
      given: podOf("grafana/loki:3.0.0", "-querier.engine.timeout=1m"),
      finds: [noFlag("querier.engine.timeout", "set -querier.query-timeout").replace("Loki 3 ", "Loki 3.0 ")],
    },
    {
      when: "the image is the last version with the flag",
      given: podOf("grafana/loki:2.9.8", "-querier.engine.timeout=1m"),
    },
    {
      when: "an argument of another program has it as its value",
      given: pod("--message=remove validation.enforce-metric-name"),
    },
  ]);

  it("knows no setting and no flag twice", () => {
    for (const names of [removedSettings.map(({ path }) => path), removedFlags.map(({ flag }) => flag)]) {
      assert.equal(new Set(names).size, names.length);
    }
  });

  for (const { path, instead, since } of removedSettings.filter((each) => !each.path.startsWith("**."))) {
    it(`refuses ${path}`, async () => {
      assert.deepEqual(await allFindings(policy, withSetting(path)), [gone(inFile + path, instead, since)]);
    });
  }

  it("reports it beside a missing store, which the parser's error hides", async () => {
    const both = file({
      ...goodLoki,
      limits_config: { enforce_metric_name: false },
      compactor: { retention_enabled: true, shared_store: "s3" },
    });
    assert.deepEqual(await allFindings(policy, both), [
      gone(`${inFile}limits_config.enforce_metric_name`, "it has no replacement"),
      gone(`${inFile}compactor.shared_store`, "set delete_request_store, where retention is on"),
    ]);
    const [store, ...others] = await allFindings(retentionRequiresDeleteRequestStore, both);
    assert.match(store, /compactor\.delete_request_store is missing; wanted "s3"/);
    assert.deepEqual(others, []);
  });
});
