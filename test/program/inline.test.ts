import assert from "node:assert/strict";
import { join } from "node:path";
import { previewWithGraph } from "../../commands/shared/preview";
import { checkedPreviewOf, previewedOf } from "./support/previews";
import { testStack } from "../stacks/stacks";
import { ownProgram } from "../../engine/project";

const policyPack = join(ownProgram, "policy");

describe("A preview that the tests share", () => {
  it("is what program and policies show in processes of their own, under the runtimes that Pulumi's CLI uses", async () => {
    const config = ["stage=dual-write"];
    const [shared, checked, own] = await Promise.all([
      previewedOf("production", ...config),
      checkedPreviewOf("production", ...config),
      previewWithGraph({ ...testStack("production"), config, policyPack }),
    ]);
    for (const part of ["resources", "outputs", "requests", "fit", "diagnostics"] as const) {
      assert.deepEqual(shared.preview[part], own.preview[part], part);
      assert.deepEqual(checked[part], own.preview[part], part);
    }
    assert.deepEqual(checked.violations, own.preview.violations);
    assert.ok(checked.violations.length > 0);
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
