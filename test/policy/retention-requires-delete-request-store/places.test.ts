import assert from "node:assert/strict";
import { stringify } from "yaml";
import { configurationsCanBeRead } from "../../../policy/configurations-can-be-read";
import { retentionRequiresDeleteRequestStore as policy } from "../../../policy/retention-requires-delete-request-store";
import {
  configMap,
  findings,
  object,
  release,
  runFindings,
  stackFindings,
  unknown,
  type TestResource,
} from "../support";
import { check, enabled, good, missing, mutated, refusal, store, unused } from "./fixtures";

describe("retention-requires-delete-request-store, wherever it is", () => {
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

    it("finds it in a text that a shell writes, and reads the script as none", async () => {
      const writer = (text: string) =>
        object("core/v1", "Pod", {
          metadata: { name: "loki" },
          spec: {
            initContainers: [
              { name: "write", command: ["sh", "-c", `set -e\ncat > /loki.yaml <<'EOF'\n${text}EOF\nexec loki\n`] },
            ],
          },
        });
      assert.deepEqual(await check(writer(bad)), at("Pod loki", "spec.initContainers[0].command[2]: <<EOF: compactor"));
      assert.deepEqual(await check(writer(good)), []);
      assert.deepEqual(await findings(configurationsCanBeRead, writer(good)), []);
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
        "explained.json": JSON.stringify({
          panels: [{ options: { content: "compactor:\n  retention_enabled: true\n" } }],
        }),
        "notes.txt": "the compactor: see the wiki {{",
      };
      for (const [key, file] of Object.entries(files)) assert.deepEqual(await check(configMap(file, key)), [], key);
    });

    it("looks past resources that are not Kubernetes'", async () => {
      assert.deepEqual(await check({ ...configMap(bad), type: "random:index/randomPassword:RandomPassword" }), []);
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
      `${path} is ${found}; ${wanted}. An argument overrides the file, and the schema isn't visible here. Move retention_enabled and delete_request_store into the file.`;

    const cases: [string, string[], string[]][] = [
      ["accepts other arguments", ["-config.file=/etc/loki/config.yaml", "-target=all"], []],
      ["refuses retention without a store", ["-compactor.retention-enabled"], [without("missing")]],
      ["refuses retention with two dashes", ["--compactor.retention-enabled=true"], [without("missing")]],
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
      it(`${does}, where the stack doesn't show the file`, async () => {
        assert.deepEqual(await findings(policy, pod(args)), []);
        assert.deepEqual(await stackFindings(policy, [pod(args)]), expected);
      });
    }

    describe("with the file that they override", () => {
      const mounting = (...args: string[]) =>
        object("apps/v1", "StatefulSet", {
          metadata: { namespace: "monitoring", name: "loki" },
          spec: {
            template: {
              spec: { containers: [{ name: "loki", args }], volumes: [{ name: "c", configMap: { name: "loki" } }] },
            },
          },
        });
      const place = path.replace("loki: ", "monitoring/loki: ");
      const off = configMap(mutated("retention_enabled: true", "retention_enabled: false"), "config.yaml");
      const found = (file: TestResource, ...args: string[]) => stackFindings(policy, [file, mounting(...args)]);

      it("accepts a store that the file's schema uses", async () => {
        const args = ["-compactor.retention-enabled", "-compactor.delete-request-store=s3"];
        assert.deepEqual(await findings(policy, mounting(...args)), []);
        assert.deepEqual(await found(off, ...args), []);
      });

      it("accepts retention with the file's store", async () => {
        assert.deepEqual(await found(off, "-compactor.retention-enabled"), []);
      });

      it("refuses a store that the file's schema doesn't use", async () => {
        assert.deepEqual(await found(configMap(good), "-compactor.delete-request-store=gcs"), [
          unused('"gcs"').replace(/^.*? is /, `${place} is `),
        ]);
      });

      it("leaves a store that an argument empties to the check of the arguments", async () => {
        const args = ["-compactor.delete-request-store="];
        assert.equal((await findings(policy, mounting(...args))).length, 1);
        assert.deepEqual(await found(configMap(good), ...args), []);
      });

      it("refuses retention that has no store in either", async () => {
        const without = configMap(enabled("false").replace("delete_request_store: s3", ""));
        assert.deepEqual(await found(without, "-compactor.retention-enabled"), [missing("missing")]);
      });

      it("refuses a retention period that no compactor carries out, as an argument switches it off", async () => {
        const [told, ...others] = await found(configMap(good), "-compactor.retention-enabled=false");
        assert.deepEqual(others, []);
        assert.match(
          told,
          /^StatefulSet monitoring\/loki: .*args: -compactor\.retention-enabled is false; wanted true\./,
        );
      });

      it("judges the file only with who reads it: an argument may correct it", async () => {
        const bad = configMap(store(""));
        assert.deepEqual(await findings(policy, bad), []);
        assert.deepEqual(await found(bad, "-store.retention=30d"), [missing("missing")]);
        assert.deepEqual(await found(bad, "-compactor.delete-request-store=s3"), []);
        assert.deepEqual(await found(bad, "-compactor.retention-enabled=false", "-store.retention=0s"), []);
        assert.deepEqual(await found(off, "-store.retention=0s"), []);
      });

      it("judges them before the workload is created, if the file was registered before it, and says it once", async () => {
        const [bad, pods] = [configMap(store("")), mounting("-target=all")];
        assert.deepEqual(await runFindings(policy, [bad, pods]), { registered: [[], [missing("missing")]], stack: [] });
        const others = { ...pods, name: "others" };
        assert.deepEqual(await runFindings(policy, [bad, pods, others]), {
          registered: [[], [missing("missing")], []],
          stack: [],
        });
        assert.deepEqual(await runFindings(policy, [pods, bad]), { registered: [[], []], stack: [missing("missing")] });
      });

      it("waits for the whole stack where a variable comes from a ConfigMap that is registered later", async () => {
        const bad = configMap(enabled("${ON}").replace(/.*delete_request_store.*\n/, ""));
        const from = { name: "ON", valueFrom: { configMapKeyRef: { name: "more", key: "on" } } };
        const container = { name: "loki", args: ["-config.expand-env=true"], env: [from] };
        const pods = object("apps/v1", "StatefulSet", {
          metadata: { namespace: "monitoring", name: "loki" },
          spec: {
            template: { spec: { containers: [container], volumes: [{ name: "c", configMap: { name: "loki" } }] } },
          },
        });
        const more = object("core/v1", "ConfigMap", {
          metadata: { namespace: "monitoring", name: "more" },
          data: { on: "true" },
        });
        const refused = [missing("missing")];
        assert.deepEqual(await runFindings(policy, [bad, pods, more]), { registered: [[], [], []], stack: refused });
        assert.deepEqual(await runFindings(policy, [more, bad, pods]), { registered: [[], [], refused], stack: [] });
      });
    });

    it("refuses an empty store at once", async () => {
      const emptied = pod(["-compactor.delete-request-store="]);
      assert.deepEqual(await findings(policy, emptied), [without("empty")]);
      assert.deepEqual(await stackFindings(policy, [emptied]), []);
    });

    it("knows the container's own variables", async () => {
      const args = ["-compactor.retention-enabled=$(ON)", "-compactor.delete-request-store=$(STORE)"];
      const env = [
        { name: "ON", value: "true" },
        { name: "STORE", value: "gcs" },
      ];
      const { props, ...rest } = pod(args) as {
        props: { spec: { template: { spec: { containers: object[] } } } };
      } & TestResource;
      Object.assign(props.spec.template.spec.containers[0], { env });
      assert.deepEqual(await stackFindings(policy, [{ ...rest, props }]), [unchecked('"gcs"')]);
    });

    it("reads the arguments that chart values pass on", async () => {
      const values = { backend: { extraArgs: ["-compactor.retention-enabled"] } };
      const [found, ...others] = await check(release("loki", values));
      assert.deepEqual(others, []);
      assert.match(found, /^Release monitoring\/loki: values\.loki\.compactor\.delete_request_store is missing; /);
    });
  });

  describe("when a preview doesn't know a value", () => {
    const advisory = (path: string) => [`advisory: string value at .${path} can't be known during preview`];

    it("says so of a store in values", async () => {
      const values = {
        loki: {
          schemaConfig: { configs: [{ object_store: "s3" }] },
          compactor: { retention_enabled: true, delete_request_store: unknown },
        },
      };
      assert.deepEqual(await check(release("loki", values)), advisory("values.loki.compactor.delete_request_store"));
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
});
