import assert from "node:assert/strict";
import { parse } from "yaml";
import { imagesArePinned } from "../../../policy/images-are-pinned";
import { workloadsHaveRequestsAndLimits } from "../../../policy/workloads-have-requests-and-limits";
import { findings, object } from "../support";
import { amd64Only, check } from "./fixtures";

const bad = amd64Only.reference;
const [repository, tag] = bad.split(/:(?=[^/]*$)/);
const amd64 = "nodeSelector: {kubernetes.io/arch: amd64}";

describe("pi-nodes-run-arm64-images", () => {
  describe("of custom resources", () => {
    // By kind: what stands in `spec` with PODS where its pods' node selector belongs, and where the image is. The image is one for amd64.
    const kinds: [apiVersion: string, kind: string, spec: string, image: string][] = [
      [
        "argoproj.io/v1alpha1",
        "Rollout",
        `{template: {spec: {PODS containers: [{image: "${bad}"}]}}}`,
        "template.spec.containers[0].image",
      ],
      [
        "argoproj.io/v1alpha1",
        "Experiment",
        `{templates: [{template: {spec: {PODS containers: [{image: "${bad}"}]}}}]}`,
        "templates[0].template.spec.containers[0].image",
      ],
      [
        "argoproj.io/v1alpha1",
        "AnalysisTemplate",
        `{metrics: [{provider: {prometheus: {}}}, {provider: {job: {spec: {template: {spec: {PODS containers: [{image: "${bad}"}]}}}}}}]}`,
        "metrics[1].provider.job.spec.template.spec.containers[0].image",
      ],
      [
        "argoproj.io/v1alpha1",
        "Workflow",
        `{PODS templates: [{container: {image: "${bad}"}}]}`,
        "templates[0].container.image",
      ],
      [
        "argoproj.io/v1alpha1",
        "Workflow",
        `{templates: [{PODS container: {image: "${bad}"}}]}`,
        "templates[0].container.image",
      ],
      [
        "argoproj.io/v1alpha1",
        "Workflow",
        `{templateDefaults: {PODS}, templates: [{script: {image: "${bad}", source: "x"}}]}`,
        "templates[0].script.image",
      ],
      [
        "argoproj.io/v1alpha1",
        "WorkflowTemplate",
        `{templates: [{PODS containerSet: {containers: [{name: a, image: "${bad}"}]}}]}`,
        "templates[0].containerSet.containers[0].image",
      ],
      [
        "argoproj.io/v1alpha1",
        "ClusterWorkflowTemplate",
        `{PODS templates: [{steps: [[{name: a, inline: {container: {image: "${bad}"}}}]]}]}`,
        "templates[0].steps[0][0].inline.container.image",
      ],
      [
        "argoproj.io/v1alpha1",
        "WorkflowTemplate",
        `{PODS templates: [{dag: {tasks: [{name: a, inline: {container: {image: "${bad}"}}}]}}]}`,
        "templates[0].dag.tasks[0].inline.container.image",
      ],
      [
        "argoproj.io/v1alpha1",
        "CronWorkflow",
        `{workflowSpec: {PODS templates: [{suspend: {}}, {sidecars: [{name: a, image: "${bad}"}]}]}}`,
        "workflowSpec.templates[1].sidecars[0].image",
      ],
      [
        "grafana.integreatly.org/v1beta1",
        "Grafana",
        `{version: "${bad}", deployment: {spec: {template: {spec: {PODS}}}}}`,
        "version",
      ],
      [
        "grafana.integreatly.org/v1beta1",
        "Grafana",
        `{deployment: {spec: {template: {spec: {PODS containers: [{name: grafana, image: "${bad}"}]}}}}}`,
        "deployment.spec.template.spec.containers[0].image",
      ],
      ["kafka.strimzi.io/v1", "Kafka", `{kafka: {image: "${bad}", template: {pod: {AFFINITY}}}}`, "kafka.image"],
      [
        "kafka.strimzi.io/v1",
        "Kafka",
        `{kafka: {}, entityOperator: {topicOperator: {image: "${bad}"}, template: {pod: {AFFINITY}}}}`,
        "entityOperator.topicOperator.image",
      ],
      ["kafka.strimzi.io/v1", "KafkaConnect", `{image: "${bad}", template: {pod: {AFFINITY}}}`, "image"],
      [
        "keda.sh/v1alpha1",
        "ScaledJob",
        `{jobTargetRef: {template: {spec: {PODS containers: [{image: "${bad}"}]}}}}`,
        "jobTargetRef.template.spec.containers[0].image",
      ],
      [
        "jobset.x-k8s.io/v1alpha2",
        "JobSet",
        `{replicatedJobs: [{template: {spec: {template: {spec: {PODS containers: [{image: "${bad}"}]}}}}}]}`,
        "replicatedJobs[0].template.spec.template.spec.containers[0].image",
      ],
      [
        "leaderworkerset.x-k8s.io/v1",
        "LeaderWorkerSet",
        `{leaderWorkerTemplate: {workerTemplate: {spec: {PODS containers: [{image: "${bad}"}]}}}}`,
        "leaderWorkerTemplate.workerTemplate.spec.containers[0].image",
      ],
      [
        "ray.io/v1",
        "RayCluster",
        `{workerGroupSpecs: [{template: {spec: {PODS containers: [{image: "${bad}"}]}}}]}`,
        "workerGroupSpecs[0].template.spec.containers[0].image",
      ],
      ["monitoring.coreos.com/v1", "Prometheus", `{image: "${bad}", PODS}`, "image"],
      ["monitoring.coreos.com/v1alpha1", "PrometheusAgent", `{image: "${bad}", PODS}`, "image"],
      ["monitoring.coreos.com/v1", "Alertmanager", `{image: "${bad}", PODS}`, "image"],
      ["monitoring.coreos.com/v1", "ThanosRuler", `{image: "${bad}", PODS}`, "image"],
      ["opentelemetry.io/v1beta1", "OpenTelemetryCollector", `{image: "${bad}", PODS}`, "image"],
      [
        "opentelemetry.io/v1beta1",
        "OpenTelemetryCollector",
        `{image: "grafana/loki:3.6.3", targetAllocator: {enabled: true, image: "${bad}", PODS}}`,
        "targetAllocator.image",
      ],
      [
        "opentelemetry.io/v1alpha1",
        "OpenTelemetryCollector",
        `{image: "grafana/loki:3.6.3", PODS additionalContainers: [{image: "${bad}"}]}`,
        "additionalContainers[0].image",
      ],
      [
        "operator.victoriametrics.com/v1beta1",
        "VMSingle",
        `{image: {repository: ${repository}, tag: ${tag}}, PODS}`,
        "image",
      ],
      ["operator.victoriametrics.com/v1beta1", "VMAgent", `{image: "${bad}", PODS}`, "image"],
      [
        "operator.victoriametrics.com/v1beta1",
        "VMAlert",
        `{image: {repository: ${repository}, tag: ${tag}}, PODS}`,
        "image",
      ],
      [
        "operator.victoriametrics.com/v1",
        "VLSingle",
        `{image: {repository: ${repository}, tag: ${tag}}, PODS}`,
        "image",
      ],
      [
        "operator.victoriametrics.com/v1beta1",
        "VMCluster",
        `{vmstorage: {image: {repository: ${repository}, tag: ${tag}}, PODS}}`,
        "vmstorage.image",
      ],
      ["postgresql.cnpg.io/v1", "Cluster", `{imageName: "${bad}", affinity: {PODS}}`, "imageName"],
      ["postgresql.cnpg.io/v1", "Cluster", `{imageName: "${bad}", affinity: {NODES}}`, "imageName"],
      [
        "postgresql.cnpg.io/v1",
        "Pooler",
        `{pgbouncer: {image: "${bad}"}, template: {spec: {PODS containers: []}}}`,
        "pgbouncer.image",
      ],
      [
        "serving.knative.dev/v1",
        "Service",
        `{template: {spec: {PODS containers: [{image: "${bad}"}]}}}`,
        "template.spec.containers[0].image",
      ],
      [
        "tekton.dev/v1",
        "TaskRun",
        `{podTemplate: {PODS}, taskSpec: {steps: [{image: "${bad}"}]}}`,
        "taskSpec.steps[0].image",
      ],
      [
        "tekton.dev/v1",
        "PipelineRun",
        `{taskRunTemplate: {podTemplate: {PODS}}, pipelineSpec: {finally: [{taskSpec: {sidecars: [{image: "${bad}"}]}}]}}`,
        "pipelineSpec.finally[0].taskSpec.sidecars[0].image",
      ],
      [
        "tekton.dev/v1beta1",
        "PipelineRun",
        `{podTemplate: {PODS}, pipelineSpec: {tasks: [{taskSpec: {stepTemplate: {image: "${bad}"}, steps: [{name: a}]}}]}}`,
        "pipelineSpec.tasks[0].taskSpec.stepTemplate.image",
      ],
    ];
    const nodes =
      "nodeAffinity: {requiredDuringSchedulingIgnoredDuringExecution: {nodeSelectorTerms: [{matchExpressions: [{key: kubernetes.io/arch, operator: In, values: [amd64]}]}]}}";
    const resource = (apiVersion: string, kind: string, spec: string, kept: boolean) =>
      object(apiVersion, kind, {
        metadata: { name: "x" },
        spec: parse(
          spec
            .replace("NODES", kept ? nodes : "")
            .replace("AFFINITY", kept ? `affinity: {${nodes}}` : "")
            .replace(/PODS( (?=\S))?/, (_, next) => (kept ? `${amd64}${next ? ", " : ""}` : "")),
        ) as object,
      });
    for (const [apiVersion, kind, spec, place] of kinds) {
      it(`refuses the image of a ${kind} at ${place}, unless its pods are kept off: ${spec.slice(0, 40)}`, async () => {
        const found = await check(resource(apiVersion, kind, spec, false));
        assert.deepEqual(
          found.map((each) => each.split(", which has")[0]),
          [`${kind} x: spec.${place} is "${bad}"`],
        );
        assert.deepEqual(await check(resource(apiVersion, kind, spec, true)), []);
        const latest = spec.replaceAll(bad, "example/app:latest").replace(`tag: ${tag}`, "tag: latest");
        assert.deepEqual(
          (await findings(imagesArePinned, resource(apiVersion, kind, latest, false))).map(
            (each) => each.split(" is ")[0],
          ),
          [`${kind} x: spec.${place}`],
        );
      });
    }

    for (const kind of ["ImageCatalog", "ClusterImageCatalog"])
      it(`refuses an image of CloudNativePG's ${kind}, which doesn't say where it runs`, async () => {
        const images = (image: string) =>
          object("postgresql.cnpg.io/v1", kind, { metadata: { name: "x" }, spec: { images: [{ major: 17, image }] } });
        const [found, ...more] = await check(images(bad));
        assert.match(found, new RegExp(`^${kind} x: spec\\.images\\[0\\]\\.image is "${bad}", which has`));
        assert.deepEqual(more, []);
        assert.equal((await findings(imagesArePinned, images("example/postgres:latest"))).length, 1);
        assert.deepEqual(await findings(workloadsHaveRequestsAndLimits, images(bad)), []);
      });

    it("refuses Tekton's Task, which doesn't say where it runs", async () => {
      const task = object("tekton.dev/v1", "Task", { metadata: { name: "x" }, spec: { steps: [{ image: bad }] } });
      assert.equal((await check(task)).length, 1);
    });

    const vm = "operator.victoriametrics.com/v1beta1";
    for (const [apiVersion, kind, spec, place] of [
      ["postgresql.cnpg.io/v1", "Cluster", {}, "imageName"],
      [vm, "VMAgent", { image: { pullPolicy: "Always" } }, "image"],
      ["opentelemetry.io/v1beta1", "OpenTelemetryCollector", {}, "image"],
      ["grafana.integreatly.org/v1beta1", "Grafana", {}, "version"],
    ] as const) {
      it(`refuses a ${kind} that leaves its image to the operator`, async () => {
        const [found, ...more] = await check(object(apiVersion, kind, { metadata: { name: "x" }, spec }));
        assert.match(found, new RegExp(`^${kind} x: spec\\.${place} is not named; `));
        assert.deepEqual(more, []);
      });
    }

    for (const [what, given] of [
      ["a catalog's image", object("postgresql.cnpg.io/v1", "Cluster", { spec: { imageCatalogRef: { name: "a" } } })],
      ["another Grafana", object("grafana.integreatly.org/v1beta1", "Grafana", { spec: { external: { url: "x" } } })],
      [
        "a pooler's image that is left to the operator",
        object("postgresql.cnpg.io/v1", "Pooler", {
          spec: { pgbouncer: {}, template: { spec: { containers: [{ name: "pgbouncer", resources: {} }] } } },
        }),
      ],
      ["a tag of the operator's own repository", object(vm, "VMSingle", { spec: { image: { tag: "v1.150.0" } } })],
      [
        "a template that runs nothing itself",
        object("argoproj.io/v1alpha1", "Workflow", { spec: { templates: [{ steps: [[{ template: "a" }]] }] } }),
      ],
      ["a patch that leaves the image", object(vm, "VMSinglePatch", { spec: { retentionPeriod: "30d" } })],
    ] as const)
      it(`looks past ${what}`, async () => assert.deepEqual(await check(given), []));

    it("takes a template's own node selector before that of its workflow", async () => {
      const spec = {
        ...parse(`{${amd64}}`),
        templates: [{ nodeSelector: { "kubernetes.io/arch": "arm64" }, container: { image: bad } }],
      };
      assert.equal((await check(object("argoproj.io/v1alpha1", "Workflow", { spec }))).length, 1);
    });

    it("demands no resources of what an operator makes, but of a pod that stands there whole", async () => {
      const named = { image: "grafana/loki:3.6.3" };
      for (const given of [
        object(vm, "VMSingle", { spec: { image: { tag: "v1.150.0" } } }),
        object("argoproj.io/v1alpha1", "Workflow", { spec: { templates: [{ container: named }] } }),
        object("tekton.dev/v1", "Task", { spec: { steps: [named] } }),
      ])
        assert.deepEqual(await findings(workloadsHaveRequestsAndLimits, given), []);
      const rollout = object("argoproj.io/v1alpha1", "Rollout", {
        spec: { template: { spec: { containers: [named] } } },
      });
      assert.notDeepEqual(await findings(workloadsHaveRequestsAndLimits, rollout), []);
    });
  });
});
