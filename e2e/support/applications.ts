import { imageParts } from "../../components/kube-prometheus-stack/image-values";
import { image } from "../../components/images";
import type { KubernetesObject } from "../../commands/shared/objects";
import { operatorAndPrometheus } from "../../lab/sandbox/operator";
import type { ApiObject } from "../../test/commands/adopt/cluster";
import { helmRelease, ofRelease } from "../../test/commands/adopt/cluster";
import { receiverHost, receiverLabels, receiverUrl } from "./receiver";

/** What a cluster has beside the stack when it is adopted: other applications' objects for its monitoring, and the release of before. */

const operator = "monitoring.coreos.com";

/** Jobs under which the applications' targets are scraped, whoever scrapes them. */
export const applicationJobs = ["shop-basket", "shop-nas", "shop-orders", "shop-payments", "shop-probe"];

/** The series that one of their rules records. */
export const applicationSeries = "shop:orders:sum";

/** Their alert that fires, and the path at which their AlertmanagerConfig's receiver is told so. */
export const applicationAlert = { name: "ShopOpen", path: "/shop" };

/** Name of the release that is adopted. */
export const releaseName = "kube-prometheus-stack";

/**
 * Twenty objects of other applications: monitors, ScrapeConfigs, rules, dashboards, data sources and an AlertmanagerConfig, with the label by which the
 * chart's defaults select them. What they have scraped is the receiver of the stack's namespace, under jobs of their own.
 * @param namespace of the applications
 * @param stack namespace of the stack, in which the AlertmanagerConfig is too: by the chart's defaults it is read there only
 */
export function applicationObjects(namespace: string, stack: string): KubernetesObject[] {
  const of = (apiVersion: string, kind: string, name: string, more: object): KubernetesObject => ({
    ...{ apiVersion, kind, metadata: { name, namespace, labels: { release: releaseName } } },
    ...more,
  });
  const monitor = (kind: string, name: string, spec: object, version = "v1") =>
    of(`${operator}/${version}`, kind, name, { spec });
  const target = receiverHost(stack);
  const selected = {
    selector: { matchLabels: receiverLabels },
    namespaceSelector: { matchNames: [stack] },
  };
  const endpoints = (job: string) => [{ port: "http", relabelings: [{ targetLabel: "job", replacement: job }] }];
  const rules = (name: string, ...all: object[]) =>
    of(`${operator}/v1`, "PrometheusRule", name, { spec: { groups: [{ name, rules: all }] } });
  const shown = (name: string, label: string, file: string, text: string): KubernetesObject => {
    const object = of("v1", "ConfigMap", name, { data: { [file]: text } });
    return { ...object, metadata: { ...object.metadata, labels: { [label]: "1" } } };
  };
  const dashboard = (title: string) =>
    shown(
      `dashboard-${title.toLowerCase()}`,
      "grafana_dashboard",
      `${title}.json`,
      JSON.stringify({ title: `Shop ${title}`, panels: [] }),
    );
  const dataSource = (name: string) =>
    shown(
      `data-source-${name.toLowerCase()}`,
      "grafana_datasource",
      `${name}.yaml`,
      `apiVersion: 1\ndatasources: [{ name: Shop ${name}, type: prometheus, url: "http://${name.toLowerCase()}" }]\n`,
    );
  return [
    monitor("ServiceMonitor", "orders", { ...selected, endpoints: endpoints("shop-orders") }),
    monitor("ServiceMonitor", "payments", { ...selected, endpoints: endpoints("shop-payments") }),
    monitor("PodMonitor", "basket", { ...selected, podMetricsEndpoints: endpoints("shop-basket") }),
    monitor("Probe", "page", {
      jobName: "shop-probe",
      prober: { url: target, path: "/metrics" },
      targets: { staticConfig: { static: ["https://shop.example.org"] } },
    }),
    monitor("ScrapeConfig", "nas", { jobName: "shop-nas", staticConfigs: [{ targets: [target] }] }, "v1alpha1"),
    // Alloy has this one not rendered; there is no such server, so nobody has a target of it.
    monitor("ScrapeConfig", "cloud", { eurekaSDConfigs: [{ server: "http://127.0.0.1:1/eureka" }] }, "v1alpha1"),
    rules("orders", { record: applicationSeries, expr: "vector(7)" }),
    rules("payments", { record: "shop:payments:sum", expr: "vector(8)" }),
    ...["ShopClosed", "ShopSlow"].map((alert) =>
      rules(alert.toLowerCase(), { alert, expr: `${applicationSeries} < 0`, labels: { severity: "warning" } }),
    ),
    // An AlertmanagerConfig is for the alerts of its namespace.
    rules("open", {
      ...{ alert: applicationAlert.name, expr: `${applicationSeries} > 0` },
      labels: { severity: "warning", namespace: stack },
    }),
    ...["Orders", "Payments", "Stock", "Parcels", "Visitors"].map(dashboard),
    ...["Tempo", "Postgres", "Weather"].map(dataSource),
    inNamespace(
      stack,
      of(`${operator}/v1alpha1`, "AlertmanagerConfig", "shop", {
        spec: {
          route: { receiver: "shop", groupWait: "1s", groupInterval: "10s" },
          receivers: [{ name: "shop", webhookConfigs: [{ url: receiverUrl(stack, applicationAlert.path) }] }],
        },
      }),
    ),
  ];
}

