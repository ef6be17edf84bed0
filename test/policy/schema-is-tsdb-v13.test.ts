import assert from "node:assert/strict";
import { configurationFieldsAreKnown } from "../../policy/configuration-fields-are-known";
import { lokiConfigHasNoRemovedFields } from "../../policy/loki-config-has-no-removed-fields";
import { retentionRequiresDeleteRequestStore } from "../../policy/retention-requires-delete-request-store";
import { schemaIsTsdbV13 as policy } from "../../policy/schema-is-tsdb-v13";
import { cases, changed, file, goodLoki, inFile, lokiChart } from "./fixtures";
import {
  configMap,
  findings,
  object,
  release,
  runFindings,
  stackFindings,
  unknown,
  type TestResource,
} from "./support";

const remedy =
  "Add a period with store: tsdb and schema: v13 that starts in the future. Until then, set limits_config.allow_structured_metadata: false. Don't change a period that has data. If Loki has no data yet, you can change its only period.";
const why =
  "Structured metadata, and therefore OTLP, needs TSDB with v13. While it is allowed (the default), Loki refuses to start with another schema.";
const configs = `${inFile}schema_config.configs`;
const notNewest = (place: string, found: string, wanted: string) =>
  `${place} is ${found}; wanted "${wanted}" in the newest period. ${why} ${remedy}`;
const neither = (place: string, found: string, because = why) =>
  `${place} is ${found}; wanted store: tsdb and schema: v13 in the newest period. ${because} ${remedy}`;
const noPeriod = (found: string) =>
  `${configs} is ${found}; wanted a list of periods, the newest with store: tsdb and schema: v13. Loki refuses to start without a period. ${remedy}`;
const index = { prefix: "index_", period: "24h" };
const period = (from: unknown, store: unknown, schema: unknown) => ({ from, store, object_store: "s3", schema, index });
const periods = (...list: unknown[]) => file(changed(goodLoki, "schema_config.configs", list));

