import assert from "node:assert/strict";
import { stringify } from "yaml";
import { retentionMeetsStackMinimum as policy } from "../../policy/retention-meets-stack-minimum";
import { cases, changed, file, goodLoki, goodMimir, inFile, lokiChart, type Values } from "./fixtures";
import { allFindings, configMap, findings, object, release, stackFindings, unknown } from "./support";

const tooShort = (place: string, found: string, least = "7d", stack = "staging") =>
  `${place} is ${found}; wanted at least ${least}, the minimum of stack ${stack}. Data that is deleted too early can't be recovered. Write a longer one, or change this policy's parameter minimum. Parameters are set in the file of --policy-pack-config.`;
const untold = (place: string, found: string) =>
  `${place} is ${found}; wanted at least 7d, the minimum of stack staging. Its length can't be read. Write a literal duration, such as 30d.`;
const bare = (place: string, found: string) =>
  `${place} is ${found}; wanted at least 7d, the minimum of stack staging. A number without a unit is no duration, and Loki and Mimir refuse to start with it. Write the unit, such as 30d.`;
const tooShortStreams = (place: string, found: string) =>
  `${place} is ${found}; wanted at least 7d, the minimum of stack staging. Data that is deleted too early can't be recovered. Write a longer one, or list the selector in this policy's parameter shortStreams, or change its parameter minimum. Parameters are set in the file of --policy-pack-config.`;
const dev = '{namespace="dev"}';
const streams = (...list: Values[]) => file(changed(goodLoki, "limits_config.retention_stream", list));
const period = "limits_config.retention_period";
const loki = (value: unknown) => file(changed(goodLoki, period, value));
const mimir = (value: unknown) => file(changed(goodMimir, "limits.compactor_blocks_retention_period", value));
const variable = (name: string) =>
  `taken from the environment variable ${name}, which this resource doesn't show (an unset one is empty)`;
const elsewhere = (name: string) => `taken from the environment variable ${name} (its value is in another object)`;
const pod = (args: string[], env: Values[] = []) =>
  object("apps/v1", "StatefulSet", {
    metadata: { name: "loki" },
    spec: { template: { spec: { containers: [{ name: "loki", args, env }] } } },
  });