const inNamespace = (namespace: string, object: KubernetesObject): KubernetesObject => ({
  ...object,
  metadata: { ...object.metadata, namespace },
});

/** Groups of the chart's default rules in small: one that no stack has, those of Prometheus and its operator, and one that comes back. */
const groups: Readonly<Record<string, string>> = {
  "alertmanager.rules": "AlertmanagerMembersInconsistent",
  "general.rules": "InfoInhibitor",
  prometheus: "PrometheusDuplicateTimestamps",
  "prometheus-operator": "PrometheusOperatorListErrors",
};

/**
 * A release of kube-prometheus-stack as Helm keeps it, installed with the chart's defaults, and what of it an update to this program's values deletes:
 * rules, and an Alertmanager with the chart's configuration, which tells nobody.
 * @param namespace of the release
 */
export function releaseObjects(namespace: string): KubernetesObject[] {
  const name = releaseName;
  const on = { enabled: true };
  const values = {
    ...{ grafana: on, nodeExporter: on, kubeStateMetrics: on, alertmanager: on },
    prometheus: { prometheusSpec: { retention: "10d", retentionSize: "", replicas: 1, scrapeInterval: "" } },
  };
  const record: ApiObject = helmRelease(name, { name, version: "88.5.3", values }, { namespace });
  const metadata = (ofIt: string) => ({
    ...{ name: ofIt, namespace, labels: { owner: "helm", release: name } },
    annotations: ofRelease(name, namespace),
  });
  const config = { route: { receiver: "null", group_by: ["namespace"] }, receivers: [{ name: "null" }] };
  return [
    record as KubernetesObject,
    ...Object.entries(groups).map(([group, alert]): KubernetesObject => ({
      ...{ apiVersion: `${operator}/v1`, kind: "PrometheusRule" },
      metadata: metadata(`${name}-adopted-${group}`),
      spec: { groups: [{ name: group, rules: [{ alert, expr: "vector(0) > 1" }] }] },
    })),
    {
      ...{ apiVersion: "v1", kind: "Secret", metadata: metadata(`alertmanager-${formerAlertmanager}`) },
      stringData: { "alertmanager.yaml": JSON.stringify(config) },
    },
    {
      ...{ apiVersion: `${operator}/v1`, kind: "Alertmanager", metadata: metadata(formerAlertmanager) },
      spec: { image: image("alertmanager"), replicas: 1, alertmanagerConfigSelector: {} },
    },
  ];
}

/** Name of the release's Alertmanager, and of the Service that the operator makes for it. */
const formerAlertmanager = `${releaseName}-alertmanager`;
export const operatedAlertmanager = "alertmanager-operated";

/**
 * What runs of that release and stays: its operator, and its Prometheus as the chart's defaults make it, without a volume.
 * @param namespace of the release
 * @param others further namespaces whose monitors and rules the operator passes on
 * @param scrapeInterval the chart has 30 s, for which a test has no time
 */
export function runningRelease(
  namespace: string,
  others: readonly string[],
  scrapeInterval: string,
): KubernetesObject[] {
  const labelled = { matchLabels: { release: releaseName } };
  const resources = { requests: { cpu: "10m", memory: "50Mi" }, limits: { memory: "512Mi" } };
  const values = {
    prometheusOperator: {
      image: imageParts(image("prometheus-operator")),
      prometheusConfigReloader: { image: imageParts(image("prometheus-config-reloader")), resources },
      resources,
    },
    prometheus: {
      prometheusSpec: {
        ...{ image: imageParts(image("prometheus")), replicas: 1, retention: "10d", scrapeInterval },
        ...{ evaluationInterval: scrapeInterval, resources },
        ...Object.fromEntries(
          ["serviceMonitor", "podMonitor", "probe", "scrapeConfig", "rule"].flatMap((kind) => [
            [`${kind}Selector`, labelled],
            [`${kind}NamespaceSelector`, {}],
          ]),
        ),
        alertingEndpoints: [{ namespace, name: operatedAlertmanager, port: "web", apiVersion: "v2" }],
      },
    },
  };
  const chart = "kube-prometheus-stack";
  const release = { name: releaseName, namespace, chart, source: chart, version: "88.5.3", repository: null, values };
  return operatorAndPrometheus(release, others).map((object) => ({
    ...object,
    metadata: { ...object.metadata, annotations: ofRelease(releaseName, namespace) },
  }));
}
