import assert from "node:assert/strict";
import { settingsTakeEffect as policy } from "../../policy/settings-take-effect";
import { cases, lokiChart, type Values } from "./fixtures";
import { object, release } from "./support";

const drops = "The chart ignores it without an error, and Loki uses its defaults.";
const dropped = (place: string, wanted: string, fix = `Move it to ${wanted}.`, chart = "loki") =>
  `Release monitoring/${chart}: ${place} is where the chart doesn't look for it; wanted at ${wanted}. ${drops} ${fix}`;
const misspelt = (place: string, meant: string, chart: string) =>
  `Release monitoring/${chart}: ${place} is a value that the chart doesn't have there; wanted ${meant}. The chart ignores it without an error, and uses its default. Correct it, or list the release in this policy's parameter exclude. Parameters are set in the file of --policy-pack-config.`;
const kps = (values: Values) => release("kube-prometheus-stack", values);

describe("settings-take-effect", () => {
  it("is advice: nothing goes down", () => assert.equal(policy.enforcementLevel, "advisory"));

  describe("where Loki's chart drops a block", () => {
    const settings = { retention_enabled: true, delete_request_store: "s3" };
    cases(policy, [
      { when: "every block is where the chart looks", given: lokiChart({}) },
      {
        when: "the compactor's settings stand beside loki",
        given: lokiChart({}, { compactor: settings }),
        finds: [dropped("values.compactor", "values.loki.compactor")],
      },
      { when: "the compactor beside loki is the set of pods", given: lokiChart({}, { compactor: { replicas: 1 } }) },
      {
        when: "limits and schema stand beside loki",
        given: lokiChart({}, { limits_config: {}, schema_config: {} }),
        finds: [
          dropped("values.limits_config", "values.loki.limits_config"),
          dropped("values.schema_config", "values.loki.schemaConfig"),
        ],
      },
      {
        when: "a block in loki has Loki's name for it and not the chart's",
        given: lokiChart({ common: { replication_factor: 1 }, ruler: { enable_sharding: true } }),
        finds: [
          dropped("values.loki.common", "values.loki.commonConfig"),
          dropped("values.loki.ruler", "values.loki.rulerConfig"),
        ],
      },
      {
        when: "the chart has no value for a block",
        given: lokiChart({ table_manager: { retention_period: "30d" } }),
        finds: [dropped("values.loki.table_manager", "values.loki.structuredConfig.table_manager")],
      },
      {
        when: "what would be moved is no setting of Loki's",
        given: lokiChart({ ruler: { enabled: true, replicas: 2 } }),
        finds: [
          dropped(
            "values.loki.ruler",
            "values.loki.rulerConfig",
            "Remove it, or move the settings that Loki knows to values.loki.rulerConfig. Loki would refuse enabled, replicas.",
          ),
        ],
      },
      { when: "what is dropped is Loki's default", given: lokiChart({ ruler: { enable_api: true } }) },
      {
        when: "an old chart doesn't read a value yet",
        given: {
          ...lokiChart({ query_range: { cache_results: true } }),
          props: { ...lokiChart({ query_range: { cache_results: true } }).props, version: "5.8.0" },
        },
        finds: [dropped("values.loki.query_range", "values.loki.structuredConfig.query_range")],
      },
      {
        when: "a part of the chart has settings of what it runs",
        given: lokiChart(
          {},
          {
            querier: { max_concurrent: 4, replicas: 1, config: { engine: {} } },
            ingester: { chunk_encoding: "snappy" },
            ruler: { alertmanager_url: "http://a", enabled: true },
            distributor: { otlp_config: {} },
            queryFrontend: { max_outstanding_per_tenant: 1 },
            memberlist: { join_members: [], service: {} },
            tracing: { enabled: true },
          },
        ),
        finds: [
          ["distributor.otlp_config", "loki.distributor.otlp_config"],
          ["ingester.chunk_encoding", "loki.ingester.chunk_encoding"],
          ["memberlist.join_members", "loki.memberlistConfig.join_members"],
          ["querier.max_concurrent", "loki.querier.max_concurrent"],
          ["querier.config", "loki.querier"],
          ["ruler.alertmanager_url", "loki.rulerConfig.alertmanager_url"],
          ["queryFrontend.max_outstanding_per_tenant", "loki.frontend.max_outstanding_per_tenant"],
          ["tracing.enabled", "loki.tracing.enabled"],
        ].map(([place, wanted]) => dropped(`values.${place}`, `values.${wanted}`)),
      },
      {
        when: "a block stands beside loki, or has another program's name or spelling",
        given: lokiChart(
          {
            limits: { retention_period: "1d" },
            overrides: { a: { retention_period: "1d" } },
            chunkStoreConfig: { cache_lookups_older_than: "1d" },
          },
          { pattern_ingester: { enabled: true }, overrides: {}, query_range: {} },
        ),
        finds: [
          ["pattern_ingester", "loki.pattern_ingester"],
          ["overrides", "loki.runtimeConfig.overrides"],
          ["query_range", "loki.query_range"],
          ["loki.limits", "loki.limits_config"],
          ["loki.overrides", "loki.runtimeConfig.overrides"],
          ["loki.chunkStoreConfig", "loki.structuredConfig.chunk_store_config"],
        ].map(([place, wanted]) => dropped(`values.${place}`, `values.${wanted}`)),
      },
      {
        when: "another chart of Loki's has a name of its own for a block",
        given: release("loki-distributed", { loki: { storageConfig: { filesystem: { directory: "/a" } } } }),
      },
      {
        when: "the chart is one before 3, whose value config is the file",
        given: release("loki-stack", { loki: { config: {}, limits_config: { retention_period: "1d" } } }),
        finds: [dropped("values.loki.limits_config", "values.loki.config.limits_config", undefined, "loki-stack")],
      },
      {
        when: "the values' own template may copy a block",
        given: lokiChart({ config: "auth_enabled: false\n", common: {} }),
      },
    ]);
  });

  describe("where a key of a chart is a letter off", () => {
    cases(policy, [
      { when: "every value is the chart's", given: kps({ grafana: { enabled: false }, extraManifests: [] }) },
      {
        when: "grafana is misspelt",
        given: kps({ grafa: { enabled: false } }),
        finds: [misspelt("values.grafa", "values.grafana", "kube-prometheus-stack")],
      },
      {
        when: "grafana lacks a letter",
        given: kps({ grafna: { enabled: false } }),
        finds: [misspelt("values.grafna", "values.grafana", "kube-prometheus-stack")],
      },
      {
        when: "Grafana's password is, which the chart names in a comment alone",
        given: kps({ grafana: { adminPasword: "${GRAFANA_PASSWORD}" } }),
        finds: [misspelt("values.grafana.adminPasword", "values.grafana.adminPassword", "kube-prometheus-stack")],
      },
      {
        when: "a value within is",
        given: kps({ prometheus: { prometheuSpec: { retention: "30d" } } }),
        finds: [
          misspelt("values.prometheus.prometheuSpec", "values.prometheus.prometheusSpec", "kube-prometheus-stack"),
        ],
      },
      {
        when: "one of Loki's chart is",
        given: lokiChart({ structuredConfg: {} }, { gatway: { enabled: false } }),
        finds: [
          misspelt("values.gatway", "values.gateway", "loki"),
          misspelt("values.loki.structuredConfg", "values.loki.structuredConfig", "loki"),
        ],
      },
      {
        when: "one of mimir-distributed is, at its top or in a part of it",
        given: release("mimir-distributed", {
          mimr: {},
          chunks_cache: { enabled: true },
          "store-gateway": {},
          ingester: { persistantVolume: { size: "10Gi" } },
        }),
        finds: [
          misspelt("values.mimr", "values.mimir", "mimir-distributed"),
          misspelt("values.chunks_cache", "values.chunks-cache", "mimir-distributed"),
          misspelt("values.store-gateway", "values.store_gateway", "mimir-distributed"),
          misspelt("values.ingester.persistantVolume", "values.ingester.persistentVolume", "mimir-distributed"),
        ],
      },
      {
        when: "it is a sub-chart's of one's own chart",
        given: release("monitoring", {
          "kube-prometheus-stack": { grafna: { enabled: false } },
          "mimir-distributed": { mimir: { structuredConfg: {} } },
          loki: { url: "http://loki:3100", imag: "x" },
        }),
        finds: [
          misspelt("values.kube-prometheus-stack.grafna", "values.kube-prometheus-stack.grafana", "monitoring"),
          misspelt(
            "values.mimir-distributed.mimir.structuredConfg",
            "values.mimir-distributed.mimir.structuredConfig",
            "monitoring",
          ),
        ],
      },
      {
        when: "a tool in the cluster gives the values to Helm",
        given: object("argoproj.io/v1alpha1", "Application", {
          metadata: { namespace: "argocd", name: "kps" },
          spec: {
            source: {
              chart: "kube-prometheus-stack",
              helm: { values: "prometheus:\n  prometheuSpec: {retention: 30d}\n" },
            },
          },
        }),
        finds: [
          "Application argocd/kps: spec.source.helm.values: prometheus.prometheuSpec is a value that the chart doesn't have there; wanted spec.source.helm.values: prometheus.prometheusSpec. The chart ignores it without an error, and uses its default. Correct it, or list the release in this policy's parameter exclude. Parameters are set in the file of --policy-pack-config.",
        ],
      },
      {
        when: "it stands at the top, and the chart has it in one of its blocks",
        given: kps({ prometheusSpec: { retention: "30d" }, retention: "30d" }),
        finds: [
          misspelt("values.prometheusSpec", "values.prometheus.prometheusSpec", "kube-prometheus-stack"),
          misspelt(
            "values.retention",
            "values.alertmanager.alertmanagerSpec.retention or values.prometheus.prometheusSpec.retention or values.thanosRuler.thanosRulerSpec.retention",
            "kube-prometheus-stack",
          ),
        ],
      },
      {
        when: "it says at the top where pods run, and the chart has it in each of its parts",
        given: lokiChart({}, { nodeSelector: { a: "b" }, singleBinary: { replicas: 1 } }),
        finds: [
          misspelt("values.nodeSelector", "the same in a part of the chart, such as values.loki.nodeSelector", "loki"),
        ],
      },
      {
        when: "the chart refuses to render what stands there, which is told by another policy",
        given: lokiChart({}, { config: { auth_enabled: false } }),
      },
      {
        when: "it stands at the top for its anchor",
        given: lokiChart({}, { nodeSelector: { a: "b" }, singleBinary: { nodeSelector: { a: "b" } } }),
      },
      {
        when: "it is written as other charts write names",
        given: lokiChart({ storage: { bucket_names: {} } }, { single_binary: {}, singlebinary: {} }),
        finds: [
          misspelt("values.single_binary", "values.singleBinary", "loki"),
          misspelt("values.singlebinary", "values.singleBinary", "loki"),
          misspelt("values.loki.storage.bucket_names", "values.loki.storage.bucketNames", "loki"),
        ],
      },
      {
        when: "a block of Mimir's stands where the chart drops it",
        given: release("mimir-distributed", { mimir: { limits: {}, structuredConfig: {} }, ingester: {} }),
        finds: [
          dropped(
            "values.mimir.limits",
            "values.mimir.structuredConfig.limits",
            "Move it to values.mimir.structuredConfig.limits.",
            "mimir-distributed",
          ).replace("and Loki uses", "and Mimir uses"),
        ],
      },
      {
        when: "settings of Mimir's stand beside its value, or in a part of the chart",
        given: release("mimir-distributed", {
          mimir: { structuredConfig: {}, runtimeConfig: { overrides: {} } },
          limits: { max_global_series_per_user: 1 },
          ingester: { replicas: 1, ring: { replication_factor: 1 } },
        }),
        finds: [
          ["mimir.runtimeConfig", "runtimeConfig"],
          ["limits", "mimir.structuredConfig.limits"],
          ["ingester.ring", "mimir.structuredConfig.ingester.ring"],
        ].map(([place, wanted]) =>
          dropped(`values.${place}`, `values.${wanted}`, undefined, "mimir-distributed").replace(
            "and Loki uses",
            "and Mimir uses",
          ),
        ),
      },
      { when: "the key is far from every other", given: kps({ "x-anchors": {}, myChart: {} }) },
      { when: "the chart isn't known", given: release("other", { grafna: {} }) },
    ]);
  });

  describe("where there is no list of a version's settings", () => {
    cases(policy, [
      {
        when: "a setting is one that the newest known doesn't have",
        given: lokiChart({ image: { tag: "4.1.0" }, structuredConfig: { dream: {} } }),
        finds: [
          "Release monitoring/loki: values.loki.structuredConfig.dream is a setting that Loki 4.1 doesn't know; wanted the key removed. There is no list of settings for Loki 4.1 here, and the nearest version refuses this one. Check whether Loki 4.1 has it with `loki -verify-config -config.file=FILE`.",
        ],
      },
    ]);
  });
});
