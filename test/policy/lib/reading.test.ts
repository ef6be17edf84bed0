import assert from "node:assert/strict";
import type { ResourceValidationArgs } from "@pulumi/policy";
import { decided } from "../../../policy/lib/charts/conditions";
import { environmentOf, expandArgument } from "../../../policy/lib/config/environment";
import { settingsOf } from "../../../policy/lib/config/find";
import { inForce } from "../../../policy/lib/config/in-force";
import { expandForLoki, expandForMimir, unreadable } from "../../../policy/lib/config/placeholders";
import { durationSeconds } from "../../../policy/lib/duration";
import { fieldListOf } from "../../../policy/lib/fields/list";
import { misfits } from "../../../policy/lib/fields/misfits";
import { bestMatch, matches } from "../../../policy/lib/glob";
import { loki } from "../../../policy/lib/loki/program";
import { mimir } from "../../../policy/lib/mimir/program";
import { environmentOfPod } from "../../../policy/lib/pods/variables";
import { resourceOf, resourcesOf } from "../../../policy/lib/resource";
import { isInScope, type Scope } from "../../../policy/lib/scope";
import { lokiChart } from "../fixtures";
import { growth, mostGrowth } from "../growth";
import { configMap, object, release, type TestResource } from "../support";

const resource = ({ type, name, props }: TestResource) =>
  resourceOf({ type, name, props, urn: `urn:pulumi:staging::p::${type}::${name}` } as ResourceValidationArgs);

describe("placeholders", () => {
  const environment = new Map([
    ["SET", "value"],
    ["EMPTY", ""],
    ["HOME", "${SET}"],
  ]);
  const cases: [placeholder: string, ofLoki: string, ofMimir: string][] = [
    ["${SET}", "value", "value"],
    ["${SET:-other}", "value", "value"],
    ["${SET:other}", "unknown", "value"],
    ["${NONE:-true}", "true", "-true"],
    ["${NONE:true}", "unknown", "true"],
    ["${NONE=true}", "true", "unknown"],
    ["${NONE:-}", "", "-"],
    ["${EMPTY:-x}", "x", "-x"],
    ["${EMPTY:x}", "unknown", "x"],
    ["${NONE}", "unknown", "unknown"],
    ["$SET", "$SET", "value"],
    ["$NONE", "$NONE", "unknown"],
    ["a ${NONE:-b} c", "a b c", "a -b c"],
    ["${NONE:-{}}", "{}", "-{}"],
    ["${NONE:{}}", "unknown", "{}"],
    ["${NONE:-${SET}}", "value", "-${SET}"],
    ["$$SET", "$SET", "SET"],
    ["pa$$word$1", "pa$word$1", "paword"],
    ["${HOME}", "${SET}", "${SET}"],
    ["$", "$", "$"],
  ];
  const read = (expanded: string) => (unreadable(expanded) ? "unknown" : expanded);
  for (const [placeholder, ofLoki, ofMimir] of cases) {
    it(`${placeholder} is ${JSON.stringify(ofLoki)} to Loki and ${JSON.stringify(ofMimir)} to Mimir`, () => {
      assert.equal(read(expandForLoki(placeholder, environment)), ofLoki);
      assert.equal(read(expandForMimir(placeholder, environment)), ofMimir);
    });
  }

  it("a variable that holds itself ends", () => {
    const text = "${X}".repeat(1000);
    assert.equal(expandForLoki(text, new Map([["X", text]])).length, text.length * 1000);
  });
});

