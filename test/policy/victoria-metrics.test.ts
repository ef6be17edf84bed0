import { victoriaMetricsIsOnALocalVolume } from "../../policy/victoria-metrics-is-on-a-local-volume";
import { victoriaMetricsIsOneProcess } from "../../policy/victoria-metrics-is-one-process";
import { cases } from "./fixtures";
import { object, release } from "./support";

const named = { metadata: { namespace: "monitoring", name: "metrics" } };
const single = (spec: object) => object("operator.victoriametrics.com/v1beta1", "VMSingle", { ...named, spec });
const workload = (image: string, spec: object) =>
  object("apps/v1", "StatefulSet", { ...named, spec: { ...spec, template: { spec: { containers: [{ image }] } } } });
const [own, storage] = ["victoriametrics/victoria-metrics:v1.150.0", "victoriametrics/vmstorage:v1.150.0-cluster"];

describe("victoria-metrics-is-one-process", () => {
  const refusal = (place: string, found: string) =>
    `${place} is ${found}; wanted 1. Replicas share nothing: behind one Service each gets a part of the samples, and a query sees the part of whichever answers it. Two on one volume lock each other out. Write 1. Senders keep samples while it is away; for more than that, VictoriaMetrics' cluster replicates.`;
  cases(victoriaMetricsIsOneProcess, [
    { when: "the operator makes one", given: single({ replicaCount: 1 }) },
    { when: "nothing is said", given: single({}) },
    {
      when: "the operator makes two",
      given: single({ replicaCount: 2 }),
      finds: [refusal("VMSingle monitoring/metrics: spec.replicaCount", "2")],
    },
    {
      when: "a workload has two",
      given: workload(own, { replicas: 2 }),
      finds: [refusal("StatefulSet monitoring/metrics: spec.replicas", "2")],
    },
    { when: "it is a part of its cluster, which replicates", given: workload(storage, { replicas: 3 }) },
    { when: "it is something else", given: workload("example.org/other:1.0.0", { replicas: 3 }) },
    {
      when: "a chart of many makes two",
      given: release("victoria-metrics-k8s-stack", { vmsingle: { spec: { replicaCount: 2 } } }),
      finds: [refusal("Release monitoring/victoria-metrics-k8s-stack: values.vmsingle.spec.replicaCount", "2")],
    },
    { when: "a chart says nothing", given: release("victoria-metrics-single", {}) },
    { when: "a chart is another", given: release("victoria-metrics-agent", { server: { replicaCount: 2 } }) },
  ]);
});

describe("victoria-metrics-is-on-a-local-volume", () => {
  const volume = (storageClassName: unknown) => single({ storage: { storageClassName } });
  const advice = (place: string, found: string) =>
    `${place} is "${found}"; wanted a class of local volumes (*local*, *hostpath*, *host-path*, *lvm*, *zfs*). It merges its files all the time and reads them for every query: over a network both take the network's bandwidth, and an outage of the storage stops it. Use a class of local volumes, such as local-path or openebs-hostpath; if this one is local, list it in the parameter local. Parameters are set in the file of --policy-pack-config.`;
  const place = "VMSingle monitoring/metrics: spec.storage.storageClassName";
  cases(victoriaMetricsIsOnALocalVolume, [
    { when: "the class is local-path", given: volume("local-path") },
    { when: "the class is openebs-hostpath", given: volume("openebs-hostpath") },
    { when: "the cluster's default class is used", given: volume(undefined) },
    { when: "the class is NFS", given: volume("nfs-client"), finds: [advice(place, "nfs-client")] },
    { when: "the class is known to be local", given: volume("nvme"), config: { local: ["nvme"] } },
    {
      when: "a claim of a workload is of Ceph",
      given: workload(own, { volumeClaimTemplates: [{ spec: { storageClassName: "ceph-block" } }] }),
      finds: [
        advice("StatefulSet monitoring/metrics: spec.volumeClaimTemplates[0].spec.storageClassName", "ceph-block"),
      ],
    },
    {
      when: "a chart's class is Longhorn",
      given: release("victoria-metrics-single", { server: { persistentVolume: { storageClass: "longhorn" } } }),
      finds: [
        advice("Release monitoring/victoria-metrics-single: values.server.persistentVolume.storageClass", "longhorn"),
      ],
    },
    {
      when: "it is another program's",
      given: workload(storage, { volumeClaimTemplates: [{ spec: { storageClassName: "nfs" } }] }),
    },
  ]);
});
