import assert from "node:assert/strict";
import { configurationsCanBeRead as policy } from "../../policy/configurations-can-be-read";
import { policies } from "../../policy/index";
import { cases, lokiChart } from "./fixtures";
import { good, mutated, store } from "./retention-requires-delete-request-store/fixtures";
import { configMap, findings, object, release, unknown, type TestResource } from "./support";

const cannot = (problem: string, where = 'ConfigMap monitoring/loki: data["config.yaml"]') =>
  `${where} is a Loki configuration that can't be read (${problem}); wanted one YAML document that Loki accepts. What its settings are can't be told. Correct it; \`loki -verify-config -config.file=FILE\` says where Loki stumbles.`;
const mimirCannot = (problem: string) =>
  `ConfigMap monitoring/loki: data["config.yaml"] is a Mimir configuration that can't be read (${problem}); wanted one YAML document that Mimir accepts. What its settings are can't be told. Correct it; \`mimir -config.file=FILE -modules\` says where Mimir stumbles.`;
const followed = (reader: string) => `followed by another YAML document, and ${reader} reads only the first`;
const bomb = () => {
  const list = (name: string, of: string) => `${name}: &${name} [${Array(10).fill(`*${of}`).join(", ")}]\n`;
  return `a: &a [1]\n${list("b", "a")}${list("c", "b")}${list("d", "c")}${list("e", "d")}`;
};

describe("configurations-can-be-read", () => {
  describe("of a text", () => {
    cases(policy, [
      { when: "it is one good document", given: configMap(good) },
      {
        when: "a key is given twice, which Loki refuses too",
        given: configMap(store("delete_request_store: s3\n  delete_request_store: s3")),
        finds: [cannot("line 15: a key given twice, which Loki refuses")],
      },
      {
        when: "it is not YAML; none of it is quoted",
        given: configMap(`${good}secret: [hunter2\n`),
        finds: [cannot("line 16: not YAML (BAD_INDENT)")],
      },
      {
        when: "a tab moves a setting",
        given: configMap(mutated("  retention_enabled", "\tretention_enabled")),
        finds: [cannot("line 13: not YAML (TAB_AS_INDENT)")],
      },
      {
        when: "a second document follows, which Loki ignores",
        given: configMap(`${good}---\nauth_enabled: true\n`),
        finds: [cannot(followed("Loki"))],
      },
      { when: "only the mark of a document follows", given: configMap(`---\n${good}---\n# the end\n`) },
      {
        when: "aliases multiply without bound",
        given: configMap(good + bomb()),
        finds: [cannot("aliases that have no anchor or multiply without bound")],
      },
      {
        when: "its nesting has no end, and lives",
        given: configMap(`${good}deep: ${"[".repeat(50_000)}`),
        finds: [cannot("nested too deeply")],
      },
      {
        when: "it has five megabytes",
        given: configMap(good + "#".repeat(5_000_000)),
        finds: [cannot("larger than 262144 characters, too large to be read")],
      },
      {
        when: "Mimir's has a key twice",
        given: configMap("multitenancy_enabled: yes\nmultitenancy_enabled: no\n"),
        finds: [mimirCannot("line 2: a key given twice, which Mimir refuses")],
      },
      {
        when: "Mimir's is followed by a second document",
        given: configMap("blocks_storage: {backend: s3}\n---\nblocks_storage: {storage_prefix: b}\n"),
        finds: [mimirCannot(followed("Mimir"))],
      },
      {
        when: "both programs could mean it: it is said once",
        given: configMap("compactor: {\nblocks_storage: [\n"),
        finds: [mimirCannot("line 2: not YAML (BAD_INDENT); line 3: not YAML (BAD_INDENT)")],
      },
    ]);

    for (const [what, text] of [
      ["is not YAML", `${good}secret: [hunter2\n`],
      ["has a key twice", store("delete_request_store: s3\n  delete_request_store: s3")],
      ["is Mimir's and not YAML", "blocks_storage: [\n"],
    ] as const) {
      it(`is the only policy that refuses a text which ${what}`, async () => {
        const refusing: string[] = [];
        for (const each of policies.filter(({ validateResource }) => validateResource)) {
          if ((await findings(each, configMap(text))).length > 0) refusing.push(each.name);
        }
        assert.deepEqual(refusing, [policy.name]);
      });
    }
  });

  describe("of chart values", () => {
    const withFiles = (valueYamlFiles: object[]): TestResource => {
      const { props, ...rest } = release("loki", {});
      return { ...rest, props: { ...props, valueYamlFiles } };
    };
    const inRelease = (place: string) => `Release monitoring/loki: ${place}`;
    cases(policy, [
      { when: "they are good", given: lokiChart({}) },
      {
        when: "they are in a file that it can't see",
        given: withFiles([{ path: "values.yaml" }]),
        finds: [cannot("a file, which a policy doesn't see", inRelease("valueYamlFiles[0]"))],
      },
      {
        when: "the configuration is text that doesn't parse",
        given: lokiChart({ config: "limits_config: [\n" }),
        finds: [cannot("line 2: not YAML (BAD_INDENT)", inRelease("values.loki.config"))],
      },
    ]);
  });

  describe("when a preview doesn't know a value", () => {
    const advisory = (path: string) => [`advisory: string value at .${path} can't be known during preview`];
    const secret = (key: string) =>
      object("core/v1", "Secret", { metadata: { name: "app" }, stringData: { [key]: unknown } });
    const check = (resource: TestResource) => findings(policy, resource);

    it("says so of a ConfigMap's file", async () => {
      assert.deepEqual(await check(configMap(unknown)), advisory("data.config.yaml"));
    });

    it("says so of a Secret's file that may be the configuration, and of no password", async () => {
      assert.deepEqual(await check(secret("config.yaml")), advisory("stringData.config.yaml"));
      assert.deepEqual(await check(secret("password")), []);
    });

    it("says so of a whole ConfigMap, and of no whole Secret: all of them would be named", async () => {
      assert.deepEqual(await check(object("core/v1", "ConfigMap", { data: unknown })), advisory("data"));
      assert.deepEqual(await check(object("core/v1", "Secret", { data: unknown })), []);
    });

    it("says so of all values", async () => {
      assert.deepEqual(await check(release("loki", unknown as unknown as object)), advisory("values"));
    });

    it("still refuses what it knows", async () => {
      const metadata = { namespace: "monitoring", name: "loki" };
      const data = { other: unknown, "config.yaml": `${good}---\nauth_enabled: true\n` };
      assert.deepEqual(await check(object("core/v1", "ConfigMap", { metadata, data })), [
        cannot(followed("Loki")),
        ...advisory("data.other"),
      ]);
    });
  });
});
