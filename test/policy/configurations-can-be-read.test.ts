import assert from "node:assert/strict";
import { stringify } from "yaml";
import { configurationsCanBeRead as policy } from "../../policy/configurations-can-be-read";
import { policies } from "../../policy/index";
import { cases, type Case, goodMimir, lokiChart, type Values } from "./fixtures";
import { good, mutated, store } from "./retention-requires-delete-request-store/fixtures";
import { configMap, findings, object, release, stackFindings, unknown, type TestResource } from "./support";

const cannot = (problem: string, where = 'ConfigMap monitoring/loki: data["config.yaml"]') =>
  `${where} is a Loki configuration that can't be read (${problem}); wanted one YAML document that Loki accepts. Its settings can't be checked. Correct it; \`loki -verify-config -config.file=FILE\` shows the mistake.`;
const mimirCannot = (problem: string) =>
  `ConfigMap monitoring/loki: data["config.yaml"] is a Mimir configuration that can't be read (${problem}); wanted one YAML document that Mimir accepts. Its settings can't be checked. Correct it; \`mimir -config.file=FILE -modules\` shows the mistake.`;
const followed = (reader: string) => `followed by another YAML document, and ${reader} reads only the first`;
const badIndent = "wrong indentation, or a bracket before it that isn't closed";
const values = (problem: string, where: string, fix = "Correct it: Helm can't read it either.") =>
  `${where} is values for Helm that can't be read (${problem}); wanted a mapping in YAML. Their settings for Loki and Mimir can't be checked. ${fix}`;
const bomb = () => {
  const list = (name: string, of: string) => `${name}: &${name} [${Array(10).fill(`*${of}`).join(", ")}]\n`;
  return `a: &a [1]\n${list("b", "a")}${list("c", "b")}${list("d", "c")}${list("e", "d")}`;
};

const none = { read: { replicas: 0 }, write: { replicas: 0 }, backend: { replicas: 0 } };
const filesystem = { storage: { type: "filesystem" } };
const run = (values: Values) => lokiChart({}, values);
const threeParts = { backend: { replicas: 2 }, read: { replicas: 2 }, write: { replicas: 3 } };
const chunksOnly = (loki: Values, values?: Values) =>
  lokiChart({ storage: { bucketNames: { chunks: "logs" } }, ...loki }, values);
const versioned = (chart: TestResource, version?: string) => ({ ...chart, props: { ...chart.props, version } });
const unnamed = (bucket: string) =>
  refuses(
    `loki.storage.bucketNames.${bucket} is missing; wanted the name of a bucket`,
    "Please define loki.storage.bucketNames",
    "Write it, or loki.storage.type: filesystem for one process that keeps its data in a folder.",
  );
const refuses = (what: string, says: string, fix: string) =>
  `Release monitoring/loki: values.${what}. The chart refuses to render: "${says}". ${fix}`;

