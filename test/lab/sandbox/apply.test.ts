import assert from "node:assert/strict";
import type { KubernetesObject } from "../../../commands/shared/objects";
import { apply, changes, type Applicable } from "../../../lab/sandbox/apply";
import type { Kubectl } from "../../../lab/sandbox/kubectl";

const configMap = (name: string): KubernetesObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { name, namespace: "n" },
});
const job = (image: string): KubernetesObject => ({
  apiVersion: "batch/v1",
  kind: "Job",
  metadata: { name: "job", namespace: "n" },
  spec: { template: { spec: { containers: [{ image }] } } },
});
const node = (object: KubernetesObject, ...dependsOn: string[]): Applicable => ({
  urn: object.metadata.name,
  dependsOn,
  object,
});

/** Records what is asked of the cluster, and keeps the inventory that it is given. */
class RecordingKubectl {
  readonly said: string[] = [];
  inventory = "";
  refuseJobs = false;

  async run(args: readonly string[]): Promise<string> {
    if (args[0] === "get" && args[1] === "configmap") return this.inventory;
    if (args[0] === "get" && args[1] === "namespace") return "namespace/n";
    if (args[0] === "delete" && args[1] === "job") this.refuseJobs = false;
    this.said.push(args.slice(0, 3).join(" "));
    return "";
  }

  async apply(objects: readonly KubernetesObject[]): Promise<string> {
    const [first] = objects;
    if (first.metadata.name === "observability-inventory") {
      this.inventory = (first as unknown as { data: { objects: string } }).data.objects;
      return "";
    }
    if (first.kind === "Job" && this.refuseJobs) throw new Error("spec.template: field is immutable");
    this.said.push(`apply ${objects.map(({ metadata }) => metadata.name).join(" ")}`);
    return "";
  }

  async diff(): Promise<string> {
    return "";
  }

  async ready(object: KubernetesObject): Promise<void> {
    this.said.push(`wait ${object.metadata.name}`);
  }
}

describe("Applying a stack without the engine", () => {
  let cluster: RecordingKubectl;
  beforeEach(() => (cluster = new RecordingKubectl()));
  const run = (resources: Applicable[], unavailable = new Map<string, string>()) =>
    apply(cluster as unknown as Kubectl, "n", resources, { unavailable });

  it("waits for what something depends on before it applies it", async () => {
    await run([node(job("store")), node(configMap("loki"), "job")]);
    assert.deepEqual(cluster.said, ["apply job", "wait job", "apply loki", "wait loki"]);
  });

  it("notes what it will apply before it does: a run that is killed meanwhile has it known to the next one", async () => {
    cluster.apply = async (objects) => {
      if (objects[0].metadata.name === "loki") throw new Error("killed");
      return RecordingKubectl.prototype.apply.call(cluster, objects);
    };
    await assert.rejects(run([node(configMap("a")), node(configMap("loki"), "a")]), /killed/);
    assert.deepEqual(cluster.inventory.split("\n"), ["ConfigMap/n/a", "ConfigMap/n/loki"]);
  });

  it("tells what another stack would change, also what it would remove", async () => {
    await run([node(configMap("a")), node(configMap("b"))]);
    const kubectl = cluster as unknown as Kubectl;
    assert.equal(await changes(kubectl, "n", [node(configMap("a")), node(configMap("b"))], new Map()), "");
    assert.equal(await changes(kubectl, "n", [node(configMap("a"))], new Map()), "would be removed: ConfigMap/n/b");
  });

  it("leaves out a workload whose image can't be had, and nothing else", async () => {
    await run([node(job("grafana")), node(configMap("loki"))], new Map([["grafana", "no registry"]]));
    assert.deepEqual(cluster.said, ["apply loki", "wait loki"]);
  });

  it("removes what an earlier run applied and this one doesn't, the last applied first", async () => {
    await run([node(configMap("a")), node(configMap("b"), "a"), node(configMap("c"), "b")]);
    cluster.said.length = 0;
    await run([node(configMap("a"))]);
    assert.deepEqual(cluster.said, ["apply a", "wait a", "delete ConfigMap c", "delete ConfigMap b"]);
  });

  it("replaces a Job that can't change", async () => {
    cluster.refuseJobs = true;
    await run([node(job("store"))]);
    assert.deepEqual(cluster.said, ["delete job job", "apply job", "wait job"]);
  });
});
