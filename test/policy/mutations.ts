import { asset } from "@pulumi/pulumi";
import type { Stack } from "../stacks/stacks";
import {
  added,
  all,
  argument,
  container,
  file,
  initContainer,
  is,
  props,
  set,
  setting,
  text,
  unprotected,
  without,
  type How,
  type Props,
} from "./mutations-graph";
import { object, release } from "./support";
import type { StageName } from "../../stages";

/** One harmful change to the real graphs that the policy's own test doesn't make, and how the policy refuses it. */
export interface Mutation {
  /** What is done, as the second half of a sentence. */
  what: string;
  how: How;
  /** What the refusal says: where it is, and nothing that another finding of the policy could say. */
  finds: RegExp;
  /** The stacks that it is done to. Default: all. */
  stacks?: readonly Stack[];
  /** The stages that have what it changes. Default: all. */
  stages?: readonly StageName[];
}

const withKps = { stages: ["loki", "dual-write", "mimir-default"] } as const satisfies Partial<Mutation>;
const prometheusIsDefault = { stages: ["loki", "dual-write"] } as const satisfies Partial<Mutation>;
const withMimir = { stages: ["dual-write", "mimir-default", "kps-removed"] } as const satisfies Partial<Mutation>;
const beforeMimir = { stages: ["dual-write"] } as const satisfies Partial<Mutation>;
const withoutKps = { stages: ["kps-removed"] } as const satisfies Partial<Mutation>;
const withMinio = { stacks: ["production"] } as const satisfies Partial<Mutation>;
const inCluster = { stacks: ["staging", "sandbox"] } as const satisfies Partial<Mutation>;

const each = (where: Partial<Mutation>, list: readonly Mutation[]): Mutation[] =>
  list.map((mutation) => ({ ...mutation, ...where }));

const kps = "Release kube-prometheus-stack";
const crds = "Release prometheus-operator-crds";
const map = (name: string, data: object): How =>
  added({ ...object("core/v1", "ConfigMap", { metadata: { namespace: "monitoring", name }, data }), name });

/** A change to the pods that write to Loki's store, whatever the mode calls them. */
const lokiPods =
  (change: (called: string) => How): How =>
  (resources) =>
    change(`StatefulSet ${resources.some(is("StatefulSet loki")) ? "loki" : "loki-write"}`)(resources);

/** A StatefulSet with VictoriaMetrics' image. */
const victoriaMetrics = (spec: object) =>
  object("apps/v1", "StatefulSet", {
    metadata: { namespace: "monitoring", name: "victoria-metrics" },
    spec: {
      ...spec,
      template: {
        spec: { containers: [{ name: "it", image: "docker.io/victoriametrics/victoria-metrics:v1.150.0" }] },
      },
    },
  });

const firstSource = (content: Props): Props => content.datasources[0] as Props;
const sourceOf = (content: Props, uid: string): Props =>
  (content.datasources as Props[]).find((each) => each.uid === uid)!;
const mimirIsDefault = file("grafana-datasources", (content) => {
  firstSource(content).isDefault = false;
  sourceOf(content, "mimir").isDefault = true;
});

// A preview knows no generated password; an update does. Not a secret of anybody: it is made up here.
const generated = "pK8vZq3RwT6yNs1LdX0cGhB4";
const base64 = (value: string) => Buffer.from(value).toString("base64");
const generatedIs = set("Secret loki-object-store", "data", { AWS_SECRET_ACCESS_KEY: base64(generated) });

const whenGenerated = (list: readonly Mutation[]): Mutation[] =>
  list.map((mutation) => ({ ...mutation, how: all(generatedIs, mutation.how) }));

const lokiWithoutStore = {
  schemaConfig: { configs: [{ from: "2024-04-01", store: "tsdb", object_store: "s3", schema: "v13" }] },
  compactor: { retention_enabled: true },
};

// With one, a factor of 2 is too much, of which another policy tells.
const withTwoWriters = (list: readonly Mutation[]): Mutation[] => {
  const scaled = all(
    lokiPods((called) => set(called, "spec.replicas", 2)),
    (resources) =>
      resources.some(is("StatefulSet mimir")) ? set("StatefulSet mimir", "spec.replicas", 2)(resources) : resources,
  );
  return list.map((mutation) => ({ ...mutation, how: all(scaled, mutation.how) }));
};

const unlisted = "docker.io/library/busybox:1.37.0";