describe("retention-meets-stack-minimum", () => {
  describe("of Loki", () => {
    cases(policy, [
      { when: "it is longer", given: file(goodLoki) },
      { when: "it is the minimum itself, in other units", given: loki("168h") },
      { when: "it is a day too short", given: loki("6d"), finds: [tooShort(inFile + period, '"6d"')] },
      { when: "it is 0, which keeps everything", given: loki(0) },
      { when: "it is 0s, which keeps everything", given: loki("0s") },
      { when: "none is set, which keeps everything", given: loki(undefined) },
      { when: "production asks for more", given: loki("31d"), stack: "production" },
      {
        when: "production has staging's",
        given: loki("7d"),
        stack: "production-eu",
        finds: [tooShort(inFile + period, '"7d"', "30d", "production-eu")],
      },
      {
        when: "another stack keeps less than a day",
        given: loki("1h"),
        stack: "sandbox",
        finds: [tooShort(inFile + period, '"1h"', "24h", "sandbox")],
      },
      { when: "it is empty, which Loki refuses", given: loki(""), finds: [untold(inFile + period, "empty")] },
      { when: "it is longer than Loki can count", given: loki("400y"), finds: [untold(inFile + period, '"400y"')] },
      { when: "it is no duration", given: loki("7 days"), finds: [untold(inFile + period, "a text of 6 characters")] },
      { when: "it is a variable", given: loki("${KEEP}"), finds: [untold(inFile + period, variable("KEEP"))] },
      { when: "its variable has a long default", given: loki("${KEEP:-30d}") },
      {
        when: "its variable has a short default",
        given: loki("${KEEP:-1d}"),
        finds: [tooShort(inFile + period, '"1d"')],
      },
      {
        when: "it is a number without a unit, which Loki refuses",
        given: file(changed(goodLoki, "limits_config.retention_period", 7)),
        finds: [bare(inFile + period, '"7"')],
      },
      {
        when: "it is such a number in an argument",
        given: pod(["-store.retention=7"]),
        finds: [bare("StatefulSet loki: spec.template.spec.containers[0].args: -store.retention", '"7"')],
      },
      { when: "single streams are kept for longer", given: streams({ selector: dev, period: "60d" }) },
      {
        when: "single streams are kept for less",
        given: streams({ selector: dev, period: "24h" }, { selector: '{app="a"}', period: "90d" }),
        finds: [tooShortStreams(`${inFile}limits_config.retention_stream[0].period`, `"24h" for the streams ${dev}`)],
      },
      {
        when: "single streams have no period, or 0, which is not for ever there",
        given: streams({ selector: dev }, { selector: dev, period: 0 }),
        finds: [
          untold(`${inFile}limits_config.retention_stream[0].period`, `missing for the streams ${dev}`),
          tooShortStreams(`${inFile}limits_config.retention_stream[1].period`, `"0" for the streams ${dev}`),
        ],
      },
      {
        when: "single streams may go earlier by the policy's configuration",
        given: streams({ selector: dev, period: "24h" }),
        config: { shortStreams: ['{namespace="dev*'] },
      },
      {
        when: "single streams may go earlier, and would within hours, which Loki refuses",
        given: streams({ selector: dev, period: "12h" }),
        config: { shortStreams: ["*"] },
        finds: [
          `${inFile}limits_config.retention_stream[0].period is "12h" for the streams ${dev}; wanted at least 24h. Loki refuses to start: "retention period must be >= 24h". Write 24h or more.`,
        ],
      },
      {
        when: "all streams of that configuration may go earlier, and everything else does, too",
        given: file(changed(goodLoki, "limits_config.retention_period", "24h")),
        config: { shortStreams: ["*"] },
        finds: [tooShort(inFile + period, '"24h"')],
      },
      {
        when: "a tenant's streams are kept for less",
        given: configMap(
          stringify({ overrides: { a: { retention_stream: [{ selector: dev, priority: 1, period: "48h" }] } } }),
        ),
        finds: [tooShortStreams(`${inFile}overrides.a.retention_stream[0].period`, `"48h" for the streams ${dev}`)],
      },
      {
        when: "a tenant's is shorter",
        given: configMap("overrides:\n  team-a: {retention_period: 48h}\n  team-b: {retention_period: 60d}\n"),
        finds: [tooShort(`${inFile}overrides.team-a.retention_period`, '"48h"')],
      },
      {
        when: "a tenant's is shorter in chart values",
        given: lokiChart({ runtimeConfig: { overrides: { a: { retention_period: "1d" } } } }),
        finds: [tooShort("Release monitoring/loki: values.loki.runtimeConfig.overrides.a.retention_period", '"1d"')],
      },
      {
        when: "chart values have a shorter one",
        given: lokiChart({ limits_config: { retention_period: "3d" } }),
        finds: [tooShort("Release monitoring/loki: values.loki.limits_config.retention_period", '"3d"')],
      },
      {
        when: "the chart's own environment says what the variable is",
        given: lokiChart(
          { limits_config: { retention_period: "${KEEP}" } },
          { singleBinary: { replicas: 1, extraEnv: [{ name: "KEEP", value: "3d" }] } },
        ),
        finds: [tooShort("Release monitoring/loki: values.loki.limits_config.retention_period", '"3d"')],
      },
      {
        when: "an argument overrides the file with a shorter one",
        given: pod(["-config.file=/etc/loki/config.yaml", "-store.retention=1d"]),
        finds: [tooShort("StatefulSet loki: spec.template.spec.containers[0].args: -store.retention", '"1d"')],
      },
      {
        when: "an argument is a variable of the container",
        given: pod(["-store.retention=$(KEEP)"], [{ name: "KEEP", value: "2d" }]),
        finds: [tooShort("StatefulSet loki: spec.template.spec.containers[0].args: -store.retention", '"2d"')],
      },
      {
        when: "an argument is a variable from a Secret",
        given: pod(["-store.retention=$(KEEP)"], [{ name: "KEEP", valueFrom: { secretKeyRef: { name: "x" } } }]),
        finds: [untold("StatefulSet loki: spec.template.spec.containers[0].args: -store.retention", elsewhere("KEEP"))],
      },
      {
        when: "a preview doesn't know it",
        given: lokiChart({ limits_config: { retention_period: unknown } }),
        finds: ["advisory: string value at .values.loki.limits_config.retention_period can't be known during preview"],
      },
    ]);
  });

  describe("of Mimir", () => {
    const setting = "limits.compactor_blocks_retention_period";
    cases(policy, [
      { when: "it is longer", given: file(goodMimir) },
      { when: "it is shorter", given: mimir("5d"), finds: [tooShort(inFile + setting, '"5d"')] },
      { when: "Mimir's placeholder has a long default", given: mimir("${KEEP:90d}") },
      {
        when: "Loki's placeholder is in it, whose default Mimir takes with the dash",
        given: mimir("${KEEP:-90d}"),
        finds: [untold(inFile + setting, '"-90d"')],
      },
      {
        when: "a variable without braces is in it",
        given: mimir("$KEEP"),
        finds: [untold(inFile + setting, variable("KEEP"))],
      },
      {
        when: "the chart's structuredConfig has a shorter one",
        given: release("mimir-distributed", {
          mimir: { structuredConfig: { limits: { compactor_blocks_retention_period: "1d" } } },
        }),
        finds: [
          tooShort(
            "Release monitoring/mimir-distributed: values.mimir.structuredConfig.limits.compactor_blocks_retention_period",
            '"1d"',
          ),
        ],
      },
      {
        when: "the chart's text has a shorter one",
        given: release("mimir-distributed", {
          mimir: { config: "blocks_storage: {}\nlimits:\n  compactor_blocks_retention_period: 1d\n" },
        }),
        finds: [
          tooShort(
            "Release monitoring/mimir-distributed: values.mimir.config: limits.compactor_blocks_retention_period",
            '"1d"',
          ),
        ],
      },
      {
        when: "a tenant's is shorter in chart values",
        given: release("mimir-distributed", {
          mimir: { structuredConfig: {} },
          runtimeConfig: { overrides: { a: { compactor_blocks_retention_period: "1d" } } },
        }),
        finds: [
          tooShort(
            "Release monitoring/mimir-distributed: values.runtimeConfig.overrides.a.compactor_blocks_retention_period",
            '"1d"',
          ),
        ],
      },
      {
        when: "an argument has a shorter one",
        given: pod(["-compactor.blocks-retention-period", "1d"]),
        finds: [
          tooShort(
            "StatefulSet loki: spec.template.spec.containers[0].args: -compactor.blocks-retention-period",
            '"1d"',
          ),
        ],
      },
    ]);
  });

  describe("of VictoriaMetrics", () => {
    const single = (retentionPeriod: unknown) => release("victoria-metrics-single", { server: { retentionPeriod } });
    const place = "Release monitoring/victoria-metrics-single: values.server.retentionPeriod";
    cases(policy, [
      { when: "it is a month, which has no unit", given: single(1), stack: "production" },
      { when: "it is 7 days", given: single("7d") },
      { when: "it is 3 days", given: single("3d"), finds: [tooShort(place, '"3d"')] },
      { when: "it is a tenth of a month", given: single("0.1"), finds: [tooShort(place, '"0.1"')] },
      { when: "it is 0, which is not for ever there", given: single(0), finds: [tooShort(place, '"0"')] },
      { when: "it is in Prometheus' notation", given: single("1w2d"), finds: [untold(place, '"1w2d"')] },
      { when: "it is the default", given: release("victoria-metrics-single", { server: {} }) },
      {
        when: "its operator's resource has 1 day",
        given: object("operator.victoriametrics.com/v1beta1", "VMSingle", { spec: { retentionPeriod: "1d" } }),
        finds: [tooShort("VMSingle loki: spec.retentionPeriod", '"1d"')],
      },
      {
        when: "an argument has 1 day",
        given: pod(["-retentionPeriod=1d"]),
        finds: [tooShort("StatefulSet loki: spec.template.spec.containers[0].args: -retentionPeriod", '"1d"')],
      },
      { when: "another chart has such a key", given: release("backup", { retentionPeriod: "1d" }) },
    ]);
  });

  it("takes the minimum from its configuration, the closest pattern first", async () => {
    const minimum = { "*": "365d", "staging*": "60d", staging: "10d" };
    assert.deepEqual(await allFindings(policy, loki("9d"), { minimum }), [tooShort(inFile + period, '"9d"', "10d")]);
    assert.deepEqual(await allFindings(policy, loki("59d"), { minimum }, "staging-eu"), [
      tooShort(inFile + period, '"59d"', "60d", "staging-eu"),
    ]);
    assert.deepEqual(await allFindings(policy, loki("1h"), { minimum: { production: "30d" } }), []);
  });

  it("refuses a minimum that is no duration, and names its stack", async () => {
    await assert.rejects(
      findings(policy, file(goodLoki), { minimum: { production: "30 days" } }),
      /not a duration such as 30d, 720h or 1w\n {2}→ at minimum\.production/,
    );
  });

  describe("of a file with a variable", () => {
    const reader = (env: Values[]) =>
      object("apps/v1", "StatefulSet", {
        metadata: { namespace: "monitoring", name: "loki" },
        spec: {
          template: {
            spec: {
              containers: [{ name: "loki", args: ["-config.expand-env=true"], env }],
              volumes: [{ name: "config", configMap: { name: "loki" } }],
            },
          },
        },
      });
    const keep = (value: string) => [{ name: "KEEP", value }];

    it("leaves it to the check of the whole stack, which sees what it stands for", async () => {
      for (const given of [loki("${KEEP}"), mimir("${KEEP}")]) {
        assert.deepEqual(await findings(policy, given), []);
        assert.deepEqual(await stackFindings(policy, [given, reader(keep("30d"))]), []);
      }
      const short = [tooShort(inFile + period, '"1d"')];
      assert.deepEqual(await stackFindings(policy, [loki("${KEEP}"), reader(keep("1d"))]), short);
    });

    it("refuses it where nobody who reads the file has it, or its value is a Secret's", async () => {
      const secret = [{ name: "KEEP", valueFrom: { secretKeyRef: { name: "a", key: "b" } } }];
      for (const [env, why] of [
        [[], variable],
        [secret, elsewhere],
      ] as const)
        assert.deepEqual(await stackFindings(policy, [loki("${KEEP}"), reader([...env])]), [
          untold(inFile + period, why("KEEP")),
        ]);
    });
  });
});
