import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { operatorCrds } from "../cluster/crds";
import { KeptValues } from "../offline/generated";
import { offlineRender } from "../offline/render";
import { testCluster } from "./support/cluster";
import { makeNamespace, removeNamespace } from "./support/deploy";

const namespace = "e2e-validation";
// It has what the others have, and more.
const last = "mimir-default";
const stacks = readdirSync(resolve(__dirname, ".."))
  .flatMap((file) => /^Pulumi\.(\w+)\.yaml$/.exec(file)?.[1] ?? [])
  .sort();

describe("Every rendered object passes the API server's strict field validation", function () {
  this.timeout(5 * 60_000);

  before(async () => {
    await makeNamespace(namespace);
    const { version } = await operatorCrds();
    // The operator's CRDs are the newest that exist as a Go module; a field that came later would be refused here first.
    console.log(`    custom resources are held against the CRDs of prometheus-operator ${version}`);
  });

  after(() => removeNamespace(namespace));

  it("knows the stacks", () => assert.deepEqual(stacks, ["production", "sandbox", "staging"]));

  for (const stack of stacks) {
    it(`stack ${stack}`, async () => {
      const { kubectl } = await testCluster();
      const { resources } = await offlineRender(
        { stack, config: [`namespace.name=${namespace}`, `stage=${last}`] },
        new KeptValues({}),
      );
      const objects = resources
        .flatMap(({ object }) => (object ? [object] : []))
        .filter(({ kind }) => kind !== "Namespace");
      assert.ok(objects.length > 30, `only ${objects.length} objects`);
      const said = await kubectl.apply(objects, { dryRun: true });
      assert.equal(said.trim().split("\n").length, objects.length);
    });
  }

  it("refuses an object with a field that doesn't exist", async () => {
    const { kubectl } = await testCluster();
    const misspelt = { apiVersion: "v1", kind: "ConfigMap", metadata: { name: "x", namespace }, dataa: {} };
    await assert.rejects(kubectl.apply([misspelt], { dryRun: true }), /unknown field|dataa/);
  });
});
