import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { Service } from "@pulumi/kubernetes/core/v1";
import type { types } from "@pulumi/kubernetes";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import { rulesOff } from "../alloy/metrics-config";
import { namedPermissions } from "../alloy/metrics-permissions";
import type { Application } from "../kubernetes/application";
import { container, namedPort, probe } from "../kubernetes/container";
import { placement } from "../kubernetes/placement";
import { restrictedPod } from "../kubernetes/security";

/**
 * Prometheus's operator as what gathers the definitions of the whole cluster: for a Prometheus of which it runs no pod, it writes PrometheusRules
 * into ConfigMaps, which vmalert mounts, and the scrape configuration of every monitor into a Secret, which vmagent mounts. So both are selected,
 * checked and written as they were for kube-prometheus-stack's Prometheus: one that Prometheus would refuse is left out alone, with an event at its
 * object.
 *
 * @see https://prometheus-operator.dev/docs/platform/operator/
 */

/** The operator's user: https://github.com/prometheus-operator/prometheus-operator/blob/v0.93.1/Dockerfile */
const uid = 65534;

const httpPort = 8080;

/** How many ConfigMaps are read; each has half a megabyte of rules (`maxConfigMapDataSize` in the operator's pkg/operator/rules.go). */
const most = 8;

type Rule = types.input.rbac.v1.PolicyRule;
const every = ["get", "list", "watch", "create", "update", "patch", "delete", "deletecollection"];
const look = ["get", "list", "watch"];
const group = "monitoring.coreos.com";

/** What the operator asks for in every namespace before it begins. */
const everywhere: Rule[] = [
  { apiGroups: [""], resources: ["namespaces"], verbs: look },
  {
    apiGroups: [group],
    resources: ["prometheusrules", "servicemonitors", "podmonitors", "probes", "scrapeconfigs"],
    verbs: look,
  },
  // It asks for these in the namespaces of monitors and rules, although it acts in its own alone (checkPrerequisites in cmd/operator/main.go).
  {
    apiGroups: [group],
    resources: ["prometheuses", "prometheuses/finalizers", "prometheuses/status"],
    verbs: [...look, "update", "patch"],
  },
  { apiGroups: ["", "events.k8s.io"], resources: ["events"], verbs: ["create", "patch"] },
];

/** And where its Prometheus is. */
const here: Rule[] = [
  { apiGroups: ["apps"], resources: ["statefulsets"], verbs: every },
  { apiGroups: [""], resources: ["configmaps", "secrets"], verbs: every },
  { apiGroups: [""], resources: ["services"], verbs: ["get"] },
  { apiGroups: [""], resources: ["pods"], verbs: ["list", "delete"] },
];

/** What {@link gatherRules} is made from. */
export interface GatherArgs {
  images: Record<"prometheus" | "prometheus-operator", string>;
  resources: Settings["kps"]["operatorResources"];
  /** Secrets and ConfigMaps of other namespaces that monitors name, as `namespace/name`, where monitors are gathered. */
  readable?: Pick<Settings["metrics"], "secrets" | "configMaps">;
}

/**
 * Registers the operator, and a Prometheus without pods for the rules.
 * @param app vmalert's operator: an application of its own
 * @param args its image and resources
 * @returns what vmalert has to wait for
 */
export function gatherRules(app: Application, { images, resources, readable }: GatherArgs) {
  const { environment } = app;
  const named = readable ? namedPermissions(readable) : [];
  const account = [
    app.serviceAccount(),
    ...app.clusterRole(everywhere),
    ...app.role(environment.namespace, here),
    ...named
      .filter(({ namespace }) => namespace !== environment.namespace)
      .flatMap(({ namespace, rules }) => app.role(namespace, rules)),
  ];
  app.service({ clusterIP: "None", ports: [namedPort("http", httpPort)] });
  const ready = probe("/healthz", "http");
  const template = app.pod({
    ...placement(environment, [images["prometheus-operator"]]),
    automountServiceAccountToken: true,
    securityContext: restrictedPod(uid),
    containers: [
      container({
        name: "operator",
        image: images["prometheus-operator"],
        args: [
          // Others of the cluster, such as kube-prometheus-stack's, leave what has this annotation alone, and this one leaves theirs.
          `--controller-id=${controllerId}`,
          `--prometheus-instance-namespaces=${environment.namespace}`,
          `--web.listen-address=:${httpPort}`,
        ],
        ports: [{ name: "http", containerPort: httpPort }],
        readinessProbe: ready,
        livenessProbe: { ...ready, failureThreshold: 6 },
        resources,
      }),
    ],
  });
  const operator = app.deployment({ replicas: 1, strategy: { type: "Recreate" }, template }, { dependsOn: account });
  app.monitor({ port: "http" });
  const spec = {
    image: images.prometheus,
    resources,
    ruleSelector: { matchExpressions: [{ ...rulesOff, operator: "NotIn" }].map(expression) },
    ruleNamespaceSelector: {},
  };
  return withoutPods(app, spec, { dependsOn: [operator] });
}

/**
 * Registers a Prometheus of which the operator writes the configuration, and runs no pod.
 * @param app whose name it has
 * @param spec what it selects
 * @param opts what is there before it
 */
export function withoutPods(
  app: Application,
  spec: Record<string, unknown>,
  opts: Pick<pulumi.CustomResourceOptions, "dependsOn"> = {},
): CustomResource {
  // Without a Service of its own the operator makes `prometheus-operated`, which is kube-prometheus-stack's until that is removed, and may lead to
  // the stack's own address afterwards (prometheusApi.formerNames). It must select the pods, if there were any.
  const serviceName = `${app.name}-gathered`;
  const selector = { "operator.prometheus.io/name": app.name };
  const service = new Service(
    serviceName,
    { metadata: app.metadata(serviceName), spec: { clusterIP: "None", selector } },
    app.child,
  );
  return new CustomResource(
    app.name,
    {
      apiVersion: `${group}/v1`,
      kind: "Prometheus",
      metadata: { ...app.metadata(), annotations: { "operator.prometheus.io/controller-id": controllerId } },
      spec: { replicas: 0, serviceName, serviceAccountName: app.name, ...spec },
    },
    { ...app.child, dependsOn: [service, ...[opts.dependsOn ?? []].flat()] as pulumi.Resource[] },
  );
}

const controllerId = "observability/vmalert";

const expression = ({ key, value, operator }: { key: string; value: string; operator: string }) => ({
  ...{ key, operator, values: [value] },
});

/**
 * The files of the gathered rules, as a volume. Until the first ConfigMap is there, the pod doesn't start.
 * @param name name of the Prometheus
 */
export const gatheredVolume = (name: string): types.input.core.v1.Volume => ({
  name: "gathered",
  projected: {
    sources: Array.from({ length: most }, (_, index) => ({
      configMap: { name: `prometheus-${name}-rulefiles-${index}`, optional: index > 0 },
    })),
  },
});
