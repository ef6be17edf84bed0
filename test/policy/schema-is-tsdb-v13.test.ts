import { schemaIsTsdbV13 as policy } from "../../policy/schema-is-tsdb-v13";
import { cases, changed, file, goodLoki, inFile, lokiChart } from "./fixtures";
import { configMap, unknown } from "./support";

const remedy =
  "Add a period with store: tsdb and schema: v13 whose from is a day in the future; a period that holds data must not change. A Loki without data can have its only period changed.";
const why =
  "Structured metadata, and with it OTLP, works with nothing else, and Loki refuses to start where it is allowed, which is the default.";
const configs = `${inFile}schema_config.configs`;
const notNewest = (place: string, found: string, wanted: string) =>
  `${place} is ${found}; wanted "${wanted}" in the newest period. ${why} ${remedy}`;
const noPeriod = (found: string) =>
  `${configs} is ${found}; wanted a list of periods, the newest with store: tsdb and schema: v13. Loki refuses to start without a period. ${remedy}`;
const period = (from: unknown, store: unknown, schema: unknown) => ({ from, store, object_store: "s3", schema });
const periods = (...list: unknown[]) => file(changed(goodLoki, "schema_config.configs", list));

describe("schema-is-tsdb-v13", () => {
  cases(policy, [
    { when: "the only period is TSDB with v13", given: file(goodLoki) },
    {
      when: "an older period is another, and stands last",
      given: periods(period("2024-04-01", "tsdb", "v13"), period("2022-01-01", "boltdb-shipper", "v11")),
    },
    {
      when: "the newest period is boltdb-shipper with v12",
      given: periods(period("2024-04-01", "tsdb", "v13"), period("2025-01-01", "boltdb-shipper", "v12")),
      finds: [
        notNewest(`${configs}[1].store`, '"boltdb-shipper"', "tsdb"),
        notNewest(`${configs}[1].schema`, '"v12"', "v13"),
      ],
    },
    {
      when: "the schema is v12",
      given: periods(period("2024-04-01", "tsdb", "v12")),
      finds: [notNewest(`${configs}[0].schema`, '"v12"', "v13")],
    },
    {
      when: "the schema is missing",
      given: periods({ from: "2024-04-01", store: "tsdb" }),
      finds: [notNewest(`${configs}[0].schema`, "missing", "v13")],
    },
    {
      when: "the schema is a variable without a default",
      given: periods(period("2024-04-01", "tsdb", "${SCHEMA}")),
      finds: [
        notNewest(
          `${configs}[0].schema`,
          "taken from the environment variable SCHEMA, which this resource doesn't show (an unset one becomes nothing)",
          "v13",
        ),
      ],
    },
    { when: "the schema's variable defaults to v13", given: periods(period("2024-04-01", "tsdb", "${SCHEMA:-v13}")) },
    {
      when: "the days stand without quotes, which YAML 1.1 takes for dates",
      given: configMap(
        "schema_config:\n  configs:\n    - {from: 2020-01-01, store: boltdb, schema: v9}\n    - {from: 2024-01-01, store: tsdb, schema: v13}\n",
      ),
    },
    {
      when: "one of the days is none",
      given: periods(period("2024-04-01", "tsdb", "v13"), period("soon", "tsdb", "v13")),
      finds: [
        `${configs}[1].from is "soon"; wanted a day such as 2024-04-01. Which period is the newest can't be told. Write the day itself.`,
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
      when: "a period is no block",
      given: periods("v13"),
      finds: [
        notNewest(`${configs}[0].store`, '"v13", where only a block of settings is accepted', "tsdb"),
        notNewest(`${configs}[0].schema`, '"v13", where only a block of settings is accepted', "v13"),
      ],
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
});
