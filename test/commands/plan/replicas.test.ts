import assert from "node:assert/strict";
import { ringChanges } from "../../../commands/plan/replicas";
import type { Properties } from "../../../engine/values";
import { settingsSchema } from "../../../settings/schema";
import { graph, resource } from "../../engine/graphs";

const environment = { namespace: "home" };
const stack = (raw: object) => {
  const { loki, mimir } = settingsSchema.parse(raw);
  const inputs = (settings: object): Properties => JSON.parse(JSON.stringify({ environment, settings })) as Properties;
  return graph(
    resource("observability:loki:Loki", inputs(loki), { custom: false }),
    resource("observability:mimir:Mimir", inputs(mimir), { custom: false }),
  );
};

const one = stack({});
const three = stack({
  loki: { replicationFactor: 3, singleBinary: { replicas: 3 } },
  mimir: { replicas: 3, replicationFactor: 3 },
});

describe("what a plan tells of a ring's replicas", () => {
  it("is nothing where neither their number nor the replication factor changes", () => {
    assert.deepEqual(ringChanges(one, stack({ loki: { retention: "30d" }, mimir: { retention: "30d" } })), []);
    assert.deepEqual(ringChanges(three, graph()), []);
    assert.deepEqual(ringChanges(graph(), three), []);
  });

  it("names the order, and what to do by hand, where there are more", () => {
    const [loki, mimir, ...others] = ringChanges(one, three);
    assert.match(
      loki,
      /^Loki, 1 → 3 replicas, replication factor 1 → 3: the new replicas join first; when they are ready, .* `kubectl -n home rollout restart statefulset\/loki`: /,
    );
    assert.match(
      mimir,
      /^Mimir, 1 → 3 replicas, replication factor 1 → 3: the new replicas join first; .* before, and again afterwards/,
    );
    assert.deepEqual(others, []);
  });

  it("says that nobody answers for a while where there are fewer, and that the volumes stay", () => {
    for (const said of ringChanges(three, one))
      assert.match(
        said,
        /^(Loki|Mimir), 3 → 1 replicas, .*: the removed replicas .* and leave; .* no answers.* volumes .* stay: docs\/replicas\.md$/,
      );
  });

  it("speaks of the writers in Simple Scalable mode, and of the factor alone where nothing else changes", () => {
    const scalable = (replicationFactor: number) => stack({ loki: { mode: "simple-scalable", replicationFactor } });
    const [said, ...others] = ringChanges(scalable(1), scalable(3));
    assert.match(said, /^Loki, replication factor 1 → 3: they restart one after the other; .*statefulset\/loki-write/);
    assert.deepEqual(others, []);
    assert.match(
      ringChanges(scalable(3), scalable(1))[0],
      /^Loki, replication factor 3 → 1: they restart one after the other: docs/,
    );
  });
});
