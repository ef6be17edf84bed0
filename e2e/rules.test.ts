import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parse, stringify } from "yaml";
import { run } from "../lab/cluster/run";
import { hostTool } from "../lab/cluster/tools";
import type { AlertingRule, RuleGroup } from "../components/rules/types";
import { offlineRender } from "../commands/shared/render";
import { uncovered, type RuleTests } from "./support/rule-coverage";
import { root } from "./support/rules";
import { stacks, testStack } from "../test/stacks/stacks";

const testFiles = readdirSync(join(root, "components"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.yaml"))
  .sort();

/** The stack whose rules the tests are held against; the others' are checked too. */
const tested = "production";

const controlPlane = ["scheduler", "controllerManager", "proxy", "etcd"].map(
  (part) => `monitors.${part}.endpoints[0]=10.0.0.1`,
);

const backup = ["enabled=true", "to=s3://backup/home", "endpoint=http://10.0.0.2:9000", "secret=backup"].map(
  (setting) => `backup.${setting}`,
);
const withoutKps = ["stage=kps-removed", "kps.enabled=false"];

/** Between them these have every rule: each backend beside Prometheus, and after it, once with Mimir's own Alertmanager. */
const checked = {
  "VictoriaMetrics beside Prometheus": ["stage=dual-write", "metrics.backend=victoria-metrics"],
  "VictoriaMetrics and Vector": [...withoutKps, "metrics.backend=victoria-metrics", "logs.agent=vector"],
  "Mimir beside Prometheus": ["stage=mimir-default", ...controlPlane],
  Mimir: [
    ...withoutKps,
    ...backup,
    "loki.caches.results.replicas=1",
    "alertmanager.implementation=mimir",
    'rules.volumeLimits["airflow/logs"]=80',
  ],
};
const stages = Object.keys(checked) as (keyof typeof checked)[];
const combinations = stacks.flatMap((stack) => stages.map((stage) => ({ stack, stage, name: `${stack}, ${stage}` })));

/** Every group of rules that a stack registers in a stage. */
async function groupsOf(stack: string, stage: keyof typeof checked): Promise<RuleGroup[]> {
  const { resources } = await offlineRender({ ...testStack(stack), config: checked[stage] });
  return resources.flatMap(({ object }) =>
    object?.kind === "PrometheusRule" ? (object as unknown as { spec: { groups: RuleGroup[] } }).spec.groups : [],
  );
}

/** Without what components/rules/finish.ts adds for the stack: authors test what they wrote. */
const unfinished = (groups: readonly RuleGroup[]): RuleGroup[] =>
  groups.map((group) => ({ ...group, rules: group.rules.map(bare) }));

const bare = (alert: AlertingRule): AlertingRule => ({
  ...alert,
  labels: without(alert.labels, "cluster"),
  annotations: without(alert.annotations, "runbook_url"),
});

const without = <T extends object>(object: T, key: string): T =>
  Object.fromEntries(Object.entries(object).filter(([name]) => name !== key)) as T;

describe("Every stack's rules, by real promtool and mimirtool", function () {
  this.timeout(10 * 60_000);
  let promtool: string;
  let mimirtool: string;
  let folder: string;
  const groups = new Map<string, RuleGroup[]>();

  before(async () => {
    promtool = await hostTool("promtool");
    mimirtool = await hostTool("mimirtool");
    folder = mkdtempSync(join(tmpdir(), "rules-"));
    for (const { stack, stage, name } of combinations) groups.set(name, await groupsOf(stack, stage));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, of: readonly RuleGroup[], more: object = {}): string => {
    const file = join(folder, name);
    writeFileSync(file, stringify({ groups: of, ...more }, { aliasDuplicateObjects: false, lineWidth: 0 }));
    return file;
  };

  /** Of the stack that the tests are held against: each group once, as in the last stage that has it. */
  const testedGroups = (): RuleGroup[] => {
    const all = stages.flatMap((stage) => groups.get(`${tested}, ${stage}`)!);
    return [...new Map(all.map((group) => [group.name, group])).values()];
  };

  for (const { name } of combinations) {
    it(`${name}: promtool reads all of them, as Prometheus would`, async () => {
      const all = groups.get(name)!;
      const said = await run(promtool, ["check", "rules", "--lint=all", "--lint-fatal", write("all.yaml", all)]);
      const count = all.flatMap(({ rules }) => rules).length;
      assert.ok(count > 50, `only ${count} rules`);
      assert.match(said, new RegExp(`SUCCESS: ${count} rules found`));
    });
  }

  for (const { name } of combinations) {
    it(`${name}: mimirtool reads all of them, as Mimir's ruler would`, async () => {
      const file = write("all-mimir.yaml", groups.get(name)!, { namespace: "observability" });
      await run(mimirtool, ["rules", "check", file]);
      await run(mimirtool, ["rules", "lint", "--dry-run", file]);
    });
  }

  it("mimirtool refuses a recorded series that is named like a metric, and an expression that is none", async () => {
    const refused = (rule: { record: string; expr: string }, command: string[]) =>
      assert.rejects(
        run(mimirtool, [
          "rules",
          ...command,
          write("bad.yaml", [], { namespace: "x", groups: [{ name: "bad", rules: [rule] }] }),
        ]),
      );
    await refused({ record: "no_level", expr: "up" }, ["check"]);
    await refused({ record: "level:metric:sum", expr: "sum(" }, ["lint", "--dry-run"]);
  });

  for (const file of testFiles) {
    it(`components/${file} holds`, async () => {
      const tests = readFileSync(join(root, "components", file), "utf8");
      // Only what the file speaks of: promtool evaluates every rule for every minute of every test.
      const named = ({ rules }: RuleGroup) => rules.some(({ alert }) => tests.includes(alert));
      write("rules.yaml", unfinished(testedGroups()).filter(named));
      const copy = join(folder, basename(file));
      writeFileSync(copy, tests);
      await run(promtool, ["test", "rules", copy]);
    });
  }

  it("every alert has a test in which it fires and one in which it doesn't", () => {
    const rules = unfinished(testedGroups()).flatMap((group) => group.rules);
    const tests = testFiles.map((file) => parse(readFileSync(join(root, "components", file), "utf8")) as RuleTests);
    assert.deepEqual(uncovered(rules, tests), []);
  });
});