describe("a whole stack", () => {
  const file = resource(configMap("common: { path_prefix: ${A} }\nschema_config: {}\n"));
  const env = ["A", "B", "C"].map((name) => ({ name, valueFrom: { configMapKeyRef: { name: "values", key: name } } }));
  const volumes = [{ name: "config", configMap: { name: "loki" } }];
  const reader = resource(
    object("apps/v1", "Deployment", {
      metadata: { namespace: "monitoring", name: "loki" },
      spec: { template: { spec: { containers: [{ env }], volumes } } },
    }),
  );
  const values = resource(
    object("core/v1", "ConfigMap", {
      metadata: { namespace: "monitoring", name: "values" },
      data: { A: "/a", B: "/b", C: "/c" },
    }),
  );

  it("is gone through once, however many variables are looked for in it", () => {
    let read = 0;
    const bystander = resource({
      ...configMap(""),
      props: {
        get metadata() {
          read++;
          return { namespace: "elsewhere", name: "other" };
        },
      },
    });
    const stack = [file, reader, bystander, values];
    const [{ config }] = inForce(file, loki, stack);
    assert.deepEqual(config.content.common, { path_prefix: "/a" });
    const before = read;
    const environment = environmentOfPod([{ env }], "monitoring", stack);
    assert.deepEqual(
      ["A", "B", "C", "A", "B", "C"].map((name) => environment.get(name)),
      ["/a", "/b", "/c", "/a", "/b", "/c"],
    );
    assert.equal(read, before);
  });

  it("is the same list for each policy that is shown the same resources, and what is found in it is found once", () => {
    const given = [file, reader, values].map((each) => ({ ...each, props: each.props, opts: each.options }));
    const [one, other] = [resourcesOf(given), resourcesOf([...given])];
    assert.equal(one, other);
    assert.equal(inForce(one[0], loki, one), inForce(other[0], loki, other));
    assert.notEqual(resourcesOf(given.slice(1)), one);
    assert.equal(resourcesOf(given.slice(0, 2)).length, 2);
  });
});

describe("the environment that a resource shows", () => {
  it("has what containers and chart values set, and says of what comes from elsewhere only that it is set", () => {
    const found = environmentOf({
      spec: {
        containers: [
          {
            env: [
              { name: "A", value: "1" },
              { name: "B", valueFrom: {} },
            ],
          },
        ],
      },
      singleBinary: { extraEnv: [{ name: "C", value: "3" }] },
      env: { D: true },
    });
    assert.deepEqual(
      ["A", "B", "C", "D", "E"].map((name) => found.get(name)),
      ["1", { origin: "{}" }, "3", "true", undefined],
    );
  });

  it("says of a variable that two containers set differently only that it is set", () => {
    const env = (value: string) => ({ env: [{ name: "A", value }] });
    assert.equal(environmentOf([env("1"), env("1")]).get("A"), "1");
    assert.deepEqual(environmentOf([env("1"), env("2")]).get("A"), {});
  });

  it("is expanded in arguments as the kubelet does", () => {
    const environment = new Map([["A", "1"]]);
    assert.equal(expandArgument("-x=$(A)$(B)$$(A)${A}", environment), "-x=1$(B)$(A)${A}");
  });
});

describe("a duration", () => {
  const cases: [string, number | undefined][] = [
    ["30d", 2_592_000],
    ["720h", 2_592_000],
    ["1w2d", 777_600],
    ["1y", 31_536_000],
    ["1h30m", 5400],
    ["500ms", 0.5],
    ["0", 0],
    ["0s", 0],
    ["", undefined],
    ["30", undefined],
    ["-1d", undefined],
    ["1.5d", undefined],
    ["30 days", undefined],
    ["2h1d", undefined],
  ];
  for (const [text, seconds] of cases) {
    it(`${JSON.stringify(text)} is ${seconds ?? "none"}`, () => assert.equal(durationSeconds(text), seconds));
  }
});

