import { at, isBlock, type Block } from "../unknown";
import { own } from "../own";

/** Where a kind of resource has pods. Paths are dotted keys; `[]` after a key stands for each element of the list there. */
export interface Place {
  /** The pod's spec, or the block that an operator makes pods of. Where nothing stands, there are none. */
  at: string;
  /**
   * Whether it is no spec of a pod but what an operator makes one of: only what is listed below is read, and what is left out the operator
   * decides.
   */
  operated?: Operated;
}

/** What an operator makes pods of, by its keys in the block. */
export interface Operated {
  /** Images that are not in a container. */
  images?: readonly OperatedImage[];
  /** Containers that are not in a pod; `.` where the block has the fields of one. */
  containers?: readonly string[];
  /** Lists of containers that have all that a container has. Default: those of a pod. */
  lists?: readonly string[];
  /**
   * Blocks with node selector, affinity and tolerations, from the resource's top, and `.` for the block itself: each of the three counts where
   * it is found first. Default: the block itself.
   */
  placement?: readonly string[];
  /** Whether a container needs no resources there: what it asks for stands elsewhere, or the operator has defaults for it. */
  onlyImages?: true;
  /** Whether the pods run on each node. */
  onEachNode?(block: Block): boolean;
  /** Whether there are pods at all. */
  isOn?(block: Block): boolean;
}

/** An image that an operator takes from a resource, as one text or as a block of repository and tag. */
export interface OperatedImage {
  /** Its key in the block. */
  key: string;
  /** The repository that the operator uses by default, where that is known. */
  repository?: string;
  /** Whether a text without a repository is a tag. */
  isTag?: true;
  /** Whether the operator runs it with this block, and chooses one itself where none is named. Otherwise only a named one counts. */
  isNeeded?(block: Block): boolean;
}

const always = () => true;
const mode = (wanted: string) => (block: Block) => block.mode === wanted;

/**
 * Where Kubernetes' own workloads have the pod's spec (Pod, PodTemplate, CronJob, all others), and custom ones that do as these: a Rollout of
 * Argo's, a Service of Knative's.
 */
export const usual: readonly Place[] = [
  { at: "spec" },
  { at: "template.spec" },
  { at: "spec.jobTemplate.spec.template.spec" },
  { at: "spec.template.spec" },
];

// https://github.com/prometheus-operator/prometheus-operator/blob/main/Documentation/api-reference/api.md
const prometheusOperators: readonly Place[] = [
  { at: "spec", operated: { containers: [".", "thanos"], onEachNode: mode("DaemonSet") } },
];

// https://github.com/argoproj/argo-workflows/blob/main/docs/fields.md; a template's own placement comes before that of the workflow
// (addSchedulingConstraints of workflow/controller/workflowpod.go).
function argoWorkflow(spec: string): Place[] {
  const operated: Operated = {
    containers: ["container", "script"],
    lists: ["containerSet.containers", "initContainers", "sidecars"],
    placement: [".", `${spec}.templateDefaults`, spec],
    onlyImages: true,
  };
  const templates = `${spec}.templates[]`;
  const places = ["", ".steps[][].inline", ".dag.tasks[].inline"].map((inline) => `${templates}${inline}`);
  return [...places, `${spec}.templateDefaults`].map((at) => ({ at, operated }));
}

// https://github.com/VictoriaMetrics/operator/blob/master/docs/api.md; the repositories are those of internal/config/config.go.
function victoriaMetrics(name: string, at = "spec", more: Operated = {}): Place {
  const repository = `docker.io/${name.includes("/") ? name : `victoriametrics/${name}`}`;
  const image = { key: "image", repository, isNeeded: always };
  const beside = ["configReloaderImage", "vmBackup.image"].map((key) => ({ key }));
  return { at, operated: { ...more, images: [image, ...beside] } };
}
const balancer = victoriaMetrics("vmauth", "spec.requestsLoadBalancer.spec");

// https://github.com/tektoncd/pipeline/blob/main/docs/tasks.md, pipelines.md and podtemplates.md
function tekton(...tasks: [at: string, placement: readonly string[]][]): Place[] {
  const operated: Operated = { containers: ["stepTemplate"], lists: ["steps", "sidecars"], onlyImages: true };
  return tasks.map(([at, placement]) => ({ at, operated: { ...operated, placement } }));
}
const pipeline = (spec: string, placement: readonly string[] = []) =>
  tekton([`${spec}.tasks[].taskSpec`, placement], [`${spec}.finally[].taskSpec`, placement]);

