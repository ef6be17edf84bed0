import assert from "node:assert/strict";
import { waves, type Node } from "../../../lab/sandbox/waves";

const names = (nodes: readonly Node[]) => waves(nodes).map((wave) => wave.map(({ urn }) => urn));

describe("Waves of a resource graph", () => {
  it("put what waits for nothing first, and each other node after all it waits for", () => {
    const nodes = [
      { urn: "namespace", dependsOn: [] },
      { urn: "store", dependsOn: ["namespace"] },
      { urn: "rules", dependsOn: ["namespace"] },
      { urn: "loki", dependsOn: ["store", "namespace"] },
    ];
    assert.deepEqual(names(nodes), [["namespace"], ["store", "rules"], ["loki"]]);
  });

  it("keep a child from coming before what its parent waits for", () => {
    const nodes = [
      { urn: "stack", dependsOn: [] },
      { urn: "store", parent: "stack", dependsOn: [] },
      { urn: "component", parent: "stack", dependsOn: ["store"] },
      { urn: "child", parent: "component", dependsOn: [] },
    ];
    assert.deepEqual(names(nodes), [
      ["stack", "store"],
      ["component", "child"],
    ]);
  });

  it("refuse a graph in which something waits for what comes later, with both names", () => {
    assert.throws(
      () => waves([{ urn: "loki", dependsOn: ["store"] }]),
      /loki waits for store, which is not registered/,
    );
  });
});
