import assert from "node:assert/strict";
import type { Preview } from "../../../commands/shared/preview";
import { offlinePreview } from "../../../commands/shared/preview";
import { services as known } from "../../../settings/sections/network-policies";
import { runInline } from "../../program/support/inline";
import { testStack } from "../../stacks/stacks";
import { lets, type End, type NetworkPolicy } from "./evaluate";

const namespace = "monitoring";

/** Who has to reach whom, on which port of its pods; written down by hand, and not from the program. */
const always = [
  ["alloy", "loki-write", 3100],
  ["alloy-events", "loki-write", 3100],
  ["loki-canary", "loki-gateway", 8080],
  ["loki-gateway", "loki-write", 3100],
  ["loki-read", "loki-results-cache", 11211],
  ["loki-gateway", "loki-read", 3100],
  ["loki-gateway", "loki-backend", 3100],
  ["loki-write", "loki-read", 7946],
  ["loki-write", "loki-backend", 7946],
  ["loki-read", "loki-write", 9095],
  ["loki-read", "loki-backend", 9095],
  ["loki-write", "minio", 9000],
  ["loki-read", "minio", 9000],
  ["loki-backend", "minio", 9000],
  ["minio-setup", "minio", 9000],
  // The schedule's Job.
  ["backup", "minio", 9000],
  ["loki-backend", "alertmanager", 9093],
  ["grafana", "loki-gateway", 8080],
  ["grafana", "alertmanager", 9093],
  // What `probes` ask, under the names that the cluster's DNS completes.
  ["blackbox-exporter", "alertmanager", 9093],
  ["blackbox-exporter", "loki-gateway", 8080],
  ["blackbox-exporter", "kube-state-metrics", 8080],
] as const;

const probes = [
  { module: "icmp", target: "10.0.40.1" },
  { module: "tcp", target: "alertmanager.monitoring.svc.cluster.local:9093" },
  { module: "http", url: "http://loki-gateway/ready" },
  { module: "http", url: "http://kube-state-metrics.monitoring:8080/healthz" },
  // Not ours, and not Loki's port: opens nothing.
  { module: "http", url: "https://mimir.example.org" },
  { module: "tcp", target: "loki-write:9999" },
];

const scraped = [
  ["loki-write", 3100],
  ["loki-read", 3100],
  ["loki-backend", 3100],
  ["loki-canary", 3500],
  ["alertmanager", 9093],
  ["alloy", 12345],
  ["alloy-events", 12345],
  ["kube-state-metrics", 8080],
  ["kube-state-metrics", 8081],
  ["minio", 9000],
  ["grafana", 3000],
  // Its own metrics, and each probe.
  ["blackbox-exporter", 9115],
] as const;

const stages = {
  loki: {
    scraper: "prometheus",
    needed: [...always, ["prometheus", "alertmanager", 9093]],
  },
  "mimir-default": {
    scraper: "prometheus",
    needed: [
      ...always,
      ["prometheus", "mimir", 9009],
      ["grafana", "mimir", 9009],
      ["metrics", "mimir", 9009],
      ["mimir", "minio", 9000],
      ["mimir", "alertmanager", 9093],
      ["alloy-rules", "mimir", 9009],
      ["prometheus", "alloy-rules", 12345],
    ],
  },
  "victoria-metrics-default": {
    scraper: "prometheus",
    needed: [
      ...always,
      ["prometheus", "victoria-metrics", 8428],
      ["grafana", "victoria-metrics", 8428],
      ["metrics", "victoria-metrics", 8428],
      ["vmalert", "victoria-metrics", 8428],
      ["backup", "victoria-metrics", 8428],
      ["vmalert", "alertmanager", 9093],
      // Its interface shows vmalert's rules.
      ["victoria-metrics", "vmalert", 8880],
      ["prometheus", "vmalert", 8880],
      ["prometheus", "vmalert-operator", 8080],
    ],
  },
  "kps-removed with VictoriaMetrics": {
    scraper: "vmagent",
    needed: [
      ...always,
      ["grafana", "victoria-metrics", 8428],
      ["metrics", "victoria-metrics", 8428],
      ["vmalert", "victoria-metrics", 8428],
      ["backup", "victoria-metrics", 8428],
      ["vmalert", "alertmanager", 9093],
      ["victoria-metrics", "vmalert", 8880],
      ["vmagent", "victoria-metrics", 8428],
      ["vmagent", "vmalert", 8880],
      ["vmagent", "vmalert-operator", 8080],
    ],
  },
  "kps-removed": {
    scraper: "alloy-metrics",
    needed: [
      ...always,
      ["grafana", "mimir", 9009],
      ["metrics", "mimir", 9009],
      ["mimir", "minio", 9000],
      ["mimir", "alertmanager", 9093],
      ["alloy-metrics", "mimir", 9009],
      ["alloy-rules", "mimir", 9009],
      ["alloy-metrics", "alloy-rules", 12345],
    ],
  },
} as const;

