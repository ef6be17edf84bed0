import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parse, stringify } from "yaml";
import { run } from "../cluster/run";
import { hostTool } from "../cluster/tools";
import type { AlertingRule, RecordingRule, RuleGroup } from "../components/rules/types";
import { offlineRender } from "../offline/render";
import { uncovered, type RuleTests } from "./support/rule-coverage";
import { anchors, root, stacks } from "./support/rules";

const testFiles = readdirSync(join(root, "components"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.yaml"))
  .sort();

/** The stack whose rules the tests are held against; the others' are checked too. */
const tested = "production";

/** Between them these stages have every rule: the one with the most parts, and the one in which Alloy scrapes, with Mimir's own Alertmanager. */
const checked = { "mimir-default": [], "kps-removed": ["kps.enabled=false", "alertmanager.implementation=mimir"] };
const stages = Object.keys(checked) as (keyof typeof checked)[];
const combinations = stacks.flatMap((stack) => stages.map((stage) => ({ stack, stage, name: `${stack}, ${stage}` })));

/** Every group of rules that a stack registers in a stage. */
async function groupsOf(stack: string, stage: keyof typeof checked): Promise<RuleGroup[]> {
  const { resources } = await offlineRender({ stack, stage, config: checked[stage] });
  return resources.flatMap(({ object }) =>
    object?.kind === "PrometheusRule" ? (object as unknown as { spec: { groups: RuleGroup[] } }).spec.groups : [],
  );
}

const isAlert = (rule: AlertingRule | RecordingRule): rule is AlertingRule => "alert" in rule;

/** Without what components/rules/finish.ts adds for the stack: authors test what they wrote. */
const unfinished = (groups: readonly RuleGroup[]): RuleGroup[] =>
  groups.map((group) => ({ ...group, rules: group.rules.map((rule) => (isAlert(rule) ? bare(rule) : rule)) }));

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
    writeFileSync(file, stringify({ ...more, groups: of }, { aliasDuplicateObjects: false, lineWidth: 0 }));
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
    const refused = (rule: RecordingRule, command: string[]) =>
      assert.rejects(
        run(mimirtool, ["rules", ...command, write("bad.yaml", [{ name: "bad", rules: [rule] }], { namespace: "x" })]),
      );
    await refused({ record: "no_level", expr: "up" }, ["check"]);
    await refused({ record: "level:metric:sum", expr: "sum(" }, ["lint", "--dry-run"]);
  });

  for (const file of testFiles) {
    it(`components/${file} holds`, async () => {
      const tests = readFileSync(join(root, "components", file), "utf8");
      // Only what the file speaks of: promtool evaluates every rule for every minute of every test.
      const named = ({ rules }: RuleGroup) =>
        rules.some((rule) => tests.includes(isAlert(rule) ? rule.alert : rule.record));
      write("rules.yaml", unfinished(testedGroups()).filter(named));
      const copy = join(folder, basename(file));
      writeFileSync(copy, tests);
      await run(promtool, ["test", "rules", copy]);
    });
  }

  it("every alert has a test in which it fires and one in which it doesn't, every recorded series one", () => {
    const rules = unfinished(testedGroups()).flatMap((group) => group.rules);
    const tests = testFiles.map((file) => parse(readFileSync(join(root, "components", file), "utf8")) as RuleTests);
    assert.deepEqual(uncovered(rules, tests), []);
  });

  it("every alert's runbook is a heading that exists", () => {
    const alerts = testedGroups().flatMap(({ rules }) => rules.filter(isAlert));
    const urls = new Set(alerts.map(({ annotations }) => annotations.runbook_url ?? "none"));
    const missing = [...urls].filter((url) => {
      const [file, anchor] = url.split("#");
      return !anchors(file).includes(anchor);
    });
    assert.deepEqual(missing, []);
  });
});
