import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { checksum } from "../../components/kubernetes/checksum";
import { receiverFieldNames } from "../../settings/sections/receivers";
import { givenSecrets } from "../../settings/sections/secrets";
import type { Generator } from "../../engine/generated";
import type { Resource } from "../../engine/graph";
import { knownAnswers } from "../../engine/materialise";
import { offlinePreview, settingsOf } from "../../commands/shared/preview";
import { offlineRender } from "../../commands/shared/render";
import { writeObjects } from "../../commands/render/files";
import { run, type RunResult } from "../../engine/run";
import { containsSecret, present, reveal, secret as concealed } from "../../engine/values";
import { inFolder } from "../engine/fixtures";
import { runInline } from "./support/inline";
import { given, leaks } from "./support/leaks";
import { previewOf } from "./support/previews";
import { stacks, testStack, type Stack } from "../stacks/stacks";

/** A receiver of each kind, and what it reads. */
const receiverSecrets: Record<string, { settings: string[]; fields: string[] }> = {
  phone: { settings: ["kind=pushover"], fields: ["token", "userKey"] },
  chat: { settings: ["kind=slack"], fields: ["url"] },
  guild: { settings: ["kind=discord"], fields: ["url"] },
  bot: { settings: ["kind=telegram", "chatId=1"], fields: ["botToken"] },
  mail: {
    settings: ["kind=email", "to[0]=a@example.org", "from=b@example.org", "smarthost=smtp:587", "username=b"],
    fields: ["password"],
  },
  "on-call": { settings: ["kind=pagerduty"], fields: ["routingKey"] },
  ntfy: { settings: ["kind=webhook", "authorization=bearer"], fields: ["url", "token"] },
  matrix: { settings: ["kind=webhook", "authorization=basic", "username=me"], fields: ["url", "password"] },
};

const receivers = Object.entries(receiverSecrets).flatMap(([name, { settings }], i) => [
  ...settings.map((setting) => `alertmanager.receivers.${name}.${setting}`),
  `alertmanager.routes[${i}].receiver=${name}`,
  `alertmanager.routes[${i}].continue=true`,
]);

/** Settings that give every secret that can be given by the stack's own config, each with its mark, and have all of them used. */
const byConfig = [
  "secrets.provider=config",
  ...Object.entries(givenSecrets).flatMap(([secret, { fields }]) =>
    fields.map((field) => `secretValues.${secret}.${field}=${given(secret, field)}`),
  ),
  "alertmanager.pushover=true",
  "alertmanager.heartbeat=true",
  ...receivers,
  ...Object.entries(receiverSecrets).flatMap(([name, { fields }]) =>
    fields.map((field) => `secretValues.receivers.${name}.${field}=${given(name, field)}`),
  ),
];

/** The same from 1Password: an item of each receiver. */
const byItems = [
  ...receivers,
  ...Object.keys(receiverSecrets).map(
    (name, i) => `secrets.onepassword.items.receivers.${name}=${"abcdefgh"[i].repeat(26)}`,
  ),
];

/** Every stack with every way in for secrets. What 1Password would answer is a marked placeholder of the offline run. */
const variants: { what: string; stack: Stack; config: string[] }[] = [
  { what: "production, secrets from 1Password", stack: "production", config: byItems },
  {
    what: "production in stage dual-write, secrets from its config",
    stack: "production",
    config: [...byConfig, "stage=dual-write"],
  },
  { what: "staging, secrets from 1Password", stack: "staging", config: [] },
  { what: "sandbox, secrets from its config", stack: "sandbox", config: byConfig },
];

/** Makes values that are marked, and remembers them. */
class Marked implements Generator {
  readonly made = new Map<string, string>();

  value(name: string): string {
    const value = this.made.get(name) ?? `hush-generated-${this.made.size}-${"x".repeat(12)}`;
    this.made.set(name, value);
    return value;
  }
}

/** Runs the program as an update does: every output is known. Nothing can hide behind being unknown. */
async function update({ stack, config }: { stack: Stack; config: string[] }): Promise<RunResult & { made: string[] }> {
  const generator = new Marked();
  const labels = [...Object.values(givenSecrets).flatMap(({ fields }) => [...fields]), ...receiverFieldNames];
  const { project, configuration } = settingsOf({ ...testStack(stack), config });
  const deployment = { project: project.name, stack, organization: "organization", dryRun: false };
  const answers = knownAnswers(generator, labels);
  const result = await run({ project, deployment, configuration, loader: "tsx", answers, start: runInline });
  return { ...result, made: [...generator.made.values()] };
}

