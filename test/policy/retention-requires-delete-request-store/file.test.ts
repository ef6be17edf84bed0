import assert from "node:assert/strict";
import { retentionRequiresDeleteRequestStore } from "../../../policy/retention-requires-delete-request-store";
import { allFindings, configMap } from "../support";
import {
  check,
  enabled,
  fromEnvironment,
  good,
  missing,
  mutated,
  refusedSwitch,
  store,
  unused,
  withPeriods,
} from "./fixtures";

interface Case {
  when: string;
  file: string;
  finds?: string[];
}

describe("retention-requires-delete-request-store, in a file", () => {
  it("refuses it when a key that Loki 3 removed stands beside a missing store and nobody says that it is Loki 2", async () => {
    const given = configMap(store("shared_store: s3"));
    assert.deepEqual(await allFindings(retentionRequiresDeleteRequestStore, given), [missing("missing")]);
  });

  describe("in a configuration file", () => {
    const cases: Case[] = [
      { when: "retention names a store of the schema", file: good },
      { when: "retention has no store", file: store(""), finds: [missing("missing")] },
      { when: 'the store is ""', file: store('delete_request_store: ""'), finds: [missing("empty")] },
      { when: "the store is null", file: store("delete_request_store: null"), finds: [missing("null")] },
      { when: "the store is left empty", file: store("delete_request_store:"), finds: [missing("null")] },
      {
        when: "the store is one that no period uses",
        file: store("delete_request_store: gcs"),
        finds: [unused('"gcs"')],
      },
      {
        when: "the store is an environment variable without a default",
        file: store("delete_request_store: ${STORE}"),
        finds: [missing(fromEnvironment("STORE"))],
      },
      {
        when: "the store's placeholder has a default in Mimir's form, which Loki ignores",
        file: store("delete_request_store: ${STORE:s3}"),
        finds: [missing(fromEnvironment("STORE"))],
      },
      {
        when: "the store's placeholder defaults to a store of the schema",
        file: store("delete_request_store: ${STORE:-s3}"),
      },
      {
        when: "a default holds a placeholder with a default",
        file: store("delete_request_store: ${STORE:-${OTHER:-s3}}"),
      },
      {
        when: "a default holds a placeholder with a default, between braces",
        file: good.replace(
          /compactor:[^]*/,
          "compactor: {retention_enabled: true, delete_request_store: ${A:-${B:-s3}}}\n",
        ),
      },
      {
        when: "the store's placeholder defaults to another store",
        file: store("delete_request_store: ${STORE:-gcs}"),
        finds: [unused('"gcs"')],
      },
      {
        when: "the store's placeholder defaults to nothing",
        file: store("delete_request_store: ${STORE:-}"),
        finds: [missing("null")],
      },
      {
        when: "the store is a list",
        file: store("delete_request_store: [s3]"),
        finds: [missing("a list, where one value is accepted")],
      },
      {
        when: "a credential stands there by mistake, which the message must not show",
        file: store("delete_request_store: s3://key:hunter2@host/bucket"),
        finds: [unused("a text of 28 characters")],
      },
      { when: "the schema calls s3 by its alias aws", file: mutated("object_store: s3", "object_store: aws") },
      {
        when: "the store is that of an earlier period",
        file: withPeriods("filesystem", "s3").replace("request_store: s3", "request_store: filesystem"),
      },
      {
        when: "no period of several uses the store",
        file: withPeriods("filesystem", "gcs"),
        finds: [unused('"s3"', '"filesystem" or "gcs"')],
      },
      { when: "the store is a named one that a period uses", file: good.replaceAll(": s3", ": nas") },
      {
        when: "the periods use a named store and retention the type of it",
        file: mutated("object_store: s3", "object_store: nas"),
        finds: [unused('"s3"', '"nas"')],
      },
      {
        when: "the periods write their store in capitals, of which schema-is-tsdb-v13 tells",
        file: mutated("object_store: s3", "object_store: S3"),
      },
      {
        when: "no schema stands beside it, of which schema-is-tsdb-v13 tells",
        file: good.replace(/schema_config:[^]*?(?=limits_config)/, ""),
      },
      {
        when: "yes means true",
        file: enabled("yes").replace(/.*delete_request_store.*\n/, ""),
        finds: [missing("missing")],
      },
      {
        when: "y means true",
        file: enabled("y").replace(/.*delete_request_store.*\n/, ""),
        finds: [missing("missing")],
      },
      {
        when: "on means true",
        file: enabled("on").replace(/.*delete_request_store.*\n/, ""),
        finds: [missing("missing")],
      },
      {
        when: "whether retention is on is an environment variable, and the store is missing",
        file: enabled("${RETENTION}").replace(/.*delete_request_store.*\n/, ""),
        finds: [
          missing("missing").replace(
            " Write",
            ` Retention may be on: retention_enabled is ${fromEnvironment("RETENTION")}. Write`,
          ),
        ],
      },
      {
        when: "a placeholder defaults to true, and the store is missing",
        file: enabled("${RETENTION:-true}").replace(/.*delete_request_store.*\n/, ""),
        finds: [missing("missing")],
      },
      { when: "whether retention is on can't be told, but the store is right", file: enabled("${RETENTION}") },
      {
        when: 'retention is "true" in quotes, which Loki refuses',
        file: enabled('"true"'),
        finds: [refusedSwitch],
      },
      {
        when: 'retention is "true" in quotes and the store is missing',
        file: enabled('"true"').replace(/.*delete_request_store.*\n/, ""),
        finds: [refusedSwitch, missing("missing")],
      },
      {
        when: "the compactor comes from an anchor",
        file: good.replace(/compactor:[^]*/, "x-compactor: &c {retention_enabled: true}\ncompactor: *c\n"),
        finds: [missing("missing")],
      },
      {
        when: "a merge key brings the store",
        file: store("<<: {delete_request_store: s3}"),
      },
      {
        when: "the text is JSON",
        file: JSON.stringify({
          compactor: { retention_enabled: true },
          schema_config: { configs: [{ object_store: "s3" }] },
        }),
        finds: [missing("missing")],
      },
      {
        when: "retention is off and no period is set",
        file: enabled("false").replace("retention_period: 7d", "retention_period: 0s"),
      },
    ];
    for (const { when, file, finds = [] } of cases) {
      it(`${finds.length > 0 ? "refuses it" : "accepts it"} when ${when}`, async () => {
        // Of a variable only the check of the whole stack speaks.
        assert.deepEqual(await allFindings(retentionRequiresDeleteRequestStore, configMap(file)), finds);
      });
    }
  });

  describe("when nothing carries the retention out", () => {
    const undeleted = (found: string, set: string) =>
      `ConfigMap monitoring/loki: data["config.yaml"]: compactor.retention_enabled is ${found}; wanted true. ${set}, but only a compactor with retention on deletes anything, so the bucket would grow forever. Write retention_enabled: true there. Write delete_request_store: s3 there. If the bucket's lifecycle rules delete the data, set requireDeletion: false for this policy.`;
    const period = 'retention_period in data["config.yaml"]: limits_config is "7d"';

    it("refuses a retention period with the compactor's retention off", async () => {
      assert.deepEqual(await check(configMap(enabled("false"))), [undeleted("false", period)]);
    });

    it("refuses a retention period without a compactor block", async () => {
      assert.deepEqual(await check(configMap(good.replace(/compactor:[^]*/, ""))), [undeleted("missing", period)]);
    });

    it("refuses retention of single streams without a compactor block", async () => {
      const file = good
        .replace(/compactor:[^]*/, "")
        .replace("retention_period: 7d", "retention_stream: [{selector: '{a=\"b\"}', priority: 1, period: 24h}]");
      assert.deepEqual(await check(configMap(file)), [
        undeleted("missing", 'data["config.yaml"]: limits_config has retention_stream'),
      ]);
    });

    it("accepts it where the configuration says that the bucket deletes", async () => {
      assert.deepEqual(await check(configMap(enabled("false")), { requireDeletion: false }), []);
    });

    it("accepts an empty mapping, which keeps the defaults", async () => {
      const file = good.replace(/compactor:[^]*/, "compactor: {}\n");
      assert.deepEqual(await check(configMap(file), { requireDeletion: false }), []);
    });
  });

  describe("by its configuration", () => {
    it("refuses a parameter of the wrong type and one that doesn't exist, both at once", async () => {
      await assert.rejects(check(configMap(good), { requireDeletion: "no", exempt: [] }), (error: Error) => {
        assert.match(
          error.message,
          /^The configuration of the policy retention-requires-delete-request-store is not valid:/,
        );
        assert.match(error.message, /expected boolean, received string\n {2}→ at requireDeletion/);
        assert.match(error.message, /Unrecognized key: "exempt"/);
        return true;
      });
    });
  });
});
