import assert from "node:assert/strict";
import type { Resource } from "../../../engine/graph";
import { nodeKinds } from "../../../commands/shared/capacity/nodes";
import { requestsByArchitecture } from "../../../commands/shared/capacity/requests";
import { secret, type Value } from "../../../engine/values";
import { workloadsOf } from "../../../commands/shared/capacity/workloads";

type Registered = Pick<Resource, "urn" | "type" | "name" | "inputs">;

const resource = (type: string, inputs: Record<string, Value>): Registered => ({
  ...{ urn: `urn:pulumi:s::p::${type}::w`, type, name: "w", inputs },
});

const workload = (kind: string, spec: Value) => resource(`kubernetes:apps/v1:${kind}`, { spec });

const release = (chart: string, values: Value) =>
  resource("kubernetes:helm.sh/v3:Release", { chart, values, name: "release" });

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

const nodesLike = (nodes: { arch: string; count: number }[]) =>
  nodes.map((node) => ({ ...node, name: node.arch, labels: {} }));

const sums = (resources: Registered[], nodes: { arch: string; count: number }[] = []) =>
  requestsByArchitecture(workloadsOf(resources).workloads, nodesLike(nodes)).map(
    ({ architecture, pods, cpu, memory }) => [architecture, pods, cpu, memory / 2 ** 20],
  );

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
    const limited = { containers: [{ resources: { limits: { memory: "1 GB" } } }] };
    assert.throws(() => sums([workload("Deployment", { template: { spec: limited } })]), /memory limit: "1 GB"/);
  });

  it("come with the limits, and with how many pods have none", () => {
    const limited = (...limits: Record<string, Value>[]): Value => ({
      spec: { containers: limits.map((each) => ({ resources: { limits: each } })) },
    });
    const [{ limits, unlimited }] = requestsByArchitecture(
      workloadsOf([
        workload("Deployment", { replicas: 2, template: limited({ memory: "1Gi" }, { memory: "1Gi", cpu: "1" }) }),
        workload("Deployment", { template: limited({ memory: "1Gi" }, {}) }),
        workload("Deployment", { template: limited({ cpu: "500m", memory: "1Gi" }) }),
      ]).workloads,
      [],
    );
    assert.deepEqual(
      [limits, unlimited],
      [
        { cpu: 0.5, memory: 5 * 2 ** 30 },
        { cpu: 3, memory: 1 },
      ],
    );
  });
});

describe("requests of a Helm release", () => {
  const resources = (cpu: string, memory: string): Value => ({ resources: { requests: { cpu, memory } } });
  const off: Value = { enabled: false };
  const onlyPrometheus: Record<string, Value> = {
    ...{ alertmanager: off, grafana: off, nodeExporter: off, kubeStateMetrics: off },
    prometheusOperator: {
      ...(resources("100m", "100Mi") as object),
      prometheusConfigReloader: resources("10m", "10Mi"),
      nodeSelector: { "kubernetes.io/arch": "amd64" },
    },
    prometheus: { prometheusSpec: { ...(resources("1", "1Gi") as object), replicas: 2 } },
  };

  it("are those of kube-prometheus-stack's operator, Prometheus and config-reloader, by its values", () => {
    assert.deepEqual(sums([release("kube-prometheus-stack", onlyPrometheus)]), [
      ["amd64", 1, 0.1, 100],
      ["any", 2, 2.02, 2068],
    ]);
  });

  it("are also those of what an adopted release keeps, its exporter on every node", () => {
    const values = {
      ...onlyPrometheus,
      grafana: { ...(resources("200m", "200Mi") as object), sidecar: resources("5m", "5Mi") },
      nodeExporter: { enabled: true },
      "prometheus-node-exporter": resources("20m", "20Mi"),
      kubeStateMetrics: { enabled: true },
      "kube-state-metrics": resources("30m", "30Mi"),
    };
    assert.deepEqual(sums([release("kube-prometheus-stack", values)], [{ arch: "arm64", count: 3 }]), [
      ["amd64", 1, 0.1, 100],
      ["any", 4, 2.26, 2308],
      ["arm64", 3, 0.06, 60],
    ]);
  });

  it("count containers that its values add to Prometheus, and those that they change", () => {
    const containers = [
      { name: "thanos", ...(resources("50m", "50Mi") as object) },
      { name: "config-reloader", ...(resources("20m", "20Mi") as object) },
    ];
    const prometheus = { prometheusSpec: { ...(resources("1", "1Gi") as object), containers } };
    const values = { ...onlyPrometheus, prometheus, prometheusOperator: off };
    assert.deepEqual(sums([release("kube-prometheus-stack", secret(values))]), [["any", 1, 1.07, 1094]]);
  });

  it("are nothing for the CRDs, and not seen for a chart that isn't known", () => {
    const { workloads, notSeen } = workloadsOf([
      release("prometheus-operator-crds", {}),
      { ...release("other", {}), inputs: { chart: "other", name: "mine" } },
    ]);
    assert.deepEqual([workloads, notSeen], [[], ["mine"]]);
  });
});

describe("the nodes of the settings", () => {
  const kinds = (nodes: unknown[], headroom?: number) =>
    nodeKinds({ values: { "p:cluster": JSON.stringify({ nodes, headroom }) }, secretKeys: [] }, "p");

  it("have a count of one where none is given, and their architecture as a label", () => {
    assert.deepEqual(kinds([{ name: "pi", arch: "arm64", count: 3, labels: { disk: "ssd" } }, { arch: "amd64" }]), [
      {
        ...{ name: "pi", arch: "arm64", count: 3, room: undefined },
        labels: { disk: "ssd", "kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux" },
      },
      {
        ...{ name: "amd64", arch: "amd64", count: 1, room: undefined },
        labels: { "kubernetes.io/arch": "amd64", "kubernetes.io/os": "linux" },
      },
    ]);
  });

  it("have room for what is allocatable less what is reserved", () => {
    const node = { name: "pi", arch: "arm64", cpu: 4, memory: "8Gi" };
    const rooms = kinds([
      node,
      { ...node, reserved: { cpu: "500m", memory: "2Gi" } },
      { ...node, reserved: { cpu: "5" } },
    ]);
    assert.deepEqual(
      rooms.map(({ room }) => room),
      [
        { cpu: 4, memory: 8 * 2 ** 30 },
        { cpu: 3.5, memory: 6 * 2 ** 30 },
        { cpu: 0, memory: 8 * 2 ** 30 },
      ],
    );
  });

  it("keep a share free where the settings ask for headroom, beside what is reserved", () => {
    const node = { name: "pi", arch: "arm64", cpu: 4, memory: "8Gi", reserved: { cpu: 1 } };
    assert.deepEqual(kinds([node], 25)[0].room, { cpu: 2, memory: 6 * 2 ** 30 });
  });

  it("are none where the settings list none", () => {
    assert.deepEqual(nodeKinds({ values: {}, secretKeys: [] }, "p"), []);
    // --config cluster.nodes=[]
    assert.deepEqual(nodeKinds({ values: { "p:cluster": '{"nodes":"[]"}' }, secretKeys: [] }, "p"), []);
  });
});