interface Pod {
  namespace: string;
  labels: Record<string, string>;
  ports: number[];
}

const outside: Record<string, End> = {
  prometheus: { namespace, labels: { "app.kubernetes.io/name": "prometheus" } },
  "a pod of another namespace": { namespace: "shop", labels: { "app.kubernetes.io/name": "alloy" } },
  "a pod that others put into the namespace": { namespace, labels: { app: "curl" } },
  "an address outside of the cluster": { address: "192.0.2.7" },
};

interface Stack {
  pods: Record<string, Pod>;
  policies: NetworkPolicy[];
  services: string[];
}

async function stackOf(title: string): Promise<Stack> {
  const [stage] = title.split(" ");
  const config = [
    `stage=${stage}`,
    ...(stage === "kps-removed" ? ["kps.enabled=false"] : []),
    ...(/victoria/i.test(title) ? ["metrics.backend=victoria-metrics"] : []),
    "loki.caches.results.size=256Mi",
    "backup.enabled=true",
    "backup.to=s3://backup/staging",
    "backup.endpoint=http://10.0.40.11:9000",
    "backup.secret=backup-object-store",
    "networkPolicies.enabled=true",
    "networkPolicies.nodes[0]=10.0.40.0/24",
    "networkPolicies.allow.loki-gateway[0]=trusted",
    ...probes.flatMap((probe, i) => Object.entries(probe).map(([key, value]) => `probes[${i}].${key}=${value}`)),
  ];
  const preview = await offlinePreview({ ...testStack("staging"), config, start: runInline });
  return { pods: podsOf(preview), policies: policiesOf(preview), services: servicesOf(preview) };
}

/** Services of the stack's namespace, without those of a ring's members, of a node's network, and of caches, which only their own program uses. */
const servicesOf = ({ resources }: Preview): string[] =>
  resources
    .filter(({ type, inputs }) => type === "kubernetes:core/v1:Service" && inputs.metadata.namespace === namespace)
    .map(({ inputs }) => String(inputs.metadata.name))
    .filter(
      (name) => !/-headless$|-gathered$|^loki-memberlist$|-cache$|^node-exporter$|^prometheus-operated$/.test(name),
    );

function podsOf({ resources }: Preview): Record<string, Pod> {
  const workloads = resources.filter(({ type }) => /:(Deployment|StatefulSet|DaemonSet|CronJob|Job)$/.test(type));
  return Object.fromEntries(
    workloads
      .map(({ name, inputs }) => ({ name, ...(inputs.spec.jobTemplate ?? inputs).spec.template }))
      .filter(({ spec }) => !spec.hostNetwork)
      .map(({ name, metadata, spec }) => {
        const ports = spec.containers.flatMap((each: { ports?: { containerPort: number }[] }) => each.ports ?? []);
        return [
          name,
          {
            namespace,
            labels: metadata.labels,
            ports: ports.map((port: { containerPort: number }) => port.containerPort),
          },
        ];
      }),
  );
}

function policiesOf({ resources }: Preview): NetworkPolicy[] {
  return resources
    .filter(({ type }) => type === "kubernetes:networking.k8s.io/v1:NetworkPolicy")
    .map(({ inputs }) => ({ namespace: inputs.metadata.namespace, ...inputs.spec }));
}

