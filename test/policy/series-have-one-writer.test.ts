import { seriesHaveOneWriter } from "../../policy/series-have-one-writer";
import { cases } from "./fixtures";
import { object, release } from "./support";

const named = { metadata: { namespace: "monitoring", name: "it" } };
const operated = (kind: string, spec: object) =>
  object("operator.victoriametrics.com/v1beta1", kind, { ...named, spec });
const prometheus = (spec: object) =>
  object("monitoring.coreos.com/v1", "Prometheus", {
    ...named,
    spec: { remoteWrite: [{ url: "http://mimir/api/v1/push" }], ...spec },
  });
const workload = (program: string, replicas: unknown, ...args: string[]) =>
  object("apps/v1", "Deployment", {
    ...named,
    spec: {
      replicas,
      template: { spec: { containers: [{ image: `victoriametrics/${program}:v1.150.0`, args }] } },
    },
  });

describe("series-have-one-writer", () => {
  const advice = (place: string, found = "2") =>
    `${place} is ${found}; wanted 1. Each replica writes every series, at times of its own: rates and counts over time see samples that many times, and Mimir refuses those that come out of order. Write 1: what it can't send waits in its buffer. If the store drops one of each pair (-dedup.minScrapeInterval at the scrape interval, Mimir's HA tracker), leave it.`;
  const writes = "-remoteWrite.url=http://a";
  cases(seriesHaveOneWriter, [
    { when: "the operator makes one vmagent", given: operated("VMAgent", { replicaCount: 1 }) },
    { when: "nothing is said", given: operated("VMAgent", {}) },
    {
      when: "the operator makes two vmagents",
      given: operated("VMAgent", { replicaCount: 2 }),
      finds: [advice("VMAgent monitoring/it: spec.replicaCount")],
    },
    { when: "they share the targets", given: operated("VMAgent", { shardCount: 3 }) },
    { when: "one on each node is asked for", given: operated("VMAgent", { daemonSetMode: true, replicaCount: 2 }) },
    {
      when: "two vmalerts record",
      given: operated("VMAlert", { replicaCount: 2, remoteWrite: { url: "http://a" } }),
      finds: [advice("VMAlert monitoring/it: spec.replicaCount")],
    },
    { when: "two vmalerts only alert", given: operated("VMAlert", { replicaCount: 2 }) },
    { when: "several processes share the samples among them", given: operated("VMCluster", { replicaCount: 2 }) },
    {
      when: "nothing tells two Prometheuses apart",
      given: prometheus({ replicas: 2, replicaExternalLabelName: "" }),
      finds: [advice("Prometheus monitoring/it: spec.replicas")],
    },
    { when: "a label tells two Prometheuses apart", given: prometheus({ replicas: 2 }) },
    {
      when: "two Prometheuses write nowhere",
      given: prometheus({ replicas: 2, replicaExternalLabelName: "", remoteWrite: [] }),
    },
    {
      when: "a workload has three vmagents",
      given: workload("vmagent", 3, writes),
      finds: [advice("Deployment monitoring/it: spec.replicas", "3")],
    },
    {
      when: "a workload's vmagents share the targets",
      given: workload("vmagent", 3, writes, "-promscrape.cluster.membersCount=3"),
    },
    {
      when: "a workload has two vmalerts that record",
      given: workload("vmalert", 2, writes),
      finds: [advice("Deployment monitoring/it: spec.replicas")],
    },
    { when: "a workload's vmalerts only alert", given: workload("vmalert", 2) },
    { when: "it is another program", given: workload("vmselect", 2, writes) },
    {
      when: "kube-prometheus-stack has two without a label",
      given: release("kube-prometheus-stack", {
        prometheus: {
          prometheusSpec: { replicas: 2, replicaExternalLabelNameClear: true, remoteWrite: [{ url: "http://a" }] },
        },
      }),
      finds: [advice("Release monitoring/kube-prometheus-stack: values.prometheus.prometheusSpec.replicas")],
    },
    {
      when: "the chart of many has two of both",
      given: release("victoria-metrics-k8s-stack", {
        vmagent: { spec: { replicaCount: 2 } },
        vmalert: { spec: { replicaCount: 2 } },
      }),
      finds: ["vmagent", "vmalert"].map((part) =>
        advice(`Release monitoring/victoria-metrics-k8s-stack: values.${part}.spec.replicaCount`),
      ),
    },
    {
      when: "vmagent's chart has two",
      given: release("victoria-metrics-agent", { replicaCount: 2 }),
      finds: [advice("Release monitoring/victoria-metrics-agent: values.replicaCount")],
    },
    { when: "another chart has two", given: release("grafana", { replicaCount: 2 }) },
  ]);
});
