import type { HelmRelease, KubernetesObject } from "../../commands/shared/objects";
import { madeOfAnnotation } from "../../commands/verify/workloads";
import { fullname, prometheusName } from "../../settings/release-values";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- values of a chart
type Values = any;

/** Whose monitors and rules the operator passes to its Prometheus: the chart's reads all namespaces, a test's only its own and those that it names. */
export type Minds = "all namespaces" | "its own namespace" | readonly string[];

/**
 * What the chart kube-prometheus-stack renders from the program's values for scraping and rules: operator, Prometheus, and the
 * rights from its templates (88.5.3). The chart itself is only available from its repository; CI renders it.
 * @param release the release as the program renders it
 * @param minds whose monitors and rules count; default: all namespaces. Its own Prometheus and Alertmanager are in its own namespace in any case
 */
export function operatorAndPrometheus(release: HelmRelease, minds: Minds = "all namespaces"): KubernetesObject[] {
  const { namespace, values } = release;
  const { prometheus, prometheusOperator } = values as Values;
  const name = fullname(release.name, values);
  return [
    ...withRights(`${namespace}-operator`, namespace, operatorRules),
    operator(namespace, `${name}-operator`, prometheusOperator, minds),
    ...withRights(`${namespace}-prometheus`, namespace, prometheusRules),
    prometheusResource(namespace, prometheusName(release.name, values), prometheus.prometheusSpec),
    ...prometheusService(namespace, `${name}-prometheus`, prometheusName(release.name, values)),
  ];
}

const madeOf = "operator and Prometheus from the chart's values, not the chart";
/** `verify` shows it, so that it is not mistaken for the chart's. */
const annotations = { [madeOfAnnotation]: madeOf };

/** A ServiceAccount with a ClusterRole, both of one name. */
function withRights(name: string, namespace: string, rules: object[]): KubernetesObject[] {
  return [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace } },
    { apiVersion: "rbac.authorization.k8s.io/v1", kind: "ClusterRole", metadata: { name }, rules },
    {
      apiVersion: "rbac.authorization.k8s.io/v1",
      kind: "ClusterRoleBinding",
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name },
      subjects: [{ kind: "ServiceAccount", name, namespace }],
    },
  ];
}

const all = ["*"];
const read = ["get", "list", "watch"];
const operatorRules = [
  { apiGroups: ["monitoring.coreos.com"], resources: all, verbs: all },
  { apiGroups: ["apps"], resources: ["statefulsets"], verbs: all },
  { apiGroups: [""], resources: ["configmaps", "secrets"], verbs: all },
  { apiGroups: [""], resources: ["pods"], verbs: ["list", "delete"] },
  {
    apiGroups: [""],
    resources: ["services", "services/finalizers", "endpoints"],
    verbs: ["get", "create", "update", "delete"],
  },
  { apiGroups: [""], resources: ["nodes"], verbs: ["list", "watch"] },
  { apiGroups: [""], resources: ["namespaces"], verbs: read },
  { apiGroups: ["", "events.k8s.io"], resources: ["events"], verbs: ["patch", "create"] },
  { apiGroups: ["networking.k8s.io"], resources: ["ingresses"], verbs: read },
  { apiGroups: ["storage.k8s.io"], resources: ["storageclasses"], verbs: ["get"] },
];
const prometheusRules = [
  { apiGroups: [""], resources: ["nodes", "nodes/metrics", "services", "endpoints", "pods"], verbs: read },
  { apiGroups: ["discovery.k8s.io"], resources: ["endpointslices"], verbs: read },
  { nonResourceURLs: ["/metrics", "/metrics/cadvisor"], verbs: ["get"] },
];

const imageOf = ({ registry, repository, tag }: Values) => `${registry}/${repository}:${tag}`;
const labels = { app: "prometheus-operator" };

function operator(namespace: string, name: string, values: Values, minds: Minds): KubernetesObject {
  const { requests, limits } = values.prometheusConfigReloader.resources;
  const others = typeof minds === "string" ? [] : minds;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace, annotations },
    spec: {
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          serviceAccountName: `${namespace}-operator`,
          affinity: values.affinity,
          securityContext: { runAsNonRoot: true, runAsUser: 65534, seccompProfile: { type: "RuntimeDefault" } },
          containers: [
            {
              name: "operator",
              image: imageOf(values.image),
              imagePullPolicy: "IfNotPresent",
              args: [
                ...(minds === "all namespaces" ? [] : [`--namespaces=${[namespace, ...others].join(",")}`]),
                `--prometheus-instance-namespaces=${namespace}`,
                `--alertmanager-instance-namespaces=${namespace}`,
                `--prometheus-config-reloader=${imageOf(values.prometheusConfigReloader.image)}`,
                `--config-reloader-cpu-request=${requests.cpu}`,
                "--config-reloader-cpu-limit=0",
                `--config-reloader-memory-request=${requests.memory}`,
                `--config-reloader-memory-limit=${limits.memory}`,
                "--web.listen-address=:8080",
              ],
              ports: [{ name: "http", containerPort: 8080 }],
              readinessProbe: { httpGet: { path: "/healthz", port: "http" } },
              resources: values.resources,
              securityContext: {
                allowPrivilegeEscalation: false,
                readOnlyRootFilesystem: true,
                capabilities: { drop: ["ALL"] },
              },
            },
          ],
        },
      },
    },
  };
}

/** The Service by which the program and its users find Prometheus, and the ServiceMonitor by which it scrapes itself. */
function prometheusService(namespace: string, name: string, prometheus: string): KubernetesObject[] {
  const metadata = { name, namespace, labels: { app: name } };
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: {
        selector: { "operator.prometheus.io/name": prometheus },
        ports: [{ name: "http-web", port: 9090, targetPort: "web" }],
      },
    },
    {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "ServiceMonitor",
      metadata,
      spec: { selector: { matchLabels: metadata.labels }, endpoints: [{ port: "http-web", path: "/metrics" }] },
    },
  ];
}

/**
 * Each field is the chart's value of that name, except those that the chart derives from other values (`templates/prometheus/prometheus.yaml`).
 * The API server validates strictly and refuses a value that isn't a field, so nothing that the program sets is missing here.
 */
function prometheusResource(namespace: string, name: string, values: Values): KubernetesObject {
  const {
    image,
    prometheusExternalLabelNameClear,
    replicaExternalLabelNameClear,
    alertingEndpoints,
    storageSpec,
    ...same
  } = values;
  const fields = Object.entries(same).filter(([key]) => !key.endsWith("SelectorNilUsesHelmValues"));
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "Prometheus",
    metadata: { name, namespace, annotations }, // the operator gives them to its StatefulSet
    spec: {
      ...Object.fromEntries(fields),
      image: imageOf(image),
      version: image.tag,
      serviceAccountName: `${namespace}-prometheus`,
      securityContext: {
        fsGroup: 2000,
        runAsGroup: 2000,
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      },
      ...(prometheusExternalLabelNameClear && { prometheusExternalLabelName: "" }),
      ...(replicaExternalLabelNameClear && { replicaExternalLabelName: "" }),
      alerting: { alertmanagers: alertingEndpoints },
      storage: storageSpec,
    },
  };
}
