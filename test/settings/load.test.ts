import assert from "node:assert/strict";
import * as pulumi from "@pulumi/pulumi";
import * as runtime from "@pulumi/pulumi/runtime";
import { loadSettings, parseSettings, rawSettings } from "../../settings/load";

describe("loading the settings", () => {
  afterEach(() => runtime.setAllConfig({}, []));

  it("reads structured values from JSON text and leaves other text alone", () => {
    const config = { "observability:stage": "loki", "observability:loki": '{"retention":"30d"}', "aws:region": "eu" };
    assert.deepEqual(rawSettings(config), { stage: "loki", loki: { retention: "30d" } });
  });

  it("takes for empty what Pulumi's path syntax can only say as text", () => {
    const migration = '{"reclaimVolumes":"[]"}';
    const loki = '{"caches":{"results":"{}"},"podLabels":{"a":"[x]"}}';
    assert.deepEqual(rawSettings({ "observability:migration": migration, "observability:loki": loki }), {
      migration: { reclaimVolumes: [] },
      loki: { caches: { results: {} }, podLabels: { a: "[x]" } },
    });
  });

  it("has a problem for a namespace that is misspelt, which Pulumi ignores", () => {
    const config = { "observabilty:stage": "dual-write", "kubernetes:context": "home" };
    assert.throws(() => parseSettings(rawSettings(config), { stack: "s" }), {
      message:
        "Stack s: 1 problem in the settings.\n  observabilty:stage: is ignored by Pulumi; did you mean observability:stage?",
    });
  });

  it("reads the running program's config", () => {
    runtime.setAllConfig({ "observability:loki": '{"retention":"30d"}' }, []);
    assert.equal(loadSettings().settings.loki.retention, "30d");
  });

  it("shows no value of a key that Pulumi holds as a secret", () => {
    runtime.setAllConfig({ "observability:loki": '{"retention":"hunter2"}' }, ["observability:loki"]);
    assert.throws(
      loadSettings,
      (error: Error) => /\[secret\] is not a duration/.test(error.message) && !/hunter2/.test(error.message),
    );
  });

  it("fails with Pulumi's error for a person, which prints no stack trace", () => {
    assert.throws(
      () => parseSettings({ stage: "x" }, { stack: "s" }),
      (error: Error) => pulumi.RunError.isInstance(error),
    );
  });

  it("keeps given secrets apart from the settings", () => {
    const { settings, secretValues } = parseSettings(
      { secretValues: { pushover: { token: "t", userKey: 5 } } },
      { stack: "s" },
    );
    assert.deepEqual(secretValues, { pushover: { token: "t", userKey: "5" } });
    assert.ok(!("secretValues" in settings));
  });

  it("takes the day of a period as YAML 1.1 reads an unquoted one", () => {
    const period = { store: "tsdb", object_store: "s3", schema: "v13", index: { prefix: "index_", period: "24h" } };
    const raw = { loki: { schemaConfigs: [{ from: "2024-04-01T00:00:00Z", ...period, row_shards: 16 }] } };
    // Word for word otherwise: a key of Loki's that this program doesn't know stays.
    assert.deepEqual(parseSettings(raw, { stack: "s" }).settings.loki.schemaConfigs, [
      { from: "2024-04-01", ...period, row_shards: 16 },
    ]);
  });
});