/** The mutations, by the policy that is meant for each. */
export const mutations: Readonly<Record<string, readonly Mutation[]>> = {
  "configurations-can-be-read": [
    {
      what: "Loki's file lies in more texts than anybody opens",
      how: (resources) => {
        const { props: before } = resources.find(is("ConfigMap loki"))!;
        let lost = (before as Props).data["config.yaml"] as string;
        for (let times = 0; times < 8; times++) lost = JSON.stringify({ kind: "Secret", text: lost });
        return map("texts", { "loki.json": lost })(resources);
      },
      finds: /^ConfigMap monitoring\/texts: .*can't be read \(in more than \d nested texts\)/,
    },
    {
      what: "Loki's file has a conflict of a merge in it",
      how: text("loki", (before) =>
        before.replace(/^limits_config:/m, "<<<<<<< HEAD\nlimits_config:\n=======\nlimits_config:"),
      ),
      finds: /^ConfigMap monitoring\/loki: .*a Loki configuration that can't be read \(.*not YAML/,
    },
    {
      what: "a line of Loki's file loses its indentation and its colon",
      how: text("loki", (before) => before.replace(/^ +retention_period:/m, "retention_period")),
      finds: /^ConfigMap monitoring\/loki: .*a Loki configuration that can't be read \(.*not YAML/,
    },
    {
      what: "an alias of Mimir's file has lost its anchor",
      how: text("mimir", (before) => before.replace(/^( +bucket_name:) .*$/m, "$1 *bucket")),
      finds: /^ConfigMap monitoring\/mimir: .*a Mimir configuration that can't be read/,
      ...withMimir,
    },
  ],
  "retention-requires-delete-request-store": [
    {
      what: "the store is in capitals",
      how: setting("loki", "compactor.delete_request_store", "S3"),
      finds: /compactor\.delete_request_store is "S3"/,
    },
    {
      what: "the store is spelt as the flag is",
      how: text("loki", (before) => before.replace("delete_request_store", "delete-request-store")),
      finds: /compactor\.delete_request_store is missing/,
    },
    {
      what: "the store slips out of its block by its indentation",
      how: text("loki", (before) => before.replace("  delete_request_store", "delete_request_store")),
      finds: /compactor\.delete_request_store is missing/,
    },
    {
      what: "the compactor moves into the limits",
      how: file("loki", (content) => {
        content.limits_config.compactor = content.compactor;
        delete content.compactor;
      }),
      finds: /compactor\.retention_enabled is missing/,
    },
    {
      what: "the schema moves to another store, and the compactor stays",
      how: setting("loki", "schema_config.configs.0.object_store", "filesystem"),
      finds: /compactor\.delete_request_store is "s3"/,
    },
    {
      what: "the configuration moves to a Secret without it",
      how: (resources) => {
        const { props: before } = resources.find(is("ConfigMap loki"))!;
        const lost = ((before as Props).data["config.yaml"] as string).replace(/ *delete_request_store: s3\n/, "");
        const metadata = { namespace: "monitoring", name: "loki-config" };
        const secret = object("core/v1", "Secret", { metadata, data: { "config.yaml": base64(lost) } });
        return all(without("ConfigMap loki"), added(secret))(resources);
      },
      finds: /^Secret monitoring\/loki-config: .*compactor\.delete_request_store is missing/,
    },
    {
      what: "Flux installs a chart of Loki's without it, beside the sets of pods that values usually have",
      how: added(
        object("helm.toolkit.fluxcd.io/v2", "HelmRelease", {
          metadata: { namespace: "logs", name: "loki" },
          spec: {
            chart: { spec: { chart: "loki", sourceRef: { kind: "HelmRepository", name: "grafana" } } },
            values: { compactor: { replicas: 1 }, loki: { ...lokiWithoutStore, loki: { auth_enabled: false } } },
          },
        }),
      ),
      finds: /^HelmRelease logs\/loki: spec\.values\.loki\.compactor\.delete_request_store is missing/,
    },
    {
      what: "Argo CD installs a chart of Loki's without it, its values a text",
      how: added(
        object("argoproj.io/v1alpha1", "Application", {
          metadata: { namespace: "argocd", name: "loki" },
          spec: { source: { chart: "loki", helm: { values: JSON.stringify({ loki: lokiWithoutStore }) } } },
        }),
      ),
      finds: /^Application argocd\/loki: spec\.source\.helm\.values: loki\.compactor\.delete_request_store is missing/,
    },
    {
      what: "a chart of Loki's has its values from the text of an asset",
      how: (resources) => {
        const { props: before, ...rest } = release("loki", {});
        const values = new asset.StringAsset(JSON.stringify({ loki: lokiWithoutStore }));
        return added({ ...rest, props: { ...before, valueYamlFiles: [values] } })(resources);
      },
      finds: /^Release monitoring\/loki: values\.loki\.compactor\.delete_request_store is missing/,
    },
    {
      what: "a manifest of the ConfigMap lies in another one",
      how: (resources) => {
        const { props: before } = resources.find(is("ConfigMap loki"))!;
        const lost = ((before as Props).data["config.yaml"] as string).replace(/ *delete_request_store: s3\n/, "");
        const manifest = { apiVersion: "v1", kind: "ConfigMap", data: { "config.yaml": lost } };
        return map("manifests", { "loki.json": JSON.stringify(manifest) })(resources);
      },
      finds: /^ConfigMap monitoring\/manifests: .*data\["config\.yaml"\]: compactor\.delete_request_store is missing/,
    },
    {
      what: "an argument empties the store",
      how: lokiPods((called) => argument(called, "-compactor.delete-request-store=")),
      finds: /-compactor\.delete-request-store is/,
    },
  ],
  "loki-config-has-no-removed-fields": [
    {
      what: "the cache of results is the one of Loki 2",
      how: setting("loki", "query_range.results_cache.cache.enable_fifocache", true),
      finds: /query_range\.results_cache\.cache\.enable_fifocache is/,
    },
    {
      what: "the interval of split queries is where it was in Loki 2",
      how: setting("loki", "query_range.split_queries_by_interval", "15m"),
      finds: /query_range\.split_queries_by_interval is/,
    },
    {
      what: "a writer is given a flag of Loki 2",
      how: lokiPods((called) => argument(called, "-boltdb.shipper.compactor.shared-store=s3")),
      finds: /-boltdb\.shipper\.compactor\.shared-store is/,
    },
    {
      what: "a flag of Loki 2 is in the chart's values",
      how: added(
        release("loki", { loki: { schemaConfig: {} }, write: { extraArgs: ["-store.max-look-back-period=0s"] } }),
      ),
      finds: /-store\.max-look-back-period is/,
    },
  ],
  "configuration-fields-are-known": [
    {
      what: "a limit of Loki's is misspelt",
      how: text("loki", (before) => before.replace(/^( +)retention_period:/m, "$1rentention_period:")),
      finds: /limits_config\.rentention_period is a setting that .*; wanted retention_period/,
    },
    {
      what: "a limit of Mimir's stands at the top",
      how: setting("mimir", "max_global_series_per_user", 0),
      finds: /: max_global_series_per_user is a setting that Mimir .* at limits\.max_global_series_per_user/,
      ...withMimir,
    },
    {
      what: "Loki's file has an anchor of somebody's own",
      how: setting("loki", "x-common", {}),
      finds: /: x-common is a setting that Loki/,
    },
    {
      what: "a limit moves in among the server's",
      how: setting("loki", "server.retention_period", "30d"),
      finds: /: server\.retention_period is a setting that Loki/,
    },
    {
      what: "a switch of Mimir's is a word",
      how: setting("mimir", "multitenancy_enabled", "off-please"),
      finds: /: multitenancy_enabled is "off-please"; wanted true or false/,
      ...withMimir,
    },
    {
      what: "the compactor's interval is in days",
      how: setting("loki", "compactor.compaction_interval", "1d"),
      finds: /: compactor\.compaction_interval is "1d"; wanted a duration/,
    },
    {
      what: "a period of the schema has a key of the chart's",
      how: setting("loki", "schema_config.configs.0.objectStore", "s3"),
      finds: /configs\[0\]\.objectStore is a setting that Loki/,
    },
    {
      what: "a writer is given a flag of Mimir's",
      how: lokiPods((called) => argument(called, "-auth.multitenancy-enabled=false")),
      finds: /-auth\.multitenancy-enabled is a flag that Loki/,
    },
  ],
  "settings-take-effect": [
    {
      what: "two letters of Prometheus' values change places",
      how: added({ ...release("kube-prometheus-stack", { prometehus: { enabled: false } }), name: "another" }),
      finds: /values\.prometehus is a value .* values\.prometheus/,
    },
    {
      what: "the chart of Loki gets a block of Loki's by Loki's name",
      how: added(release("loki", { loki: { schemaConfig: { configs: [] }, memberlist: { join_members: ["loki"] } } })),
      finds: /values\.loki\.memberlist is .*memberlistConfig/,
    },
  ],
  "schema-is-tsdb-v13": [
    {
      what: "a later period goes back to v12",
      how: file("loki", ({ schema_config: { configs } }) => {
        configs.push({ ...configs[0], from: "2026-01-01", schema: "v12" });
      }),
      finds: /configs\[1\]\.schema is "v12"/,
    },
    {
      what: "the index's tables hold a week",
      how: setting("loki", "schema_config.configs.0.index.period", "168h"),
      finds: /configs\[0\]\.index\.period is "168h"/,
    },
    {
      what: "the index is left out",
      how: setting("loki", "schema_config.configs.0.index", undefined),
      finds: /configs\[0\]\.index\.period is missing/,
    },
    {
      what: "a period is put in before the first one's day, and after it",
      how: file("loki", ({ schema_config: { configs } }) => {
        configs.push({ ...configs[0], from: "2020-01-01" });
      }),
      finds: /configs\[1\]\.from is "2020-01-01", which is not after/,
    },
    {
      what: "the store of a period is no kind and has no name",
      how: file("loki", ({ schema_config: { configs }, compactor }) => {
        configs[0].object_store = compactor.delete_request_store = "main";
      }),
      finds: /configs\[0\]\.object_store is "main"/,
    },
    {
      what: "the chart is given an empty schema",
      how: added(release("loki", { loki: { schemaConfig: {}, auth_enabled: false } })),
      finds: /values\.loki\.schemaConfig is empty/,
    },
    {
      what: "the chart is given its test schema beside another",
      how: added(release("loki", { loki: { useTestSchema: true, schemaConfig: { configs: [{}] } } })),
      finds: /values\.loki\.useTestSchema is true beside a schema/,
    },
    {
      what: "the periods are one mapping",
      how: file("loki", ({ schema_config }) => (schema_config.configs = schema_config.configs[0])),
      finds: /schema_config\.configs is not a list of periods/,
    },
  ],
  "victoria-metrics-is-one-process": [
    {
      what: "a StatefulSet like the program's has two",
      how: added(victoriaMetrics({ replicas: 2 })),
      finds: /StatefulSet monitoring\/victoria-metrics: spec\.replicas is 2/,
    },
    {
      what: "its chart has three",
      how: added(release("victoria-metrics-single", { server: { replicaCount: 3 } }, { version: "0.14.0" })),
      finds: /values\.server\.replicaCount is 3/,
    },
  ],
  "victoria-metrics-is-on-a-local-volume": [
    {
      what: "a StatefulSet like the program's is on Ceph",
      how: added(victoriaMetrics({ volumeClaimTemplates: [{ spec: { storageClassName: "ceph-block" } }] })),
      finds: /spec\.volumeClaimTemplates\[0\]\.spec\.storageClassName is "ceph-block"/,
    },
    {
      what: "the whole stack's chart puts it on Longhorn",
      how: added(
        release(
          "victoria-metrics-k8s-stack",
          { vmsingle: { spec: { storage: { storageClassName: "longhorn" } } } },
          { version: "0.40.0" },
        ),
      ),
      finds: /values\.vmsingle\.spec\.storage\.storageClassName is "longhorn"/,
    },
  ],
  "series-have-one-writer": [
    {
      what: "a second Prometheus writes what the first does",
      how: set(kps, "values.prometheus.prometheusSpec.replicas", 2),
      finds: /values\.prometheus\.prometheusSpec\.replicas is 2/,
      stages: ["dual-write", "mimir-default"],
    },
    {
      what: "a VMAgent of somebody else's has two replicas",
      how: added(
        object("operator.victoriametrics.com/v1beta1", "VMAgent", {
          metadata: { namespace: "shop", name: "agent" },
          spec: { replicaCount: 2, image: { repository: "docker.io/victoriametrics/vmagent", tag: "v1.150.0" } },
        }),
      ),
      finds: /VMAgent shop\/agent: spec\.replicaCount is 2/,
    },
  ],
  "retention-meets-stack-minimum": [
    {
      what: "Loki's days become minutes by a letter",
      how: text("loki", (before) => before.replace(/(retention_period: \d+)d/, "$1m")),
      finds: /limits_config\.retention_period is "\d+m"/,
    },
    {
      what: "a writer is told another retention",
      how: lokiPods((called) => argument(called, "-store.retention=2h")),
      finds: /-store\.retention is "2h"/,
    },
    {
      what: "Loki's retention depends on a variable that nobody sets",
      how: setting("loki", "limits_config.retention_period", "${RETENTION}"),
      finds: /limits_config\.retention_period is/,
    },
    {
      what: "Mimir keeps six hours",
      how: setting("mimir", "limits.compactor_blocks_retention_period", "6h"),
      finds: /limits\.compactor_blocks_retention_period is "6h"/,
      ...withMimir,
    },
    {
      what: "the lines of a namespace are kept for less",
      how: setting("loki", "limits_config.retention_stream", [
        { selector: '{namespace="airflow"}', priority: 1, period: "12h" },
      ]),
      finds: /limits_config\.retention_stream\[0\]\.period is "12h" for the streams/,
    },
    {
      what: "a tenant of Loki has less",
      how: map("loki-overrides", { "overrides.yaml": "overrides:\n  fake:\n    retention_period: 60m\n" }),
      finds: /fake\.retention_period is "60m"/,
    },
  ],
  "replication-factor-fits-replicas": [
    {
      what: "the ring has a factor of its own",
      how: setting("loki", "ingester.lifecycler.ring.replication_factor", 7),
      finds: /ingester\.lifecycler\.ring\.replication_factor is 7/,
    },
    {
      what: "an argument raises the factor",
      how: lokiPods((called) => argument(called, "-distributor.replication-factor=4")),
      finds: /args: -distributor\.replication-factor is 4/,
    },
    {
      what: "the writers are scaled away",
      how: lokiPods((called) => set(called, "spec.replicas", 0)),
      finds: /common\.replication_factor is \d; wanted at most the number of writers, of which there are none/,
    },
    {
      what: "a single Mimir has no factor, and so 3",
      how: setting("mimir", "ingester.ring.replication_factor", undefined),
      finds: /ingester\.ring\.replication_factor is missing, which means 3/,
      ...withMimir,
    },
  ],
  "replication-factor-survives-a-writer": withTwoWriters([
    {
      what: "the ring's own factor is 2",
      how: setting("loki", "ingester.lifecycler.ring.replication_factor", 2),
      finds: /ingester\.lifecycler\.ring\.replication_factor is 2/,
    },
    {
      what: "an anchor brings the 2 from elsewhere in the file",
      how: text("loki", (before) =>
        `${before.replace(/replication_factor: \d+/, "replication_factor: *two")}`.replace(
          /^auth_enabled: \w+\n/,
          (line) => `${line}ballast_bytes: &two 2\n`,
        ),
      ),
      finds: /common\.replication_factor is 2/,
      ...inCluster,
    },
    {
      what: "the factor is a variable's default",
      how: text("loki", (before) => before.replace(/replication_factor: \d+/, "replication_factor: ${LOKI_FACTOR:-2}")),
      finds: /common\.replication_factor is 2/,
      ...inCluster,
    },
  ]),
  "mimir-storage-is-separate": each(withMimir, [
    {
      what: "a chart of Mimir's has one bucket for all, beside sets of pods and a key that the chart ignores",
      how: added(
        release("mimir-distributed", {
          minio: { enabled: false },
          store_gateway: { replicas: 1, persistentVolume: { size: "10Gi" } },
          multitenancy_enabled: false,
          blocks_storage: { s3: { bucket_name: "blocks" } },
          mimir: { structuredConfig: { common: { storage: { backend: "s3", s3: { bucket_name: "mimir" } } } } },
        }),
      ),
      finds:
        /^Release monitoring\/mimir-distributed: values\.mimir\.structuredConfig\.ruler_storage\.s3\.bucket_name is "mimir"/,
    },
    {
      what: "every store takes the bucket of common",
      how: file("mimir", (content) => {
        content.common.storage.s3.bucket_name = content.blocks_storage.s3.bucket_name;
        for (const block of ["blocks_storage", "ruler_storage", "alertmanager_storage"])
          delete content[block].s3.bucket_name;
      }),
      finds: /ruler_storage\.s3\.bucket_name is .*as in blocks_storage/,
    },
    {
      what: "the blocks move into the bucket of the rules",
      how: file("mimir", (content) => {
        content.blocks_storage.s3.bucket_name = content.ruler_storage.s3.bucket_name;
      }),
      finds: /ruler_storage\.s3\.bucket_name is .*as in blocks_storage/,
    },
    {
      what: "rules and blocks share bucket and prefix",
      how: file("mimir", (content) => {
        content.ruler_storage = structuredClone(content.blocks_storage);
        delete content.ruler_storage.tsdb;
        delete content.ruler_storage.bucket_store;
        content.ruler_storage.storage_prefix = content.blocks_storage.storage_prefix = "all";
      }),
      finds: /ruler_storage\.s3\.bucket_name is .*as in blocks_storage/,
    },
    {
      what: "an argument moves the rules into the bucket of the blocks",
      how: (resources) => {
        const mimir = (resources.find(is("ConfigMap mimir"))!.props as Props).data["config.yaml"] as string;
        const blocks = /^blocks_storage:\n(?: .*\n)*? +bucket_name: (\S+)/m.exec(mimir)![1];
        return argument("StatefulSet mimir", `-ruler-storage.s3.bucket-name=${blocks}`)(resources);
      },
      finds: /args: -ruler-storage\.s3\.bucket-name is .*as in blocks_storage/,
    },
    {
      what: "a prefix has a slash",
      how: setting("mimir", "ruler_storage.storage_prefix", "mimir/ruler"),
      finds: /ruler_storage\.storage_prefix is/,
    },
  ]),
  "one-default-datasource": [
    {
      what: "Alertmanager is one by a word of YAML 1.1",
      how: text("grafana-datasources", (before) =>
        before.replace(/(uid: alertmanager\n[^]*?isDefault: )false/, "$1yes"),
      ),
      finds: /is the default data source \(.*Alertmanager/,
    },
    {
      what: "the file is mounted from another ConfigMap as well",
      how: all(
        map("more-datasources", {
          "more.yaml":
            "apiVersion: 1\ndatasources: [{name: Other, type: prometheus, url: 'http://x:1', isDefault: true}]\n",
        }),
        props("StatefulSet grafana", ({ spec }) => {
          (spec.template.spec.volumes as Props[]).push({ name: "more", configMap: { name: "more-datasources" } });
        }),
      ),
      finds: /^ConfigMap monitoring\/.*is the default data source/,
    },
    {
      what: "another application's is found by the sidecar's label",
      how: added({
        ...object("core/v1", "ConfigMap", {
          metadata: { namespace: "shop", name: "shop-datasource", labels: { grafana_datasource: "1" } },
          data: {
            "shop.yaml":
              "apiVersion: 1\ndatasources: [{name: Shop, type: prometheus, url: 'http://x:1', isDefault: true}]\n",
          },
        }),
        name: "shop-datasource",
      }),
      finds: /^ConfigMap .*is the default data source|the default data source \(Shop\)/,
    },
    {
      what: "every data source is a copy of the default",
      how: file("grafana-datasources", (content) => {
        for (const source of content.datasources as Props[]) source.isDefault = true;
      }),
      finds: /is the default data source/,
    },
  ],
  "default-datasource-is-fed": [
    {
      what: "the address has a typing error",
      how: text("grafana-datasources", (before) =>
        before.replace("kube-prometheus-stack-prometheus.", "kube-promethues-stack-prometheus."),
      ),
      finds: /url is kube-promethues-stack-prometheus/,
      ...prometheusIsDefault,
    },
    {
      what: "Mimir is the default, and its Service is gone",
      how: all(mimirIsDefault, without("Service mimir")),
      finds: /url is mimir in namespace monitoring, but the stack has no metrics Service/,
      ...beforeMimir,
    },
    {
      what: "Mimir is the default at the port of Prometheus",
      how: all(
        mimirIsDefault,
        text("grafana-datasources", (before) => before.replace(":9009", ":9090")),
      ),
      finds: /url is port 9090 of Service monitoring\/mimir/,
      ...beforeMimir,
    },
    {
      what: "a stack without Mimir has it as its default",
      how: text("grafana-datasources", (before) =>
        before.replace(
          /http:\/\/kube-prometheus-stack-prometheus[^\n]*/,
          "http://mimir.monitoring.svc.cluster.local:9009/prometheus",
        ),
      ),
      finds: /url is mimir in namespace monitoring, but the stack has no metrics Service/,
      stages: ["loki"],
    },
    {
      what: "Prometheus writes to Mimir no more, before anything else does",
      how: set(kps, "values.prometheus.prometheusSpec.remoteWrite", undefined),
      finds: /url is mimir in namespace monitoring, but nothing in the stack/,
      stages: ["mimir-default"],
    },
    {
      what: "the collector that writes to Mimir has no pods",
      how: set("StatefulSet alloy-metrics", "spec.replicas", 0),
      finds: /url is mimir in namespace monitoring, but nothing in the stack/,
      ...withoutKps,
    },
    {
      what: "the collector that writes to Mimir is gone, and its configuration stayed",
      how: without("StatefulSet alloy-metrics"),
      finds: /url is mimir in namespace monitoring, but nothing in the stack/,
      ...withoutKps,
    },
    {
      what: "the collector writes to a Mimir of another name",
      how: props("ConfigMap alloy-metrics", ({ data }) => {
        data["config.alloy"] = (data["config.alloy"] as string).replaceAll("//mimir.", "//mimr.");
      }),
      finds: /url is mimir in namespace monitoring, but nothing in the stack/,
      ...withoutKps,
    },
    {
      what: "the address of Prometheus stays when it goes",
      how: text("grafana-datasources", (before) =>
        before.replace(/http:\/\/mimir\.monitoring[^\n]*/g, "http://kube-prometheus-stack-prometheus.monitoring:9090"),
      ),
      finds: /url is kube-prometheus-stack-prometheus in namespace monitoring, but the stack has no metrics Service/,
      ...withoutKps,
    },
  ],
  "secrets-stay-in-secrets": whenGenerated([
    {
      what: "the gateway's nginx sends it in a header, in base64",
      how: props("ConfigMap loki-gateway", ({ data }) => {
        data["nginx.conf"] += `# proxy_set_header Authorization "Basic ${base64(generated)}";\n`;
      }),
      finds: /^ConfigMap monitoring\/loki-gateway: .* is a text that contains the secret of/,
    },
    {
      what: "a label of a Service has it",
      how: set("Service grafana", "metadata.annotations", { "example.com/key": generated }),
      finds: /^Service monitoring\/grafana: metadata\.annotations.* is a text that contains the secret of/,
    },
    {
      what: "remote_write has it in its address, escaped",
      how: set(kps, "values.prometheus.prometheusSpec.remoteWrite", [
        { url: `http://loki:${encodeURIComponent(generated)}@mimir.example.com/api/v1/push` },
      ]),
      finds:
        /^Release monitoring\/kube-prometheus-stack: .*remoteWrite\[0\]\.url is a text that contains the secret of/,
      ...withKps,
    },
    {
      what: "a dashboard has it in its description",
      how: props("ConfigMap grafana-dashboard-loki", ({ data }) => {
        data["loki.json"] = (data["loki.json"] as string).replace("{", `{"description":"key: ${generated}",`);
      }),
      finds: /^ConfigMap monitoring\/grafana-dashboard-loki: .* is a text that contains the secret of/,
    },
  ]),
  "pi-nodes-run-arm64-images": [
    {
      what: "the chart chooses Prometheus' image",
      how: set(kps, "values.prometheus.prometheusSpec.image", undefined),
      finds: /prometheusSpec\.image.* is not named/,
      ...withKps,
    },
    {
      what: "the reloader's tag is a version ahead",
      how: set(kps, "values.prometheusOperator.prometheusConfigReloader.image.tag", "v9.9.9"),
      finds: /prometheusConfigReloader\.image.*v9\.9\.9/,
      ...withKps,
    },
    {
      what: "an image comes from another registry",
      how: lokiPods((called) => container(called, (first) => (first.image = "ghcr.io/grafana/loki:3.6.3"))),
      finds: /containers\[0\]\.image is "ghcr\.io\/grafana\/loki:3\.6\.3"/,
    },
    {
      what: "a Job of an unlisted image may run on any node",
      how: added(
        object("batch/v1", "Job", {
          metadata: { namespace: "monitoring", name: "once" },
          spec: { template: { spec: { containers: [{ name: "once", image: unlisted }] } } },
        }),
      ),
      finds: /^Job monitoring\/once: .*image is "docker\.io\/library\/busybox/,
    },
  ],
  "images-are-pinned": [
    {
      what: "Loki's tag loses its last part",
      how: lokiPods((called) =>
        container(called, (first) => (first.image = (first.image as string).replace(/\.\d+$/, ""))),
      ),
      finds: /containers\[0\]\.image is "docker\.io\/grafana\/loki:3\.\d+"/,
    },
    {
      what: "the collector's image has no tag",
      how: container("DaemonSet alloy", (first) => (first.image = (first.image as string).replace(/:[^:/]*$/, ""))),
      finds: /^DaemonSet monitoring\/alloy: .*containers\[0\]\.image is/,
    },
    {
      what: "the operator's tag is a branch",
      how: set(kps, "values.prometheusOperator.image.tag", "main"),
      finds: /prometheusOperator\.image.* is .*main/,
      ...withKps,
    },
    {
      what: "the definitions' chart has no version",
      how: set(crds, "version", undefined),
      finds: /^Release monitoring\/prometheus-operator-crds: version is missing/,
    },
  ],
  "workloads-have-requests-and-limits": [
    {
      what: "limits are written one level too high",
      how: container("DaemonSet node-exporter", (first) => {
        first.limits = first.resources.limits;
        delete first.resources.limits;
      }),
      finds: /^DaemonSet monitoring\/node-exporter: .*resources\.limits\.memory is missing/,
    },
    {
      what: "Loki asks for more than it may take",
      how: lokiPods((called) => container(called, ({ resources }) => (resources.requests.memory = "1Ti"))),
      finds: /resources\.requests\.memory is "1Ti"/,
    },
    {
      what: "Prometheus' resources go from the chart's values",
      how: set(kps, "values.prometheus.prometheusSpec.resources", undefined),
      finds: /prometheusSpec\.resources is without/,
      ...withKps,
    },
    {
      what: "the operator's request of CPU is nothing",
      how: set(kps, "values.prometheusOperator.resources.requests.cpu", 0),
      finds: /prometheusOperator\.resources\.requests\.cpu is/,
      ...withKps,
    },
  ],
  "containers-are-restricted": [
    {
      what: "the node exporter, which may see the node, is privileged",
      how: container("DaemonSet node-exporter", (first) => (first.securityContext.privileged = true)),
      finds: /containers\[0\]\.securityContext\.privileged is true/,
    },
    {
      what: "Loki's volume is a folder of the node",
      how: lokiPods((called) =>
        props(called, ({ spec }) =>
          spec.template.spec.volumes.push({ name: "node", hostPath: { path: "/var/lib/loki" } }),
        ),
      ),
      finds: /volumes\[\d\]\.hostPath is/,
    },
    {
      what: "an init container may get more rights",
      how: initContainer("Deployment kube-state-metrics", (more) => {
        more.securityContext.allowPrivilegeEscalation = true;
      }),
      finds: /initContainers\[0\]\.securityContext\.allowPrivilegeEscalation is true/,
    },
    {
      what: "Prometheus is on the network of its node",
      how: set(kps, "values.prometheus.prometheusSpec.hostNetwork", true),
      finds: /prometheusSpec\.hostNetwork is true/,
      ...withKps,
    },
  ],
  "stateful-data-is-protected": [
    {
      what: "a generated secret is not protected",
      how: unprotected("Item loki-object-store"),
      finds: /^Item loki-object-store: the option protect is not set/,
      stacks: ["production", "staging"],
    },
    {
      what: "Grafana's volume goes with its pods",
      how: set("StatefulSet grafana", "spec.persistentVolumeClaimRetentionPolicy.whenScaled", "Delete"),
      finds: /^StatefulSet monitoring\/grafana: .*whenScaled is "Delete"/,
    },
    {
      what: "Prometheus' volume goes with it",
      how: set(kps, "values.prometheus.prometheusSpec.persistentVolumeClaimRetentionPolicy.whenDeleted", "Delete"),
      finds: /prometheusSpec\.persistentVolumeClaimRetentionPolicy\.whenDeleted is "Delete"/,
      ...withKps,
    },
    {
      what: "Loki's claim is a resource of its own, not protected",
      how: added(
        object("core/v1", "PersistentVolumeClaim", { metadata: { namespace: "monitoring", name: "data-loki-0" } }),
      ),
      finds: /^PersistentVolumeClaim monitoring\/data-loki-0: the option protect is not set/,
    },
  ],
  "no-force-destroy-in-production": each(withMinio, [
    {
      what: "the blocks' bucket may be deleted, in a string",
      how: set("S3Bucket mimir-blocks", "forceDestroy", "true"),
      finds: /^S3Bucket mimir-blocks: forceDestroy is true/,
    },
    {
      what: "a registry beside it may be deleted",
      how: added({ type: "aws:ecr/repository:Repository", name: "images", props: { forceDelete: true } }),
      finds: /^Repository images: forceDelete is true/,
    },
    {
      what: "Grafana moves to a database without a last snapshot",
      how: added({ type: "aws:rds/instance:Instance", name: "grafana", props: { skipFinalSnapshot: true } }),
      finds: /^Instance grafana: skipFinalSnapshot is true/,
    },
  ]),
  "no-destructive-provider-flags": [
    {
      what: "Mimir's user gets a new secret each time",
      how: set("IamUser mimir", "updateSecret", true),
      finds: /^IamUser production-mimir: updateSecret is/,
      ...withMinio,
    },
    {
      what: "the cluster's provider drops what it can't reach, in a string as providers have it",
      how: set("kubernetes cluster", "deleteUnreachable", "true"),
      finds: /^kubernetes cluster: deleteUnreachable is/,
    },
    {
      what: "the definitions take over a name",
      how: set(crds, "replace", true),
      finds: /^Release monitoring\/prometheus-operator-crds: replace is/,
    },
  ],
  "crds-outlive-the-operator": [
    {
      what: "the switch is a string",
      how: set(kps, "values.crds.enabled", "false"),
      finds: /values\.crds\.enabled is "false"/,
      ...withKps,
    },
    {
      what: "the switch is where it was in older charts",
      how: props(kps, ({ values }) => {
        values.prometheusOperator.createCustomResource = false;
        delete values.crds;
      }),
      finds: /values\.crds\.enabled is missing \(true by default\)/,
      ...withKps,
    },
    {
      what: "the operator moves under another chart",
      how: props(kps, (release) => {
        release.values = { "kube-prometheus-stack": { ...release.values, crds: {} } };
        release.chart = "./monitoring";
      }),
      finds: /values\.kube-prometheus-stack\.crds\.enabled is missing/,
      ...withKps,
    },
  ],
  "no-plaintext-secrets": [
    {
      what: "a secret key stands in clear beside the name of a Secret",
      how: added(release("minio", { existingSecret: "minio", rootUser: "loki", secretKey: "lokisecret" })),
      finds: /^Release monitoring\/minio: values\.secretKey is a literal/,
    },
    {
      what: "a list of passwords stands in clear beside the name of a Secret",
      how: added(release("kafka", { sasl: { existingSecret: "kafka", client: { passwords: ["hunter2"] } } })),
      finds: /^Release monitoring\/kafka: values\.sasl\.client\.passwords\[0\] is a literal/,
    },
    {
      what: "Grafana's configuration has the secret of its OpenID Connect client",
      how: props("ConfigMap grafana", ({ data }) => {
        data["grafana.ini"] += "\n[auth.generic_oauth]\nclient_secret = hunter2hunter2\n";
      }),
      finds: /^ConfigMap monitoring\/grafana: .*client_secret/,
    },
    {
      what: "Grafana's password is in its file",
      how: props("ConfigMap grafana", ({ data }) => {
        data["grafana.ini"] = (data["grafana.ini"] as string).replace(
          /^admin_password = .*$/m,
          "admin_password = hunter2x",
        );
      }),
      finds: /^ConfigMap monitoring\/grafana: .*admin_password/,
    },
    {
      what: "a data source has its password beside it",
      how: file("grafana-datasources", (content) => {
        sourceOf(content, "loki").secureJsonData = { basicAuthPassword: generated };
      }),
      finds: /^ConfigMap monitoring\/grafana-datasources: .*basicAuthPassword/,
    },
    {
      what: "remote_write has a bearer token in the values",
      how: set(kps, "values.prometheus.prometheusSpec.remoteWrite", [
        { url: "http://mimir.example.com/api/v1/push", bearerToken: generated },
      ]),
      finds: /remoteWrite\[0\]\.bearerToken/,
      ...withKps,
    },
    {
      what: "the events' collector gets a password as an argument",
      how: argument("Deployment alloy-events", `--remote.password=${generated}`),
      finds: /^Deployment monitoring\/alloy-events: .*args/,
    },
  ],
  "buckets-are-not-shared": [
    {
      what: "Loki moves into the bucket of Mimir's rules",
      how: (resources) => {
        const mimir = (resources.find(is("ConfigMap mimir"))!.props as Props).data["config.yaml"] as string;
        const bucket = /ruler_storage:\n\s+s3:\n\s+bucket_name: (\S+)/.exec(mimir)![1];
        return setting("loki", "common.storage.s3.bucketnames", bucket)(resources);
      },
      finds: /bucket/,
      ...withMimir,
    },
    {
      what: "a second Loki in another namespace has the first one's file",
      how: (resources) => {
        const copy = structuredClone(resources.find(is("ConfigMap loki"))!);
        (copy.props as Props).metadata.namespace = "logs";
        return [...resources, { ...copy, name: "second-loki" }];
      },
      finds: /bucket/,
    },
  ],
  "bucket-lifecycles-spare-data": each(withMinio, [
    {
      what: "Loki's bucket expires everything after its retention",
      how: added({
        type: "minio:index/ilmPolicy:IlmPolicy",
        name: "loki-expires",
        props: { bucket: "loki-production", rules: [{ id: "a", expiration: "31d" }] },
      }),
      finds: /^IlmPolicy loki-expires: rules\[0\]\.expiration is "31d"/,
    },
    {
      what: "Loki's bucket is made with object lock",
      how: set("S3Bucket loki", "objectLocking", true),
      finds: /^S3Bucket loki: objectLocking is on/,
    },
  ]),
  "monitors-find-a-service": [
    {
      what: "Grafana's Service has other labels than its monitor looks for",
      how: set("Service grafana", "metadata.labels", { app: "grafana" }),
      finds: /^ServiceMonitor monitoring\/grafana: spec\.selector is/,
    },
    {
      what: "the collector's monitor asks for a number of a port",
      how: set("ServiceMonitor alloy", "spec.endpoints.0.port", "12345"),
      finds: /^ServiceMonitor monitoring\/alloy: spec\.endpoints\[0\]\.port is "12345"/,
    },
    {
      what: "the Service of kube-state-metrics is gone",
      how: without("Service kube-state-metrics"),
      finds: /^ServiceMonitor monitoring\/kube-state-metrics: spec\.selector is/,
    },
    {
      what: "the node exporter's port changes its name",
      how: set("Service node-exporter", "spec.ports.0.name", "http"),
      finds: /^ServiceMonitor monitoring\/node-exporter: spec\.endpoints\[0\]\.port is/,
    },
  ],
  "monitors-have-definitions": [
    {
      what: "the release of the definitions is gone",
      how: without(crds),
      finds: /what defines monitoring\.coreos\.com is missing/,
    },
    {
      what: "it is another chart by a typing error",
      how: set(crds, "chart", "prometheus-operator-crd"),
      finds: /what defines monitoring\.coreos\.com is missing/,
    },
    {
      what: "only one definition is installed, of another group",
      how: all(
        without(crds),
        added(object("apiextensions.k8s.io/v1", "CustomResourceDefinition", { spec: { group: "cert-manager.io" } })),
      ),
      finds: /what defines monitoring\.coreos\.com is missing/,
    },
  ],
};

/** Mistakes of a whole stack that two policies could tell, and the one that does. */
export const sharedCauses: readonly { what: string; how: How; stack: Stack; teller: string }[] = [
  {
    what: "a replication factor of 2 with one writer",
    how: setting("loki", "common.replication_factor", 2),
    stack: "sandbox",
    teller: "replication-factor-fits-replicas",
  },
  {
    what: "a replication factor of 2 with three",
    how: all(
      setting("loki", "common.replication_factor", 2),
      lokiPods((called) => set(called, "spec.replicas", 3)),
    ),
    stack: "sandbox",
    teller: "replication-factor-survives-a-writer",
  },
  {
    what: "a literal that is equal to a Secret, where its key says what it is",
    how: all(generatedIs, setting("loki", "common.storage.s3.secret_access_key", generated)),
    stack: "production",
    teller: "no-plaintext-secrets",
  },
  {
    what: "a literal that is equal to a Secret, where nothing says what it is",
    how: all(generatedIs, set("Service grafana", "metadata.annotations", { "example.com/note": generated })),
    stack: "production",
    teller: "secrets-stay-in-secrets",
  },
];
