import assert from "node:assert/strict";
import { stringify } from "yaml";
import { defaultDatasourceIsFed as policy } from "../../policy/default-datasource-is-fed";
import { object, release, stackFindings, unknown, type TestResource } from "./support";

const named = (name: string, resource: TestResource): TestResource => ({ ...resource, name });
const metadata = (name: string, namespace = "monitoring") => ({
  name,
  namespace,
  labels: { "app.kubernetes.io/name": name },
});

/** A Service and the pods behind it, of one name. */
const program = (name: string, port: number, pod: object = {}): TestResource[] => [
  named(
    name,
    object("core/v1", "Service", {
      metadata: metadata(name),
      spec: { selector: { app: name }, ports: [{ name: "http", port }] },
    }),
  ),
  named(
    name,
    object("apps/v1", "StatefulSet", {
      metadata: metadata(name),
      spec: { template: { metadata: { labels: { app: name } }, spec: { containers: [{ name }], ...pod } } },
    }),
  ),
];
const map = (name: string, data: object) =>
  named(name, object("core/v1", "ConfigMap", { metadata: metadata(name), data }));
const grafana = (url: string, more: object = {}): TestResource => {
  const source = { name: "M", type: "prometheus", url, isDefault: true, ...more };
  return map("grafana-datasources", { "ds.yaml": stringify({ apiVersion: 1, datasources: [source] }) });
};
const kps = (prometheusSpec: object = {}, values: object = {}) =>
  release("kube-prometheus-stack", { grafana: { enabled: false }, prometheus: { prometheusSpec, ...values } });
const operated = (kind: string, spec: object, group = "monitoring.coreos.com/v1") =>
  named(kind, object(group, kind, { metadata: metadata("main"), spec }));

const host = "mimir.monitoring.svc.cluster.local";
const mimir = `http://${host}:9009/prometheus`;
const push = `http://${host}:9009/api/v1/push`;
const prometheus = "http://kube-prometheus-stack-prometheus.monitoring.svc.cluster.local:9090";

/** A ConfigMap and the pods that mount it, of one name. */
const mounted = (name: string, data: object, spec: object = {}): TestResource[] => [
  map(name, data),
  named(
    name,
    object("apps/v1", "StatefulSet", {
      metadata: metadata(name),
      spec: { template: { spec: { containers: [{ name }], volumes: [{ configMap: { name } }] } }, ...spec },
    }),
  ),
];
const remoteWrite = (url: string) =>
  `prometheus.remote_write "mimir" {\n  endpoint {\n    url = ${url}\n  }\n\n  wal { }\n}\n`;
const alloy = (url: string, spec: object = {}) => mounted("alloy", { "config.alloy": remoteWrite(`"${url}"`) }, spec);

const refused = (found: string, fix: string) =>
  `ConfigMap monitoring/grafana-datasources: data["ds.yaml"]: datasources[0].url is ${found}; wanted the address of something that scrapes, or that something in the stack writes to. ${fix}`;
const hungry = (service = "mimir") =>
  refused(
    `${service} in namespace monitoring, but nothing in the stack scrapes for it or writes to it`,
    "Every dashboard would be empty. First let Prometheus, vmagent or Alloy write to it (remote_write). Until then, make another data source the default.",
  );
const absent = (service: string) =>
  refused(
    `${service} in namespace monitoring, but the stack has no metrics Service of that name there`,
    "Every dashboard would be empty. Correct the address. If something else creates the Service, list the host in this policy's parameter fedElsewhere. Parameters are set in the file of --policy-pack-config.",
  );

interface Case {
  when: string;
  stack: TestResource[];
  config?: object;
  finds?: string[];
}

const withMimir = (...others: TestResource[]) => [grafana(mimir), ...program("mimir", 9009), ...others];

