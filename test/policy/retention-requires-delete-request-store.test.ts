import assert from "node:assert/strict";
import { stringify } from "yaml";
import { retentionRequiresDeleteRequestStore as policy } from "../../policy/retention-requires-delete-request-store";
import { configMap, findings, object, release, unknown, type TestResource } from "./support";

const good = `
auth_enabled: false
schema_config:
  configs:
    - from: "2024-04-01"
      store: tsdb
      object_store: s3
      schema: v13
limits_config:
  retention_period: 7d
compactor:
  working_directory: /var/loki/compactor
  retention_enabled: true
  delete_request_store: s3
`;
const refusal =
  'With retention on, Loki refuses to start without a store ("CONFIG ERROR: invalid compactor config: compactor.delete-request-store should be configured when retention is enabled").';
const missing = (found: string) =>
  `ConfigMap monitoring/loki: data["config.yaml"]: compactor.delete_request_store is ${found}; wanted "s3", the object_store of a period of schema_config. ${refusal} Write delete_request_store: s3 there.`;
const unused = (found: string, wanted = '"s3"') =>
  `ConfigMap monitoring/loki: data["config.yaml"]: compactor.delete_request_store is ${found}; wanted ${wanted}, the object_store of a period of schema_config. No period of the schema uses that store, so the compactor would look for its delete requests where nothing is. Write delete_request_store: ${wanted.split(" ")[0].replaceAll('"', "")} there.`;
const fromEnvironment = (name: string) =>
  `taken from the environment variable ${name}, which this resource doesn't show (Loki expands an unset one to nothing)`;

/** The good configuration with one change. */
const mutated = (from: string | RegExp, to: string) => {
  assert.notEqual(good.replace(from, to), good, `${from} is not in the good configuration`);
  return good.replace(from, to);
};
const store = (text: string) => mutated("delete_request_store: s3", text);
const enabled = (text: string) => mutated("retention_enabled: true", `retention_enabled: ${text}`);

interface Case {
  when: string;
  file: string;
  finds?: string[];
}

