import assert from "node:assert/strict";
import type { Resource } from "../../offline/graph";
import { nodeKinds, requestsByArchitecture } from "../../offline/requests";
import { secret, type Value } from "../../offline/values";

const workload = (kind: string, spec: Value): Resource => ({
  urn: `urn:pulumi:s::p::kubernetes:apps/v1:${kind}::w`,
  type: `kubernetes:apps/v1:${kind}`,
  name: "w",
  custom: true,
  providers: {},
  read: false,
  inputs: { spec },
  outputs: {},
  id: "",
  propertyDependencies: {},
  options: {
    ...{ ignoreChanges: [], replaceOnChanges: [], additionalSecretOutputs: [], dependsOn: [], aliases: [] },
    customTimeouts: {},
  },
});

const container = (cpu: string, memory: string, more: Record<string, Value> = {}): Value => ({
  ...more,
  resources: { requests: { cpu, memory } },
});

const pods = (spec: Record<string, Value>): Value => ({ spec: { containers: [container("1", "1Gi")], ...spec } });

const arch = (operator: string, ...values: string[]): Value => ({
  matchExpressions: [{ key: "kubernetes.io/arch", operator, values }],
});

const affinity = (...nodeSelectorTerms: Value[]): Record<string, Value> => ({
  affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } } },
});

const sums = (resources: Resource[], nodes: { arch: string; count: number }[] = []) =>
  requestsByArchitecture(resources, nodes).map(({ architecture, pods, cpu, memory }) => [
    architecture,
    pods,
    cpu,
    memory / 2 ** 20,
  ]);

describe("requests by architecture", () => {
  it("multiply by replicas and by a Job's parallelism, both one by default", () => {
    const template = pods({});
    assert.deepEqual(
      sums([
        workload("Deployment", { replicas: 3, template }),
        workload("StatefulSet", { template }),
        workload("Job", { parallelism: 2, template }),
        workload("Deployment", { replicas: 0, template }),
      ]),
      [["any", 6, 6, 6144]],
    );
  });

  it("are those of the containers and sidecars together, or of the greatest init container", () => {
    const spec = {
      containers: [container("250m", "100Mi"), container("0.25", "100Mi"), {}],
      initContainers: [container("100m", "1Gi"), container("0.5", "10Mi", { restartPolicy: "Always" })],
      overhead: { memory: "6Mi" },
    };
    assert.deepEqual(sums([workload("Deployment", { template: { spec } })]), [["any", 1, 1, 1030]]);
  });

  it("belong to the one architecture of a node selector or of a required affinity, else to any", () => {
    const deployment = (spec: Record<string, Value>) => workload("Deployment", { template: pods(spec) });
    assert.deepEqual(
      sums([
        deployment({ nodeSelector: { "kubernetes.io/arch": "arm64" } }),
        deployment(affinity(arch("In", "arm64"))),
        deployment(affinity(arch("In", "amd64"), arch("In", "amd64"))),
        deployment(affinity(arch("In", "amd64", "arm64"))),
        deployment(affinity(arch("In", "amd64"), {})),
        deployment(affinity(arch("NotIn", "amd64"))),
        deployment({ nodeSelector: { disk: "ssd" } }),
      ]),
      [
        ["amd64", 1, 1, 1024],
        ["any", 4, 4, 4096],
        ["arm64", 2, 2, 2048],
      ],
    );
  });

  it("count a DaemonSet on each node that it may run on, once where no nodes are listed", () => {
    const everywhere = workload("DaemonSet", { template: pods({}) });
    const onPis = workload("DaemonSet", { template: pods({ nodeSelector: { "kubernetes.io/arch": "arm64" } }) });
    const nodes = [
      { arch: "arm64", count: 4 },
      { arch: "amd64", count: 2 },
    ];
    assert.deepEqual(sums([everywhere, onPis], nodes), [
      ["amd64", 2, 2, 2048],
      ["arm64", 8, 8, 8192],
    ]);
    assert.deepEqual(sums([everywhere, onPis]), [
      ["any", 1, 1, 1024],
      ["arm64", 1, 1, 1024],
    ]);
  });

  it("are seen through secrets", () => {
    assert.deepEqual(sums([workload("Deployment", secret({ replicas: 2, template: pods({}) }))]), [
      ["any", 2, 2, 2048],
    ]);
  });

  it("refuse what is no quantity, naming the resource", () => {
    const spec = { containers: [container("1 core", "1Gi")] };
    assert.throws(() => sums([workload("Deployment", { template: { spec } })]), /Deployment::w: cpu request: "1 core"/);
  });

  it("take the nodes from the settings", () => {
    const values = { "p:cluster": '{"nodes":[{"arch":"arm64","count":3},{"arch":"amd64"}]}' };
    assert.deepEqual(nodeKinds({ values, secretKeys: [] }, "p"), [
      { arch: "arm64", count: 3 },
      { arch: "amd64", count: 1 },
    ]);
    assert.deepEqual(nodeKinds({ values: {}, secretKeys: [] }, "p"), []);
  });
});