describe("a pattern", () => {
  it("stands for the whole text, with * for any part of it and nothing else special", () => {
    assert.ok(matches("mon*", "monitoring"));
    assert.ok(matches("*", ""));
    assert.ok(matches("a*c*", "abcd"));
    assert.ok(!matches("lok", "loki"));
    assert.ok(!matches("l.ki", "loki"));
    assert.ok(!matches("(loki", "loki"));
  });

  it("with the most text of its own is the best, and a text without * before one with it", () => {
    const byPattern = { "*": 1, "staging*": 2, "staging-eu": 3, "staging-eu*": 4 };
    assert.equal(bestMatch(byPattern, "production"), 1);
    assert.equal(bestMatch(byPattern, "staging-us"), 2);
    assert.equal(bestMatch(byPattern, "staging-eu"), 3);
    assert.equal(bestMatch(byPattern, "staging-eu-1"), 4);
    assert.equal(bestMatch({ production: 1 }, "sandbox"), undefined);
  });
});

describe("what a policy looks at", () => {
  const map = resource(configMap(""));
  const looks = (scope: Partial<Scope>) => isInScope(map, { include: [], exclude: [], ...scope });

  it("is everything by default", () => assert.ok(looks({})));

  it("is what is included, by name, type, namespace or stack", () => {
    for (const entry of [
      { name: "loki" },
      { name: "lo*" },
      { type: "*:ConfigMap" },
      { namespace: "monitoring" },
      { stack: "stag*" },
      { name: "loki", type: "kubernetes:core/v1:ConfigMap", namespace: "m*", stack: "staging" },
    ]) {
      assert.ok(looks({ include: [entry] }), JSON.stringify(entry));
      assert.ok(!looks({ exclude: [entry] }), JSON.stringify(entry));
    }
  });

  it("is nothing else: all patterns of an entry must fit", () => {
    for (const entry of [{ name: "mimir" }, { namespace: "logs" }, { name: "loki", stack: "production" }]) {
      assert.ok(!looks({ include: [entry] }), JSON.stringify(entry));
      assert.ok(looks({ exclude: [entry] }), JSON.stringify(entry));
    }
    assert.ok(looks({ include: [{ name: "mimir" }, { name: "loki" }] }));
  });

  it("is not what is excluded, though it is included", () => {
    assert.ok(!looks({ include: [{ name: "loki" }], exclude: [{ namespace: "monitoring" }] }));
  });

  it("knows the object's name beside that in the program, and no namespace where there is none", () => {
    const named = resource({ ...object("core/v1", "ConfigMap", { metadata: { name: "config" } }), name: "program" });
    assert.ok(isInScope(named, { include: [{ name: "config" }], exclude: [] }));
    assert.ok(isInScope(named, { include: [{ name: "program" }], exclude: [] }));
    assert.ok(!isInScope(named, { include: [{ namespace: "*" }], exclude: [] }));
  });
});

describe("configurations in a resource", () => {
  const paths = (given: TestResource) => ({
    loki: settingsOf(resource(given), loki).configs.map(({ path }) => path),
    mimir: settingsOf(resource(given), mimir).configs.map(({ path }) => path),
  });
  const text = "schema_config: {configs: []}\n";
  const ofMimir = "multitenancy_enabled: false\n";

  it("are found in what a chart adds to itself", () => {
    const added = { extraManifests: [{ kind: "ConfigMap", data: { "loki.yaml": text, "mimir.yaml": ofMimir } }] };
    assert.deepEqual(paths(release("kube-prometheus-stack", added)), {
      loki: ['values.extraManifests[0].data["loki.yaml"]'],
      mimir: ['values.extraManifests[0].data["mimir.yaml"]'],
    });
    assert.deepEqual(paths(release("victoria-metrics-single", { extraObjects: [text] })).loki, [
      "values.extraObjects[0]",
    ]);
  });

  it("are found in the base64 of Secrets and of binary data", () => {
    const encoded = Buffer.from(ofMimir).toString("base64");
    assert.deepEqual(paths(object("core/v1", "Secret", { data: { x: encoded } })).mimir, ["data.x"]);
    assert.deepEqual(paths(object("core/v1", "ConfigMap", { binaryData: { x: encoded } })).mimir, ["binaryData.x"]);
  });

  it("are of one program, not of both", () => {
    assert.deepEqual(paths(configMap(text)), { loki: ['data["config.yaml"]'], mimir: [] });
    assert.deepEqual(paths(configMap(ofMimir + "compactor: {data_dir: /data}\nlimits: {}\n")), {
      loki: [],
      mimir: ['data["config.yaml"]'],
    });
    assert.deepEqual(paths(lokiChart({})), { loki: ["values.loki"], mimir: [] });
  });
});

