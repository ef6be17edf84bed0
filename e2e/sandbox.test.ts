import assert from "node:assert/strict";
import type { KubernetesObject } from "../offline/objects";
import { apply, notRunReason } from "../sandbox/apply";
import { ask } from "../sandbox/queries";
import { sandboxStack, secretsFile, type SandboxStack } from "../sandbox/stack";
import { table } from "../sandbox/table";
import { testCluster, type TestCluster } from "./support/cluster";
import { until } from "../sandbox/until";

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

  it("has every workload ready, save those whose image can't be had here", async () => {
    const rows = await table(cluster.kubectl, stack, cluster.unavailable);
    assert.deepEqual(
      rows.filter(({ ok }) => !ok),
      [],
    );
    const notRun = rows.filter(({ state }) => state.startsWith("not run"));
    for (const { component, state } of notRun) console.log(`    ${component}: ${state}`);
    assert.ok(rows.length - notRun.length >= 6, `only ${rows.length - notRun.length} workloads run`);
  });

  it("answers three queries with lines that came in by themselves", async () => {
    const answers = await until("Loki has lines", 240, async () => {
      const all = await ask(cluster.kubectl, stack.namespace);
      return all.every(({ answer }) => answer.length > 0) ? all : undefined;
    });
    assert.equal(answers.length, 3);
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
