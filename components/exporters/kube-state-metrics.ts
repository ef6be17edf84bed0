import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import { Application } from "../kubernetes/application";
import { container, namedPort } from "../kubernetes/container";
import type { Environment } from "../kubernetes/environment";
import { imageVersion } from "../kubernetes/labels";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";

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

/** `http`: the cluster's objects; `metrics`: kube-state-metrics itself, such as errors of listing. */
const ports = { http: 8080, metrics: 8081 };

/**
 * Registers kube-state-metrics.
 * @param parent its component
 * @param args settings and image
 */
export function kubeStateMetrics(parent: pulumi.Resource, args: KubeStateMetricsArgs): void {
  const { environment, image } = args;
  const app = new Application(parent, { environment, name, identity: { name, version: imageVersion(image) } });

  const rules = Object.entries(resources).map(([group, kinds]) => ({
    apiGroups: [group],
    resources: [...kinds],
    verbs: ["list", "watch"],
  }));
  const account = [app.serviceAccount(), ...app.clusterRole(rules)];
  app.service({ clusterIP: "None", ports: Object.entries(ports).map(([name, port]) => namedPort(name, port)) });
  // Recreate: two at once would export everything twice, and joins on their series would fail.
  const strategy = { type: "Recreate" };
  app.deployment({ replicas: 1, strategy, template: pod(app, args) }, { dependsOn: account });
  // A series' `namespace` and `pod` are those of the object that it describes, not of kube-state-metrics itself.
  app.monitor(...Object.keys(ports).map((port) => ({ port, honorLabels: true })));
}

function pod(app: Application, { settings, image }: KubeStateMetricsArgs): types.input.core.v1.PodTemplateSpec {
  const allowlist = settings.labelsAllowlist.join(",");
  return app.pod({
    ...placement(app.environment, [image]),
    automountServiceAccountToken: true,
    securityContext: restrictedPod(65534),
    containers: [
      container({
        name,
        image,
        args: [
          `--port=${ports.http}`,
          `--telemetry-port=${ports.metrics}`,
          `--resources=${Object.values(resources).flat().sort().join(",")}`,
          ...(allowlist ? [`--metric-labels-allowlist=${allowlist}`] : []),
        ],
        ports: Object.entries(ports).map(([name, containerPort]) => ({ name, containerPort })),
        // Alive while it reaches the API server, ready while it serves.
        livenessProbe: { httpGet: { path: "/livez", port: "http" }, initialDelaySeconds: 5, timeoutSeconds: 5 },
        readinessProbe: { httpGet: { path: "/readyz", port: "metrics" }, initialDelaySeconds: 5, timeoutSeconds: 5 },
        resources: settings.resources,
      }),
    ],
  });
}
