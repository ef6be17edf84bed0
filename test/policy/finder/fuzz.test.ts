import assert from "node:assert/strict";
import type { ResourceValidationArgs } from "@pulumi/policy";
import { stringify } from "yaml";
import { policies } from "../../../policy/index";
import { settingsOf } from "../../../policy/lib/config/find";
import { programs } from "../../../policy/lib/programs";
import { resourceOf } from "../../../policy/lib/resource";
import { random } from "../../support/random";
import { goodLoki, goodMimir } from "../fixtures";
import { configMap, findings, object, release, stackFindings } from "../support";

// A run that fails prints its seed: `FUZZ_SEED=… npx mocha …` makes the same texts again.
const seed = Number(process.env.FUZZ_SEED ?? 20_251_122);
const texts = 400;
const mostSeconds = 4;

const words = [
  ..."compactor schema_config limits_config storage_config blocks_storage store_gateway multitenancy_enabled overrides".split(
    " ",
  ),
  ..."loki mimir values config structuredConfig schemaConfig extraArgs apiVersion kind data spec Secret ConfigMap".split(
    " ",
  ),
  ..."HelmRelease helm.toolkit.fluxcd.io/v2 argoproj.io/v1alpha1 Application retention_enabled true null 1e400 .nan <<".split(
    " ",
  ),
  ..."${A:-b} ${A} $B {{.x}} {{ ~ - ? : :: *a &a !!binary !x | > @ ` \uFEFF \0 \uD800 __proto__ constructor toString".split(
    " ",
  ),
];

class Maker {
  constructor(private readonly next: () => number) {}

  number(below: number): number {
    return Math.floor(this.next() * below);
  }

  one<Item>(items: readonly Item[]): Item {
    return items[this.number(items.length)];
  }

  /** Any value, with texts in it that are values again. */
  value(depth: number): unknown {
    const kinds = depth <= 0 ? 3 : 7;
    switch (this.number(kinds)) {
      case 0:
        return this.one(words);
      case 1:
        return this.one([0, -1, 1e9, true, false, null, ""]);
      case 2:
        return `${this.one(words)}:${this.one(["", " "])}${this.one(words)}`;
      case 3:
        return Array.from({ length: this.number(5) }, () => this.value(depth - 1));
      case 4:
        return this.text(depth - 1);
      default:
        return Object.fromEntries(
          Array.from({ length: this.number(6) }, () => [this.one(words), this.value(depth - 1)]),
        );
    }
  }

  text(depth: number): string {
    const content = this.one([() => this.value(depth), () => goodLoki, () => goodMimir])();
    const written = this.one([stringify, JSON.stringify, (each: unknown) => stringify(each, { indent: 1 })])(content);
    return this.one([(each: string) => each, this.broken, this.broken])(written ?? "");
  }

  /** Characters lost, doubled or put elsewhere. */
  private readonly broken = (text: string): string => {
    let result = text;
    for (let change = this.number(4); change > 0; change--) {
      const [from, length] = [this.number(result.length + 1), this.number(20)];
      const part = result.slice(from, from + length);
      const put = this.one(["", part + part, this.one(words), "\n", "\t", "---\n", "[", "{", "'"]);
      result = result.slice(0, from) + put + result.slice(from + length);
    }
    return result;
  };

  /** What is written to exhaust a reader. */
  huge(): string {
    const times = this.one([100, 3_000, 40_000]);
    const word = this.one(words);
    return this.one([
      () => `schema_config: ${this.one(["[", "{a: ", "- ", "? ", "'", '"', "!x ", "&a ", "*a, "]).repeat(times)}`,
      () => `${word}: &a [${"x, ".repeat(times)}]\nb: [${"*a, ".repeat(Math.min(times, 3_000))}]\n`,
      () =>
        `limits_config: {}\n${Array.from({ length: times }, (_, index) => `a${index}: &a${index} [*a${index - 1}]\n`).join("")}`,
      () => `${Array.from({ length: times }, (_, depth) => `${" ".repeat(depth % 300)}${word}:\n`).join("")}`,
      () => `compactor: {retention_enabled: ${"${A:-".repeat(times)}`,
      () => `${word}:\n`.repeat(times),
      () => Buffer.from(Array.from({ length: times }, () => this.number(256))).toString("latin1") + "compactor:\n",
      () => "a: &a {b: *a, compactor: *a}\nschema_config: *a\n",
      () => stringify({ "loki.yaml": JSON.stringify({ compactor: "x ".repeat(times) }) }),
    ])();
  }
}

describe("random texts", function () {
  // It counts the CPU time that it takes, and ends by that: how long it is by the clock is up to what else the machine does.
  this.timeout(0);
  // The parser makes an error of each mistake; nobody asks where.
  const { stackTraceLimit } = Error;
  before(() => (Error.stackTraceLimit = 0));
  after(() => (Error.stackTraceLimit = stackTraceLimit));

  it(`are read without an error, in time, and the same way twice (seed ${seed})`, () => {
    const maker = new Maker(random(seed));
    const start = process.cpuUsage().user;
    for (let count = 0; count < texts; count++) {
      const text = count % 20 === 0 ? maker.huge() : maker.text(4);
      const said = `seed ${seed}, text ${count}: ${JSON.stringify(text.slice(0, 300))}`;
      const before = process.cpuUsage().user;
      const found = read(text);
      const seconds = (process.cpuUsage().user - before) / 1e6;
      assert.ok(seconds < mostSeconds, `${seconds} s; ${said}`);
      for (const { unreadable } of found) {
        const stumbled = unreadable.filter(
          ({ isUncertain, problem }) => isUncertain && !/texts, one within/.test(String(problem)),
        );
        assert.deepEqual(stumbled, [], said);
      }
      assert.deepEqual(
        read(text).map(({ configs }) => configs.length),
        found.map(({ configs }) => configs.length),
        said,
      );
      if ((process.cpuUsage().user - start) / 1e6 > 3 * mostSeconds) break;
    }
  });
});

describe("a name that every object has", () => {
  const pis = { piNodes: [{ labels: { "kubernetes.io/arch": "arm64" } }] };

  for (const name of ["constructor", "toString", "__proto__"]) {
    it(`is looked up in no table: ${name}`, async () => {
      const resources = [
        release(name, { a: 1 }, { version: "1.0.0" }),
        release("loki", { deploymentMode: name, loki: { commonConfig: { replication_factor: 2 } } }),
        configMap(stringify({ ...goodMimir, common: { storage: { backend: name } } })),
        object("example.com/v1", name, { spec: {} }),
        object("helm.toolkit.fluxcd.io/v2", "HelmRelease", { spec: { chart: { spec: { chart: name } }, values: {} } }),
      ];
      const found: string[] = [];
      for (const policy of policies) {
        const config = policy.name === "pi-nodes-run-arm64-images" ? pis : {};
        for (const resource of policy.validateResource ? resources : [])
          found.push(...(await findings(policy, resource, config)));
        if (policy.validateStack) found.push(...(await stackFindings(policy, resources, config)));
      }
      assert.deepEqual(
        found.filter((message) => message.includes("fails on")),
        [],
      );
    });
  }
});

function read(text: string) {
  const type = "kubernetes:core/v1:ConfigMap";
  const props = { metadata: { name: "fuzz" }, data: { a: text, "values.yaml": text }, binaryData: { b: text } };
  const resource = resourceOf({
    type,
    name: "fuzz",
    props,
    urn: `urn:pulumi:dev::p::${type}::fuzz`,
  } as unknown as ResourceValidationArgs);
  return programs.map((program) => settingsOf(resource, program));
}
