import assert from "node:assert/strict";
import type { KubernetesObject } from "../../offline/objects";
import { apply, notRunReason } from "../../sandbox/apply";
import { sandboxStack, secretsFile, type SandboxStack } from "../../sandbox/stack";
import { testCluster, type TestCluster } from "../support/cluster";

describe("The sandbox stack on a real cluster", function () {
  this.timeout(15 * 60_000);
  let cluster: TestCluster;
  let stack: SandboxStack;
  let applied: KubernetesObject[];

  before(async () => {
    cluster = await testCluster();
    stack = await sandboxStack({ stack: "sandbox" }, secretsFile());
    applied = stack.resources
      .flatMap(({ object }) => (object ? [object] : []))
      .filter((object) => notRunReason(object, cluster.unavailable) === undefined);
    await apply(cluster.kubectl, stack.namespace, stack.resources, { unavailable: cluster.unavailable });
  });

  it("is not changed by being applied again: generations stay, and a server-side dry run shows no difference", async () => {
    const again = await sandboxStack({ stack: "sandbox" }, secretsFile());
    const before = await generations();
    await apply(cluster.kubectl, again.namespace, again.resources, { unavailable: cluster.unavailable });
    assert.deepEqual(await generations(), before);
    const objects = again.resources.flatMap(({ object }) => (object ? [object] : []));
    assert.equal(
      await cluster.kubectl.diff(objects.filter((o) => notRunReason(o, cluster.unavailable) === undefined)),
      "",
    );
  });

  it("loses an object that the next update doesn't have, and gets it back", async () => {
    const withoutCanary = await sandboxStack({ stack: "sandbox", config: ["loki.canary=false"] }, secretsFile());
    await apply(cluster.kubectl, stack.namespace, withoutCanary.resources, { unavailable: cluster.unavailable });
    const canary = ["get", "daemonset", "loki-canary", "-n", stack.namespace, "--ignore-not-found", "-o", "name"];
    assert.equal(await cluster.kubectl.run(canary), "");
    await apply(cluster.kubectl, stack.namespace, stack.resources, { unavailable: cluster.unavailable });
    assert.equal((await cluster.kubectl.run(canary)).trim(), "daemonset.apps/loki-canary");
  });

  async function generations(): Promise<Record<string, unknown>> {
    const entries = applied.map(async ({ apiVersion, kind, metadata }) => {
      const type = apiVersion.includes("/") ? `${kind}.${apiVersion.split("/")[0]}` : kind;
      const where = metadata.namespace ? ["-n", metadata.namespace] : [];
      const live = await cluster.kubectl.json<{ metadata: { generation?: number; uid: string } }>([
        "get",
        `${type}/${metadata.name}`,
        ...where,
      ]);
      return [`${type}/${metadata.name}`, [live.metadata.uid, live.metadata.generation]];
    });
    return Object.fromEntries(await Promise.all(entries)) as Record<string, unknown>;
  }
});
