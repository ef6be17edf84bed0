import type { StageName } from "../../config/sections/migration";
import type { Stack } from "../program/support/previews";
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

/** One harmful change to the real graphs, and how the policy that is meant for it refuses it. */
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
  /** Whether the policy's own test makes the same mistake. Default: false. */
  known?: true;
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
  added(object("core/v1", "ConfigMap", { metadata: { namespace: "monitoring", name }, data }));

/** A change to the pods that write to Loki's store, whatever the mode calls them. */
const lokiPods =
  (change: (called: string) => How): How =>
  (resources) =>
    change(`StatefulSet ${resources.some(is("StatefulSet loki")) ? "loki" : "loki-write"}`)(resources);

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

const unlisted = "docker.io/library/busybox:1.37.0";

/** The mutations, by the policy that is meant for each. */
export const mutations: Readonly<Record<string, readonly Mutation[]>> = {
  "configurations-can-be-read": [
    {
      what: "a key of Loki's file is given twice",
      how: text("loki", (before) => `${before}auth_enabled: true\n`),
      finds: /^ConfigMap monitoring\/loki: .*a Loki configuration that can't be read \(line \d+: a key given twice/,
      known: true,
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
      what: "Mimir's limits stand in a document of their own",
      how: text("mimir", (before) => before.replace(/^limits:/m, "---\nlimits:")),
      finds:
        /^ConfigMap monitoring\/mimir: .*a Mimir configuration that can't be read \(followed by another YAML document/,
      ...withMimir,
      known: true,
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
      what: "the store is taken out",
      how: setting("loki", "compactor.delete_request_store", undefined),
      finds: /compactor\.delete_request_store is missing/,
      known: true,
    },
    {
      what: "the store is that of another installation",
      how: setting("loki", "compactor.delete_request_store", "gcs"),
      finds: /compactor\.delete_request_store is "gcs"/,
      known: true,
    },
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
      what: "an argument names a store that the file's schema doesn't use",
      how: lokiPods((called) => argument(called, "-compactor.delete-request-store=gcs")),
      finds: /args: -compactor\.delete-request-store is "gcs"; wanted "s3"/,
      known: true,
    },
    {
      what: "an argument switches off what deletes",
      how: lokiPods((called) => argument(called, "-compactor.retention-enabled=false")),
      finds: /args: -compactor\.retention-enabled is false/,
      known: true,
    },
    {
      what: "an argument empties the store",
      how: lokiPods((called) => argument(called, "-compactor.delete-request-store=")),
      finds: /-compactor\.delete-request-store is/,
    },
  ],
  "loki-config-has-no-removed-fields": [
    {
      what: "enforce_metric_name comes back",
      how: setting("loki", "limits_config.enforce_metric_name", false),
      finds: /limits_config\.enforce_metric_name is/,
      known: true,
    },
    {
      what: "the compactor names a shared store",
      how: setting("loki", "compactor.shared_store", "s3"),
      finds: /compactor\.shared_store is/,
      known: true,
    },
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
      what: "the limits become a value beside loki of the chart",
      how: (resources) => {
        const content = ((resources.find(is("ConfigMap loki"))!.props as Props).data as Props)["config.yaml"] as string;
        return all(
          without("ConfigMap loki"),
          added(release("loki", { loki: { config: content }, limits_config: { retention_period: "30d" } })),
        )(resources);
      },
      finds: /values\.limits_config is/,
    },
  ],
  "schema-is-tsdb-v13": [
    {
      what: "the only period has schema v12",
      how: setting("loki", "schema_config.configs.0.schema", "v12"),
      finds: /configs\[0\]\.schema is "v12"/,
      known: true,
    },
    {
      what: "the only period has the index of Loki 2",
      how: setting("loki", "schema_config.configs.0.store", "boltdb-shipper"),
      finds: /configs\[0\]\.store is "boltdb-shipper"/,
      known: true,
    },
    {
      what: "the schema is taken out",
      how: setting("loki", "schema_config", undefined),
      finds: /schema_config\.configs is missing/,
      known: true,
    },
    {
      what: "a later period goes back to v12",
      how: file("loki", ({ schema_config: { configs } }) => {
        configs.push({ ...configs[0], from: "2026-01-01", schema: "v12" });
      }),
      finds: /configs\[1\]\.schema is "v12"/,
    },
    {
      what: "the schema is a number",
      how: setting("loki", "schema_config.configs.0.schema", 13),
      finds: /configs\[0\]\.schema is/,
    },
    {
      what: "the periods are one mapping",
      how: file("loki", ({ schema_config }) => (schema_config.configs = schema_config.configs[0])),
      finds: /schema_config\.configs is not a list of periods/,
    },
  ],
  "retention-meets-stack-minimum": [
    {
      what: "Loki keeps an hour",
      how: setting("loki", "limits_config.retention_period", "1h"),
      finds: /limits_config\.retention_period is "1h"/,
      known: true,
    },
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
      what: "Loki's days lose their letter",
      how: text("loki", (before) => before.replace(/(retention_period: \d+)d/, "$1")),
      finds: /limits_config\.retention_period is "\d+"; .*number without a unit/,
      known: true,
    },
    {
      what: "a tenant of Loki has less",
      how: map("loki-overrides", { "overrides.yaml": "overrides:\n  fake:\n    retention_period: 60m\n" }),
      finds: /fake\.retention_period is "60m"/,
    },
  ],
  "replication-factor-fits-replicas": [
    {
      what: "Loki's factor is above its writers",
      how: setting("loki", "common.replication_factor", 5),
      finds: /common\.replication_factor is 5/,
      known: true,
    },
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
      finds: /common\.replication_factor is \d; wanted at most 0/,
    },
    {
      what: "a single Loki has no factor, and so 3",
      how: setting("loki", "common.replication_factor", undefined),
      finds: /common\.replication_factor is missing, and so 3/,
      stacks: ["sandbox"],
      known: true,
    },
    {
      what: "a single Mimir has no factor, and so 3",
      how: setting("mimir", "ingester.ring.replication_factor", undefined),
      finds: /ingester\.ring\.replication_factor is missing, and so 3/,
      ...withMimir,
    },
  ],
  "replication-factor-survives-a-writer": [
    {
      what: "Loki's factor is 2",
      how: setting("loki", "common.replication_factor", 2),
      finds: /common\.replication_factor is 2/,
      ...inCluster,
      known: true,
    },
    {
      what: "the ring's own factor is 2",
      how: setting("loki", "ingester.lifecycler.ring.replication_factor", 2),
      finds: /ingester\.lifecycler\.ring\.replication_factor is 2/,
    },
    {
      what: "an argument makes Loki's factor 2",
      how: lokiPods((called) => argument(called, "-distributor.replication-factor=2")),
      finds: /args: -distributor\.replication-factor is 2/,
      known: true,
    },
    {
      what: "an anchor brings the 2 from elsewhere in the file",
      how: text("loki", (before) =>
        `${before.replace(/replication_factor: \d+/, "replication_factor: *two")}`.replace(
          /^auth_enabled: \w+\n/,
          (line) => `${line}x-two: &two 2\n`,
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
    {
      what: "Mimir's factor is 2",
      how: setting("mimir", "ingester.ring.replication_factor", 2),
      finds: /ingester\.ring\.replication_factor is 2/,
      ...withMimir,
      known: true,
    },
  ],
  "mimir-storage-is-separate": each(withMimir, [
    {
      what: "rules lie in the bucket of the blocks",
      how: file("mimir", (content) => {
        content.ruler_storage.s3.bucket_name = content.blocks_storage.s3.bucket_name;
      }),
      finds: /ruler_storage\.s3\.bucket_name is .*as in blocks_storage/,
      known: true,
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
      what: "Loki is a default, too",
      how: file("grafana-datasources", (content) => (sourceOf(content, "loki").isDefault = true)),
      finds: /is the default data source \(.*Loki/,
      known: true,
    },
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
          const volume = (spec.template.spec.volumes as Props[]).find(({ name }) => name === "config")!;
          volume.projected.sources.push({ configMap: { name: "more-datasources" } });
        }),
      ),
      finds: /^ConfigMap monitoring\/.*is the default data source/,
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
      what: "Mimir is the default, and nothing writes to it",
      how: all(mimirIsDefault, set(kps, "values.prometheus.prometheusSpec.remoteWrite", undefined)),
      finds: /url is mimir in namespace monitoring, and nothing in the stack/,
      ...beforeMimir,
      known: true,
    },
    {
      what: "Mimir is the default, and its Service is gone",
      how: all(mimirIsDefault, without("Service mimir")),
      finds: /url is mimir in namespace monitoring, and the stack makes no Service/,
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
      finds: /url is mimir in namespace monitoring, and the stack makes no Service/,
      stages: ["loki"],
    },
    {
      what: "the address has a typing error in its last letters",
      how: text("grafana-datasources", (before) => before.replace("stack-prometheus.", "stack-promethues.")),
      finds: /url is kube-prometheus-stack-promethues in namespace monitoring, and the stack makes no Service/,
      ...prometheusIsDefault,
      known: true,
    },
    {
      what: "Prometheus writes to Mimir no more, before anything else does",
      how: set(kps, "values.prometheus.prometheusSpec.remoteWrite", undefined),
      finds: /url is mimir in namespace monitoring, and nothing in the stack/,
      stages: ["mimir-default"],
    },
    {
      what: "the collector that writes to Mimir has no pods",
      how: set("StatefulSet alloy-metrics", "spec.replicas", 0),
      finds: /url is mimir in namespace monitoring, and nothing in the stack/,
      ...withoutKps,
    },
    {
      what: "the collector that writes to Mimir is gone, and its configuration stayed",
      how: without("StatefulSet alloy-metrics"),
      finds: /url is mimir in namespace monitoring, and nothing in the stack/,
      ...withoutKps,
    },
    {
      what: "the collector writes to a Mimir of another name",
      how: props("ConfigMap alloy-metrics", ({ data }) => {
        data["config.alloy"] = (data["config.alloy"] as string).replaceAll("//mimir.", "//mimr.");
      }),
      finds: /url is mimir in namespace monitoring, and nothing in the stack/,
      ...withoutKps,
    },
    {
      what: "the address of Prometheus stays when it goes",
      how: text("grafana-datasources", (before) =>
        before.replace(/http:\/\/mimir\.monitoring[^\n]*/g, "http://kube-prometheus-stack-prometheus.monitoring:9090"),
      ),
      finds: /url is kube-prometheus-stack-prometheus in namespace monitoring, and the stack makes no Service/,
      ...withoutKps,
    },
  ],
  "secrets-stay-in-secrets": whenGenerated([
    {
      what: "Loki's configuration has its key",
      how: setting("loki", "common.storage.s3.secret_access_key", generated),
      finds: /^ConfigMap monitoring\/loki: data\["config\.yaml"\] is a text with the secret of/,
      known: true,
    },
    {
      what: "the gateway's nginx sends it in a header, in base64",
      how: props("ConfigMap loki-gateway", ({ data }) => {
        data["nginx.conf"] += `# proxy_set_header Authorization "Basic ${base64(generated)}";\n`;
      }),
      finds: /^ConfigMap monitoring\/loki-gateway: .* is a text with the secret of/,
    },
    {
      what: "a label of a Service has it",
      how: set("Service grafana", "metadata.annotations", { "example.com/key": generated }),
      finds: /^Service monitoring\/grafana: metadata\.annotations.* is a text with the secret of/,
    },
    {
      what: "remote_write has it in its address, escaped",
      how: set(kps, "values.prometheus.prometheusSpec.remoteWrite", [
        { url: `http://loki:${encodeURIComponent(generated)}@mimir.example.com/api/v1/push` },
      ]),
      finds: /^Release monitoring\/kube-prometheus-stack: .*remoteWrite\[0\]\.url is a text with the secret of/,
      ...withKps,
    },
    {
      what: "a dashboard has it in its description",
      how: props("ConfigMap grafana-dashboard-loki", ({ data }) => {
        data["loki.json"] = (data["loki.json"] as string).replace("{", `{"description":"key: ${generated}",`);
      }),
      finds: /^ConfigMap monitoring\/grafana-dashboard-loki: .* is a text with the secret of/,
    },
  ]),
  "pi-nodes-run-arm64-images": [
    {
      what: "Grafana's image is one that nobody has looked up",
      how: container("StatefulSet grafana", (first) => (first.image = "docker.io/grafana/grafana:99.0.0")),
      finds: /containers\[0\]\.image is "docker\.io\/grafana\/grafana:99\.0\.0"/,
      known: true,
    },
    {
      what: "the events' collector gets an init container of an unlisted image",
      how: initContainer("Deployment alloy-events", (more) => (more.image = unlisted)),
      finds: /initContainers\[\d\]\.image is "docker\.io\/library\/busybox/,
      known: true,
    },
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
      what: "Grafana is the latest",
      how: container("StatefulSet grafana", (first) => (first.image = "docker.io/grafana/grafana:latest")),
      finds: /containers\[0\]\.image is "docker\.io\/grafana\/grafana:latest"/,
      known: true,
    },
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
      what: "the chart's version is a range",
      how: set(kps, "version", "^88.5.3"),
      finds: /version is "\^88\.5\.3"/,
      known: true,
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
      what: "Grafana's memory has no limit",
      how: container("StatefulSet grafana", ({ resources }) => delete resources.limits),
      finds: /containers\[0\]\.resources\.limits\.memory is missing/,
      known: true,
    },
    {
      what: "an init container asks for nothing",
      how: initContainer("Deployment kube-state-metrics", (more) => delete more.resources),
      finds: /initContainers\[0\]\.resources\.requests\.cpu is missing/,
      known: true,
    },
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
      finds: /prometheusSpec\.resources\.limits\.memory is missing/,
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
      what: "Grafana runs as root",
      how: set("StatefulSet grafana", "spec.template.spec.securityContext.runAsUser", 0),
      finds: /securityContext\.runAsUser is 0/,
      known: true,
    },
    {
      what: "the gateway keeps its capabilities",
      how: container("Deployment loki-gateway", ({ securityContext }) => delete securityContext.capabilities),
      finds: /containers\[0\]\.securityContext\.capabilities\.drop is missing/,
      known: true,
    },
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
      what: "the namespace is not protected",
      how: unprotected("Namespace monitoring"),
      finds: /^Namespace monitoring: the option protect is not set/,
      known: true,
    },
    {
      what: "Loki's bucket is not protected",
      how: unprotected("S3Bucket loki"),
      finds: /^S3Bucket loki: the option protect is not set/,
      ...withMinio,
      known: true,
    },
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
      what: "Loki's bucket may be deleted",
      how: set("S3Bucket loki", "forceDestroy", true),
      finds: /^S3Bucket loki: forceDestroy is true/,
      known: true,
    },
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
      what: "Loki's user is force-destroyed",
      how: set("IamUser loki", "forceDestroy", true),
      finds: /^IamUser production-loki: forceDestroy is/,
      ...withMinio,
      known: true,
    },
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
      what: "the chart is forced",
      how: set(kps, "forceUpdate", true),
      finds: /^Release monitoring\/kube-prometheus-stack: forceUpdate is/,
      known: true,
      ...withKps,
    },
    {
      what: "the definitions take over a name",
      how: set(crds, "replace", true),
      finds: /^Release monitoring\/prometheus-operator-crds: replace is/,
    },
  ],
  "crds-outlive-the-operator": [
    {
      what: "the chart brings its definitions",
      how: set(kps, "values.crds.enabled", true),
      finds: /values\.crds\.enabled is true/,
      known: true,
      ...withKps,
    },
    {
      what: "the chart's default counts",
      how: set(kps, "values.crds", undefined),
      finds: /values\.crds\.enabled is missing, which is true/,
      known: true,
      ...withKps,
    },
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
      finds: /values\.crds\.enabled is missing, which is true/,
      ...withKps,
    },
    {
      what: "the release of the definitions is not protected",
      how: unprotected(crds),
      finds: /the option protect is not set/,
      known: true,
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
      what: "Loki's configuration has the key of its bucket",
      how: setting("loki", "common.storage.s3.secret_access_key", generated),
      finds: /^ConfigMap monitoring\/loki: .*secret_access_key/,
      known: true,
    },
    {
      what: "a writer's key is in its environment",
      how: lokiPods((called) =>
        container(called, ({ env }) => {
          const key = (env as Props[]).find(({ name }) => name === "AWS_SECRET_ACCESS_KEY")!;
          delete key.valueFrom;
          key.value = generated;
        }),
      ),
      finds: /containers\[0\]\.env.*AWS_SECRET_ACCESS_KEY|env\[\d\]\.value/,
      known: true,
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
      what: "Mimir's blocks lie in Loki's bucket",
      how: (resources) => {
        const loki = (resources.find(is("ConfigMap loki"))!.props as Props).data["config.yaml"] as string;
        return setting("mimir", "blocks_storage.s3.bucket_name", /bucketnames: (\S+)/.exec(loki)![1])(resources);
      },
      finds: /bucket/,
      ...withMimir,
      known: true,
    },
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
