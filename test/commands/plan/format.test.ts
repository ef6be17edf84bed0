import assert from "node:assert/strict";
import { formatPlan } from "../../../commands/plan/format";
import type { Plan } from "../../../commands/plan/plan";

/** A plan with nothing in it but refusals. */
const refused = (...refusals: string[]) =>
  ({
    stack: "home",
    summary: "…",
    steps: [],
    volumes: [],
    beside: [],
    diagnostics: [],
    violations: [],
    refusals,
  }) as unknown as Plan;

describe("a plan for a person", () => {
  it("gives a reason of several resources once, below them, and any other behind its resource", () => {
    const plan = refused(
      "a:b Bucket x: protected: unprotect it",
      "loki and kps-removed: not neighbours",
      "a:b Bucket y: protected: unprotect it",
    );
    assert.match(
      formatPlan(plan),
      /Don't make this change as it is:\n {3}a:b Bucket x\n {3}a:b Bucket y\n {6}protected: unprotect it\n {3}loki and kps-removed: not neighbours\n/,
    );
  });

  it("names what is blocked once, among the refusals; its paths with --verbose", () => {
    const urn = "urn:pulumi:home::observability::a:b:Bucket::x";
    const steps: Plan["steps"] = [{ urn, op: "blocked", changes: ["name"], why: "protected" }];
    const plan: Plan = { ...refused("a:b Bucket x: protected"), steps };
    assert.deepEqual(formatPlan(plan).match(/Bucket x/g)?.length, 1);
    assert.match(formatPlan(plan, true), /\n1 blocked\n {3}a:b:Bucket x: name\n/);
  });
});