describe("configurations-can-be-read", () => {
  describe("of values that the chart loki may refuse to render", () => {
    cases(policy, [
      { when: "one process is to run", given: run(none) },
      {
        when: "they have a configuration at the top",
        given: lokiChart({}, { config: { auth_enabled: false } }),
        finds: [
          refuses(
            "config is a configuration beside the value loki; wanted its settings under loki",
            "Top level 'config' is not allowed",
            "Move its blocks to loki.structuredConfig, or the whole as text to loki.config.",
          ),
        ],
      },
      {
        when: "the value config is a mapping, where the chart takes a text",
        given: lokiChart({ config: { auth_enabled: false } }),
        finds: [
          refuses(
            "loki.config is a mapping; wanted a text",
            "wrong type for value; expected string",
            "Write its blocks into loki.structuredConfig.",
          ),
        ],
      },
      { when: "what is at the top is empty", given: lokiChart({}, { config: {} }) },
      {
        when: "the canary is off, and its test is on",
        given: lokiChart({}, { lokiCanary: { enabled: false }, test: { enabled: true } }),
        finds: [
          refuses(
            "lokiCanary.enabled is false, and the chart's test, which needs the canary, is on (its default); wanted test.enabled: false beside it",
            "Helm test requires the Loki Canary to be enabled",
            "Set test.enabled: false, or leave the canary on.",
          ),
        ],
      },
      {
        when: "both are off",
        given: lokiChart({}, { lokiCanary: { enabled: false }, test: { enabled: false } }),
      },
      {
        when: "several processes keep their data in folders",
        given: lokiChart(filesystem, { singleBinary: { replicas: 2 } }),
        finds: [
          refuses(
            "singleBinary.replicas is more than 1, with loki.storage.type: filesystem; wanted 1, or an object store",
            "Cannot run more than 1 Single Binary replica without an object storage backend",
            "Set 1, or loki.storage.type: s3 with its buckets.",
          ),
        ],
      },
      { when: "one process keeps its data in a folder", given: lokiChart(filesystem) },
      { when: "several have a bucket", given: lokiChart({}, { singleBinary: { replicas: 3 } }) },
      {
        when: "processes that only read keep their data in folders",
        given: lokiChart(filesystem, { singleBinary: { replicas: 0 }, read: { replicas: 1 } }),
        finds: [
          refuses(
            "read.replicas is more than 0, with loki.storage.type: filesystem; wanted 0 beside singleBinary.replicas: 1, or an object store",
            "Cannot run scalable targets (backend, read, write) or distributed targets without an object storage backend",
            "Set deploymentMode: SingleBinary, singleBinary.replicas: 1, and 0 replicas of backend, read and write.",
          ),
        ],
      },
      {
        when: "backend, read and write are to run beside the one",
        given: run(threeParts),
        finds: [
          refuses(
            "backend.replicas is more than 0, as is singleBinary.replicas; wanted 0 of backend, read and write",
            "You have more than zero replicas configured for both the single binary and simple scalable targets",
            "Set replicas: 0 of backend, read and write.",
          ),
        ],
      },
      {
        when: "it is on its way from one to the other",
        given: run({ ...threeParts, deploymentMode: "SingleBinary<->SimpleScalable" }),
      },
      {
        when: "nothing stops the chart's own backend, read and write",
        given: run({ backend: undefined, read: {}, write: undefined }),
        finds: [
          refuses(
            "backend.replicas is missing, which means 3; wanted 0 of backend, read and write",
            "You have more than zero replicas configured for both the single binary and simple scalable targets",
            "Set replicas: 0 of backend, read and write.",
          ),
        ],
      },
      {
        when: "nothing stops them beside an ingester",
        given: versioned(
          run({ singleBinary: {}, write: {}, ingester: { replicas: 3 }, deploymentMode: undefined }),
          "6.30.1",
        ),
        finds: [
          refuses(
            "ingester.replicas is more than 0, as are those of backend, read or write; wanted 0 in one of the two groups",
            "You have more than zero replicas configured for scalable targets (backend, read, write) and distributed targets",
            "Set replicas: 0 of backend, read and write, or of the others.",
          ),
        ],
      },
      {
        when: "they keep their data in folders by default",
        given: versioned(
          lokiChart(filesystem, {
            singleBinary: undefined,
            read: { replicas: null },
            backend: { replicas: 0 },
            write: {},
          }),
          "6.30.1",
        ),
        finds: [
          refuses(
            "write.replicas is missing, which means 3; wanted 0 beside singleBinary.replicas: 1, or an object store",
            "Cannot run scalable targets (backend, read, write) or distributed targets without an object storage backend",
            "Set deploymentMode: SingleBinary, singleBinary.replicas: 1, and 0 replicas of backend, read and write.",
          ),
        ],
      },
      {
        when: "the rest may be elsewhere, as neither a version nor single binaries are named",
        given: lokiChart({ ...filesystem }, { singleBinary: undefined, read: undefined, write: undefined }),
      },
      {
        when: "buckets' names may be elsewhere, as no version is named",
        given: lokiChart({ storage: {} }),
      },
      { when: "an update shows the mode", given: run({ ...threeParts, deploymentMode: unknown }) },
      ...[{ ruler: "rules" }, {}, undefined, { chunks: "", ruler: "rules" }].map((bucketNames) => ({
        when: `the buckets' names are ${JSON.stringify(bucketNames)}`,
        given: versioned(lokiChart({ storage: { bucketNames } }), "6.45.0"),
        finds: [unnamed("chunks")],
      })),
      { when: "the rules' bucket has no name", given: versioned(chunksOnly({}), "6.45.0"), finds: [unnamed("ruler")] },
      {
        when: "rules are in files",
        given: versioned(chunksOnly({ rulerConfig: { storage: { type: "local" } } }), "6.45.0"),
      },
      { when: "no ruler runs", given: versioned(chunksOnly({}, { ruler: { enabled: false } }), "6.45.0") },
      {
        when: "the chart's own MinIO has buckets",
        given: versioned(chunksOnly({}, { minio: { enabled: true } }), "6.45.0"),
      },
      {
        when: "the configuration is a text of one's own",
        given: versioned(chunksOnly({ config: "auth_enabled: false" }), "6.45.0"),
      },
      {
        when: "the names are where Loki has them",
        given: versioned(
          lokiChart({
            storage: { bucketNames: { ruler: "rules" } },
            storage_config: { aws: { bucketnames: "logs" } },
          }),
          "6.45.0",
        ),
      },
      { when: "an update shows the names", given: lokiChart({ storage: { bucketNames: unknown } }) },
      ...["6.0.4", "6.30.1", "6.44.0", "6.45.0", "18.11.0"].map((version) => ({
        when: `one of two names is missing in ${version}`,
        given: versioned(chunksOnly({}), version),
        finds: version === "6.45.0" || version === "18.11.0" ? [unnamed("ruler")] : [],
      })),
      ...["6.0.4", "6.30.1"].map((version) => ({
        when: `both are missing in ${version}`,
        given: versioned(lokiChart({ storage: {} }), version),
        finds: version === "6.30.1" ? [unnamed("chunks")] : [],
      })),
      ...["16.1.1", "17.0.0", undefined].map((version) => ({
        when: `the chart's own MinIO runs in ${version ?? "a version without a name"}`,
        given: versioned(lokiChart({}, { minio: { enabled: true } }), version),
        finds:
          version === "17.0.0"
            ? [
                refuses(
                  "minio.enabled is true; wanted an object store of its own, or ignoreMinioDeprecation: true beside it",
                  "The Loki chart builtin MinIO dependency is deprecated",
                  "Name a bucket of another store in loki.storage. For the time being, set ignoreMinioDeprecation: true.",
                ),
              ]
            : [],
      })),
      {
        when: "it runs for the time being",
        given: versioned(lokiChart({}, { minio: { enabled: true }, ignoreMinioDeprecation: true }), "18.11.0"),
      },
      {
        when: "backend, read and write are to run beside a distributor",
        given: run({
          ...threeParts,
          deploymentMode: "Distributed",
          singleBinary: { replicas: 0 },
          distributor: { replicas: 1 },
        }),
        finds: [
          refuses(
            "distributor.replicas is more than 0, as are those of backend, read or write; wanted 0 in one of the two groups",
            "You have more than zero replicas configured for scalable targets (backend, read, write) and distributed targets",
            "Set replicas: 0 of backend, read and write, or of the others.",
          ),
        ],
      },
      {
        when: "one process and an ingester are to run",
        given: run({ ...none, ingester: { replicas: 1 } }),
        finds: [
          refuses(
            "ingester.replicas is more than 0, as is singleBinary.replicas; wanted 0 in one of the two",
            "You have more than zero replicas configured for both the single binary and distributed targets",
            "Set replicas: 0 in one of the two.",
          ),
        ],
      },
      { when: "an update shows the replicas", given: run({ ...none, ingester: { replicas: unknown } }) },
    ]);
  });

  describe("of a text", () => {
    cases(policy, [
      { when: "it is one good document", given: configMap(good) },
      {
        when: "a key is given twice, which Loki refuses too",
        given: configMap(store("delete_request_store: s3\n  delete_request_store: s3")),
        finds: [cannot("line 16, column 3: a key given twice, which Loki refuses")],
      },
      {
        when: "it is not YAML; none of it is quoted",
        given: configMap(`${good}secret: [hunter2\n`),
        finds: [cannot(`line 17, column 1: not YAML: ${badIndent}`)],
      },
      {
        when: "a tab moves a setting",
        given: configMap(mutated("  retention_enabled", "\tretention_enabled")),
        finds: [cannot("line 14, column 1: not YAML: a tab in the indentation")],
      },
      {
        when: "a second document follows, which Loki ignores",
        given: configMap(`${good}---\nauth_enabled: true\n`),
        finds: [cannot(followed("Loki"))],
      },
      { when: "only the mark of a document follows", given: configMap(`---\n${good}---\n# the end\n`) },
      { when: "only the mark of a document stands before it", given: configMap(`# Loki's\n---\n${good}`) },
      {
        when: "an empty document stands before it, which is all that Loki reads",
        given: configMap(`---\n---\n${good}`),
        finds: [cannot("after an empty YAML document, and Loki reads only the first")],
      },
      {
        when: "a line is a tab and nothing else",
        given: configMap(good.replace("compactor:\n", "compactor:\n\t\n")),
        finds: [cannot("line 13, column 1: not YAML: a tab in the indentation")],
      },
      {
        when: "a tab stands before a comment",
        given: configMap(good.replace("compactor:\n", "compactor:\n  \t# kept\n")),
        finds: [cannot("line 13, column 1: not YAML: a tab in the indentation")],
      },
      {
        when: "tabs stand behind a value and in a text of several lines",
        given: configMap(`${good}target:\tall\t\nmemberlist:\n  node_name: |\n    a\n    \tb\n`),
      },
      {
        when: "a comment has a control character",
        given: configMap(`${good}# \u0007\n`),
        finds: [cannot("line 16, column 3: not YAML: a control character")],
      },
      ...Object.entries({
        "a bracket's content": 'memberlist:\n  join_members: [a,\n  b # c]\n  , "d]"\n]\n',
        "a brace's content": "server: {\nhttp_listen_port: 3100, http_path_prefix: '}' }\n",
        "a quoted text": 'target: "all\n"\n',
        "what is in brackets in JSON": '"memberlist": {\n"join_members": [\n"a"\n]\n}\n',
      }).map(([what, text]) => ({
        when: `${what} stands on lines without indentation, which Go's readers take`,
        given: configMap(good + text),
      })),
      {
        when: "such lines end nowhere",
        given: configMap(`${good}server: {\nhttp_listen_port: 3100\ntracing: a\n`),
        finds: [cannot(`line 17, column 1: not YAML: ${badIndent}`)],
      },
      ...["\u0085", "\u2028", "\u2029"].map((sign) => ({
        when: `a comment has a line break such as U+${sign.charCodeAt(0).toString(16)}, after which it goes on as a setting`,
        given: configMap(`${good}# one${sign}two\n`),
        finds: [cannot("line 17, column 1: not YAML: a colon, comma, quote or bracket is missing")],
      })),
      ...['"\\"', '"a\\\\\\"', "'it''", "'''"].map((text) => ({
        when: `a text is ${text}, which nothing closes`,
        given: configMap(`${good}target: ${text}\nserver: {http_path_prefix: ${text[0]}a${text[0]}}\n`),
        finds: [cannot("line 16, column 9: not YAML: a colon, comma, quote or bracket is missing")],
      })),
      ...['"\\""', '"a\\\\"', "'it'''", "''", '"\\\n "'].map((text) => ({
        when: `a text is ${JSON.stringify(text)}`,
        given: configMap(`${good}memberlist:\n  node_name: ${text}\n  advertise_addr: a\n`),
      })),
      {
        when: "it begins with a directive of another version",
        given: configMap(`# Loki's\n%YAML 1.2\n---\n${good}`),
        finds: [cannot("line 2, column 1: not YAML: a directive other than %YAML 1.1")],
      },
      { when: "it begins with the directive of YAML 1.1", given: configMap(`%YAML 1.1\n---\n${good}`) },
      {
        when: "it has more lines than can be read in a moment",
        given: configMap(good + "a: 1\n".repeat(20_000)),
        finds: [cannot("of too many lines and values to be read")],
      },
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
        finds: [cannot("larger than 524288 characters, too large to be read")],
      },
      {
        when: "Mimir's has a key twice",
        given: configMap("multitenancy_enabled: yes\nmultitenancy_enabled: no\n"),
        finds: [mimirCannot("line 2, column 1: a key given twice, which Mimir refuses")],
      },
      {
        when: "configurations of both programs follow a document of neither, once",
        given: configMap(`app: 1\n---\n${good}---\n${stringify(goodMimir)}`),
        finds: [mimirCannot(followed("Mimir"))],
      },
      {
        when: "Mimir's is followed by a second document",
        given: configMap("blocks_storage: {backend: s3}\n---\nblocks_storage: {storage_prefix: b}\n"),
        finds: [mimirCannot(followed("Mimir"))],
      },
      {
        when: "both programs could mean it: it is said once",
        given: configMap("compactor: {\nblocks_storage: [\n"),
        finds: [mimirCannot(`line 2, column 1: not YAML: ${badIndent}; line 3, column 1: not YAML: ${badIndent}`)],
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

  // What says nothing by its keys says it by its name.
  describe("of a file that is called after the program", () => {
    const file = (name: string, key: string, text: string) =>
      object("core/v1", "ConfigMap", { metadata: { namespace: "monitoring", name }, data: { [key]: text } });
    const broken = "server\n  http_listen_port: 3100\n";
    const noColon = "line 1, column 1: not YAML: a line without a colon";
    cases(policy, [
      {
        when: "a file named for Loki isn't YAML",
        given: file("app", "loki.yaml", broken),
        finds: [cannot(noColon, 'ConfigMap monitoring/app: data["loki.yaml"]')],
      },
      {
        when: "the file of an object that is named for Mimir isn't YAML",
        given: file("home-mimir-config", "config.yaml", `target: all\n${broken}`),
        finds: [
          mimirCannot(noColon.replace("line 1", "line 2")).replace("monitoring/loki", "monitoring/home-mimir-config"),
        ],
      },
      {
        when: "values for Helm are no YAML, and their name or a word in them says that they are for Loki",
        given: file("loki-values", "values.yaml", broken),
        finds: [values(noColon, 'ConfigMap monitoring/loki-values: data["values.yaml"]')],
      },
      {
        when: "a word in values for Helm says that they are for Loki",
        given: file("flux", "loki-values.prod.yaml", "loki:\n  limits_config: [\nx: 1\n"),
        finds: [
          values(
            `line 3, column 1: not YAML: ${badIndent}`,
            'ConfigMap monitoring/flux: data["loki-values.prod.yaml"]',
          ),
        ],
      },
      {
        when: "the object is named for Loki, and the file is prose",
        given: file("loki", "config.yaml", "a: see the wiki: [\n"),
      },
      { when: "it is Promtail's by its keys", given: file("loki", "config.yaml", "scrape_configs: [\nclients: []\n") },
      { when: "it is empty, or a comment", given: file("loki", "config.yaml", "# nothing\n") },
      {
        when: "it is a template that its reader fills in",
        given: file("loki", "config.yaml", "{{ range .a }}\n- x: [\n"),
      },
      { when: "values for Helm are for something else", given: file("app-values", "values.yaml", broken) },
      { when: "the object is named for Loki, and the file is another's", given: file("loki", "nginx.yaml", broken) },
      { when: "it is a configuration of Alloy's", given: file("loki", "config.alloy", 'loki.write "a" {\n}\n') },
    ]);
  });

  describe("of chart values", () => {
    const application = (chart: string, values: string) =>
      object("argoproj.io/v1alpha1", "Application", {
        metadata: { namespace: "argocd", name: "app" },
        spec: { source: { chart, helm: { values } } },
      });
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
        finds: [
          values(
            "a file, which a policy doesn't see",
            inRelease("valueYamlFiles[0]"),
            "Pass them as `values` of the resource, or as a StringAsset.",
          ),
        ],
      },
      {
        when: "they are in a text that doesn't parse",
        given: withFiles([{ text: "loki: [\na: b\n" }]),
        finds: [values(`line 2, column 1: not YAML: ${badIndent}`, inRelease("valueYamlFiles[0]"))],
      },
      {
        when: "a tool in the cluster gives such a text to Helm",
        given: application("loki", "loki: [\na: b\n"),
        finds: [values(`line 2, column 1: not YAML: ${badIndent}`, "Application argocd/app: spec.source.helm.values")],
      },
      {
        when: "such a text is for a chart of one's own, and has a word of Loki's in it",
        given: application("monitoring", "loki:\n  schemaConfig: [\na: b\n"),
        finds: [values(`line 3, column 1: not YAML: ${badIndent}`, "Application argocd/app: spec.source.helm.values")],
      },
      {
        when: "such a text is for a chart that has nothing to do with them",
        given: application("app", "a: [\nb: c\n"),
      },
      {
        when: "the configuration is text that doesn't parse",
        given: lokiChart({ config: "limits_config: [\n" }),
        finds: [cannot(`line 2, column 1: not YAML: ${badIndent}`, inRelease("values.loki.config"))],
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

  describe("of a file by who reads it", () => {
    const reads = (image: string) =>
      object("apps/v1", "StatefulSet", {
        metadata: { namespace: "monitoring", name: "loki" },
        spec: {
          template: {
            spec: {
              containers: [
                {
                  ...{ name: "a", image, args: ["-config.file=/etc/a/config.yaml"] },
                  volumeMounts: [{ name: "config", mountPath: "/etc/a" }],
                },
              ],
              volumes: [{ name: "config", configMap: { name: "loki" } }],
            },
          },
        },
      });
    const [loki, mimir] = ["grafana/loki:3.6.3", "grafana/mimir:3.0.5"];
    const saidOf = (text: string, image: string) => stackFindings(policy, [configMap(text), reads(image)]);

    it("refuses one in which nothing shows whose it is, and which isn't one", async () => {
      const texts = { "": "empty", "# later\n": "empty", "- a\n": "a list", "later\n": "one value" };
      for (const [text, problem] of Object.entries(texts)) {
        assert.deepEqual(await findings(policy, configMap(text)), []);
        assert.deepEqual(await saidOf(text, loki), [cannot(problem)], text);
        assert.deepEqual(await saidOf(text, mimir), [mimirCannot(problem)], text);
        assert.deepEqual(await saidOf(text, "nginx:1.29"), []);
      }
      assert.deepEqual(await saidOf("null\n", loki), [cannot("empty")]);
      assert.deepEqual(await saidOf("null\n", mimir), []);
      assert.deepEqual(await saidOf("{}\n", mimir), []);
    });

    it("tells of one that shows whose it is once", async () => {
      const broken = `${good}a: [`;
      assert.deepEqual(await findings(policy, configMap(broken)), [
        cannot(`line 16, column 5: not YAML: ${badIndent}`),
      ]);
      assert.deepEqual(await saidOf(broken, loki), []);
    });
  });

  describe("of a text with variables", () => {
    const metadata = { namespace: "monitoring", name: "loki" };
    const withVariable = configMap(good.replace("auth_enabled: false", "auth_enabled: ${AUTH:-false}"));
    const workload = (args: string[], spec: object = {}): TestResource =>
      object("apps/v1", "StatefulSet", {
        metadata,
        spec: {
          template: {
            spec: {
              containers: [{ name: "loki", image: "grafana/loki:3.6.3", args }],
              volumes: [{ name: "config", configMap: { name: "loki" } }],
              ...spec,
            },
          },
        },
      });
    const file = "-config.file=/etc/loki/config.yaml";
    const unexpanded = (where: string, variable: string, who: string) =>
      `${where} is a configuration with \${${variable}}, which isn't expanded; wanted -config.expand-env=true in ${who}. Without this argument, Loki takes the text of the placeholder for the value. Add the argument, or write the value itself.`;
    const foreign = (where: string, beginning: string) =>
      `${where} is a configuration with a placeholder that begins with ${beginning}, which Loki can't read; wanted \${VAR} or \${VAR:-default}. Loki refuses to start: "failed parsing config". That holds for comments, too. Correct the placeholder; $\${ stands for the text itself.`;
    const told = unexpanded(
      'ConfigMap monitoring/loki: data["config.yaml"]',
      "AUTH",
      "the arguments of StatefulSet monitoring/loki",
    );

    it("refuses it where the workload that reads it doesn't have them expanded", async () => {
      assert.match(good, /auth_enabled: false/);
      assert.deepEqual(await findings(policy, withVariable), []);
      assert.deepEqual(await stackFindings(policy, [withVariable, workload([file])]), [told]);
      assert.deepEqual(await stackFindings(policy, [withVariable, workload([file, "-config.expand-env=false"])]), [
        told,
      ]);
    });

    it("refuses it where only what they stand for makes it YAML", async () => {
      const inFlow = configMap(`# \${HOME}\n${good}tracing: {enabled: \${TRACE}}\n`);
      const [found, ...more] = await stackFindings(policy, [inFlow, workload([file])]);
      assert.match(found, /with \$\{TRACE\}, which isn't expanded/);
      assert.deepEqual(more, []);
    });

    it("accepts it where they are expanded, or where that can't be told", async () => {
      const initContainers = [
        { name: "a", command: ["sh", "-c", "envsubst < /in/config.yaml > /etc/loki/config.yaml"] },
      ];
      for (const reader of [
        workload([file, "-config.expand-env=true"]),
        workload([file, "--config.expand-env"]),
        workload(["sh", "-c", `loki ${file} -config.expand-env`]),
        workload([]),
        workload([file], { initContainers }),
        workload([file], { volumes: [] }),
      ])
        assert.deepEqual(await stackFindings(policy, [withVariable, reader]), []);
    });

    it("refuses placeholders that Loki can't read, where it expands them, in comments too", async () => {
      const read = workload([file, "-config.expand-env=true"]);
      const wrong = { "${AUTH-false}": "${AUTH", "${AUTH?}": "${AUTH", "${ AUTH }": "${ AUTH", "${AUTH": "${AUTH" };
      for (const [placeholder, beginning] of Object.entries(wrong)) {
        for (const line of [`auth_enabled: ${placeholder}`, `auth_enabled: false # ${placeholder}`]) {
          const given = configMap(good.replace("auth_enabled: false", line));
          assert.deepEqual(await stackFindings(policy, [given, read]), [
            foreign('ConfigMap monitoring/loki: data["config.yaml"]', beginning),
          ]);
        }
      }
      for (const known of ["${AUTH}", "${AUTH:-false}", "${AUTH=false}", "${AUTH^^}", "${#AUTH}", "${1}"])
        assert.deepEqual(await stackFindings(policy, [configMap(`# ${known} $\${x-y} $\n${good}`), read]), []);
    });

    it("refuses backslashes that aren't YAML once Loki has halved them, where it expands the file", async () => {
      const withText = (text: string) =>
        configMap(good.replace("auth_enabled: false", `auth_enabled: false\ntarget: ${text}`));
      const read = workload([file, "-config.expand-env=true"]);
      const [found, ...more] = await stackFindings(policy, [withText('"a\\\\d"'), read]);
      assert.match(found, /isn't YAML once -config\.expand-env has halved its backslashes \(line \d+/);
      assert.match(found, /Write '\\\\d' or "\\\\\\\\d" for what is to become \\d/);
      assert.deepEqual(more, []);
      assert.match(
        (await stackFindings(policy, [withText('"\\\\"\nserver: {http_path_prefix: "a"}'), read])).join(),
        /halved its backslashes \(line \d+, column 9/,
      );
      for (const text of ["'a\\\\d'", '"a\\\\\\\\d"', "'a/\\d'", '"a"'])
        assert.deepEqual(await stackFindings(policy, [withText(text), read]), []);
      assert.deepEqual(await stackFindings(policy, [withText('"a\\\\d"'), workload([file])]), []);
    });

    it("accepts what is no variable, or in a comment", async () => {
      for (const text of [`${good}# \${HOME}\n`, good.replace("auth_enabled: false", "auth_enabled: false # ${AUTH}")])
        assert.deepEqual(await stackFindings(policy, [configMap(text), workload([file])]), []);
    });

    const storage = { storage: { s3: { accessKeyId: "${KEY}" }, bucketNames: { chunks: "logs", ruler: "rules" } } };
    const given = { extraArgs: ["-config.expand-env=true"] };
    const valuesOf = (values: Values) => (lokiChart(storage, values).props as { values: Values }).values;
    const chart = (values: Values) => release("loki", valuesOf(values));
    const pathIn: Values = {
      "helm.toolkit.fluxcd.io/v2/HelmRelease": "spec.values.loki",
      "argoproj.io/v1alpha1/Application": "spec.source.helm.valuesObject.loki",
      "helm.cattle.io/v1/HelmChart": "spec.valuesContent: loki",
    };
    const installed = (kind: string, values: Values, more: Values = {}) => {
      const specs: Values = {
        HelmRelease: { chart: { spec: { chart: "loki", version: "6.30.0" } }, values, ...more },
        Application: { source: { chart: "loki", targetRevision: "6.30.0", helm: { valuesObject: values } } },
        HelmChart: { chart: "loki", version: "6.30.0", valuesContent: stringify(values) },
      };
      const [group, version, name] = kind.split("/");
      return object(`${group}/${version}`, name, { metadata: { name: "loki" }, spec: specs[name] });
    };
    cases(policy, [
      {
        when: "no argument of a chart has them expanded",
        given: chart({}),
        finds: [unexpanded("Release monitoring/loki: values.loki", "KEY", "the chart's extraArgs")],
      },
      ...[
        "helm.toolkit.fluxcd.io/v2/HelmRelease",
        "argoproj.io/v1alpha1/Application",
        "helm.cattle.io/v1/HelmChart",
      ].map((kind): Case => ({
        when: `a ${kind} installs it, and no argument has them expanded`,
        given: installed(kind, valuesOf({})),
        finds: [unexpanded(`${kind.split("/")[2]} loki: ${pathIn[kind]}`, "KEY", "the chart's extraArgs")],
      })),
      ...Object.keys(pathIn).map((kind): Case => ({
        when: `a ${kind} installs it with the argument`,
        given: installed(kind, valuesOf({ singleBinary: given })),
      })),
      {
        when: "other values, which aren't seen, may have the argument",
        given: installed("helm.toolkit.fluxcd.io/v2/HelmRelease", valuesOf({}), {
          valuesFrom: [{ kind: "ConfigMap" }],
        }),
      },
      {
        when: "somebody changes the objects that the chart makes",
        given: installed("helm.toolkit.fluxcd.io/v2/HelmRelease", valuesOf({}), { postRenderers: [{ kustomize: {} }] }),
      },
      {
        when: "a HelmRelease is in a file that Flux reads",
        given: configMap(stringify(installed("helm.toolkit.fluxcd.io/v2/HelmRelease", valuesOf({})).props), "hr.yaml"),
        finds: [
          unexpanded('ConfigMap monitoring/loki: data["hr.yaml"]: spec.values.loki', "KEY", "the chart's extraArgs"),
        ],
      },
      {
        when: "the configuration of a loki-stack has them expanded",
        given: release("loki-stack", {
          loki: { config: { server: { http_listen_port: "${KEY}" } }, extraArgs: { "config.expand-env": "true" } },
        }),
      },
      {
        when: "a placeholder of the values is a shell's",
        given: release(
          "loki",
          valuesOf({
            loki: { ...storage, structuredConfig: { server: { log_level: "${LEVEL-info}" } } },
            singleBinary: given,
          }),
        ),
        finds: [foreign("Release monitoring/loki: values.loki", "${LEVEL")],
      },
      {
        when: "the configuration of a loki-stack has one, and no argument",
        given: release("loki-stack", { loki: { config: { common: { path_prefix: "${KEY}" } } } }),
        finds: [unexpanded("Release monitoring/loki-stack: values.loki.config", "KEY", "the chart's extraArgs")],
      },
      { when: "an argument of a chart's part has them expanded", given: chart({ singleBinary: given }) },
      { when: "an argument of all of a chart's parts has them expanded", given: chart({ global: given }) },
      {
        when: "mimir-distributed has them expanded by itself",
        given: release("mimir-distributed", { mimir: storage }),
      },
    ]);
  });
});