const cases: Case[] = [
  { when: "kube-prometheus-stack's Prometheus is the default", stack: [grafana(prometheus), kps()] },
  { when: "Prometheus writes to the default", stack: withMimir(kps({ remoteWrite: [{ url: push }] })) },
  { when: "nothing writes to the default", stack: withMimir(kps()), finds: [hungry()] },
  {
    when: "Prometheus writes elsewhere",
    stack: withMimir(kps({ remoteWrite: [{ url: "http://other.monitoring:9009/api/v1/push" }] })),
    finds: [hungry()],
  },
  {
    when: "who would write is switched off",
    stack: withMimir(kps({ remoteWrite: [{ url: push }] }, { enabled: false })),
    finds: [hungry()],
  },
  {
    when: "who would write has no replicas",
    stack: withMimir(kps({ remoteWrite: [{ url: push }], replicas: 0 })),
    finds: [hungry()],
  },
  { when: "Alloy writes to it", stack: withMimir(...alloy(push)) },
  {
    when: "Alloy writes to it by the Service's short name",
    stack: withMimir(...alloy("http://mimir:9009/api/v1/push")),
  },
  {
    when: "Alloy writes to it, and has no pods",
    stack: withMimir(...alloy(push, { replicas: 0 })),
    finds: [hungry()],
  },
  {
    when: "Alloy's configuration is there, and nothing that mounts it",
    stack: withMimir(map("alloy", { "config.alloy": remoteWrite(`"${push}"`) })),
    finds: [hungry()],
  },
  {
    when: "a chart runs Alloy with a configuration of the stack",
    stack: withMimir(
      map("metrics", { "config.alloy": remoteWrite(`"${push}"`) }),
      release("alloy", { alloy: { configMap: { create: false, name: "metrics" } } }),
    ),
  },
  {
    when: "Alloy has the address from its environment",
    stack: withMimir(...mounted("alloy", { "config.alloy": remoteWrite('sys.env("MIMIR_URL")') })),
    finds: [
      refused(
        "mimir in namespace monitoring, but nothing in the stack scrapes for it or writes to it",
        `One remote_write address can't be read (taken from the environment variable MIMIR_URL). Write the literal address, or list the host ${host} in this policy's parameter fedElsewhere. Parameters are set in the file of --policy-pack-config.`,
      ),
    ],
  },
  {
    when: "an alias of the default, which is no default itself, stays behind when Prometheus goes",
    stack: [
      map("grafana-datasources", {
        "ds.yaml": stringify({
          apiVersion: 1,
          datasources: [
            { name: "Mimir", uid: "mimir", type: "prometheus", url: mimir, isDefault: true },
            { name: "Prometheus", uid: "prometheus", type: "prometheus", url: mimir, isDefault: false },
          ],
        }),
      }),
      ...program("mimir", 9009),
      ...alloy(push),
    ],
  },
  {
    when: "Alloy's line is a comment",
    stack: withMimir(...mounted("alloy", { "config.alloy": `// url = "${push}"\n# ${push}\n` })),
    finds: [hungry()],
  },
  {
    when: "Alloy writes logs to a Loki only",
    stack: withMimir(...program("loki", 3100), ...alloy("http://loki.monitoring.svc:3100/loki/api/v1/push")),
    finds: [hungry()],
  },
  {
    when: "vmagent writes to it",
    stack: withMimir(...program("vmagent", 8429, { containers: [{ args: [`-remoteWrite.url=${push}`] }] })),
  },
  {
    when: "a Prometheus of the operator's writes to it",
    stack: withMimir(operated("Prometheus", { remoteWrite: [{ url: push }] })),
  },
  {
    when: "Vector writes to it",
    stack: withMimir(...mounted("vector", { "vector.yaml": stringify({ sinks: { m: { endpoint: push } } }) })),
  },
  {
    when: "an OpenTelemetry collector writes to it",
    stack: withMimir(
      ...mounted("otel", {
        "c.yaml": stringify({ exporters: { otlphttp: { endpoint: `http://${host}:9009/otlp` } } }),
      }),
    ),
  },
  {
    when: "a gateway of the same program is written to",
    stack: [
      ...withMimir(...alloy("http://mimir-gateway.monitoring.svc/api/v1/push")),
      object("core/v1", "Service", {
        metadata: { ...metadata("mimir"), name: "mimir-gateway" },
        spec: { selector: { app: "nginx" } },
      }),
    ],
  },
  {
    when: "a chart of Mimir is written to by one of its Services and asked by another",
    stack: [
      grafana("http://mimir-distributed-query-frontend.monitoring.svc:8080/prometheus"),
      release("mimir-distributed", {}),
      ...alloy("http://mimir-distributed-gateway.monitoring.svc/api/v1/push"),
    ],
  },
  {
    when: "a chart of Mimir is written to by nobody",
    stack: [
      grafana("http://mimir-distributed-gateway.monitoring.svc/prometheus"),
      release("mimir-distributed", {}),
      kps(),
    ],
    finds: [hungry("mimir-distributed-gateway")],
  },
  {
    when: "the default's Service doesn't exist",
    stack: [grafana("http://mimr.monitoring.svc:9009/prometheus"), ...program("mimir", 9009), kps()],
    finds: [absent("mimr")],
  },
  ...[
    ["kube-prometheus-stack-promethues", kps()],
    ["kube-prometheus-stack-alertmanager", kps()],
    ["mimir-distributed-gatway", release("mimir-distributed", {})],
    ["victoria-metrics-single-sever", release("victoria-metrics-single", {})],
  ].map(([service, chart]) => ({
    when: `the default is ${service as string}, which begins as the Services of its chart do`,
    stack: [grafana(`http://${service as string}.monitoring.svc`), chart as TestResource],
    finds: [absent(service as string)],
  })),
  {
    when: "the release has another name than its chart, and the Service is called after both",
    stack: [
      grafana("http://monitoring-kube-prometheus-prometheus.monitoring.svc:9090"),
      { ...kps(), props: { ...kps().props, name: "monitoring" } },
    ],
  },
  {
    when: "the gateway of Mimir's chart has a name of its own",
    stack: [
      grafana("http://metrics.monitoring.svc/prometheus"),
      release("mimir-distributed", { gateway: { service: { nameOverride: "metrics" } } }),
      ...alloy("http://metrics.monitoring.svc/api/v1/push"),
    ],
  },
  {
    when: "the default's Service doesn't exist under its short name",
    stack: [grafana("http://mimr:9009"), ...program("mimir", 9009)],
    finds: [absent("mimr")],
  },
  {
    when: "kube-prometheus-stack has been removed, and its Prometheus stayed the default",
    stack: [grafana(prometheus), ...program("mimir", 9009), ...alloy(push)],
    finds: [absent("kube-prometheus-stack-prometheus")],
  },
  {
    when: "kube-prometheus-stack's Prometheus is switched off, and stayed the default",
    stack: [grafana(prometheus), kps({}, { enabled: false })],
    finds: [hungry("kube-prometheus-stack-prometheus")],
  },
  {
    when: "only the operator's definitions are left, and Prometheus stayed the default",
    stack: [grafana(prometheus), release("prometheus-operator-crds", {}), ...program("mimir", 9009)],
    finds: [absent("kube-prometheus-stack-prometheus")],
  },
  {
    when: "the Service has no such port",
    stack: [grafana(`http://${host}:9090`), ...program("mimir", 9009), ...alloy(push)],
    finds: [
      refused(
        "port 9090 of Service monitoring/mimir, which has only 9009",
        "Every dashboard would be empty. Correct the port.",
      ),
    ],
  },
  {
    when: "a Prometheus without an operator scrapes",
    stack: [
      grafana("http://prom:9090"),
      ...program("prom", 9090, { volumes: [{ configMap: { name: "prom" } }] }),
      map("prom", { "prometheus.yml": "global: {}\nscrape_configs: []\n" }),
    ],
  },
  {
    when: "VictoriaMetrics scrapes by itself",
    stack: [
      grafana("http://vm:8428"),
      ...program("vm", 8428, { containers: [{ args: ["-promscrape.config=/etc/scrape.yaml"] }] }),
    ],
  },
  {
    when: "VictoriaMetrics scrapes nothing and nobody writes to it",
    stack: [grafana("http://vm:8428"), ...program("vm", 8428)],
    finds: [hungry("vm")],
  },
  {
    when: "a Prometheus of the operator's is the default",
    stack: [grafana("http://prometheus-operated:9090"), operated("Prometheus", {})],
  },
  {
    when: "a VMSingle of the operator's is the default and VMAgent writes to it",
    stack: [
      grafana("http://vmsingle-main.monitoring.svc:8429"),
      operated("VMSingle", {}, "operator.victoriametrics.com/v1beta1"),
      operated(
        "VMAgent",
        { remoteWrite: [{ url: "http://vmsingle-main.monitoring.svc:8429/api/v1/write" }] },
        "operator.victoriametrics.com/v1beta1",
      ),
    ],
  },
  {
    when: "another data source is the default",
    stack: [grafana(mimir, { isDefault: false }), ...program("mimir", 9009)],
  },
  { when: "the default is Loki", stack: [grafana("http://loki:3100", { type: "loki" }), ...program("loki", 3100)] },
  ...[
    "https://mimir.example.org",
    "http://10.0.0.7:9090",
    "http://nas.home:9090",
    "http://prom.elsewhere.svc:9090",
  ].map((url) => ({ when: `the default is outside (${url})`, stack: [grafana(url), kps()] })),
  {
    when: "something outside the stack is known to write to it",
    stack: withMimir(kps()),
    config: { fedElsewhere: ["mimir.monitoring.*"] },
  },
  {
    when: "an address that is written to can't be told",
    stack: withMimir(kps({ remoteWrite: [{ url: "${MIMIR_URL}" }] })),
    finds: [
      refused(
        "mimir in namespace monitoring, but nothing in the stack scrapes for it or writes to it",
        `One remote_write address can't be read (taken from the environment variable MIMIR_URL). Write the literal address, or list the host ${host} in this policy's parameter fedElsewhere. Parameters are set in the file of --policy-pack-config.`,
      ),
    ],
  },
  {
    when: "a preview doesn't know an address that is written to",
    stack: withMimir(kps({ remoteWrite: [{ url: unknown }] })),
    finds: [
      "advisory: string value at .values.prometheus.prometheusSpec.remoteWrite.0.url can't be known during preview",
    ],
  },
  {
    when: "a preview doesn't know one address, and another writes to it",
    stack: withMimir(kps({ remoteWrite: [{ url: unknown }] }), ...alloy(push)),
  },
  {
    when: "the Grafana in kube-prometheus-stack has its own Prometheus",
    stack: [release("kube-prometheus-stack", {})],
  },
  {
    when: "the Grafana in kube-prometheus-stack has its own Prometheus, which is switched off",
    stack: [release("kube-prometheus-stack", { prometheus: { enabled: false } })],
    finds: [
      hungry("kube-prometheus-stack-prometheus").replace(
        'ConfigMap monitoring/grafana-datasources: data["ds.yaml"]: datasources[0].url',
        "Release monitoring/kube-prometheus-stack: values.grafana.sidecar.datasources.url",
      ),
    ],
  },
];

describe("default-datasource-is-fed", () => {
  for (const { when, stack, config, finds = [] } of cases) {
    it(`${finds.length > 0 ? "refuses it" : "accepts it"} when ${when}`, async () => {
      assert.deepEqual(await stackFindings(policy, stack, config), finds);
    });
  }
});
