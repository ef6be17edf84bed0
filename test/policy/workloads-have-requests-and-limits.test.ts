import assert from "node:assert/strict";
import { workloadsHaveRequestsAndLimits as policy } from "../../policy/workloads-have-requests-and-limits";
import { findings, object, release, unknown } from "./support";

type Resources = { requests?: object; limits?: object };
const good: Resources = { requests: { cpu: "100m", memory: "128Mi" }, limits: { memory: "256Mi" } };
const without = (group: "requests" | "limits", what: string): Resources => ({
  ...good,
  [group]: { ...good[group], [what]: undefined },
});
const deployment = (resources: unknown, list = "containers", pod: object = {}) =>
  object("apps/v1", "Deployment", {
    metadata: { namespace: "monitoring", name: "app" },
    spec: { template: { spec: { containers: [], ...pod, [list]: [{ name: "app", image: "app:1.2.3", resources }] } } },
  });
const at = (list = "containers") => `Deployment monitoring/app: spec.template.spec.${list}[0].resources`;
const cpu = (where: string, found = "missing") =>
  `${where}.requests.cpu is ${found}; wanted CPU cores, such as 100m. Without it, the scheduler assumes that the pod needs no CPU, and on a busy node it gets almost none. Set it, or take it out of this policy's parameter demand. Parameters are set in the file of --policy-pack-config.`;
const limit = (where: string, found = "missing") =>
  `${where}.limits.memory is ${found}; wanted bytes, such as 512Mi. Without it, one memory leak takes the whole node's memory, and the kernel kills any process. Set it, or take it out of this policy's parameter demand. Parameters are set in the file of --policy-pack-config.`;

const none = (where: string) =>
  `${where} is without requests.cpu, requests.memory, limits.memory; wanted all of them. Pods without requests overfill a node, and without a memory limit one leak takes all of it. Set them, or change this policy's parameter demand. Parameters are set in the file of --policy-pack-config.`;

describe("workloads-have-requests-and-limits", () => {
  it("accepts requests of CPU and memory and a limit of memory", async () => {
    assert.deepEqual(await findings(policy, deployment(good)), []);
  });

  it("refuses each that is missing, and zero, which is none", async () => {
    assert.deepEqual(await findings(policy, deployment(without("requests", "cpu"))), [cpu(at())]);
    assert.deepEqual(await findings(policy, deployment(without("limits", "memory"))), [limit(at())]);
    assert.deepEqual(await findings(policy, deployment({ ...good, limits: { memory: "0" } })), [limit(at(), '"0"')]);
    assert.deepEqual(await findings(policy, deployment(undefined)), [none(at())]);
  });

  it("takes a limit for the request that is missing, as Kubernetes does", async () => {
    assert.deepEqual(await findings(policy, deployment(without("requests", "memory"))), []);
    assert.deepEqual(await findings(policy, deployment({ limits: { cpu: "1", memory: "1Gi" } })), []);
  });

  it("counts what the whole pod has", async () => {
    assert.deepEqual(await findings(policy, deployment(undefined, "containers", { resources: good })), []);
  });

  it("looks at init containers, and not at ephemeral ones, which can't have any", async () => {
    const list = "initContainers";
    assert.deepEqual(await findings(policy, deployment({}, list)), [none(at(list))]);
    assert.deepEqual(await findings(policy, deployment({}, "ephemeralContainers")), []);
  });

  it("refuses a request above its limit", async () => {
    const resources = { requests: { cpu: "100m", memory: "1Gi" }, limits: { memory: "512M" } };
    assert.deepEqual(await findings(policy, deployment(resources)), [
      `${at()}.requests.memory is "1Gi"; wanted at most limits.memory, "512M". Kubernetes refuses a container whose request is above its limit. Raise the limit or lower the request.`,
    ]);
  });

  it("says when a preview doesn't know a value, and lets a patch leave it as it is", async () => {
    assert.deepEqual(await findings(policy, deployment({ ...good, limits: unknown })), [
      "advisory: string value at .spec.template.spec.containers.0.resources.limits can't be known during preview",
    ]);
    const { props } = deployment(undefined);
    assert.deepEqual(await findings(policy, object("apps/v1", "DeploymentPatch", props)), []);
  });

  it("refuses a CronJob, and a Prometheus of the operator's, without any", async () => {
    const job = object("batch/v1", "CronJob", {
      metadata: { name: "backup" },
      spec: { jobTemplate: { spec: { template: { spec: { containers: [{ name: "app", image: "app:1.2.3" }] } } } } },
    });
    const inJob = "CronJob backup: spec.jobTemplate.spec.template.spec.containers[0].resources";
    assert.deepEqual(await findings(policy, job), [none(inJob)]);
    const own = { image: "prometheus:v3.15.0", containers: [{ name: "prometheus", env: [] }] };
    const prometheus = object("monitoring.coreos.com/v1", "Prometheus", { metadata: { name: "k8s" }, spec: own });
    const inSpec = "Prometheus k8s: spec.resources";
    assert.deepEqual(await findings(policy, prometheus), [none(inSpec)]);
    const second = { ...own, resources: good, containers: [{ name: "proxy", image: "proxy:1.2.3" }] };
    const proxy = object("monitoring.coreos.com/v1", "Prometheus", { metadata: { name: "k8s" }, spec: second });
    const inProxy = "Prometheus k8s: spec.containers[0].resources";
    assert.deepEqual(await findings(policy, proxy), [none(inProxy)]);
  });

  it("refuses what kube-prometheus-stack runs without any, and accepts what is off", async () => {
    const off = { enabled: false };
    const values = (resources: unknown) => ({
      prometheusOperator: {
        resources: good,
        prometheusConfigReloader: { resources: good },
        admissionWebhooks: off,
      },
      prometheus: { prometheusSpec: { resources } },
      ...{ alertmanager: off, grafana: off, kubeStateMetrics: off, nodeExporter: off },
    });
    assert.deepEqual(await findings(policy, release("kube-prometheus-stack", values(good))), []);
    const where = "Release monitoring/kube-prometheus-stack: values.prometheus.prometheusSpec.resources";
    assert.deepEqual(await findings(policy, release("kube-prometheus-stack", values({}))), [none(where)]);
  });

  it("demands of a sub-chart of kube-prometheus-stack what its values begin to say", async () => {
    const values = (grafana: object) => ({
      prometheusOperator: { enabled: false },
      prometheus: { enabled: false },
      ...{ alertmanager: { enabled: false }, kubeStateMetrics: { enabled: false }, nodeExporter: { enabled: false } },
      grafana,
    });
    assert.deepEqual(await findings(policy, release("kube-prometheus-stack", values({}))), []);
    assert.deepEqual(
      await findings(policy, release("kube-prometheus-stack", values({ resources: without("limits", "memory") }))),
      [limit("Release monitoring/kube-prometheus-stack: values.grafana.resources")],
    );
  });

  it("demands what its configuration says", async () => {
    const config = { demand: ["limits.cpu"] };
    assert.deepEqual(await findings(policy, deployment(good), config), [
      `${at()}.limits.cpu is missing; wanted CPU cores, such as 1. Without it, the container may use every idle core of the node. Set it, or take it out of this policy's parameter demand. Parameters are set in the file of --policy-pack-config.`,
    ]);
    await assert.rejects(findings(policy, deployment(good), { demand: ["cpu"] }), /demand\[0\]/);
  });
});
