import assert from "node:assert/strict";
import { previewWithGraph } from "../../offline/preview";
import { previewedOf } from "./support/previews";

describe("A preview that the tests share", () => {
  it("is what the program shows in a process of its own, under the runtime that Pulumi's CLI uses", async () => {
    const [shared, own] = await Promise.all([
      previewedOf("production", "stage=dual-write"),
      previewWithGraph({ stack: "production", config: ["stage=dual-write"] }),
    ]);
    for (const part of ["resources", "outputs", "requests", "fit", "diagnostics"] as const) {
      assert.deepEqual(shared.preview[part], own.preview[part], part);
    }
    assert.deepEqual(sorted(shared.graph), sorted(own.graph));
  });

  it("has no findings that nobody looked for", async () => {
    const { preview } = await previewedOf("production");
    assert.throws(() => preview.violations, /checkedPreviewOf/);
  });
});

/** Two runs register in an order that differs where nothing waits for anything. */
const sorted = (graph: ReadonlyMap<string, unknown>): [string, unknown][] =>
  [...graph].sort(([a], [b]) => (a < b ? -1 : 1));