describe("a hostile text", () => {
  const bombs: Record<string, string> = {
    "of 5 MB": `schema_config: {}\n# ${"x".repeat(5_000_000)}`,
    "nested without end": `schema_config: ${"[".repeat(200_000)}`,
    "nested by indentation": `schema_config:\n${Array.from({ length: 600 }, (_, depth) => `${" ".repeat(depth + 1)}a:\n`).join("")}`,
    "of aliases that multiply": `schema_config: {}\na: &a [1,1,1,1,1,1,1,1]\n${[..."bcdefghij"]
      .map((name, index) => `${name}: &${name} [${Array(9).fill(`*${"abcdefghi"[index]}`).join(",")}]\n`)
      .join("")}`,
    "of many keys": `schema_config:\n${Array.from({ length: 15_000 }, (_, index) => `  k${index}: 1\n`).join("")}`,
    "of placeholders": `schema_config: {}\nx: ${"${A:-".repeat(10_000)}`,
    "of template actions": `schema_config: {{ ${"{{ x }} ".repeat(20_000)}\n`,
    "of a quote that doesn't end": `schema_config: '${"x ".repeat(100_000)}`,
  };
  for (const [what, text] of Object.entries(bombs)) {
    it(`${what} is read in seconds, once, and what can't be read is said`, () => {
      const start = process.cpuUsage().user;
      const settings = settingsOf(resource(configMap(text)), loki);
      const again = settingsOf(resource(configMap(text)), loki);
      const seconds = (process.cpuUsage().user - start) / 1e6;
      assert.ok(seconds < 10, `${seconds} s`);
      assert.deepEqual(again.unreadable, settings.unreadable);
      if (what !== "of many keys" && what !== "of placeholders") assert.notDeepEqual(settings.unreadable, []);
    });
  }

  // A text that was read before is remembered.
  let texts = 0;
  const anew = (text: string) => `${text}# ${++texts}\n`;
  const unended: Record<string, (size: number) => string> = {
    "spaces after a template's bracket": (size) => `compactor: {{${" ".repeat(size)}x`,
    "template actions that don't end": (size) => `compactor: a\n${": {{ } }".repeat(size / 8)}`,
    "blank lines": (size) => anew(`compactor: "\n${"\n".repeat(size / 2)}"\n`),
    "lines in a bracket": (size) => anew(`compactor: [\n${"a,\n".repeat(size / 8)}`),
    "only brackets": (size) => `compactor: ${"{{".repeat(size / 2)}`,
  };
  for (const [what, text] of Object.entries(unended)) {
    it(`of ${what} is read in a time that grows as it does, in values of a chart as in a file`, async () => {
      const read = (size: number) => {
        const value = text(size);
        const values = { loki: { config: value, structuredConfig: { compactor: { working_directory: value } } } };
        for (const given of [configMap(value), release("loki", values)]) {
          const judged = settingsOf(resource(given), loki);
          for (const { content } of judged.configs) misfits(content, fieldListOf("Loki").root, "3.7");
        }
        return Promise.resolve();
      };
      assert.ok((await growth(read, 8_000)) < mostGrowth);
    });
  }

  it("of conditions that no end closes is followed in a time that grows as it does", async () => {
    const follow = (count: number) => Promise.resolve(void decided("{{ if .Values.a }}".repeat(count), { a: true }));
    assert.ok((await growth(follow, 40_000)) < mostGrowth);
  });
});