/** All that is recorded of a resource in plain text; a component's outputs too, a provider's are its own affair. */
const recorded = ({ inputs, outputs, custom, ...rest }: Resource): unknown => ({
  ...rest,
  inputs: present(inputs),
  outputs: custom ? {} : present(outputs),
});

/** What must be secret at every leaf, wherever there is one. */
const hidden: [type: string, input: string][] = [
  ["kubernetes:core/v1:Secret", "data"],
  ["onepassword:index/item:Item", "password"],
  ["minio:index/iamUser:IamUser", "secret"],
  ["pulumi:providers:minio", "minioPassword"],
  ["pulumi:providers:minio", "minioUser"],
];

/** Outputs that the state must hold encrypted. */
const encrypted: [type: string, output: string][] = [
  ["random:index/randomPassword:RandomPassword", "result"],
  ["onepassword:index/item:Item", "password"],
  ["kubernetes:core/v1:Secret", "data"],
];

describe("No secret can be read", () => {
  // Side by side they take half the time.
  const updates = new Map<string, ReturnType<typeof update>>();
  before(() => {
    for (const { what, ...options } of variants) updates.set(what, update(options));
    return Promise.all(updates.values());
  });

  for (const { what, config } of variants) {
    describe(`of ${what}`, () => {
      let result: RunResult & { made: string[] };
      let resources: Resource[];
      before(async () => {
        result = await updates.get(what)!;
        resources = [...result.graph.values()];
      });
      const ofType = (type: string) => resources.filter((resource) => resource.type === type);

      it("in anything that is recorded: no input, name, option, or output of a component", () => {
        const whole = [
          ...result.made,
          ...Object.entries(givenSecrets).flatMap(([s, g]) => g.fields.map((f) => given(s, f))),
          ...Object.entries(receiverSecrets).flatMap(([s, r]) => r.fields.map((f) => given(s, f))),
        ];
        const found = resources.flatMap((resource) =>
          leaks(recorded(resource), whole).map((path) => `${resource.type} ${resource.name}${path}`),
        );
        assert.deepEqual(found, []);
      });

      it("in the stack's outputs, none of which is secret, nor in what is logged", () => {
        assert.deepEqual(leaks(present(result.outputs)), []);
        assert.equal(containsSecret(result.outputs), false);
        assert(Object.keys(result.outputs).length > 3);
        assert.deepEqual(leaks(result.diagnostics), []);
      });

      it("but where it belongs: each Kubernetes Secret holds one at least", () => {
        const secrets = ofType("kubernetes:core/v1:Secret");
        assert(secrets.length >= 4);
        for (const { name, inputs } of secrets) assert(leaks(reveal(inputs.data)).length > 0, name);
        assert(result.made.length >= 4);
      });

      if (config.length > 0) {
        it("and Alertmanager's Secret lacks none that its receivers read", () => {
          const secret = ofType("kubernetes:core/v1:Secret").find(({ name }) => name === "alertmanager");
          const keys = Object.keys(reveal(secret!.inputs.data) as object);
          const read = Object.entries(receiverSecrets).flatMap(([name, { fields }]) =>
            fields.map((field) => `${name}.${field}`),
          );
          assert.deepEqual(
            read.filter((key) => !keys.includes(key)),
            [],
          );
        });
      }

      it("as what holds one is marked secret at every leaf", () => {
        for (const [type, input] of hidden) {
          for (const { name, inputs } of ofType(type)) {
            const leaves = leavesOf(present(inputs[input]));
            assert(leaves.length > 0, `${type} ${name}`);
            assert(leaves.every(isMark), `${type} ${name} ${input}`);
          }
        }
      });

      it("as the state holds what a provider answers encrypted", () => {
        for (const [type, output] of encrypted) {
          for (const { name, options } of ofType(type)) {
            assert(options.additionalSecretOutputs.includes(output), `${type} ${name} ${output}`);
          }
        }
      });

      it("as 1Password's token is in the environment, in no setting", () => {
        const allowed = ["url", "version"];
        for (const { inputs } of ofType("pulumi:providers:onepassword")) {
          assert.deepEqual(
            Object.keys(inputs).filter((key) => !allowed.includes(key)),
            [],
          );
        }
      });
    });
  }
});