for (const [stage, { scraper, needed }] of Object.entries(stages))
  describe(`NetworkPolicies of stage ${stage}`, () => {
    let pods: Record<string, Pod>;
    let policies: NetworkPolicy[];
    let services: string[];
    before(async () => ({ pods, policies, services } = await stackOf(stage)));

    const end = (name: string): End => outside[name] ?? pods[name] ?? assert.fail(`no pods ${name}`);
    const open = (to: string, port: number, from: End) =>
      lets({ from, to: pods[to] ?? assert.fail(to), port }, policies);
    const all = [...needed, ...scraped.map(([to, port]) => [scraper, to, port] as const)];

    it("let through every connection that the stack needs", () => {
      const shut = all.filter(([from, to, port]) => !open(to, port, end(from)));
      assert.deepEqual(shut, []);
    });

    it("let people and programs of other namespaces reach Grafana and the address with Prometheus' API", () => {
      for (const from of Object.values(outside)) assert.ok(open("grafana", 3000, from));
      for (const from of Object.values(outside)) assert.ok(open("metrics", 8080, from));
    });

    it("restrict no connection from a pod: receivers, object store and what a probe asks are anywhere", () => {
      for (const { policyTypes } of policies) assert.deepEqual(policyTypes, ["Ingress"]);
    });

    it("let nodes reach every pod, and a namespace of the settings the Service named there, and no more", () => {
      for (const [name, { ports }] of Object.entries(pods))
        for (const port of ports) assert.ok(open(name, port, { address: "10.0.40.11" }), `${name}:${port}`);
      const trusted = { namespace: "trusted", labels: { app: "x" } };
      assert.ok(open("loki-gateway", 8080, trusted));
      assert.ok(!open("loki-write", 3100, trusted));
    });

    it("are for Services that networkPolicies.allow knows", () => {
      assert.deepEqual(
        services.filter((name) => !known.some((each) => each === name)),
        [],
      );
    });

    it("let nothing else through: each port of each pod, from every other pod and from outside", () => {
      const name = (pod: string) => pods[pod]?.labels["app.kubernetes.io/name"] ?? pod;
      const may = new Set(all.map(([from, to, port]) => `${name(from)} ${to} ${port}`));
      const forbidden: string[] = [];
      const let_: string[] = [];
      for (const from of [...Object.keys(pods), ...Object.keys(outside)])
        for (const [to, { ports }] of Object.entries(pods))
          for (const port of ports) {
            const isOpen = ["grafana 3000", "metrics 8080"].includes(`${to} ${port}`);
            if (isOpen || name(from) === name(to) || may.has(`${name(from)} ${to} ${port}`)) continue;
            const connection = `${from} to ${to}:${port}`;
            forbidden.push(connection);
            if (open(to, port, end(from))) let_.push(connection);
          }
      assert.ok(forbidden.length >= 100, `only ${forbidden.length}`);
      assert.deepEqual(let_, []);
    });
  });

describe("NetworkPolicies", () => {
  const preview = (...config: string[]) => offlinePreview({ ...testStack("staging"), config, start: runInline });

  it("are not there unless they are asked for", async () => {
    assert.deepEqual(policiesOf(await preview()), []);
  });

  describe("with Cilium, a Grafana that exists and an Ingress of Alertmanager", () => {
    let found: Preview;
    before(async () => {
      found = await preview(
        "networkPolicies.enabled=true",
        "networkPolicies.implementation=cilium",
        "networkPolicies.allow.alertmanager[0]=ingress-nginx",
        "alertmanager.ingress.host=alerts.example.org",
        "grafana.create=false",
      );
    });

    it("name the nodes, the API server and Cilium's own Ingress controller by entities", () => {
      const policies = found.resources.filter(({ type }) => type === "kubernetes:cilium.io/v2:CiliumNetworkPolicy");
      assert.deepEqual(
        policies.map(({ inputs }) => inputs.spec.ingress),
        [[{ fromEntities: ["host", "remote-node", "kube-apiserver", "ingress"] }]],
      );
    });

    it("let that Grafana reach each of its data sources, wherever it is, and an Ingress controller what it leads to", () => {
      const pods = podsOf(found);
      const open = (from: string, to: string, port: number) => {
        const end = { namespace: from, labels: { "app.kubernetes.io/name": "x" } };
        return lets({ from: end, to: pods[to], port }, policiesOf(found));
      };
      assert.ok(open("dashboards", "loki-gateway", 8080));
      assert.ok(open("dashboards", "alertmanager", 9093));
      assert.ok(open("ingress-nginx", "alertmanager", 9093));
      assert.ok(!open("dashboards", "minio", 9000));
    });
  });
});
