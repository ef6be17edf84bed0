import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { loadStackSettings } from "../../commands/shared/settings";
import { checkedPreviewOf, inStage } from "../program/support/previews";
import { testStack } from "../stacks/stacks";
import { root } from "./markdown";

const folder = join(root, "examples");
const stackFiles = readdirSync(folder).flatMap((file) => {
  const [, stack] = /^Pulumi\.(.+)\.yaml$/.exec(file) ?? [];
  return stack === undefined ? [] : [[file, stack] as const];
});
const read = (path: string) => parse(readFileSync(join(folder, path), "utf8"));

describe("Examples", () => {
  it("are stacks to copy, without a value that has to be kept secret", () => {
    for (const [file] of stackFiles) assert.doesNotMatch(readFileSync(join(folder, file), "utf8"), /secure:/, file);
    assert.ok(stackFiles.length >= 3);
  });

  // In their first stage, with every other stack: test/stacks/stacks.test.ts.
  for (const [, stack] of stackFiles) {
    it(`stack ${stack} goes on to what keeps its metrics, and no policy has anything against it`, async () => {
      const { stage, secrets } = loadStackSettings(testStack(stack)).settings;
      const { violations, resources } = await checkedPreviewOf(stack, ...inStage("dual-write", stage));
      assert.deepEqual(
        violations.filter(({ level }) => level !== "advisory"),
        [],
      );
      // 1Password's are made from its items.
      const made = resources.filter(({ type }) => type === "kubernetes:core/v1:Secret");
      if (secrets.provider === "config") assert.deepEqual(made, [], "every secret is one that exists");
    });
  }

  it("the workflow calls scripts that are there, and with arguments that they take", () => {
    const { jobs } = read("gitops/observability.yml") as { jobs: Record<string, { steps: { run?: string }[] }> };
    const { scripts } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { scripts: object };
    const lines = Object.values(jobs).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []));
    const calls = lines.flatMap((line) => [...line.matchAll(/npm run -s (\S+) -- ([^|\n]*)/g)]);
    assert.deepEqual([...new Set(calls.map(([, script]) => script))].sort(), ["policy", "preview", "up", "verify"]);
    for (const [, script] of calls) assert.ok(script in scripts, script);
  });

  it("a run of the workflow that waits for its turn is never cancelled by one that updates nothing", () => {
    const { jobs, ...workflow } = read("gitops/observability.yml") as {
      jobs: Record<string, { concurrency?: string }>;
    };
    assert.ok(!("concurrency" in workflow));
    const inTurn = Object.entries(jobs).filter(([, { concurrency }]) => concurrency !== undefined);
    assert.deepEqual(
      inTurn.map(([name]) => name),
      ["up"],
    );
  });

  it("the operator's Stack is the project's, corrects drift, and leaves what runs when it is deleted", () => {
    const { kind, spec } = read("gitops/stack.yaml");
    assert.equal(kind, "Stack");
    // Without the second, the operator runs a commit that was applied never again (`isSynced` in its stack_controller.go).
    assert.deepEqual([spec.refresh, spec.continueResyncOnCommitMatch], [true, true]);
    // It also looks for commits that often.
    assert.ok(spec.resyncFrequencySeconds <= 3600);
    assert.equal(spec.destroyOnFinalize, false);
  });
});