describe("The secrets of a rendered stack", () => {
  it("are in Secrets only, and in no file but the one that is asked for them", async () => {
    const rendered = await offlineRender({ ...testStack("sandbox"), config: byConfig, start: runInline }, new Marked());
    const objects = rendered.resources.flatMap(({ object }) => object ?? []);
    const withSecrets = objects.filter((object) => leaks(object).length > 0);
    assert.deepEqual([...new Set(withSecrets.map(({ kind }) => kind))], ["Secret"]);
    assert.deepEqual(
      rendered.resources.filter(({ release }) => leaks(release).length > 0),
      [],
    );
    await inFolder((folder) => {
      writeObjects(rendered, folder);
      const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
      assert(files.length > 50);
      const texts = files.map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name), "utf8")]);
      assert.deepEqual(leaks(Object.fromEntries(texts)), []);
    });
  });
});

describe("The secrets of a preview", () => {
  for (const stack of stacks) {
    it(`of ${stack} are in none of its outputs, which are known before the first update`, async () => {
      const { outputs } = await previewOf(stack);
      const leaves = Object.values(outputs).flatMap((each) =>
        typeof each === "object" ? Object.values(each!) : [each],
      );
      assert(leaves.length > 5);
      // An envelope of what is secret or unknown has `true`.
      for (const output of leaves) assert.match(typeof output, /^(string|number)$/, JSON.stringify(output));
    });
  }

  it("can't be read where they are known already, by the stack's own config", async () => {
    const preview = await offlinePreview({ ...testStack("production"), config: byConfig, start: runInline });
    assert.deepEqual(leaks(preview), []);
    const provider = preview.resources.find(({ type }) => type === "pulumi:providers:minio");
    assert.deepEqual(provider?.inputs.minioPassword, { secret: true });
  });
});

describe("The search for secrets", () => {
  const secret = given("pushover", "token");
  const base64 = (text: string) => Buffer.from(text).toString("base64");
  const cases: [where: string, resource: unknown, path: string][] = [
    ["a ConfigMap", { inputs: { data: { "config.yaml": `a:\n  b: ${secret}\n` } } }, ".inputs.data.config.yaml"],
    ["an argument", { args: ["-a", `-token=${secret}`] }, ".args.1"],
    ["the value of a variable", { env: [{ name: "TOKEN", value: secret }] }, ".env.0.value"],
    ["an annotation, in base64", { annotations: { a: base64(secret) } }, ".annotations.a"],
    ["base64 after a path", { a: `/etc/x/${base64(secret)}` }, ".a"],
    ["a text in base64 around it", { a: base64(`x: ${secret}`) }, ".a"],
    ["another, one byte further", { a: base64(`xy: ${secret}`) }, ".a"],
    ["another, two bytes further", { a: base64(`xyz: ${secret} and more`) }, ".a"],
    ["base64 in base64", { a: base64(base64(secret)) }, ".a"],
    ["hexadecimal", { a: Buffer.from(secret).toString("hex") }, ".a"],
    ["a chart's values", { values: { a: { b: [{ c: secret }] } } }, ".values.a.b.0.c"],
    [
      "a URL's query",
      { url: `https://example.org?a=${[...secret].map((c) => `%${c.charCodeAt(0).toString(16)}`).join("")}` },
      ".url",
    ],
    ["a URL", { url: `https://user:${secret}@example.org` }, ".url"],
    ["a key", { data: { [secret]: 1 } }, `.data.${secret} (key)`],
  ];
  for (const [where, resource, path] of cases) {
    it(`finds one in ${where}`, () => assert.deepEqual(leaks(resource), [path]));
  }

  it("finds a plain checksum of one, which tells a short secret", () => {
    assert.deepEqual(leaks({ a: checksum(secret) }, [secret]), [".a"]);
    assert.deepEqual(leaks({ a: checksum(base64(secret)) }, [secret]), [".a"]);
    assert.deepEqual(leaks({ a: checksum(secret) }, [given("pushover", "userKey")]), []);
  });

  it("finds nothing where a mark stands for it", () => {
    assert.deepEqual(leaks(present({ data: { token: concealed(secret), other: "text" } })), []);
    assert.deepEqual(leaks(present({ data: { token: concealed(secret), other: secret } })), [".data.other"]);
  });
});

const isMark = (value: unknown): boolean => JSON.stringify(value) === '{"secret":true}';

function leavesOf(value: unknown): unknown[] {
  if (isMark(value) || typeof value !== "object" || value === null) return [value];
  return Object.values(value).flatMap(leavesOf);
}
