import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { parse, stringify } from "yaml";
import { run } from "../cluster/run";
import { hostTool } from "../cluster/tools";
import type { AlertingRule, RecordingRule, RuleGroup } from "../components/rules/types";
import { offlineRender } from "../offline/render";
import { uncovered, type RuleTests } from "./support/rule-coverage";

const root = resolve(__dirname, "..");
const stacks = readdirSync(root).flatMap((file) => /^Pulumi\.(\w+)\.yaml$/.exec(file)?.[1] ?? []);
const testFiles = readdirSync(join(root, "components"), { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.yaml"))
  .sort();

/** The stack whose rules the tests are held against; the others' are checked too. */
const tested = "production";

/** Every group of rules that a stack registers in the stage that has the most. */
async function groupsOf(stack: string): Promise<RuleGroup[]> {
  const { resources } = await offlineRender({ stack, stage: "mimir-default" });
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
    for (const stack of stacks) groups.set(stack, await groupsOf(stack));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  const write = (name: string, of: readonly RuleGroup[], more: object = {}): string => {
    const file = join(folder, name);
    writeFileSync(file, stringify({ ...more, groups: of }, { aliasDuplicateObjects: false, lineWidth: 0 }));
    return file;
  };

  for (const stack of stacks) {
    it(`${stack}: promtool reads all of them, as Prometheus would`, async () => {
      const all = groups.get(stack)!;
      const said = await run(promtool, ["check", "rules", "--lint=all", "--lint-fatal", write(`${stack}.yaml`, all)]);
      const count = all.flatMap(({ rules }) => rules).length;
      assert.ok(count > 50, `only ${count} rules`);
      assert.match(said, new RegExp(`SUCCESS: ${count} rules found`));
    });
  }

  for (const stack of stacks) {
    it(`${stack}: mimirtool reads all of them, as Mimir's ruler would`, async () => {
      const file = write(`${stack}-mimir.yaml`, groups.get(stack)!, { namespace: "observability" });
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
      write("rules.yaml", unfinished(groups.get(tested)!).filter(named));
      const copy = join(folder, basename(file));
      writeFileSync(copy, tests);
      await run(promtool, ["test", "rules", copy]);
    });
  }

  it("every alert has a test in which it fires and one in which it doesn't, every recorded series one", () => {
    const rules = unfinished(groups.get(tested)!).flatMap((group) => group.rules);
    const tests = testFiles.map((file) => parse(readFileSync(join(root, "components", file), "utf8")) as RuleTests);
    assert.deepEqual(uncovered(rules, tests), []);
  });

  it("every alert's runbook is a heading that exists", () => {
    const alerts = groups.get(tested)!.flatMap(({ rules }) => rules.filter(isAlert));
    const urls = new Set(alerts.map(({ annotations }) => annotations.runbook_url ?? "none"));
    const missing = [...urls].filter((url) => {
      const [file, anchor] = url.split("#");
      return !anchors(join(root, file)).includes(anchor);
    });
    assert.deepEqual(missing, []);
  });
});

/** Anchors of a Markdown file's headings, as GitHub makes them. */
function anchors(file: string): string[] {
  const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.*)$/gm)];
  return headings.map(([, text]) =>
    text
      .toLowerCase()
      .replace(/[^\w\- ]/g, "")
      .replaceAll(" ", "-"),
  );
}
