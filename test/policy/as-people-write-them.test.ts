import assert from "node:assert/strict";
import { parse } from "yaml";
import { policies } from "../../policy/index";
import { findings, stackFindings, type TestResource } from "./support";

// Configurations as people publish them, of which the pack once said what isn't so, the same thing twice, or nothing. All policies are asked but
// those that demand something of every workload.
const ofEveryWorkload = new Set([
  "images-are-pinned",
  "workloads-have-requests-and-limits",
  "containers-are-restricted",
  "stateful-data-is-protected",
  "crds-outlive-the-operator",
]);

const object = (text: string): TestResource => {
  const props = parse(text) as { apiVersion: string; kind: string; metadata: { name: string } };
  const group = props.apiVersion.includes("/") ? props.apiVersion : `core/${props.apiVersion}`;
  return { type: `kubernetes:${group}:${props.kind}`, name: props.metadata.name, props };
};
const map = (name: string, key: string, text: string): TestResource => ({
  type: "kubernetes:core/v1:ConfigMap",
  name,
  props: { metadata: { namespace: "observability", name }, data: { [key]: text } },
});
const release = (chart: string, version: string, values: string, more: object = {}): TestResource => ({
  type: "kubernetes:helm.sh/v3:Release",
  name: chart,
  props: { chart, version, name: chart, namespace: "observability", values: parse(values) as object, ...more },
});
const schema = (store = "tsdb", version = "v13", objects = "filesystem") =>
  `{configs: [{from: "2024-04-01", store: ${store}, object_store: ${objects}, schema: ${version}, index: {prefix: index_, period: 24h}}]}`;
const file = `
auth_enabled: false
common: {path_prefix: /loki, replication_factor: 1, storage: {filesystem: {chunks_directory: /loki/chunks}}}
schema_config: ${schema()}
`;
const loki = (tag: string) =>
  object(`
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: loki, namespace: observability}
spec:
  replicas: 1
  template:
    spec:
      containers: [{name: loki, image: "docker.io/grafana/loki:${tag}", args: ["-config.file=/etc/loki/loki.yaml"]}]
      volumes: [{name: config, configMap: {name: loki}}]
`);
const flux = (version: string, values: string, more = "") =>
  object(`
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: loki, namespace: monitoring}
spec:
  chart: {spec: {chart: loki, version: "${version}", sourceRef: {kind: HelmRepository, name: grafana}}}
  ${more}
  values: ${values}
`);
const pis = {
  "pi-nodes-run-arm64-images": {
    piNodes: [{ labels: { "kubernetes.io/arch": "arm64", "kubernetes.io/os": "linux" } }],
    images: [{ reference: "ghcr.io/home/intel:1.2.3", platforms: ["linux/amd64"] }],
  },
};
const template = (more: string) =>
  release(
    "app-template",
    "3.7.3",
    `{${more}controllers: {main: {containers: {main: {image: {repository: ghcr.io/home/intel, tag: 1.2.3}}}}}}`,
  );

const withoutStore = `
auth_enabled: false
common: {path_prefix: /loki}
schema_config: ${schema()}
compactor: {retention_enabled: true}
`;
const indented = (text: string, by: number) => text.trim().replace(/^/gm, " ".repeat(by));
const patch = indented(
  `{apiVersion: v1, kind: ConfigMap, metadata: {name: loki}, data: {loki.yaml: ${JSON.stringify(withoutStore)}}}`,
  14,
);
const one = "singleBinary: {replicas: 1}, read: {replicas: 0}, write: {replicas: 0}, backend: {replicas: 0}";
const lokiValues = (more = "") =>
  `{loki: {${more}commonConfig: {replication_factor: 1}, storage: {type: filesystem}, schemaConfig: ${schema()}, compactor: {retention_enabled: true}}, deploymentMode: SingleBinary, ${one}}`;

