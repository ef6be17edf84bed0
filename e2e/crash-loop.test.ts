import assert from "node:assert/strict";
import { resolve } from "node:path";
import { parse, stringify } from "yaml";
import type { KubernetesObject } from "../commands/shared/objects";
import { offlinePreview } from "../commands/shared/preview";
import { testCluster } from "./support/cluster";
import { leaveNamespace, makeNamespace, renderPart } from "./support/deploy";
import { until } from "../lab/until";

const namespace = "e2e-crash-loop";

// Word for word from seed 000.
const seedsError =
  "CONFIG ERROR: invalid compactor config: compactor.delete-request-store should be configured when retention is enabled";

type ConfigMap = KubernetesObject & { data: Record<string, string> };

/** Loki's ConfigMap without the one value that seed 000 is about. */
function withoutStore(object: KubernetesObject): KubernetesObject {
  if (!isLokiConfig(object)) return object;
  const [[file, text]] = Object.entries(object.data).filter(([, t]) => t.includes("compactor:"));
  const config = parse(text) as { compactor: Record<string, unknown> };
  delete config.compactor.delete_request_store;
  return { ...object, data: { ...object.data, [file]: stringify(config) } };
}

const isLokiConfig = (object: KubernetesObject): object is ConfigMap =>
  object.kind === "ConfigMap" &&
  Object.values((object as ConfigMap).data).some((text) => text.includes("delete_request_store"));

describe("Loki without delete_request_store, on a real cluster", function () {
  this.timeout(10 * 60_000);
  let broken: KubernetesObject | undefined;

  before(async () => {
    const { kubectl } = await testCluster();
    const resources = await renderPart({
      namespace,
      stack: "sandbox",
      config: ["loki.canary=false"],
      components: ["loki", "secrets"],
      edit: (object) => {
        if (!isLokiConfig(object)) return object;
        broken = withoutStore(object);
        return broken;
      },
    });
    assert.ok(broken, "the stack has no Loki configuration with delete_request_store");
    await makeNamespace(namespace);
    // Nothing becomes ready here, so nothing is waited for.
    const objects = resources.flatMap(({ object }) => (object ? [object] : []));
    await kubectl.apply(objects.filter((o) => o.kind !== "Deployment"));
  });

  after(() => leaveNamespace(namespace));

  it("crash-loops with the seed's CONFIG ERROR", async () => {
    const { kubectl } = await testCluster();
    await until("loki-0 is in CrashLoopBackOff", 240, async () => {
      const reason = await kubectl.run([
        "get",
        "pod",
        "loki-0",
        "-n",
        namespace,
        "-o",
        "jsonpath={.status.containerStatuses[0].state.waiting.reason}",
      ]);
      return reason === "CrashLoopBackOff" ? true : undefined;
    });
    // Between two runs of it the kubelet may have no log for a moment.
    const log = await until("there is a log of a run", 60, () =>
      kubectl.run(["logs", "loki-0", "-n", namespace, "--previous"]),
    );
    assert.ok(log.includes(seedsError), `the log says something else:\n${log}`);
  });

  it("is refused by the policy before it reaches a cluster: exactly this object", async () => {
    const { violations } = await offlinePreview({
      stack: "test",
      program: resolve(__dirname, "fixtures/object"),
      policyPack: resolve(__dirname, "../policy"),
      config: [`object:configMap=${JSON.stringify({ data: (broken as ConfigMap).data })}`],
    });
    const refusal = violations.filter(
      ({ policy, level }) => policy === "retention-requires-delete-request-store" && level === "mandatory",
    );
    assert.equal(refusal.length, 1, JSON.stringify(violations));
    assert.match(refusal[0].message, /delete_request_store/);
  });
});