describe("schema-is-tsdb-v13", () => {
  cases(policy, [
    { when: "the only period is TSDB with v13", given: file(goodLoki) },
    {
      when: "an older period is another",
      given: periods(period("2022-01-01", "boltdb-shipper", "v11"), period("2024-04-01", "tsdb", "v13")),
    },
    {
      when: "the newest period is boltdb-shipper with v12",
      given: periods(period("2024-04-01", "tsdb", "v13"), period("2025-01-01", "boltdb-shipper", "v12")),
      finds: [neither(`${configs}[1]`, 'store "boltdb-shipper" and schema "v12"')],
    },
    {
      when: "a period is only a dash",
      given: periods(period("2024-04-01", "tsdb", "v13"), null),
      finds: [
        `${configs}[1] is empty; wanted a period with from, store, object_store, schema and index. Loki refuses to start: "invalid schema version". Remove the dash, or write the period there.`,
      ],
    },
    {
      when: "no Loki has such an index, which is said once",
      given: lokiChart({ schemaConfig: { configs: [period("2024-04-01", "x", "v13")] } }),
      finds: [
        'Release monitoring/loki: values.loki.schemaConfig.configs[0].store is "x"; wanted "tsdb". Loki refuses to start: "unrecognized store (index) type". Correct the name.',
      ],
    },
    {
      when: "its day is in no calendar",
      given: periods(period("2024-02-30", "tsdb", "v13")),
      finds: [
        `${configs}[0].from is "2024-02-30"; wanted a day such as 2024-04-01. The newest period can't be determined. Write a literal day.`,
      ],
    },
    {
      when: "the index's tables hold a number without a unit",
      given: periods({ ...period("2024-04-01", "tsdb", "v13"), index: { ...index, period: 24 } }),
      finds: [
        `${configs}[0].index.period is "24"; wanted 24h. Loki refuses to start: "tsdb must always have periodic config for index set to 24h". Write period: 24h there, beside prefix.`,
      ],
    },
    {
      when: "it keeps its data in s3, and common has a folder only",
      given: file(changed(goodLoki, "common.storage", { filesystem: { chunks_directory: "/loki" } })),
      finds: [
        `${configs}[0].object_store is "s3", for which no bucket is named beside filesystem in common.storage; wanted filesystem, or a bucket in common.storage.s3. Loki refuses to start: "at least one bucket name must be specified". Correct the one that is wrong. Don't change a period that has data.`,
      ],
    },
    {
      when: "common has a folder, and s3 is elsewhere",
      given: file({
        ...changed(goodLoki, "common.storage", { filesystem: { chunks_directory: "/loki" } }),
        storage_config: { aws: { bucketnames: "loki" } },
      }),
    },
    {
      when: "a named store is called as a kind of store is",
      given: file(changed(goodLoki, "storage_config", { named_stores: { aws: { s3: { bucketnames: "loki" } } } })),
      finds: [
        `${inFile}storage_config.named_stores.aws.s3 is a store with the name of a kind of store; wanted a name of its own, such as nas. Loki refuses to start: "named store should not match with the name of a predefined storage type". Rename it here, and where a period or the compactor names it.`,
      ],
    },
    {
      when: "it keeps its chunks in gcp, which is no object store",
      given: periods({ ...period("2024-04-01", "tsdb", "v13"), object_store: "gcp" }),
      finds: [
        `${configs}[0].object_store is "gcp"; wanted "gcs". Loki refuses to start: "schema config for chunks is missing the 'prefix' setting". Correct the name.`,
      ],
    },
    {
      when: "the schema is v12",
      given: periods(period("2024-04-01", "tsdb", "v12")),
      finds: [notNewest(`${configs}[0].schema`, '"v12"', "v13")],
    },
    {
      when: "the schema is missing",
      given: periods({ from: "2024-04-01", store: "tsdb", object_store: "s3", index }),
      finds: [notNewest(`${configs}[0].schema`, "missing", "v13")],
    },
    ...[undefined, null, ""].map((object_store) => ({
      when: `its object store is ${JSON.stringify(object_store) ?? "missing"}`,
      given: periods({ ...period("2024-04-01", "tsdb", "v13"), object_store }),
      finds: [
        `${configs}[0].object_store is ${object_store === "" ? "empty" : object_store === null ? "null" : "missing"}; wanted a kind of store such as "s3", or filesystem for a folder. Loki refuses to start: "unrecognized \`object_store\` type". Write where the chunks of this period are.`,
      ],
    })),
    {
      when: "the schema is a variable without a default",
      given: periods(period("2024-04-01", "tsdb", "${SCHEMA}")),
      finds: [
        notNewest(
          `${configs}[0].schema`,
          "taken from the environment variable SCHEMA, which this resource doesn't show (an unset one is empty)",
          "v13",
        ),
      ],
    },
    { when: "the schema's variable defaults to v13", given: periods(period("2024-04-01", "tsdb", "${SCHEMA:-v13}")) },
    {
      when: "the days stand without quotes, which YAML 1.1 takes for dates",
      given: configMap(
        "common: {path_prefix: /loki}\nschema_config:\n  configs:\n    - {from: 2020-01-01, store: boltdb, object_store: filesystem, schema: v9}\n    - {from: 2024-01-01, store: tsdb, object_store: filesystem, schema: v13, index: {period: 24h}}\n",
      ),
    },
    {
      when: "one of the days is none",
      given: periods(period("2024-04-01", "tsdb", "v13"), period("soon", "tsdb", "v13")),
      finds: [
        `${configs}[1].from is "soon"; wanted a day such as 2024-04-01. The newest period can't be determined. Write a literal day.`,
      ],
    },
    {
      when: "there is no schema",
      given: file(changed(goodLoki, "schema_config", undefined)),
      finds: [noPeriod("missing")],
    },
    { when: "there is no period", given: periods(), finds: [noPeriod("without a period")] },
    {
      when: "the periods are no list",
      given: file(changed(goodLoki, "schema_config.configs", "v13")),
      finds: [noPeriod("not a list of periods")],
    },
    {
      when: "the periods are what a template makes",
      given: file(changed(goodLoki, "schema_config.configs", "{{ toYaml .periods }}")),
      finds: [
        `${configs} is a template, which this policy can't run; wanted a list of periods that can be read. Write the periods there.`,
      ],
    },
    {
      when: "a period is no block",
      given: periods("v13"),
      finds: [neither(`${configs}[0]`, '"v13", where only a block of settings is accepted')],
    },
    {
      when: "it is promtail's configuration, which has no schema",
      given: configMap("limits_config: {}\nclients: []\n"),
    },
    {
      when: "chart values have another",
      given: lokiChart({ schemaConfig: { configs: [period("2024-04-01", "tsdb", "v12")] } }),
      finds: [notNewest("Release monitoring/loki: values.loki.schemaConfig.configs[0].schema", '"v12"', "v13")],
    },
    { when: "the chart's test schema is used", given: lokiChart({ schemaConfig: {}, useTestSchema: true }) },
    {
      when: "a preview doesn't know the schema",
      given: lokiChart({ schemaConfig: { configs: [period("2024-04-01", "tsdb", unknown)] } }),
      finds: ["advisory: string value at .values.loki.schemaConfig.configs.0.schema can't be known during preview"],
    },
    {
      when: "a key is given twice",
      given: configMap("schema_config: {configs: []}\nschema_config: {configs: []}\n"),
      finds: [noPeriod("without a period")],
    },
  ]);

  describe("of the folders of an index", () => {
    const without = changed(goodLoki, "common.path_prefix", undefined);
    const shipper = "storage_config.tsdb_shipper";
    const missing = (store: string, block: string, ...folders: string[]) =>
      `${inFile}common.path_prefix is missing; wanted a folder, as storage_config.${block} has no ${folders.join(" and no ")}. Loki refuses to start: "\`${store}\` index type is configured in at least one schema period, however, … \`${folders[0]}\` is not set". Write a folder of its volume there, such as path_prefix: /loki.`;
    const reader = (image: string, ...args: string[]) =>
      object("apps/v1", "StatefulSet", {
        metadata: { namespace: "monitoring", name: "reader" },
        spec: {
          template: {
            spec: {
              containers: [{ name: "loki", image, args }],
              volumes: [{ name: "c", configMap: { name: "loki" } }],
            },
          },
        },
      });
    cases(policy, [
      {
        when: "no folder is given",
        given: file(without),
        finds: [missing("tsdb", "tsdb_shipper", "active_index_directory", "cache_location")],
      },
      {
        when: "one of the two is given",
        given: file(changed(without, shipper, { active_index_directory: "/loki/index" })),
        finds: [missing("tsdb", "tsdb_shipper", "cache_location")],
      },
      {
        when: "both are given",
        given: file(
          changed(without, shipper, { active_index_directory: "/loki/index", cache_location: "/loki/cache" }),
        ),
      },
      {
        when: "folders are there empty, which no other one replaces",
        given: file(changed(changed(goodLoki, `${shipper}.cache_location`, ""), "compactor.working_directory", null)),
        finds: ["compactor.working_directory", `${shipper}.cache_location`].map(
          (setting, index) =>
            `${inFile}${setting} is ${["null", "empty"][index]}; wanted a folder, or the key removed. Loki refuses to start with an empty one. Remove the key, or write the folder there.`,
        ),
      },
      { when: "where all is kept is not known", given: file(changed(without, "common.path_prefix", "${FOLDER}")) },
      {
        when: "an earlier period has another index without any",
        given: file(
          changed(
            changed(without, shipper, { active_index_directory: "/loki/index", cache_location: "/loki/cache" }),
            "schema_config.configs",
            [period("2022-04-01", "boltdb-shipper", "v12"), period("2024-04-01", "tsdb", "v13")],
          ),
        ),
        finds: [missing("boltdb-shipper", "boltdb_shipper", "active_index_directory", "cache_location")],
      },
    ]);

    it("are asked of who reads the file: by its arguments, and its version", async () => {
      const check = (...readers: TestResource[]) => stackFindings(policy, [file(without), ...readers]);
      const told = [missing("tsdb", "tsdb_shipper", "active_index_directory", "cache_location")];
      assert.deepEqual(await check(reader("grafana/loki:3.4.2")), told);
      assert.deepEqual(await check(reader("grafana/loki:3.4.2", "-common.path-prefix=/loki")), []);
      assert.deepEqual(await check(reader("grafana/loki:2.9.8")), []);
    });
  });

  describe("of a schema that Loki takes", () => {
    const v11 = changed(goodLoki, "schema_config.configs", [period("2024-04-01", "boltdb-shipper", "v11")]);
    const plain = changed(v11, "limits_config.allow_structured_metadata", false);
    const demanded = "Loki starts with it, but this policy's parameter requireNewest requires the current schema.";
    cases(policy, [
      { when: "it is v11, and structured metadata is not allowed", given: file(plain) },
      {
        when: "it is v12, and structured metadata is not allowed",
        given: file(changed(plain, "schema_config.configs", [period("2024-04-01", "tsdb", "v12")])),
      },
      { when: "it is not there, as in a part of a file", given: configMap("limits_config: {retention_period: 30d}\n") },
      {
        when: "it is, and the parameter demands the newest",
        given: file(plain),
        config: { requireNewest: true },
        finds: [
          `${neither(`${configs}[0]`, 'store "boltdb-shipper" and schema "v11"', demanded)} Parameters are set in the file of --policy-pack-config.`,
        ],
      },
      {
        when: "v13 begins in the future, and structured metadata is allowed today",
        given: periods(period("2024-04-01", "tsdb", "v12"), period("2999-01-01", "tsdb", "v13")),
        finds: [`${configs}[0].schema is "v12"; wanted "v13" in the current period. ${why} ${remedy}`],
      },
      { when: "the version is a number", given: periods(period("2024-04-01", "tsdb", 13)) },
    ]);

    const loki = (image: string) =>
      object("apps/v1", "StatefulSet", {
        metadata: { namespace: "monitoring", name: "loki" },
        spec: {
          template: {
            spec: {
              containers: [{ name: "loki", image }],
              volumes: [{ name: "config", configMap: { name: "loki" } }],
            },
          },
        },
      });

    it("is one of Loki 2 for the image that mounts the file", async () => {
      assert.deepEqual(await findings(policy, file(v11)), []);
      assert.deepEqual(await stackFindings(policy, [file(v11), loki("grafana/loki:2.9.8")]), []);
      assert.equal((await stackFindings(policy, [file(v11), loki("grafana/loki:3.6.3")])).length, 1);
      assert.equal((await stackFindings(policy, [file(v11)])).length, 1, "nobody says that it is Loki 2");
    });

    it("is one of Loki 2 for whatever keeps its pods running, and a Job that checks it says nothing", async () => {
      const { spec } = loki("registry.example:5000/mirror/grafana/loki:2.9.8").props as { spec: { template: object } };
      const metadata = { namespace: "monitoring", name: "loki" };
      for (const given of [
        object("core/v1", "Pod", { metadata, ...spec.template }),
        object("apps/v1", "DaemonSet", { metadata, spec }),
        object("argoproj.io/v1alpha1", "Rollout", { metadata, spec }),
      ]) {
        assert.deepEqual(await stackFindings(policy, [file(v11), given]), [], given.type);
      }
      assert.equal((await stackFindings(policy, [file(v11), object("batch/v1", "Job", { metadata, spec })])).length, 1);
    });

    it("is judged together with all else that Loki 2 takes", async () => {
      const old = ["limits_config.enforce_metric_name", "storage_config.boltdb_shipper.shared_store"].reduce(
        (values, path) => changed(values, path, false),
        changed(v11, "compactor", { shared_store: "s3", retention_enabled: true, working_directory: "/loki" }),
      );
      for (const each of [
        lokiConfigHasNoRemovedFields,
        configurationFieldsAreKnown,
        retentionRequiresDeleteRequestStore,
      ]) {
        assert.deepEqual(await findings(each, file(old)), [], each.name);
        assert.deepEqual(await stackFindings(each, [file(old), loki("grafana/loki:2.9.8")]), [], each.name);
      }
      assert.equal(
        (await stackFindings(lokiConfigHasNoRemovedFields, [file(old), loki("grafana/loki:3.6.3")])).length,
        3,
      );
      assert.equal(
        (await stackFindings(retentionRequiresDeleteRequestStore, [file(old), loki("grafana/loki:3.6.3")])).length,
        1,
      );
    });

    it("is judged by the version of the chart", async () => {
      const values = { schemaConfig: { configs: [period("2024-04-01", "boltdb-shipper", "v11")] } };
      const chart = (version: string, more: object = {}) => {
        const { props, ...rest } = lokiChart({ ...values, ...more });
        return { ...rest, props: { ...props, version } };
      };
      assert.deepEqual(await findings(policy, chart("5.41.0")), []);
      for (const version of ["5.x", "^5.8.0", ">=5.0.0 <6.0.0", "~5.41", "5"])
        assert.deepEqual(await findings(policy, chart(version)), [], version);
      for (const version of ["6.6.0", "6.*", "^6.6.0", ">=6.0.0"])
        assert.equal((await findings(policy, chart(version))).length, 1, version);
      assert.deepEqual(await findings(policy, chart("6.6.0", { image: { tag: "2.9.8" } })), []);
    });
  });

  describe("of the chart, which refuses to render", () => {
    const unrendered = (found: string) =>
      `Release monitoring/loki: values.loki.schemaConfig is ${found}; wanted a list configs with a period of store: tsdb and schema: v13. The chart refuses to render: "You must provide a schema_config for Loki". Write the schema there. For a trial with unimportant data, set loki.useTestSchema: true.`;
    const chart = (loki: object, version?: string) => {
      const { props, ...rest } = release("loki", { loki });
      return { ...rest, props: { ...props, version } };
    };
    cases(policy, [
      { when: "the schema is empty", given: chart({ schemaConfig: {} }), finds: [unrendered("empty")] },
      { when: "there is none", given: chart({ auth_enabled: false }), finds: [unrendered("missing")] },
      {
        when: "the schema stands where the chart drops it, and that is all that is said",
        given: chart({ schema_config: goodLoki.schema_config }),
        finds: [
          unrendered("missing, and the chart ignores values.loki.schema_config").replace(
            /Write the schema.*/,
            "Move values.loki.schema_config there.",
          ),
        ],
      },
      {
        when: "the chart is a sub-chart, known by a key that no other has",
        given: release("observability", { loki: { deploymentMode: "SingleBinary", loki: { schemaConfig: {} } } }),
        finds: [
          unrendered("empty")
            .replace("monitoring/loki", "monitoring/observability")
            .replace("values.loki", "values.loki.loki"),
        ],
      },
      {
        when: "the sub-chart may be an older one, which has a schema",
        given: release("observability", { loki: { loki: { schemaConfig: {} } } }),
      },
      { when: "there is none for version 5, which has one", given: chart({ schemaConfig: {} }, "5.41.0") },
      { when: "the test schema takes its place", given: chart({ schemaConfig: {}, useTestSchema: true }) },
      {
        when: "structuredConfig has it",
        given: chart({ schemaConfig: {}, structuredConfig: { schema_config: goodLoki.schema_config } }),
      },
      {
        when: "there are two",
        given: chart({ schemaConfig: goodLoki.schema_config, useTestSchema: true }),
        finds: [
          'Release monitoring/loki: values.loki.useTestSchema is true beside a schema; wanted one of the two. The chart refuses to render: "loki.useTestSchema must be false if loki.schemaConfig … are defined". Remove useTestSchema.',
        ],
      },
      {
        when: "the list of periods is empty",
        given: chart({ schemaConfig: { configs: [] } }),
        finds: [
          noPeriod("without a period").replace(configs, "Release monitoring/loki: values.loki.schemaConfig.configs"),
        ],
      },
    ]);
  });

  it("judges an older schema with who reads the file: an argument may forbid structured metadata", async () => {
    const v12 = periods(period("2024-04-01", "tsdb", "v12"));
    const reader = (...args: string[]) =>
      object("apps/v1", "StatefulSet", {
        metadata: { namespace: "monitoring", name: "loki" },
        spec: {
          template: {
            spec: {
              containers: [{ name: "loki", image: "docker.io/grafana/loki:3.6.3", args }],
              volumes: [{ name: "config", configMap: { name: "loki" } }],
            },
          },
        },
      });
    const refused = notNewest(`${configs}[0].schema`, '"v12"', "v13");
    assert.deepEqual(await stackFindings(policy, [v12, reader()]), [refused]);
    assert.deepEqual(await runFindings(policy, [v12, reader("-validation.allow-structured-metadata=false")]), {
      registered: [[], []],
      stack: [],
    });
  });
});
