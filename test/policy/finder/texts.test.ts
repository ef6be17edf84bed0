import assert from "node:assert/strict";
import { stringify } from "yaml";
import { z } from "zod";
import { policies } from "../../../policy/index";
import { definePolicy, type Policy } from "../../../policy/lib/policy";
import { goodLoki } from "../fixtures";
import { configMap, findings, object, release, stackFindings, type TestResource } from "../support";

/** What the policies about configurations say of a resource, alone and as a whole stack. */
async function allFindings(resource: TestResource): Promise<string[]> {
  const about = policies.filter(({ name }) =>
    /loki|mimir|retention|schema|replication|configurations|buckets/.test(name),
  );
  const found: string[] = [];
  for (const policy of about) {
    if (policy.validateResource) found.push(...(await findings(policy, resource)));
    if (policy.validateStack) found.push(...(await stackFindings(policy, [resource])));
  }
  return found;
}

const pod = (container: object) =>
  object("apps/v1", "Deployment", {
    metadata: { name: "proxy" },
    spec: { template: { spec: { containers: [{ name: "proxy", ...container }] } } },
  });

describe("a text with a word of Loki's or Mimir's in it that is no configuration", () => {
  const words = [
    "compactor:8080",
    '["compactor:8080"]',
    "compactor: 8080",
    "UPSTREAM=compactor:3100",
    "store_gateway:9095",
    "store_gateway: 9095",
    "- compactor:8080\n- store_gateway:9095\n",
    '"compactor:8080"',
    "'compactor:'",
    "compactor:",
    "schema_config: see the wiki",
    "limits_config:",
    '{"targets": ["compactor:8080"], "labels": {"job": "compactor"}}',
    "- targets: ['compactor:8080', 'mimir-store_gateway:9095']\n",
    "the compactor: see the wiki {{",
    "compactor: it merges the index: see the wiki\nlimits_config: we keep these low: [\n",
    "# Loki\n\nWrite this:\n\n```yaml\nschema_config:\n  configs: []\ncompactor:\n  retention_enabled: true\n```\n",
    "blocks_storage: the bucket with the blocks\nruler_storage: the one with the rules\n",
    "alertmanager_storage = s3, multitenancy_enabled: maybe",
    "compactor:\n  image: example/compactor:1.0\n  replicas: 2\n",
    "|\n  compactor: a\n",
    "&a compactor:",
    "!!str compactor:",
  ];
  for (const word of words) {
    it(`${JSON.stringify(word)} costs nothing, wherever it is`, async () => {
      const places = [
        configMap(word),
        object("core/v1", "Secret", { metadata: { name: "s" }, data: { a: Buffer.from(word).toString("base64") } }),
        object("core/v1", "Service", { metadata: { name: "s", annotations: { upstream: word } } }),
        object("example.com/v1", "Proxy", { metadata: { name: "p" }, spec: { upstream: word, all: [word] } }),
        pod({ env: [{ name: "UPSTREAM", value: word }], args: [word, "--upstream", word] }),
        release("proxy", { config: word, upstreams: [word] }),
        configMap(JSON.stringify({ nested: word })),
        configMap(stringify({ nested: stringify({ again: word }) })),
      ];
      for (const place of places) assert.deepEqual(await allFindings(place), [], JSON.stringify(place.props));
    });
  }
});

describe("what describes or quotes a configuration", () => {
  const bad =
    "schema_config: {configs: []}\nlimits_config: {retention_perod: 1d}\ncompactor: {retention_enabled: true}\n";
  const schema = {
    type: "object",
    properties: {
      limits_config: { type: "object", properties: { retention_period: { type: "string" } } },
      schema_config: { type: "object" },
      compactor: { type: "object", additionalProperties: true },
      blocks_storage: { $ref: "#/definitions/storage" },
    },
  };
  const metadata = { namespace: "web", name: "other" };
  const described: [what: string, resource: TestResource][] = [
    [
      "a JSON schema of values",
      object("core/v1", "ConfigMap", { metadata, data: { "values.schema.json": JSON.stringify(schema) } }),
    ],
    [
      "a JSON schema with a dialect, and no type",
      object("core/v1", "ConfigMap", {
        metadata,
        data: {
          "loki.yaml": stringify({
            $schema: "https://json-schema.org/draft-07/schema#",
            properties: schema.properties,
          }),
        },
      }),
    ],
    [
      "a definition of a custom resource",
      object("apiextensions.k8s.io/v1", "CustomResourceDefinition", {
        metadata,
        spec: { versions: [{ name: "v1", schema: { openAPIV3Schema: { ...schema, properties: { spec: schema } } } }] },
      }),
    ],
    [
      "a constraint's template",
      object("templates.gatekeeper.sh/v1", "ConstraintTemplate", {
        metadata,
        spec: { crd: { spec: { validation: { openAPIV3Schema: schema } } } },
      }),
    ],
    [
      "an alert's annotation",
      object("monitoring.coreos.com/v1", "PrometheusRule", {
        metadata,
        spec: { groups: [{ name: "g", rules: [{ alert: "A", expr: "1", annotations: { description: bad } }] }] },
      }),
    ],
    [
      "a page of documentation",
      object("core/v1", "ConfigMap", { metadata, data: { "README.md": bad, "notes.txt": bad, "index.html": bad } }),
    ],
    [
      "a word where a switch would be",
      pod({ env: [{ name: "HELP", value: '{"compactor": {"retention_enabled": "see docs"}}' }] }),
    ],
  ];
  for (const [what, resource] of described) {
    it(`is none: ${what}`, async () => assert.deepEqual(await allFindings(resource), []));
  }

  it("is one where a file has a name of its own, or a rule makes it", async () => {
    const data = { "config.yaml": bad };
    const made = object("kyverno.io/v1", "ClusterPolicy", {
      metadata,
      spec: { rules: [{ generate: { kind: "ConfigMap", data: { data } } }] },
    });
    for (const resource of [object("core/v1", "ConfigMap", { metadata, data }), made])
      assert.notDeepEqual(await allFindings(resource), []);
  });
});

