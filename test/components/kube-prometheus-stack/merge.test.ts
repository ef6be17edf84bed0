import assert from "node:assert/strict";
import { mergeValues } from "../../../components/kube-prometheus-stack/merge";

describe("Values laid over others", () => {
  it("leave what they don't name, at every depth", () =>
    assert.deepEqual(mergeValues({ a: { x: 1, y: 2 }, b: 3 }, { a: { y: 4 } }), { a: { x: 1, y: 4 }, b: 3 }));

  it("replace lists whole", () => assert.deepEqual(mergeValues({ a: [1, 2] }, { a: [3] }), { a: [3] }));

  it("empty a map by an empty one", () =>
    assert.deepEqual(mergeValues({ selector: { matchLabels: { a: "b" } } }, { selector: {} }), { selector: {} }));

  it("replace a map by something else and something else by a map", () => {
    assert.deepEqual(mergeValues({ a: { x: 1 } }, { a: null }), { a: null });
    assert.deepEqual(mergeValues({ a: null }, { a: { x: 1 } }), { a: { x: 1 } });
  });
});
