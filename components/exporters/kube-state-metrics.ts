import type { types } from "@pulumi/kubernetes";
import { Deployment } from "@pulumi/kubernetes/apps/v1";
import { Service } from "@pulumi/kubernetes/core/v1";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/schema";
import { account } from "../kubernetes/account";
import type { Environment } from "../kubernetes/environment";
import { imageVersion, labels, selectorLabels } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { restrictedContainer, restrictedPod } from "../kubernetes/security";
import { serviceMonitor } from "../kubernetes/service-monitor";

/** Arguments of {@link kubeStateMetrics}. */
export interface KubeStateMetricsArgs {
  environment: Environment;
  settings: Settings["exporters"]["kubeStateMetrics"];
  /** Reference of the image `kube-state-metrics`. */
  image: string;
}

// The name is also that of the Service, and so the label `job`, which dashboards and rules of the community select by.
const name = "kube-state-metrics";

/**
 * API group → what of it becomes metrics, and what its ClusterRole may read. Without Secrets and ConfigMaps, which it would hold in
 * memory, contents and all, for metrics that say little more than that they exist.
 */
const resources: Readonly<Record<string, readonly string[]>> = {
  "": [
    "limitranges",
    "namespaces",
    "nodes",
    "persistentvolumeclaims",
    "persistentvolumes",
    "pods",
    "replicationcontrollers",
    "resourcequotas",
    "services",
  ],
  apps: ["daemonsets", "deployments", "replicasets", "statefulsets"],
  autoscaling: ["horizontalpodautoscalers"],
  batch: ["cronjobs", "jobs"],
  "networking.k8s.io": ["ingresses"],
  policy: ["poddisruptionbudgets"],
  "storage.k8s.io": ["storageclasses", "volumeattachments"],
};

/**
 * Registers kube-state-metrics.
 * @param args settings and image
 * @param opts of every resource
 */
export function kubeStateMetrics(
  { environment, settings, image }: KubeStateMetricsArgs,
  opts: pulumi.CustomResourceOptions,
): void {
  const { namespace } = environment;
  const identity = { name, version: imageVersion(image) };
  const metadata = { name, namespace, labels: labels(identity) };

  const rules = Object.entries(resources).map(([group, kinds]) => ({
    apiGroups: [group],
    resources: [...kinds],
    verbs: ["list", "watch"],
  }));
  const rights = account(name, identity, environment, rules, opts);

  new Deployment(
    name,
    {
      metadata,
      spec: {
        replicas: 1,
        // Two at once would export everything twice, and joins on their series would fail.
        strategy: { type: "Recreate" },
        selector: { matchLabels: selectorLabels(identity) },
        template: {
          metadata: { labels: labels(identity) },
          spec: {
            ...placement(environment, [image]),
            serviceAccountName: name,
            automountServiceAccountToken: true,
            securityContext: restrictedPod(65534),
            containers: [container(settings, image)],
          },
        },
      },
    },
    { ...opts, dependsOn: rights },
  );

  new Service(
    name,
    {
      metadata,
      spec: {
        clusterIP: "None",
        selector: selectorLabels(identity),
        ports: Object.entries(ports).map(([name, port]) => ({ name, port, targetPort: name })),
      },
    },
    opts,
  );

  serviceMonitor(
    name,
    {
      namespace,
      labels: labels(identity),
      selector: selectorLabels(identity),
      // A series' `namespace` and `pod` are those of the object that it tells of, not of kube-state-metrics itself.
      endpoints: Object.keys(ports).map((port) => ({ port, honorLabels: true })),
    },
    opts,
  );
}

/** `http`: the cluster's objects; `metrics`: kube-state-metrics itself, such as errors of listing. */
const ports = { http: 8080, metrics: 8081 };

function container(settings: KubeStateMetricsArgs["settings"], image: string): types.input.core.v1.Container {
  return {
    name,
    image,
    imagePullPolicy: "IfNotPresent",
    args: [
      `--port=${ports.http}`,
      `--telemetry-port=${ports.metrics}`,
      `--resources=${Object.values(resources).flat().sort().join(",")}`,
      ...(settings.labelsAllowlist.length > 0
        ? [`--metric-labels-allowlist=${settings.labelsAllowlist.join(",")}`]
        : []),
    ],
    ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort })),
    // Alive while it reaches the API server, ready while it serves.
    livenessProbe: { httpGet: { path: "/livez", port: "http" }, initialDelaySeconds: 5, timeoutSeconds: 5 },
    readinessProbe: { httpGet: { path: "/readyz", port: "metrics" }, initialDelaySeconds: 5, timeoutSeconds: 5 },
    resources: settings.resources,
    securityContext: restrictedContainer,
  };
}
