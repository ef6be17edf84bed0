import assert from "node:assert/strict";
import { stageNames } from "../../config/sections/migration";
import { policies } from "../../policy/index";
import type { Policy } from "../../policy/lib/policy";
import { stacks } from "../program/support/previews";
import { mutations } from "./mutations";
import { graphOf, type RealGraph } from "./mutations-graph";
import { findings, stackFindings, type TestResource } from "./support";

/** Policies of which the graphs can show no harmful change, each with the reason. */
const cannotBeShown: Readonly<Record<string, string>> = {};

const leastForEach = 3;

/** Policies that advise against what a stack has chosen: the stack. */
const chosen: Readonly<Record<string, string>> = { "replication-factor-survives-a-writer": "production" };

describe("mutations of the real graphs", function () {
  this.timeout(300_000);

  const graphs: RealGraph[] = [];
  before(async () => {
    const wanted = stacks.flatMap((stack) => stageNames.map((stage) => [stack, stage] as const));
    graphs.push(...(await Promise.all(wanted.map((each) => graphOf(...each)))));
  });

  it("are at least three for each policy, half of them not in its own test, or the policy can't be shown", () => {
    const expected = policies.map(({ name }) => name).filter((name) => !(name in cannotBeShown));
    assert.deepEqual(Object.keys(mutations).sort(), expected.sort());
    for (const [policy, all] of Object.entries(mutations)) {
      assert.ok(all.length >= leastForEach, `${policy} has ${all.length} mutations`);
      const known = all.filter((each) => each.known).length;
      assert.ok(known * 2 <= all.length, `${policy}: ${known} of ${all.length} are in its own test as well`);
    }
    for (const name of Object.keys(cannotBeShown)) {
      assert.ok(
        policies.some((policy) => policy.name === name),
        `there is no policy ${name}`,
      );
    }
  });

  for (const policy of policies) {
    describe(policy.name, () => {
      it("finds nothing in any stack and stage as it is", async () => {
        const judged = new Set<TestResource>();
        const found: string[] = [];
        for (const { stack, resources } of graphs) {
          found.push(...(await refusals(policy, stack, resources, judged)).map((message) => `${stack}: ${message}`));
          resources.forEach((each) => judged.add(each));
        }
        const isChosen = (message: string) => message.startsWith(`${chosen[policy.name]}: `);
        assert.deepEqual(
          found.filter((message) => !isChosen(message)),
          [],
        );
        assert.equal(found.filter(isChosen).length, policy.name in chosen ? 1 : 0);
      });

      for (const { what, how, finds, stacks: some, stages } of mutations[policy.name] ?? []) {
        it(`refuses it when ${what}`, async () => {
          const meant = graphs.filter(
            ({ stack, stage }) => (some ?? [stack]).includes(stack) && (stages ?? [stage]).includes(stage),
          );
          assert.ok(meant.length > 0, "no graph is meant");
          for (const graph of meant) {
            const found = await refusals(policy, graph.stack, how(graph.resources), new Set(graph.resources));
            assert.ok(
              found.some((message) => finds.test(message)),
              `${called(graph)}: nothing that is found says ${finds}: ${JSON.stringify(found)}`,
            );
          }
        });
      }
    });
  }
});

const called = ({ stack, stage }: RealGraph): string => `stack ${stack}, stage ${stage}`;

/** What a policy refuses of a graph; of its resources only those that were not judged before. What a preview doesn't know is no refusal. */
async function refusals(
  policy: Policy,
  stack: string,
  resources: readonly TestResource[],
  judged: ReadonlySet<TestResource>,
): Promise<string[]> {
  const found: string[] = [];
  for (const resource of policy.validateResource ? resources : []) {
    if (!judged.has(resource)) found.push(...(await findings(policy, resource, {}, stack)));
  }
  if (policy.validateStack) found.push(...(await stackFindings(policy, [...resources], {}, stack)));
  return found.filter((message) => !message.startsWith("advisory: "));
}
