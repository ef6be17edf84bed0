import assert from "node:assert/strict";
import { policies } from "../../policy/index";
import type { Policy } from "../../policy/lib/policy";
import { stacks } from "../stacks/stacks";
import { mutations, sharedCauses } from "./mutations";
import { graphOf, type RealGraph } from "./mutations-graph";
import { findings, stackFindings, type TestResource } from "./support";
import { stagesWith } from "../../stages";

/** Policies of which the graphs can show no harmful change, each with the reason. */
const cannotBeShown: Readonly<Record<string, string>> = {};

const leastForEach = 2;

/** Parameters without which a policy looks at nothing in some stack. */
const parameters: Readonly<Record<string, object>> = {
  "pi-nodes-run-arm64-images": {
    piNodes: [{ labels: { "kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux" } }],
  },
  "secrets-stay-in-secrets": { alone: true },
};

/** Policies that advise against what a stack has chosen: the stack. */
const chosen: Readonly<Record<string, string>> = { "replication-factor-survives-a-writer": "production" };

describe("mutations of the real graphs", function () {
  // For each graph, and each test.
  this.timeout(300_000);

  const graphs: RealGraph[] = [];
  const wanted = stacks.flatMap((stack) => stagesWith("mimir").map((stage) => ({ stack, stage })));
  const asked = new Map<object, Promise<RealGraph>>();
  before(() => {
    for (const each of wanted) {
      const graph = graphOf(each.stack, each.stage);
      graph.catch(() => undefined);
      asked.set(each, graph);
    }
  });
  // They are made one after the other, so that each has a time limit of its own.
  for (const each of wanted) {
    before(`stack ${each.stack}, stage ${each.stage}`, async () => {
      graphs.push(await asked.get(each)!);
    });
  }

  it("are at least two for each policy, or the policy can't be shown", () => {
    const expected = policies.map(({ name }) => name).filter((name) => !(name in cannotBeShown));
    assert.deepEqual(Object.keys(mutations).sort(), expected.sort());
    for (const [policy, all] of Object.entries(mutations)) {
      assert.ok(all.length >= leastForEach, `${policy} has ${all.length} mutations`);
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
        assert.equal(new Set(found.filter(isChosen)).size, policy.name in chosen ? 1 : 0);
      });

      for (const { what, how, finds, stacks: some, stages } of mutations[policy.name] ?? []) {
        it(`refuses it when ${what}`, async () => {
          const meant = graphs.filter(
            ({ stack, stage }) => (some ?? [stack]).includes(stack) && (stages ?? [stage]).includes(stage),
          );
          assert.ok(meant.length > 0, "no graph is meant");
          for (const graph of meant) {
            const changed = how(graph.resources);
            const found = await ofResources(policy, graph.stack, changed, new Set(graph.resources));
            const isFound = () => found.some((message) => finds.test(message));
            // Where a resource shows it by itself, the stack isn't asked.
            if (!isFound()) found.push(...(await ofStack(policy, graph.stack, changed)));
            assert.ok(isFound(), `${called(graph)}: nothing that is found says ${finds}: ${JSON.stringify(found)}`);
          }
        });
      }
    });
  }
});

describe("a mistake in the real graphs", () => {
  // Which policies answer another question about the same mistake, and may each be switched off.
  const also: Readonly<Record<string, string>> = {
    // Which version runs, and where it can.
    "images-are-pinned": "pi-nodes-run-arm64-images",
    "pi-nodes-run-arm64-images": "images-are-pinned",
    // A chart that nobody knows defines nothing, and runs nobody knows what.
    "monitors-have-definitions": "pi-nodes-run-arm64-images",
    // Loki doesn't know the key, and lacks the store: the first hides the other until it is mended.
    "retention-requires-delete-request-store": "configuration-fields-are-known",
    // Told by the one unless it is switched off, and then by the other.
    "secrets-stay-in-secrets": "no-plaintext-secrets",
  };
  const said = new Map<TestResource, Map<string, string[]>>();
  const onResource = async (resource: TestResource, stack: string) => {
    const found = said.get(resource) ?? new Map<string, string[]>();
    if (found.size === 0) {
      for (const each of policies.filter(({ validateResource }) => validateResource)) {
        found.set(each.name, await refusals({ ...each, validateStack: undefined }, stack, [resource], new Set()));
      }
    }
    said.set(resource, found);
    return found;
  };

  for (const [policy, all] of Object.entries(mutations)) {
    it(`that ${policy} tells is told by no other, where a resource shows it`, async () => {
      const twice: string[] = [];
      for (const { what, how, stacks: some, stages } of all) {
        const [stack, stage] = [some?.[0] ?? "production", stages?.[0] ?? "loki"];
        const { resources } = await graphOf(stack, stage);
        const originals = new Map(resources.map((each) => [`${each.type} ${each.name}`, each]));
        for (const changed of how(resources)) {
          const original = originals.get(`${changed.type} ${changed.name}`);
          if (!original || original === changed) continue;
          const before = await onResource(original, stack);
          const after = [...(await onResource(changed, stack))];
          const tellers = after.filter(([name, now]) => now.some((message) => !before.get(name)?.includes(message)));
          const others = tellers.map(([name]) => name).filter((name) => name !== policy && name !== also[policy]);
          if (others.length > 0) twice.push(`${what}: ${others.join(", ")}`);
        }
      }
      assert.deepEqual(twice, []);
    });
  }

  // What two policies could tell of a whole stack, with the parameters that they have by default.
  for (const { what, how, stack, teller } of sharedCauses) {
    it(`is told by one policy of the whole stack: ${what}`, async () => {
      const { resources } = await graphOf(stack, "loki");
      const tellers = async (given: readonly TestResource[]) => {
        const found = new Set<string>();
        for (const each of policies) {
          const all = await refusals(each, stack, given, new Set(), {});
          for (const message of all) found.add(`${each.name}: ${message}`);
        }
        return found;
      };
      const before = await tellers(resources);
      const after = [...(await tellers(how(resources)))].filter((each) => !before.has(each));
      assert.deepEqual(
        after.map((each) => each.split(":")[0]),
        [teller],
        after.join("\n"),
      );
    });
  }
});

const called = ({ stack, stage }: RealGraph): string => `stack ${stack}, stage ${stage}`;

/** What a policy refuses of a graph; of its resources only those that were not judged before. */
const refusals = async (...[policy, stack, resources, judged, config]: Parameters<typeof ofResources>) => [
  ...(await ofResources(policy, stack, resources, judged, config)),
  ...(await ofStack(policy, stack, resources, config)),
];

/** What it refuses of the resources, each by itself. What a preview doesn't know is no refusal. */
async function ofResources(
  policy: Policy,
  stack: string,
  resources: readonly TestResource[],
  judged: ReadonlySet<TestResource>,
  config = parameters[policy.name] ?? {},
): Promise<string[]> {
  const found: string[] = [];
  for (const resource of policy.validateResource ? resources : []) {
    if (!judged.has(resource)) found.push(...(await findings(policy, resource, config, stack)));
  }
  return found.filter(isKnown);
}

/** What it refuses of all of them together. */
const ofStack = async (
  policy: Policy,
  stack: string,
  resources: readonly TestResource[],
  config = parameters[policy.name] ?? {},
): Promise<string[]> =>
  policy.validateStack ? (await stackFindings(policy, [...resources], config, stack)).filter(isKnown) : [];

const isKnown = (message: string): boolean => !message.startsWith("advisory: ");