const job = { at: "spec.metrics[].provider.job.spec.template.spec" };

// https://strimzi.io/docs/operators/latest/configuring.html: what runs as one workload of its own.
const strimzi = { at: "spec", operated: { images: [{ key: "image" }], lists: [], placement: ["spec.template.pod"] } };

// And the parts of a cluster. A KafkaNodePool has no image: its nodes run that of the cluster.
const strimziParts = ["kafka", "zookeeper", "cruiseControl", "kafkaExporter", "entityOperator"].map((part): Place => ({
  at: `spec.${part}`,
  operated: {
    images: (part === "entityOperator" ? ["topicOperator.image", "userOperator.image"] : ["image"]).map((key) => ({
      key,
    })),
    lists: [],
    placement: [`spec.${part}.template.pod`],
  },
}));

// https://github.com/cloudnative-pg/cloudnative-pg/blob/main/docs/src/image_catalog.md: who uses it, and where, another resource says.
const catalog: readonly Place[] = [
  { at: "spec.images[]", operated: { images: [{ key: "image" }], lists: [], placement: [] } },
];

const ray = (spec: string): Place[] => [
  { at: `${spec}.headGroupSpec.template.spec` },
  { at: `${spec}.workerGroupSpecs[].template.spec` },
];

/** By group and kind, where custom resources have pods that aren't where the usual ones have them. */
const custom: Readonly<Record<string, readonly Place[]>> = {
  // https://github.com/argoproj/argo-rollouts/blob/master/docs/features/analysis.md and experiment.md; a Rollout is as a Deployment.
  "argoproj.io/AnalysisTemplate": [job],
  "argoproj.io/ClusterAnalysisTemplate": [job],
  "argoproj.io/AnalysisRun": [job],
  "argoproj.io/Experiment": [{ at: "spec.templates[].template.spec" }],
  "argoproj.io/Workflow": argoWorkflow("spec"),
  "argoproj.io/WorkflowTemplate": argoWorkflow("spec"),
  "argoproj.io/ClusterWorkflowTemplate": argoWorkflow("spec"),
  "argoproj.io/CronWorkflow": argoWorkflow("spec.workflowSpec"),
  // https://github.com/grafana/grafana-operator/blob/master/docs/docs/api.md; `version` is a tag or an image (getGrafanaImage).
  "grafana.integreatly.org/Grafana": [
    {
      at: "spec",
      operated: {
        images: [{ key: "version", repository: "docker.io/grafana/grafana", isTag: true, isNeeded: isOwnGrafana }],
        lists: [],
        placement: ["spec.deployment.spec.template.spec"],
        isOn: (spec) => !isBlock(spec.external),
      },
    },
    { at: "spec.deployment.spec.template.spec", operated: {} },
  ],
  // https://keda.sh/docs/latest/reference/scaledjob-spec/
  "keda.sh/ScaledJob": [{ at: "spec.jobTargetRef.template.spec" }],
  "kafka.strimzi.io/Kafka": strimziParts,
  "kafka.strimzi.io/KafkaBridge": [strimzi],
  "kafka.strimzi.io/KafkaConnect": [strimzi],
  "kafka.strimzi.io/KafkaMirrorMaker2": [strimzi],
  "monitoring.coreos.com/Alertmanager": prometheusOperators,
  "monitoring.coreos.com/Prometheus": prometheusOperators,
  "monitoring.coreos.com/PrometheusAgent": prometheusOperators,
  "monitoring.coreos.com/ThanosRuler": prometheusOperators,
  // https://github.com/open-telemetry/opentelemetry-operator/blob/main/docs/api/opentelemetrycollectors.md
  "opentelemetry.io/OpenTelemetryCollector": [
    {
      at: "spec",
      operated: {
        images: [{ key: "image", isNeeded: always }],
        lists: ["initContainers", "additionalContainers"],
        onEachNode: mode("daemonset"),
      },
    },
    {
      at: "spec.targetAllocator",
      operated: {
        images: [{ key: "image", isNeeded: always }],
        lists: [],
        isOn: ({ enabled }) => enabled === true,
      },
    },
  ],
  // https://github.com/VictoriaMetrics/operator/blob/master/docs/api.md
  "operator.victoriametrics.com/VLAgent": [victoriaMetrics("vlagent")],
  "operator.victoriametrics.com/VLCluster": [
    ...["vlinsert", "vlselect", "vlstorage"].map((part) => victoriaMetrics("victoria-logs", `spec.${part}`)),
    balancer,
  ],
  "operator.victoriametrics.com/VLSingle": [victoriaMetrics("victoria-logs")],
  "operator.victoriametrics.com/VLogs": [victoriaMetrics("victoria-logs")],
  "operator.victoriametrics.com/VMAgent": [
    victoriaMetrics("vmagent", "spec", { onEachNode: ({ daemonSetMode }) => daemonSetMode === true }),
  ],
  "operator.victoriametrics.com/VMAlert": [victoriaMetrics("vmalert")],
  "operator.victoriametrics.com/VMAlertmanager": [victoriaMetrics("prom/alertmanager")],
  "operator.victoriametrics.com/VMAnomaly": [victoriaMetrics("vmanomaly")],
  "operator.victoriametrics.com/VMAuth": [victoriaMetrics("vmauth")],
  "operator.victoriametrics.com/VMCluster": [
    ...["vmselect", "vminsert", "vmstorage"].map((part) => victoriaMetrics(part, `spec.${part}`)),
    balancer,
  ],
  "operator.victoriametrics.com/VMSingle": [victoriaMetrics("victoria-metrics")],
  "operator.victoriametrics.com/VTCluster": [
    ...["insert", "select", "storage"].map((part) => victoriaMetrics("victoria-traces", `spec.${part}`)),
    balancer,
  ],
  "operator.victoriametrics.com/VTSingle": [victoriaMetrics("victoria-traces")],
  // https://github.com/cloudnative-pg/cloudnative-pg/blob/main/docs/src/cloudnative-pg.v1.md
  "postgresql.cnpg.io/Cluster": [
    {
      at: "spec",
      operated: {
        images: [{ key: "imageName", isNeeded: ({ imageCatalogRef }) => !imageCatalogRef }],
        lists: [],
        placement: ["spec.affinity"],
      },
    },
  ],
  // https://jobset.sigs.k8s.io and https://lws.sigs.k8s.io
  "jobset.x-k8s.io/JobSet": [{ at: "spec.replicatedJobs[].template.spec.template.spec" }],
  "leaderworkerset.x-k8s.io/LeaderWorkerSet": [
    { at: "spec.leaderWorkerTemplate.leaderTemplate.spec" },
    { at: "spec.leaderWorkerTemplate.workerTemplate.spec" },
  ],
  // https://docs.ray.io/en/latest/cluster/kubernetes/references.html
  "ray.io/RayCluster": ray("spec"),
  "ray.io/RayJob": [...ray("spec.rayClusterSpec"), { at: "spec.submitterPodTemplate.spec" }],
  "ray.io/RayService": [...ray("spec.rayClusterConfig"), ...ray("spec.rayClusterSpec")],
  "postgresql.cnpg.io/ClusterImageCatalog": catalog,
  "postgresql.cnpg.io/ImageCatalog": catalog,
  "postgresql.cnpg.io/Pooler": [
    { at: "spec.template.spec", operated: {} },
    {
      at: "spec.pgbouncer",
      operated: { images: [{ key: "image" }], lists: [], placement: ["spec.template.spec"] },
    },
  ],
  // https://github.com/knative/specs/blob/main/specs/serving/knative-api-specification-1.0.md; Service and Configuration are as a Deployment.
  "tekton.dev/ClusterTask": tekton(["spec", []]),
  "tekton.dev/Pipeline": pipeline("spec"),
  "tekton.dev/PipelineRun": pipeline("spec.pipelineSpec", ["spec.taskRunTemplate.podTemplate", "spec.podTemplate"]),
  "tekton.dev/Task": tekton(["spec", []]),
  "tekton.dev/TaskRun": tekton(["spec.taskSpec", ["spec.podTemplate"]]),
};

/**
 * Where a resource has pods by its kind.
 *
 * @param group the group of its apiVersion, such as `argoproj.io`
 * @param kind such as `Workflow`, without `Patch`
 */
export function placesOf(group: string, kind: string): readonly Place[] | undefined {
  return own(custom, `${group}/${kind}`);
}

// A container of the template with that name and an image of its own replaces it.
function isOwnGrafana(spec: Block): boolean {
  const containers = at(spec, "deployment.spec.template.spec.containers");
  const grafana = (Array.isArray(containers) ? containers : []).find((each) => at(each, "name") === "grafana");
  return at(grafana, "image") === undefined;
}
