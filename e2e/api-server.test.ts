import assert from "node:assert/strict";
import { operatorCrds } from "../lab/cluster/crds";
import { KeptValues } from "../engine/generated";
import { loadStackSettings } from "../commands/shared/settings";
import { offlineRender } from "../commands/shared/render";
import { installBucketClaims } from "./support/bucket-provisioner";
import { testCluster } from "./support/cluster";
import { leaveNamespace, makeNamespace } from "./support/deploy";
import { note } from "./support/note";
import { stagesWith } from "../stages";
import { testStack, testStacks } from "../test/stacks/stacks";

const namespace = "e2e-validation";
/** The last stage of a stack's backend that has kube-prometheus-stack: it has what the others have, and more. */
const lastOf = (stack: string) =>
  stagesWith(loadStackSettings(testStack(stack)).settings.metrics.backend).findLast((name) => name !== "kps-removed");

describe("Every rendered object passes the API server's strict field validation", function () {
  this.timeout(5 * 60_000);

  before(async () => {
    await makeNamespace(namespace);
    await installBucketClaims();
    const { version } = await operatorCrds();
    // The operator's CRDs are the newest that exist as a Go module; a field that came later would be refused here first.
    note(`custom resources are held against the CRDs of prometheus-operator ${version}`);
  });

  after(() => leaveNamespace(namespace));

  for (const stack of testStacks) {
    it(`stack ${stack}`, async () => {
      const { kubectl } = await testCluster();
      const { resources } = await offlineRender(
        { ...testStack(stack), config: [`namespace.name=${namespace}`, `stage=${lastOf(stack)}`] },
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