/** What stands there, and the policies that say something of it, each as often as it does. */
const cases: { what: string; given: TestResource[]; told?: string[]; config?: Record<string, object> }[] = [
  {
    what: "loki-stack as its README has it, which brings Loki 2",
    given: [
      release(
        "loki-stack",
        "2.10.2",
        `
loki:
  config:
    limits_config: {enforce_metric_name: false, reject_old_samples: true}
    ingester: {max_transfer_retries: 0, lifecycler: {ring: {replication_factor: 1}}}
    schema_config: ${schema("boltdb-shipper", "v11")}
    storage_config: {boltdb_shipper: {active_index_directory: /data/index, shared_store: filesystem}}
    chunk_store_config: {max_look_back_period: 0s}
    table_manager: {retention_deletes_enabled: true, retention_period: 336h}
promtail: {enabled: true}
`,
      ),
    ],
  },
  {
    what: "the same with the image of Loki 3",
    given: [
      release(
        "loki-stack",
        "2.10.2",
        `loki: {image: {tag: 3.4.2}, config: {schema_config: ${schema("boltdb-shipper", "v11")}}}`,
      ),
    ],
    told: ["schema-is-tsdb-v13"],
  },
  {
    what: "the chart of Loki 2 by a range of versions",
    given: [
      release(
        "loki",
        "5.x",
        `{loki: {commonConfig: {replication_factor: 1}, schemaConfig: ${schema("boltdb-shipper", "v12")}, compactor: {shared_store: filesystem}}, singleBinary: {replicas: 1}}`,
      ),
    ],
  },
  {
    what: "a monolithic Loki by the chart's default, and the default factor",
    given: [
      release(
        "loki",
        "13.2.0",
        "{loki: {useTestSchema: true, storage: {type: filesystem}}, singleBinary: {replicas: 1}, read: {replicas: 0}, write: {replicas: 0}, backend: {replicas: 0}}",
      ),
    ],
    told: ["replication-factor-fits-replicas"],
  },
  {
    what: "one ingester of mimir-distributed before Kafka, without a word of Mimir's own configuration",
    given: [
      release(
        "mimir-distributed",
        "5.6.0",
        "{minio: {enabled: true}, ingester: {replicas: 1, zoneAwareReplication: {enabled: false}}}",
      ),
    ],
    told: ["replication-factor-fits-replicas"],
  },
  {
    what: "a misspelt setting in a file, and an older Loki that mounts it",
    given: [map("loki", "loki.yaml", `${file}ingester: {chunk_iddle_period: 1h}\n`), loki("3.5.1")],
    told: ["configuration-fields-are-known"],
  },
  {
    what: "a schema where the chart drops it",
    given: [
      release(
        "loki",
        "6.30.0",
        `{loki: {commonConfig: {replication_factor: 1}, storage: {type: filesystem}, schema_config: ${schema()}}, ${one}}`,
      ),
    ],
    told: ["schema-is-tsdb-v13"],
  },
  {
    what: "loki-distributed as it comes, with one ingester and its factor of one",
    given: [release("loki-distributed", "0.80.0", "{}")],
  },
  {
    what: "the same with three ingesters and a factor of three",
    given: [
      release(
        "loki-distributed",
        "0.80.0",
        "{ingester: {replicas: 3}, loki: {structuredConfig: {ingester: {lifecycler: {ring: {replication_factor: 3}}}}}}",
      ),
    ],
  },
  {
    what: "the same with one ingester and a factor of three",
    given: [
      release(
        "loki-distributed",
        "0.80.0",
        "{loki: {structuredConfig: {ingester: {lifecycler: {ring: {replication_factor: 3}}}}}}",
      ),
    ],
    told: ["replication-factor-fits-replicas"],
  },
  {
    what: "a configuration that sops has encrypted",
    given: [
      map(
        "loki",
        "loki.yaml",
        `auth_enabled: ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:bool]
schema_config: {configs: "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]"}
compactor: {retention_enabled: "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:bool]"}
sops: {mac: "ENC[AES256_GCM,data:YQ==,iv:YQ==,tag:YQ==,type:str]", version: 3.8.1}
`,
      ),
    ],
    told: ["configurations-can-be-read"],
  },
  {
    what: "a HelmRelease whose schema is in a ConfigMap of values",
    given: [
      flux(
        "6.30.1",
        "{deploymentMode: SingleBinary, singleBinary: {replicas: 1}}",
        "valuesFrom: [{kind: ConfigMap, name: loki-values}]",
      ),
    ],
  },
  {
    what: "a HelmRelease without any",
    given: [flux("6.30.1", `{loki: {commonConfig: {replication_factor: 1}, storage: {type: filesystem}}, ${one}}`)],
    told: ["schema-is-tsdb-v13"],
  },
  {
    what: "a file that a HelmRelease patches into what its chart makes",
    given: [
      object(`
apiVersion: helm.toolkit.fluxcd.io/v2
kind: HelmRelease
metadata: {name: loki, namespace: monitoring}
spec:
  chart: {spec: {chart: loki, version: 6.30.1, sourceRef: {kind: HelmRepository, name: grafana}}}
  values: {loki: {commonConfig: {replication_factor: 1}, useTestSchema: true, storage: {type: filesystem}}, ${one}, deploymentMode: SingleBinary}
  postRenderers:
    - kustomize:
        patches:
          - patch: |
${patch}
`),
    ],
    told: ["retention-requires-delete-request-store"],
  },
  {
    what: "a file that an Application patches into a folder",
    given: [
      object(`
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: loki, namespace: argocd}
spec:
  source:
    path: loki
    kustomize:
      patches:
          - patch: |
${patch}
`),
    ],
    told: ["retention-requires-delete-request-store"],
  },
  {
    what: "a copy of the object that kubectl keeps beside it",
    given: [
      object(`
apiVersion: v1
kind: ConfigMap
metadata:
  name: loki
  annotations: {kubectl.kubernetes.io/last-applied-configuration: ${JSON.stringify(JSON.stringify({ apiVersion: "v1", kind: "ConfigMap", data: { "loki.yaml": withoutStore } }))}}
data: {note: none}
`),
    ],
  },
  {
    what: "a chart's version as a template",
    given: [flux("{{ .version }}", lokiValues().replace("{retention_enabled: true}", "{working_directory: /loki}"))],
  },
  {
    what: "an image's tag as YAML reads one without quotes",
    given: [release("loki", "6.30.0", lokiValues("image: {tag: 2.9}, "))],
  },
  {
    what: "a sub-chart that is switched off",
    given: [release("./charts/platform", "1.0.0", `{loki: {enabled: false, ${lokiValues().slice(1)}}`)],
  },
  {
    what: "Loki switched off in loki-stack",
    given: [
      release(
        "loki-stack",
        "2.10.2",
        `{loki: {enabled: false, image: {tag: 3.6.3}, config: {schema_config: ${schema()}, compactor: {retention_enabled: true}}}}`,
      ),
    ],
  },
  {
    what: "the same switched on",
    given: [release("./charts/platform", "1.0.0", `{loki: {enabled: true, ${lokiValues().slice(1)}}`)],
    told: ["retention-requires-delete-request-store"],
  },
  {
    what: "values of an Application for a chart that has nothing to do with Loki, which are no YAML",
    given: [
      object(
        '{apiVersion: argoproj.io/v1alpha1, kind: Application, metadata: {name: a}, spec: {source: {chart: cert-manager, helm: {values: "a: ["}}}}',
      ),
    ],
  },
  {
    what: "an empty file of values",
    given: [
      release("loki", "6.30.0", lokiValues().replace("{retention_enabled: true}", "{working_directory: /loki}"), {
        valueYamlFiles: [{ text: "# nothing yet\n" }],
      }),
    ],
  },
  {
    what: "a configuration as a template whose actions stand without quotes",
    given: [
      object(`
apiVersion: external-secrets.io/v1
kind: ExternalSecret
metadata: {name: loki, namespace: observability}
spec:
  target:
    template:
      data:
        loki.yaml: |
          common:
            path_prefix: /loki
            replication_factor: {{ .factor }}
            storage: {s3: {bucketnames: loki, endpoint: "minio:9000"}}
          common_key: x
          storage_config:
            aws:
              access_key_id: {{ .access_key | quote }}
              secret_access_key: {{ .secret_key }}
          schema_config:
            configs:
              - {from: "2024-06-01", store: tsdb, object_store: s3, schema: v13, index: {prefix: index_, period: 24h}}
`),
    ],
    told: ["configuration-fields-are-known"],
  },
  {
    what: "a block of Mimir's where mimir-distributed drops it",
    given: [release("mimir-distributed", "6.0.1", "{mimir: {limits: {max_global_series_per_user: 0}}}")],
    told: ["settings-take-effect"],
  },
  {
    what: "the chart loki, whose pods mount a Secret of one's own in place of what the chart would write",
    given: [
      release(
        "loki",
        "6.44.0",
        `{deploymentMode: SimpleScalable, write: {replicas: 2}, loki: {configStorageType: Secret, configObjectName: loki-own, schemaConfig: ${schema()}, compactor: {retention_enabled: true}}}`,
      ),
      release("loki", "5.41.4", "{write: {replicas: 1}, loki: {existingSecretForConfig: loki-own}}"),
      release("loki-stack", "2.10.2", "{loki: {config: {existingSecret: loki-own}}}"),
      release("grafana-loki", "4.7.0", "{ingester: {replicaCount: 1}, loki: {existingConfigmap: loki-own}}"),
    ],
  },
  {
    what: "the chart loki, which writes a Secret of another name and mounts that",
    given: [
      release(
        "loki",
        "6.44.0",
        `{deploymentMode: SingleBinary, ${one}, loki: {storage: {type: filesystem}, configObjectName: own, generatedConfigObjectName: own, commonConfig: {replication_factor: 3}, schemaConfig: ${schema()}}}`,
      ),
    ],
    told: ["replication-factor-fits-replicas"],
  },
  {
    what: "mimir-distributed with a configuration from elsewhere",
    given: [
      release(
        "mimir-distributed",
        "5.7.0",
        "{useExternalConfig: true, externalConfigSecretName: mimir, ingester: {replicas: 1}}",
      ),
    ],
  },
  {
    what: "a setting that the newest Loki has removed, read by one that has it",
    given: [map("loki", "loki.yaml", `${file}ui: {enabled: true, discovery: {join_peers: [loki]}}\n`), loki("3.5.2")],
  },
  {
    what: "the same read by one that has it no more",
    given: [map("loki", "loki.yaml", `${file}ui: {enabled: true, discovery: {join_peers: [loki]}}\n`), loki("3.7.1")],
    told: ["loki-config-has-no-removed-fields"],
  },
  {
    what: "a dashboard with a key of Loki's",
    given: [map("loki", "loki.json", JSON.stringify({ title: "Loki", panels: [], schema_config: {} }))],
  },
  {
    what: "kube-prometheus-stack as a release for which Pulumi makes up the name",
    given: [release("kube-prometheus-stack", "75.6.1", "grafana: {enabled: true}", { name: undefined })],
  },
  {
    what: "kube-prometheus-stack in a chart of one's own",
    given: [
      {
        type: "kubernetes:helm.sh/v4:Chart",
        name: "monitoring",
        props: {
          chart: "./charts/monitoring",
          namespace: "monitoring",
          values: { "kube-prometheus-stack": { grafana: { enabled: true } } },
        },
      },
    ],
  },
  {
    what: "an image for amd64 in app-template",
    given: [template("")],
    told: ["pi-nodes-run-arm64-images"],
    config: pis,
  },
  {
    what: "the same kept off the Pis by what holds for all of its pods",
    given: [template("defaultPodOptions: {nodeSelector: {kubernetes.io/arch: amd64}}, ")],
    config: pis,
  },
  {
    what: "the same kept off by a controller's own pods",
    given: [
      release(
        "app-template",
        "3.7.3",
        "{controllers: {main: {pod: {nodeSelector: {kubernetes.io/arch: amd64}}, containers: {main: {image: {repository: ghcr.io/home/intel, tag: 1.2.3}}}}}}",
      ),
    ],
    config: pis,
  },
];

describe("configurations as people write them", () => {
  for (const { what, given, told = [], config = {} } of cases) {
    it(`${told.length > 0 ? `are told of once by ${told.join(" and ")}` : "pass"}: ${what}`, async () => {
      const found: string[] = [];
      for (const policy of policies) {
        if (ofEveryWorkload.has(policy.name)) continue;
        const own = config[policy.name] ?? {};
        const all: string[] = [];
        for (const resource of policy.validateResource ? given : [])
          all.push(...(await findings(policy, resource, own, "dev")));
        if (policy.validateStack) all.push(...(await stackFindings(policy, given, own, "dev")));
        found.push(...all.map((message) => `${policy.name}: ${message}`));
      }
      assert.deepEqual(
        found.map((each) => each.split(":")[0]),
        told,
        found.join("\n"),
      );
    });
  }
});