describe("a text within texts", () => {
  const lost = stringify({ ...goodLoki, compactor: { retention_enabled: true } });
  const wrapped = (times: number): string =>
    times === 0 ? lost : stringify({ apiVersion: "v1", kind: "ConfigMap", data: { "loki.yaml": wrapped(times - 1) } });

  for (const times of [0, 1, 2, 3, 4]) {
    it(`is read where ${times} manifests are around it`, async () => {
      const found = await allFindings(configMap(wrapped(times)));
      assert.match(found.join(), /compactor\.delete_request_store is missing/);
    });
  }

  it("is told, not passed, where it is deeper than anybody writes it", async () => {
    const found = await allFindings(configMap(wrapped(9)));
    assert.match(found.join(), /can't be read \(in more than \d nested texts\)/);
  });

  it("is read in JSON, in the base64 of a Secret's manifest, and in the second document of manifests", async () => {
    const secret = { apiVersion: "v1", kind: "Secret", data: { "loki.yaml": Buffer.from(lost).toString("base64") } };
    for (const text of [
      JSON.stringify({ "config.yaml": lost }),
      stringify(secret),
      `${stringify({ apiVersion: "v1", kind: "Namespace", metadata: { name: "loki" } })}---\n${stringify(secret)}`,
    ]) {
      assert.match((await allFindings(configMap(text))).join(), /compactor\.delete_request_store is missing/, text);
    }
    const added = release("grafana", { extraObjects: [secret] });
    assert.match((await allFindings(added)).join(), /values\.extraObjects\[0\]\.data\["loki\.yaml"\]: compactor/);
  });
});

describe("a script that writes files", () => {
  const lost = stringify({ ...goodLoki, compactor: { retention_enabled: true } });
  const writing = (times: number, text: string) =>
    Array.from({ length: times }, (_, index) => `cat > /file-${index} <<EOF\n${text}EOF\n`).join("");

  it("is read where thousands of them are none of Loki's or Mimir's", async () => {
    const found = await allFindings(configMap(`${writing(5_000, "upstream: loki\n")}${writing(1, lost)}`, "setup.sh"));
    assert.match(found.join(), /compactor\.delete_request_store is missing/);
    assert.doesNotMatch(found.join(), /can't be read/);
  });

  it("is told, and takes no time, where it writes more configurations than anybody has", async () => {
    const start = process.cpuUsage().user;
    const found = await allFindings(configMap(writing(4_000, lost), "setup.sh"));
    assert.match(found.join(), /can't be read \(a script that writes more than 100 such files\)/);
    const seconds = (process.cpuUsage().user - start) / 1e6;
    assert.ok(seconds < 4, `${seconds} s`);
  });
});

describe("an error in a policy", () => {
  const broken = (level: "mandatory" | "advisory"): Policy =>
    definePolicy({
      name: "is-broken",
      description: "It is broken.",
      url: "https://example.com",
      severity: "low",
      level,
      parameters: { on: z.string().default("").describe("where") },
      *check({ props }) {
        yield { path: "a", found: "b", wanted: "c", fix: "D." };
        throw new TypeError(`can't read ${Object.keys(props).length}\n    at secret.ts:1`);
      },
      *checkStack(resources) {
        for (const { props } of resources)
          if ("data" in props) throw new RangeError("Maximum call stack size exceeded");
        yield { path: "a", found: "b", wanted: "c", fix: "D." };
      },
    });
  const stumbles = (label: string, error: string) =>
    new RegExp(`^${label}: .*the policy is-broken fails on \\(${error}\\)`);

  it("is one finding that names the policy and the resource, beside what it found before, without a stack", async () => {
    const found = await findings(broken("mandatory"), configMap("x"));
    assert.equal(found.length, 2);
    assert.match(found[0], /a is b; wanted c/);
    assert.match(found[1], stumbles("ConfigMap monitoring/loki", "TypeError: can't read 4"));
    assert.doesNotMatch(found[1], /secret\.ts/);
  });

  it("names in a check of the whole stack the resource that was looked at last", async () => {
    const service = object("core/v1", "Service", { metadata: { name: "first" } });
    const found = await stackFindings(broken("advisory"), [service, configMap("x"), service]);
    assert.equal(found.length, 1);
    assert.match(found[0], stumbles("ConfigMap monitoring/loki", "RangeError: Maximum call stack size exceeded"));
  });

  it("is told where the properties themselves can't be read", async () => {
    let deep: object = {};
    for (let depth = 0; depth < 20_000; depth++) deep = { deep };
    const found = await deepFindings(broken("mandatory"), deep);
    assert.match(found.join(), stumbles("ConfigMap loki", "RangeError: .*"));
  });
});

/** As {@link findings}, of properties too deep for a structured clone. */
async function deepFindings(policy: Policy, props: object): Promise<string[]> {
  const messages: string[] = [];
  const type = "kubernetes:core/v1:ConfigMap";
  const args = { type, name: "loki", props, urn: `urn:pulumi:dev::p::${type}::loki`, getConfig: () => ({}) };
  const validate = policy.validateResource as unknown as (
    given: object,
    report: (violation: { message: string }) => void,
  ) => unknown;
  await validate(args, ({ message }) => messages.push(message));
  return messages;
}
