import assert from "node:assert/strict";
import type { KubernetesObject } from "../commands/shared/objects";
import { offlineRender } from "../commands/shared/render";
import { KeptValues } from "../engine/generated";
import { testStack } from "../test/stacks/stacks";
import { until } from "../lab/until";
import { testCluster } from "./support/cluster";
import { leaveNamespace, removeNamespace } from "./support/deploy";

// Whether the API server admits the stack's pods to the namespace as the stack labels it. Nothing runs: each pod is asked for in a dry run.

const namespace = "e2e-pod-security";
const account = "pods";
const strict = ["exporters.nodeExporter.enabled=false", "logs.source=api", "logs.journal=false"];

interface Template {
  metadata: { labels: Record<string, string> };
  spec: { volumes?: object[] };
}

interface Workload extends KubernetesObject {
  spec: { template: Template; volumeClaimTemplates?: { metadata: { name: string } }[] };
}

/** Pods as the workloads' controllers make them, with an account of the test's: the program's are not there. */
function podsOf(objects: readonly KubernetesObject[]): KubernetesObject[] {
  const workloads = objects.filter(({ kind }) => ["DaemonSet", "Deployment", "Job", "StatefulSet"].includes(kind));
  return (workloads as Workload[]).map(
    ({ kind, metadata: { name }, spec: { template, volumeClaimTemplates = [] } }) => ({
      apiVersion: "v1",
      kind: "Pod",
      metadata: { ...template.metadata, name: `${kind.toLowerCase()}-${name}`, namespace },
      spec: {
        restartPolicy: "Never",
        ...template.spec,
        serviceAccountName: account,
        volumes: [
          ...(template.spec.volumes ?? []),
          ...volumeClaimTemplates.map(({ metadata: { name } }) => ({
            name,
            persistentVolumeClaim: { claimName: name },
          })),
        ],
      },
    }),
  );
}

describe("The API server admits the stack's pods to its namespace", function () {
  this.timeout("10m");

  before(() => removeNamespace(namespace));
  after(() => leaveNamespace(namespace));

  async function stackOf(stack: string, config: readonly string[]) {
    const { resources } = await offlineRender(
      { ...testStack(stack), config: [`namespace.name=${namespace}`, ...config] },
      new KeptValues({}),
    );
    const objects = resources.flatMap(({ object }) => (object ? [object] : []));
    const own = objects.find(({ kind }) => kind === "Namespace") ?? assert.fail("no Namespace");
    const pods = podsOf(objects);
    assert.ok(pods.length > 8, `only ${pods.length} pods`);
    const { kubectl } = await testCluster();
    /** Asks for the pods in the namespace with these labels; what is refused. */
    const refused = async (labels: Record<string, string>): Promise<string[]> => {
      const { name } = own.metadata;
      await kubectl.apply([
        { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } },
        { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: account, namespace } },
      ]);
      const said = await kubectl.apply(pods, { dryRun: true }).then(
        () => "",
        (error: Error) => error.message,
      );
      const answers = said.split("\n").filter((line) => line.includes("Error from server"));
      return answers
        .map((line) => /pods "(.+?)" is forbidden: violates PodSecurity/.exec(line)?.[1] ?? assert.fail(said))
        .sort();
    };
    const labels = (own.metadata.labels ?? {}) as Record<string, string>;
    /** That these are refused, and no others. The API server judges by what it knows of the namespace: for a moment, by its labels of before. */
    const refuses = (given: Record<string, string>, names: string[]) =>
      until(`it refuses ${names.join(", ") || "nothing"}`, 120, async () => {
        assert.deepEqual(await refused(given), names);
        return true;
      });
    return { enforced: labels["pod-security.kubernetes.io/enforce"], labels, refuses };
  }

  it("those that read nodes under no stricter level than the one that it enforces, and all others under the strictest", async () => {
    const { enforced, labels, refuses } = await stackOf("production", ["stage=kps-removed", "kps.enabled=false"]);
    assert.equal(enforced, "privileged");
    await refuses(labels, []);
    for (const level of ["baseline", "restricted"])
      await refuses({ "pod-security.kubernetes.io/enforce": level }, ["daemonset-alloy", "daemonset-node-exporter"]);
  });

  it("all under the strictest level where none reads a node", async () => {
    const { enforced, labels, refuses } = await stackOf("staging", strict);
    assert.equal(enforced, "restricted");
    await refuses(labels, []);
  });
});
