import { fullname } from "../../components/kube-prometheus-stack/chart";
import type { HelmRelease, KubernetesObject } from "../../offline/objects";

// eslint-disable-next-line @typescript-eslint/no-explicit-any -- values of a chart
type Values = any;

/**
 * What the chart kube-prometheus-stack makes of the program's values, as far as scraping and rules go: operator, Prometheus, and the
 * rights that its templates give them (88.5.3). The chart itself can't be had on this kind of machine; CI renders it.
 * @param namespace where it goes; the operator minds no other
 * @param release the release as the program renders it
 */
export function operatorAndPrometheus(namespace: string, release: HelmRelease): KubernetesObject[] {
  const { prometheus, prometheusOperator } = release.values as Values;
  const name = fullname(release.name, release.values);
  return [
    ...withRights(`${namespace}-operator`, namespace, operatorRules),
    operator(namespace, `${name}-operator`, prometheusOperator),
    ...withRights(`${namespace}-prometheus`, namespace, prometheusRules),
    prometheusResource(namespace, `${name}-prometheus`, prometheus.prometheusSpec),
    ...prometheusService(namespace, `${name}-prometheus`),
  ];
}

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

/** What is left when the namespace is gone: rights in the whole cluster, the stack's own too. */
export const clusterWide = (namespace: string): string[] =>
  ["operator", "prometheus", "kube-state-metrics", "alloy", "alloy-events", "alloy-rules", "alloy-metrics"].flatMap(
    (name) => [`clusterrole/${namespace}-${name}`, `clusterrolebinding/${namespace}-${name}`],
  );

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

/** The pod of that Prometheus, named as the chart and the operator name it. */
export const prometheusPod = "prometheus-kube-prometheus-stack-prometheus-0";

const imageOf = ({ registry, repository, tag }: Values) => `${registry}/${repository}:${tag}`;
const labels = { app: "prometheus-operator" };

function operator(namespace: string, name: string, values: Values): KubernetesObject {
  const { requests, limits } = values.prometheusConfigReloader.resources;
  return {
    apiVersion: "apps/v1",
    kind: "Deployment",
    metadata: { name, namespace },
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
                `--namespaces=${namespace}`,
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
function prometheusService(namespace: string, name: string): KubernetesObject[] {
  const metadata = { name, namespace, labels: { app: name } };
  return [
    {
      apiVersion: "v1",
      kind: "Service",
      metadata,
      spec: {
        selector: { "operator.prometheus.io/name": name },
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

function prometheusResource(namespace: string, name: string, spec: Values): KubernetesObject {
  return {
    apiVersion: "monitoring.coreos.com/v1",
    kind: "Prometheus",
    metadata: { name, namespace },
    spec: {
      image: imageOf(spec.image),
      version: spec.image.tag,
      replicas: spec.replicas,
      serviceAccountName: `${namespace}-prometheus`,
      securityContext: {
        fsGroup: 2000,
        runAsGroup: 2000,
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: "RuntimeDefault" },
      },
      externalLabels: spec.externalLabels,
      prometheusExternalLabelName: "",
      replicaExternalLabelName: "",
      serviceMonitorSelector: spec.serviceMonitorSelector,
      podMonitorSelector: spec.podMonitorSelector,
      probeSelector: spec.probeSelector,
      scrapeConfigSelector: spec.scrapeConfigSelector,
      ruleSelector: spec.ruleSelector,
      scrapeInterval: spec.scrapeInterval,
      evaluationInterval: spec.evaluationInterval,
      scrapeClasses: spec.scrapeClasses,
      alerting: { alertmanagers: spec.alertingEndpoints },
      remoteWrite: spec.remoteWrite,
      retention: spec.retention,
      retentionSize: spec.retentionSize,
      storage: spec.storageSpec,
      persistentVolumeClaimRetentionPolicy: spec.persistentVolumeClaimRetentionPolicy,
      affinity: spec.affinity,
      resources: spec.resources,
    },
  };
}