describe("retention-requires-delete-request-store", () => {
  const check = (resource: TestResource, config?: object) => findings(policy, resource, config);

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
        finds: [missing("a list, where Loki accepts one value")],
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
        when: "no schema stands beside it",
        file: good.replace(/schema_config:[^]*?(?=limits_config)/, ""),
        finds: [
          'ConfigMap monitoring/loki: data["config.yaml"]: compactor.delete_request_store is "s3"; wanted the object_store of a period of schema_config (no period with an object_store stands beside it). Whether the schema uses that store can\'t be told. Write the same plain name as object_store in schema_config and as delete_request_store there.',
        ],
      },
      {
        when: "yes means true",
        file: enabled("yes").replace(/.*delete_request_store.*\n/, ""),
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
            ` Whether retention is on can't be told: retention_enabled is ${fromEnvironment("RETENTION")}. Write`,
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
        when: 'retention is "true" in quotes, which Loki refuses, and the store is missing',
        file: enabled('"true"').replace(/.*delete_request_store.*\n/, ""),
        finds: [
          missing("missing").replace(
            " Write",
            ` Whether retention is on can't be told: retention_enabled is "true", where Loki accepts only true or false (without quotes). Write`,
          ),
        ],
      },
      {
        when: "a key that Loki 3 removed stands beside a missing store",
        file: store("shared_store: s3"),
        finds: [missing("missing")],
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
        assert.deepEqual(await check(configMap(file)), finds);
      });
    }
  });

  describe("when nothing carries the retention out", () => {
    const undeleted = (found: string, set: string) =>
      `ConfigMap monitoring/loki: data["config.yaml"]: compactor.retention_enabled is ${found}; wanted true. ${set}, but only a compactor with retention on deletes anything: the bucket would grow for ever. Write retention_enabled: true there. Write delete_request_store: s3 there. Where the bucket's own rules delete, set requireDeletion: false for this policy.`;
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

    it("refuses an empty compactor block, whose zeroed defaults Loki refuses", async () => {
      const [empty, ...others] = await check(configMap(good.replace(/compactor:[^]*/, "compactor:\n")));
      assert.equal(
        empty,
        'ConfigMap monitoring/loki: data["config.yaml"]: compactor is empty; wanted a block of settings, or no such key. An empty block zeroes all of its defaults, and Loki refuses to start ("max compaction parallelism must be >= 1"). Remove the key, or write retention_enabled and delete_request_store there.',
      );
      assert.deepEqual(others, [undeleted("missing", period)]);
    });
  });

  describe("when the text can't be read", () => {
    const cannot = (problem: string) =>
      `ConfigMap monitoring/loki: data["config.yaml"] is a Loki configuration that can't be read (${problem}); wanted one YAML document that Loki accepts. What its settings are can't be told. Correct it; \`loki -verify-config -config.file=FILE\` says where Loki stumbles.`;

    it("refuses a key given twice, which Loki refuses too", async () => {
      const file = store("delete_request_store: s3\n  delete_request_store: s3");
      assert.deepEqual(await check(configMap(file)), [cannot("line 15: a key given twice, which Loki refuses")]);
    });

    it("refuses text that is not YAML, and quotes none of it", async () => {
      assert.deepEqual(await check(configMap(`${good}secret: [hunter2\n`)), [cannot("line 16: not YAML (BAD_INDENT)")]);
    });

    it("refuses a second document, which Loki ignores, and reads the first", async () => {
      const file = store("") + "---\ncompactor:\n  delete_request_store: s3\n";
      assert.deepEqual(await check(configMap(file)), [
        cannot("followed by another YAML document, and Loki reads only the first"),
        missing("missing"),
      ]);
    });

    it("refuses aliases that multiply without bound", async () => {
      const list = (name: string, of: string) => `${name}: &${name} [${Array(10).fill(`*${of}`).join(", ")}]\n`;
      const bomb = `a: &a [1]\n${list("b", "a")}${list("c", "b")}${list("d", "c")}${list("e", "d")}`;
      assert.deepEqual(await check(configMap(good + bomb)), [
        cannot("aliases that have no anchor or multiply without bound"),
      ]);
    });

    it("refuses a nesting without end, and lives", async () => {
      assert.deepEqual(await check(configMap(`${good}deep: ${"[".repeat(50_000)}`)), [cannot("nested too deeply")]);
    });

    it("refuses five megabytes", async () => {
      assert.deepEqual(await check(configMap(good + "#".repeat(5_000_000))), [
        cannot("larger than 262144 characters, too large to be read"),
      ]);
    });
  });

  describe("wherever the configuration is", () => {
    const bad = store("");
    const at = (label: string, path: string) => [
      missing("missing").replace('ConfigMap monitoring/loki: data["config.yaml"]: compactor', `${label}: ${path}`),
    ];

    it("finds it under any key of a ConfigMap", async () => {
      assert.deepEqual(
        await check(configMap(bad, "anything")),
        at("ConfigMap monitoring/loki", "data.anything: compactor"),
      );
    });

    it("finds it in a Secret's text", async () => {
      const secret = object("core/v1", "Secret", { metadata: { name: "loki" }, stringData: { "loki.yaml": bad } });
      assert.deepEqual(await check(secret), at("Secret loki", 'stringData["loki.yaml"]: compactor'));
    });

    it("finds it in a Secret's base64", async () => {
      const data = { "loki.yaml": Buffer.from(bad).toString("base64") };
      const secret = object("core/v1", "Secret", { metadata: { name: "loki" }, data });
      assert.deepEqual(await check(secret), at("Secret loki", 'data["loki.yaml"]: compactor'));
    });

    it("finds it in the binary data of a ConfigMap", async () => {
      const binaryData = { "loki.yaml": Buffer.from(bad).toString("base64") };
      const map = object("core/v1", "ConfigMap", { metadata: { name: "loki" }, binaryData });
      assert.deepEqual(await check(map), at("ConfigMap loki", 'binaryData["loki.yaml"]: compactor'));
    });

    it("finds it in the template of an ExternalSecret", async () => {
      const spec = {
        target: { template: { data: { "config.yaml": bad + "storage_config: {aws: {s3: '{{ .url }}'}}\n" } } },
      };
      const external = object("external-secrets.io/v1", "ExternalSecret", { metadata: { name: "loki" }, spec });
      assert.deepEqual(
        await check(external),
        at("ExternalSecret loki", 'spec.target.template.data["config.yaml"]: compactor'),
      );
    });

    it("finds it in a file of chart values", async () => {
      const values = stringify({
        loki: { compactor: { retention_enabled: true }, schemaConfig: { configs: [{ object_store: "s3" }] } },
      });
      assert.deepEqual(
        await check(configMap(values, "values.yaml")),
        at("ConfigMap monitoring/loki", 'data["values.yaml"]: loki.compactor'),
      );
    });

    it("looks past what only resembles it", async () => {
      const files = {
        "mimir.yaml": "compactor:\n  data_dir: /data\nlimits:\n  compactor_blocks_retention_period: 30d\n",
        "tempo.yaml": "compactor:\n  compaction:\n    block_retention: 24h\n",
        "promtail.yaml": "clients: []\nlimits_config:\n  readline_rate: 100\n",
        "rules.yaml": "groups: [{name: loki, rules: [{alert: A, expr: 'up{job=\"compactor\"}'}]}]\n",
        "dashboard.json": '{"panels": [{"expr": "rate(loki_compactor:x[5m])", "legend": "compactor: {{pod}}"',
        "notes.txt": "the compactor: see the wiki {{",
      };
      for (const [key, file] of Object.entries(files)) assert.deepEqual(await check(configMap(file, key)), [], key);
    });

    it("looks past resources that are not Kubernetes'", async () => {
      assert.deepEqual(await check({ ...configMap(bad), type: "random:index/randomPassword:RandomPassword" }), []);
    });
  });

  describe("in chart values", () => {
    const schemaConfig = { configs: [{ from: "2024-04-01", store: "tsdb", object_store: "s3", schema: "v13" }] };
    const compactor = { retention_enabled: true, delete_request_store: "s3" };
    const at = (path: string, found = "missing", label = "Release monitoring/loki") =>
      missing(found).replace('ConfigMap monitoring/loki: data["config.yaml"]: compactor', `${label}: ${path}`);

    it("accepts the values of seed 004", async () => {
      const limits_config = { retention_period: "7d", allow_structured_metadata: true };
      assert.deepEqual(await check(release("loki", { loki: { schemaConfig, limits_config, compactor } })), []);
    });

    it("refuses loki.compactor without a store", async () => {
      const values = { loki: { schemaConfig, compactor: { retention_enabled: true } } };
      assert.deepEqual(await check(release("loki", values)), [at("values.loki.compactor")]);
    });

    it("refuses a Chart's as a Release's", async () => {
      const values = { loki: { schemaConfig, compactor: { retention_enabled: true } } };
      for (const version of ["v3", "v4"]) {
        const chart = { ...release("loki", values), type: `kubernetes:helm.sh/${version}:Chart` };
        assert.deepEqual(await check(chart), [at("values.loki.compactor", "missing", "Chart monitoring/loki")]);
      }
    });

    it("lays structuredConfig over the other values, as the chart does", async () => {
      const structuredConfig = { compactor: { delete_request_store: "s3" } };
      const values = { loki: { schemaConfig, compactor: { retention_enabled: true }, structuredConfig } };
      assert.deepEqual(await check(release("loki", values)), []);
    });

    it("refuses structuredConfig without a store", async () => {
      const structuredConfig = { schema_config: schemaConfig, compactor: { retention_enabled: true } };
      assert.deepEqual(await check(release("loki", { loki: { structuredConfig } })), [
        at("values.loki.structuredConfig.compactor"),
      ]);
    });

    it("refuses the text loki.config without a store", async () => {
      assert.deepEqual(await check(release("loki", { loki: { config: store("") } })), [
        at("values.loki.config: compactor"),
      ]);
    });

    it("reads the text loki.config between its template's actions", async () => {
      const config = store("").replace(
        "auth_enabled: false",
        "{{- if .Values.x }}\nauth_enabled: {{ .Values.loki.auth_enabled }}\n{{- end }}",
      );
      assert.deepEqual(await check(release("loki", { loki: { config } })), [at("values.loki.config: compactor")]);
    });

    it("reads the value that the text loki.config copies, as the chart's own template does", async () => {
      const config =
        "{{- with .Values.loki.compactor }}\ncompactor:\n  {{- tpl (. | toYaml) $ | nindent 4 }}\n{{- end }}\n{{ .Values.loki.schemaConfig }}\n";
      const values = { loki: { config, schemaConfig, compactor: { retention_enabled: true } } };
      assert.deepEqual(await check(release("loki", values)), [at("values.loki.compactor")]);
      assert.deepEqual(await check(release("loki", { loki: { ...values.loki, compactor } })), []);
    });

    it("refuses a store that is a template", async () => {
      const values = {
        loki: { schemaConfig, compactor: { retention_enabled: true, delete_request_store: "{{ .Values.store }}" } },
      };
      assert.deepEqual(await check(release("loki", values)), [
        at("values.loki.compactor", "a template, which this policy can't run"),
      ]);
    });

    it("expands placeholders in structured values, as Loki will", async () => {
      const values = (store: string) => ({
        loki: { schemaConfig, compactor: { retention_enabled: "${ON:-true}", delete_request_store: store } },
      });
      assert.deepEqual(await check(release("loki", values("${STORE:-s3}"))), []);
      assert.deepEqual(await check(release("loki", values("${STORE}"))), [
        at("values.loki.compactor", fromEnvironment("STORE")),
      ]);
    });

    it("finds loki as a sub-chart, where loki.compactor is a set of pods", async () => {
      const values = {
        logs: { loki: { compactor: { replicas: 1 }, loki: { schemaConfig, compactor: { retention_enabled: true } } } },
      };
      assert.deepEqual(await check(release("umbrella", values)), [
        at("values.logs.loki.loki.compactor", "missing", "Release monitoring/umbrella"),
      ]);
    });

    it("takes compactor at the top of the chart for the set of pods that it is", async () => {
      const values = { compactor: { replicas: 2 }, loki: { schemaConfig, compactor } };
      assert.deepEqual(await check(release("loki", values)), []);
    });

    it("reads loki.config of the chart loki-stack, which is the configuration itself", async () => {
      const config = { schema_config: schemaConfig, compactor: { retention_enabled: true } };
      assert.deepEqual(await check(release("loki-stack", { loki: { config } })), [
        at("values.loki.config.compactor", "missing", "Release monitoring/loki-stack"),
      ]);
    });

    it("knows the stores of the chart's test schema", async () => {
      const values = {
        loki: { useTestSchema: true, compactor: { retention_enabled: true, delete_request_store: "filesystem" } },
      };
      assert.deepEqual(await check(release("loki", values)), []);
    });

    it("refuses a retention period in values that no compactor carries out", async () => {
      const values = { loki: { schemaConfig, limits_config: { retention_period: "7d" }, compactor: {} } };
      assert.deepEqual(await check(release("loki", values)), [
        `Release monitoring/loki: values.loki.compactor.retention_enabled is missing; wanted true. retention_period in values.loki.limits_config is "7d", but only a compactor with retention on deletes anything: the bucket would grow for ever. Write retention_enabled: true there. Write delete_request_store: s3 there. Where the bucket's own rules delete, set requireDeletion: false for this policy.`,
      ]);
    });

    it("lays values over the files of values", async () => {
      const text = stringify({ loki: { schemaConfig, compactor: { retention_enabled: true } } });
      const { props, ...rest } = release("loki", { loki: { compactor: { delete_request_store: "s3" } } });
      assert.deepEqual(await check({ ...rest, props: { ...props, valueYamlFiles: [{ text }] } }), []);
    });

    it("refuses a file of values that it can't see", async () => {
      const { props, ...rest } = release("loki", {});
      assert.deepEqual(await check({ ...rest, props: { ...props, valueYamlFiles: [{ path: "values.yaml" }] } }), [
        "Release monitoring/loki: valueYamlFiles[0] is a Loki configuration that can't be read (a file, which a policy doesn't see); wanted one YAML document that Loki accepts. What its settings are can't be told. Correct it; `loki -verify-config -config.file=FILE` says where Loki stumbles.",
      ]);
    });
  });

  describe("in arguments, which override the file", () => {
    const pod = (args: string[]) =>
      object("apps/v1", "StatefulSet", {
        metadata: { name: "loki" },
        spec: { template: { spec: { containers: [{ name: "loki", args }] } } },
      });
    const path = "StatefulSet loki: spec.template.spec.containers[0].args: -compactor.delete-request-store";
    const wanted =
      "wanted no argument, but compactor.delete_request_store in the configuration file, beside schema_config";
    const without = (found: string) =>
      `${path} is ${found}; ${wanted}. An argument overrides the file. ${refusal} Move retention_enabled and delete_request_store into the file.`;
    const unchecked = (found: string) =>
      `${path} is ${found}; ${wanted}. An argument overrides the file, and whether the schema uses that store can't be told from here. Move retention_enabled and delete_request_store into the file.`;

    const cases: [string, string[], string[]][] = [
      ["accepts other arguments", ["-config.file=/etc/loki/config.yaml", "-target=all"], []],
      ["refuses retention without a store", ["-compactor.retention-enabled"], [without("missing")]],
      ["refuses retention with two dashes", ["--compactor.retention-enabled=true"], [without("missing")]],
      ["refuses an empty store", ["-compactor.delete-request-store="], [without("empty")]],
      [
        "refuses a store that can't be held against the schema",
        ["-compactor.delete-request-store", "gcs"],
        [unchecked('"gcs"')],
      ],
      [
        "refuses a store from the environment",
        ["-compactor.delete-request-store=$(STORE)"],
        [unchecked("taken from the environment variable STORE")],
      ],
      [
        "accepts retention switched off",
        ["-compactor.retention-enabled=false", "-compactor.delete-request-store=gcs"],
        [],
      ],
      [
        "lets the last of several count",
        ["-compactor.retention-enabled=true", "-compactor.retention-enabled=false"],
        [],
      ],
      ["reads a shell's command", ["-c", "exec loki -target=all -compactor.retention-enabled"], [without("missing")]],
    ];
    for (const [does, args, expected] of cases) {
      it(does, async () => assert.deepEqual(await check(pod(args)), expected));
    }

    it("reads the arguments that chart values pass on", async () => {
      const values = { backend: { extraArgs: ["-compactor.retention-enabled"] } };
      assert.deepEqual(await check(release("loki", values)), [
        without("missing").replace(
          "StatefulSet loki: spec.template.spec.containers[0].args",
          "Release monitoring/loki: values.backend.extraArgs",
        ),
      ]);
    });
  });

  describe("when a preview doesn't know a value", () => {
    const advisory = (path: string) => [`advisory: string value at .${path} can't be known during preview`];

    it("says so of a ConfigMap's file", async () => {
      assert.deepEqual(await check(configMap(unknown)), advisory("data.config.yaml"));
    });

    it("says so of a Secret's file that may be the configuration, and of no password", async () => {
      const secret = (key: string) =>
        object("core/v1", "Secret", { metadata: { name: "app" }, stringData: { [key]: unknown } });
      assert.deepEqual(await check(secret("config.yaml")), advisory("stringData.config.yaml"));
      assert.deepEqual(await check(secret("password")), []);
    });

    it("says so of a store in values", async () => {
      const values = {
        loki: {
          schemaConfig: { configs: [{ object_store: "s3" }] },
          compactor: { retention_enabled: true, delete_request_store: unknown },
        },
      };
      assert.deepEqual(await check(release("loki", values)), advisory("values.loki.compactor.delete_request_store"));
    });

    it("says so of all values", async () => {
      assert.deepEqual(await check(release("loki", unknown as unknown as object)), advisory("values"));
    });

    it("still refuses what it knows", async () => {
      const map = object("core/v1", "ConfigMap", {
        metadata: { namespace: "monitoring", name: "loki" },
        data: { other: unknown, "config.yaml": store("") },
      });
      assert.deepEqual(await check(map), [missing("missing"), ...advisory("data.other")]);
    });

    it("doesn't mind an unknown value that decides nothing", async () => {
      const values = {
        loki: {
          schemaConfig: { configs: [{ object_store: "s3" }] },
          storage: { s3: { endpoint: unknown } },
          compactor: { retention_enabled: true, delete_request_store: "s3" },
        },
      };
      assert.deepEqual(await check(release("loki", values)), []);
    });
  });

  describe("by its configuration", () => {
    it("exempts a namespace", async () => {
      assert.deepEqual(await check(configMap(store("")), { exemptNamespaces: ["mon*"] }), []);
      assert.equal((await check(configMap(store("")), { exemptNamespaces: ["other"] })).length, 1);
    });

    it("exempts a resource by its name or its URN", async () => {
      assert.deepEqual(await check(configMap(store("")), { exemptResources: ["loki"] }), []);
      assert.deepEqual(await check(configMap(store("")), { exemptResources: ["urn:*:ConfigMap::loki"] }), []);
      assert.equal((await check(configMap(store("")), { exemptResources: ["lok"] })).length, 1);
    });

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

function withPeriods(...stores: string[]): string {
  const configs = stores.map((object_store, index) => ({
    from: `202${index}-01-01`,
    store: "tsdb",
    object_store,
    schema: "v13",
  }));
  return good.replace(/schema_config:[^]*?(?=limits_config)/, stringify({ schema_config: { configs } }));
}
