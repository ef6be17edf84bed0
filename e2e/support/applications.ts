import type { KubernetesObject } from "../../commands/shared/objects";
import type { ApiObject } from "../../test/commands/adopt/cluster";
import { helmRelease, ofRelease } from "../../test/commands/adopt/cluster";

/** What a cluster has beside the stack when it is adopted: other applications' objects for its monitoring, and the release of before. */

const operator = "monitoring.coreos.com";

/** Jobs under which the applications' targets are scraped, whoever scrapes them. */
export const applicationJobs = ["shop-basket", "shop-nas", "shop-orders", "shop-payments", "shop-probe"];

/** The series that one of their rules records. */
export const applicationSeries = "shop:orders:sum";

/**
 * Twenty objects of other applications: monitors, ScrapeConfigs, rules, dashboards, data sources and an AlertmanagerConfig. What they have scraped are
 * pods of the stack, under jobs of their own.
 * @param namespace of the applications
 * @param stack namespace of the stack, whose Alertmanager they have scraped once more
 */
export function applicationObjects(namespace: string, stack: string): KubernetesObject[] {
  const of = (apiVersion: string, kind: string, name: string, more: object): KubernetesObject => ({
    ...{ apiVersion, kind, metadata: { name, namespace } },
    ...more,
  });
  const monitor = (kind: string, name: string, spec: object, version = "v1") =>
    of(`${operator}/${version}`, kind, name, { spec });
  const target = `alertmanager.${stack}.svc.cluster.local:9093`;
  const selected = {
    selector: { matchLabels: { "app.kubernetes.io/name": "alertmanager" } },
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
    ...["ShopClosed", "ShopSlow", "ShopEmpty"].map((alert) =>
      rules(alert.toLowerCase(), { alert, expr: `${applicationSeries} < 0`, labels: { severity: "warning" } }),
    ),
    ...["Orders", "Payments", "Stock", "Parcels", "Visitors"].map(dashboard),
    ...["Tempo", "Postgres", "Weather"].map(dataSource),
    of(`${operator}/v1alpha1`, "AlertmanagerConfig", "shop", {
      spec: { route: { receiver: "shop" }, receivers: [{ name: "shop" }] },
    }),
  ];
}

/** Groups of the chart's default rules in small: one that no stack has, those of Prometheus and its operator, and one that comes back. */
const groups: Readonly<Record<string, string>> = {
  "alertmanager.rules": "AlertmanagerMembersInconsistent",
  "general.rules": "InfoInhibitor",
  prometheus: "PrometheusDuplicateTimestamps",
  "prometheus-operator": "PrometheusOperatorListErrors",
};

/**
 * A release of kube-prometheus-stack as Helm keeps it, installed with the chart's defaults, and some of what it made; nothing of it runs.
 * @param namespace of the release
 */
export function releaseObjects(namespace: string): KubernetesObject[] {
  const name = "kube-prometheus-stack";
  const on = { enabled: true };
  const values = {
    ...{ grafana: on, nodeExporter: on, kubeStateMetrics: on, alertmanager: on },
    prometheus: { prometheusSpec: { retention: "10d", retentionSize: "", replicas: 1, scrapeInterval: "" } },
  };
  const record: ApiObject = helmRelease(name, { name, version: "88.5.3", values }, { namespace });
  return [
    record as KubernetesObject,
    ...Object.entries(groups).map(([group, alert]): KubernetesObject => ({
      ...{ apiVersion: `${operator}/v1`, kind: "PrometheusRule" },
      metadata: {
        name: `${name}-adopted-${group}`,
        namespace,
        labels: { owner: "helm" },
        annotations: ofRelease(name, namespace),
      },
      spec: { groups: [{ name: group, rules: [{ alert, expr: "vector(0) > 1" }] }] },
    })),
  ];
}
