import assert from "node:assert/strict";
import { rules } from "../../config/rules";
import { checkSettings } from "../../config/check";
import { linesOf, problemsOf, today } from "./support";
import { settingsSchema } from "../../config/schema";

const vault = "abcdefghijklmnopqrstuvwxyz";
const item = "zyxwvutsrqponmlkjihgfedcba";
const v13 = { store: "tsdb", object_store: "s3", schema: "v13", index: { prefix: "index_", period: "24h" } };
const v11 = { store: "boltdb-shipper", object_store: "s3", schema: "v11", index: { prefix: "index_", period: "24h" } };
const minio = { kind: "minio", endpoint: "http://10.0.40.10:9000", providerAddress: "10.0.40.10:9000" };
const minioAdmin = { username: "admin", password: "secret" };
const existing = { kind: "existing", endpoint: "http://10.0.40.10:9000" };

interface Case {
  /** Completes "refuses …". */
  refuses: string;
  raw: Record<string, unknown>;
  /** Key of the problem. */
  key: string;
  what: RegExp;
  /** The nearest settings that are right. */
  accepts: Record<string, unknown>;
}

const simple = (loki: object) => ({ loki: { mode: "simple-scalable", ...loki } });
const schema = (...schemaConfigs: object[]) => ({ loki: { schemaConfigs, structuredMetadata: false } });

const keptGrafana = (values: object, grafana: object = {}) => ({
  adopt: { kps: { release: "mon/kps", keepGrafana: true, values: { grafana: values } } },
  grafana,
});
const heartbeatUrl = "https://h.example.org/q7Vx2mZk9Rt4w";
const heartbeat = { secretValues: { heartbeat: { url: heartbeatUrl } } };

const dualWriteSince = "2024-01-01";
const daysAgo = (days: number) => new Date(today.getTime() - days * 86_400_000).toISOString().slice(0, 10);

/** Settings that contradict each other. */
const cases: Case[] = [
  {
    refuses: "Mimir's Alertmanager in a stage without Mimir",
    raw: { stage: "loki", alertmanager: { implementation: "mimir" } },
    key: "alertmanager.implementation",
    what: /^"mimir" contradicts stage "loki", which has no Mimir/,
    accepts: { stage: "dual-write", alertmanager: { implementation: "mimir" } },
  },
  {
    refuses: "Mimir's Alertmanager beside one that exists",
    raw: {
      stage: "dual-write",
      alertmanager: { implementation: "mimir" },
      adopt: { alertmanagerUrl: "http://alertmanager.other:9093" },
    },
    key: "alertmanager.implementation",
    what: /^"mimir" contradicts adopt\.alertmanagerUrl, "http:\/\/alertmanager\.other:9093"/,
    accepts: { stage: "dual-write", adopt: { alertmanagerUrl: "http://alertmanager.other:9093" } },
  },
  {
    refuses: "a path of Mimir's Alertmanager at which Mimir doesn't serve it",
    raw: {
      stage: "dual-write",
      alertmanager: { implementation: "mimir", externalUrl: "https://alerts.example.org/" },
    },
    key: "alertmanager.externalUrl",
    what: /^"https:\/\/alerts\.example\.org\/" has a path other than \/alertmanager/,
    accepts: {
      stage: "dual-write",
      alertmanager: { implementation: "mimir", externalUrl: "https://alerts.example.org/alertmanager" },
    },
  },
  {
    refuses: "replication factor 3 with two writers",
    raw: simple({ replicationFactor: 3, write: { replicas: 2 } }),
    key: "loki.replicationFactor",
    what: /^3 is more than the 2 replicas of loki\.write/,
    accepts: simple({ replicationFactor: 2, write: { replicas: 2 } }),
  },
  {
    refuses: "replication factor 2 with one single binary, however many writers there would be",
    raw: { loki: { replicationFactor: 2, write: { replicas: 3 } } },
    key: "loki.replicationFactor",
    what: /^2 is more than the 1 replicas of loki\.singleBinary/,
    accepts: { loki: { replicationFactor: 2, singleBinary: { replicas: 2 } } },
  },
  {
    refuses: "a retention below the stack's minimum",
    raw: { loki: { retention: "7d", retentionMinimum: "30d" } },
    key: "loki.retention",
    what: /^"7d" is shorter than the stack's minimum "30d"/,
    accepts: { loki: { retention: "720h", retentionMinimum: "30d" } },
  },
  {
    refuses: "periods of the schema in the wrong order",
    raw: schema({ from: "2025-01-01", ...v13 }, { from: "2024-01-01", ...v13 }),
    key: "loki.schemaConfigs[1].from",
    what: /^"2024-01-01" is not after the period before it, "2025-01-01"/,
    accepts: schema({ from: "2024-01-01", ...v13 }, { from: "2025-01-01", ...v13 }),
  },
  {
    refuses: "two periods of the schema on one day",
    raw: schema({ from: "2025-01-01", ...v11 }, { from: "2025-01-01", ...v13 }),
    key: "loki.schemaConfigs[1].from",
    what: /is not after/,
    accepts: schema({ from: "2025-01-01", ...v11 }, { from: "2025-01-02", ...v13 }),
  },
  {
    refuses: "a schema that begins tomorrow",
    raw: schema({ from: "2026-11-22", ...v13 }),
    key: "loki.schemaConfigs[0].from",
    what: /^"2026-11-22" is in the future/,
    accepts: schema({ from: "2026-11-21", ...v13 }),
  },
  {
    refuses: "a newest period that is not tsdb v13",
    raw: schema({ from: "2023-01-01", ...v11 }),
    key: "loki.schemaConfigs[0]",
    what: /^store "boltdb-shipper" with schema "v11" is not what Loki 3 writes/,
    accepts: schema({ from: "2023-01-01", ...v11 }, { from: "2026-12-01", ...v13 }),
  },
  {
    refuses: "weekly tables of tsdb",
    raw: schema({ from: "2024-04-01", ...v13, index: { prefix: "index_", period: "168h" } }),
    key: "loki.schemaConfigs[0].index.period",
    what: /^"168h" is refused by Loki for store tsdb/,
    accepts: schema({ from: "2024-04-01", ...v13, index: { prefix: "index_", period: "1d" } }),
  },
  {
    refuses: "structured metadata while the period of today can't store it",
    raw: {
      loki: {
        schemaConfigs: [
          { from: "2023-01-01", ...v11 },
          { from: "2026-12-01", ...v13 },
        ],
      },
    },
    key: "loki.structuredMetadata",
    what: /^true needs tsdb v13, but today's period is "boltdb-shipper" "v11"/,
    accepts: {
      loki: {
        schemaConfigs: [
          { from: "2023-01-01", ...v11 },
          { from: "2026-11-01", ...v13 },
        ],
      },
    },
  },
  {
    refuses: "a burst below the rate",
    raw: { loki: { limits: { ingestionRateMb: 10, ingestionBurstMb: 5 } } },
    key: "loki.limits.ingestionBurstMb",
    what: /^5 is below/,
    accepts: { loki: { limits: { ingestionRateMb: 10, ingestionBurstMb: 10 } } },
  },
  {
    refuses: "a stream's burst below its rate",
    raw: { loki: { limits: { perStreamRateLimit: "5MB", perStreamRateLimitBurst: "5000KB" } } },
    key: "loki.limits.perStreamRateLimitBurst",
    what: /^"5000KB" is below/,
    accepts: { loki: { limits: { perStreamRateLimit: "5MB", perStreamRateLimitBurst: "5120KB" } } },
  },
  {
    refuses: "one bucket for two applications",
    raw: { buckets: { loki: "logs", mimirBlocks: "logs" } },
    key: "buckets.mimirBlocks",
    what: /^"logs" is used by buckets\.loki already/,
    accepts: { buckets: { loki: "logs", mimirBlocks: "blocks" } },
  },
  {
    refuses: "one bucket for two of Mimir's uses",
    raw: { buckets: { mimirBlocks: "mimir", mimirRuler: "mimir" } },
    key: "buckets.mimirRuler",
    what: /^"mimir" is used by buckets\.mimirBlocks already/,
    accepts: { buckets: { mimirBlocks: "mimir", mimirRuler: "mimir-rules" } },
  },
  {
    refuses: "a bucket to import that the stack doesn't use",
    raw: { objectStore: { ...minio, importBuckets: ["loki", "lokki"] }, secretValues: { minioAdmin } },
    key: "objectStore.importBuckets[1]",
    what: /^"lokki" is no bucket of this stack/,
    accepts: { objectStore: { ...minio, importBuckets: ["loki"] }, secretValues: { minioAdmin } },
  },
  {
    refuses: "an endpoint that each pod takes for itself",
    raw: {
      objectStore: { ...existing, endpoint: "http://localhost:9000" },
      secrets: { existing: { lokiObjectStore: { name: "s3" } } },
    },
    key: "objectStore.endpoint",
    what: /^"http:\/\/localhost:9000" is each pod itself/,
    accepts: { objectStore: existing, secrets: { existing: { lokiObjectStore: { name: "s3" } } } },
  },
  {
    refuses: "one address with TLS for Pulumi and without for pods",
    raw: { objectStore: { ...minio, providerTls: true }, secretValues: { minioAdmin } },
    key: "objectStore.providerTls",
    what: /^true contradicts objectStore\.endpoint/,
    accepts: {
      objectStore: { ...minio, providerAddress: "nas.example.org:443", providerTls: true },
      secretValues: { minioAdmin },
    },
  },
  {
    refuses: "provider onepassword without a vault",
    raw: { secrets: { provider: "onepassword" } },
    key: "secrets.onepassword",
    what: /^is missing, and secrets\.provider is onepassword/,
    accepts: { secrets: { provider: "onepassword", onepassword: { vault } } },
  },
  {
    refuses: "MinIO without the item of its administrator",
    raw: { objectStore: minio, secrets: { provider: "onepassword", onepassword: { vault } } },
    key: "secrets.onepassword.items.minioAdmin",
    what: /^is missing, and objectStore\.kind minio needs it/,
    accepts: {
      objectStore: minio,
      secrets: { provider: "onepassword", onepassword: { vault, items: { minioAdmin: item } } },
    },
  },
  {
    refuses: "Pushover without its item",
    raw: { alertmanager: { pushover: true }, secrets: { provider: "onepassword", onepassword: { vault } } },
    key: "secrets.onepassword.items.pushover",
    what: /^is missing, and alertmanager\.pushover needs it/,
    accepts: {
      alertmanager: { pushover: true },
      secrets: { provider: "onepassword", onepassword: { vault }, existing: { alertmanager: { name: "am" } } },
    },
  },
  {
    refuses: "a heartbeat without its item",
    raw: { alertmanager: { heartbeat: true }, secrets: { provider: "onepassword", onepassword: { vault } } },
    key: "secrets.onepassword.items.heartbeat",
    what: /^is missing, and alertmanager\.heartbeat needs it/,
    accepts: {
      alertmanager: { heartbeat: true },
      secrets: { provider: "onepassword", onepassword: { vault, items: { heartbeat: item } } },
    },
  },
  {
    refuses: "buckets that exist without Loki's key to them",
    raw: { objectStore: existing, secrets: { provider: "onepassword", onepassword: { vault } } },
    key: "secrets.onepassword.items.lokiObjectStore",
    what: /^is missing, and objectStore\.kind existing needs it/,
    accepts: {
      objectStore: existing,
      secrets: { provider: "onepassword", onepassword: { vault }, existing: { lokiObjectStore: { name: "loki-s3" } } },
    },
  },
  {
    refuses: "half of a secret in the stack's config",
    raw: { alertmanager: { pushover: true }, secretValues: { pushover: { token: "t" } } },
    key: "secretValues.pushover.userKey",
    what: /^is missing, and alertmanager\.pushover needs it/,
    accepts: { alertmanager: { pushover: true }, secretValues: { pushover: { token: "t", userKey: "u" } } },
  },
  {
    refuses: "MinIO without its administrator in the stack's config",
    raw: { objectStore: minio },
    key: "secretValues.minioAdmin.username",
    what: /^is missing, and objectStore\.kind minio needs it/,
    accepts: { objectStore: minio, secretValues: { minioAdmin } },
  },
  {
    refuses: "a field that no secret has",
    raw: { secretValues: { pushover: { token: "t", userkey: "u" } } },
    key: "secretValues.pushover.userkey",
    what: /^there is no such field; did you mean secretValues\.pushover\.userKey\?/,
    accepts: { secretValues: { pushover: { token: "t", userKey: "u" } } },
  },
  {
    refuses: "secrets in the config of a stack that reads them from 1Password",
    raw: {
      secrets: { provider: "onepassword", onepassword: { vault } },
      secretValues: { heartbeat: { url: "https://h" } },
    },
    key: "secretValues.heartbeat",
    what: /^is not read: secrets\.provider is onepassword/,
    accepts: {
      secrets: { provider: "config", onepassword: { vault } },
      secretValues: { heartbeat: { url: "https://h" } },
    },
  },
  {
    refuses: "a key of an existing Secret that the program doesn't read",
    raw: { secrets: { existing: { lokiObjectStore: { name: "s3", keys: { ACCESS_KEY: "id" } } } } },
    key: "secrets.existing.lokiObjectStore.keys.ACCESS_KEY",
    what: /^the program reads no such key/,
    accepts: { secrets: { existing: { lokiObjectStore: { name: "s3", keys: { AWS_ACCESS_KEY_ID: "id" } } } } },
  },
  {
    refuses: "a stage that is skipped",
    raw: { stage: "mimir-default", migration: { from: "loki" } },
    key: "stage",
    what: /^"mimir-default" is not next to "loki"/,
    accepts: { stage: "mimir-default", migration: { from: "dual-write" } },
  },
  {
    refuses: "two stages back at once",
    raw: { stage: "loki", migration: { from: "mimir-default" } },
    key: "stage",
    what: /^"loki" is not next to "mimir-default"/,
    accepts: { stage: "loki", migration: { from: "dual-write" } },
  },
  {
    refuses: "a retirement while Prometheus evaluates the rules",
    raw: { stage: "dual-write", migration: { retireKps: true, reclaimVolumes: [] } },
    key: "migration.retireKps",
    what: /^true contradicts stage "dual-write"/,
    accepts: { stage: "mimir-default", migration: { retireKps: true, reclaimVolumes: [], dualWriteSince } },
  },
  {
    refuses: "a removal without the step that lifts the protection",
    raw: { stage: "kps-removed", migration: { from: "mimir-default", reclaimVolumes: [] } },
    key: "migration.retireKps",
    what: /^false contradicts stage "kps-removed"/,
    accepts: {
      stage: "kps-removed",
      migration: { from: "mimir-default", retireKps: true, reclaimVolumes: [], dualWriteSince },
    },
  },
  {
    refuses: "a retirement that leaves open what becomes of the volume",
    raw: { stage: "mimir-default", migration: { retireKps: true } },
    key: "migration.reclaimVolumes",
    what: /^is missing/,
    accepts: { stage: "mimir-default", migration: { retireKps: true, reclaimVolumes: ["prometheus"], dualWriteSince } },
  },
  {
    refuses: "a retirement that doesn't say since when Mimir has every sample",
    raw: { stage: "mimir-default", migration: { retireKps: true, reclaimVolumes: [] } },
    key: "migration.dualWriteSince",
    what: /^is missing: migration\.dualWriteDays asks for 14 days of samples/,
    accepts: { stage: "mimir-default", migration: { retireKps: true, reclaimVolumes: [], dualWriteDays: 0 } },
  },
  {
    refuses: "a retirement before Mimir has the days that are asked for",
    raw: {
      stage: "mimir-default",
      migration: { retireKps: true, reclaimVolumes: [], dualWriteSince: daysAgo(13) },
    },
    key: "migration.retireKps",
    what: /^true is too early: migration\.dualWriteDays asks for 14 days/,
    accepts: {
      stage: "mimir-default",
      migration: { retireKps: true, reclaimVolumes: [], dualWriteSince: daysAgo(14) },
    },
  },
  {
    refuses: "a removal before Mimir has the days that are asked for",
    raw: {
      stage: "kps-removed",
      migration: { retireKps: true, reclaimVolumes: [], dualWriteSince: daysAgo(3), dualWriteDays: 4 },
    },
    key: "migration.retireKps",
    what: /^true is too early: migration\.dualWriteDays asks for 4 days/,
    accepts: {
      stage: "kps-removed",
      migration: { retireKps: true, reclaimVolumes: [], dualWriteSince: daysAgo(3), dualWriteDays: 3 },
    },
  },
  {
    refuses: "volumes to reclaim without a retirement",
    raw: { migration: { reclaimVolumes: ["prometheus"] } },
    key: "migration.reclaimVolumes",
    what: /^\["prometheus"\] has no effect while migration\.retireKps is false/,
    accepts: { migration: { reclaimVolumes: [] } },
  },
  {
    refuses: "the retirement of a kube-prometheus-stack that isn't there",
    raw: { stage: "mimir-default", kps: { enabled: false }, migration: { retireKps: true } },
    key: "migration.retireKps",
    what: /^contradicts kps\.enabled: false/,
    accepts: { stage: "mimir-default", kps: { enabled: false } },
  },
  {
    refuses: "the adoption of a kube-prometheus-stack that isn't there",
    raw: { kps: { enabled: false }, adopt: { kps: { release: "monitoring/kps" } } },
    key: "adopt.kps",
    what: /^contradicts kps\.enabled: false/,
    accepts: { kps: { enabled: true }, adopt: { kps: { release: "monitoring/kps" } } },
  },
  {
    refuses: "a Grafana that is kept in a release that goes",
    raw: { stage: "kps-removed", adopt: { kps: { release: "monitoring/kps", keepGrafana: true } } },
    key: "adopt.kps.keepGrafana",
    what: /^true contradicts stage "kps-removed"/,
    accepts: { stage: "mimir-default", adopt: { kps: { release: "monitoring/kps", keepGrafana: true } } },
  },
  {
    refuses: "exporters that are kept in a release that goes",
    raw: { stage: "kps-removed", adopt: { kps: { release: "monitoring/kps", keepExporters: true } } },
    key: "adopt.kps.keepExporters",
    what: /^true contradicts stage "kps-removed"/,
    accepts: { stage: "loki", adopt: { kps: { release: "monitoring/kps", keepExporters: true } } },
  },
  {
    refuses: "the import of a release that the migration removed",
    raw: { stage: "mimir-default", migration: { from: "kps-removed" }, adopt: { kps: { release: "monitoring/kps" } } },
    key: "adopt.kps.import",
    what: /^true, and monitoring\/kps went in stage "kps-removed"/,
    accepts: {
      stage: "mimir-default",
      migration: { from: "kps-removed" },
      adopt: { kps: { release: "monitoring/kps", import: false } },
    },
  },
  {
    refuses: "receivers of an Alertmanager that is not the stack's",
    raw: { adopt: { alertmanagerUrl: "http://am:9093" }, alertmanager: { webhook: "http://hook" } },
    key: "alertmanager.webhook",
    what: /^"http:\/\/hook" has no effect/,
    accepts: { adopt: { alertmanagerUrl: "http://am:9093" } },
  },
  ...["http://kps-kube-prometheus-stack-alertmanager.mon:9093", "http://alertmanager-operated:9093"].map((url) => ({
    refuses: `the Alertmanager inside a release that is taken over (${url}), which goes with that`,
    raw: { adopt: { alertmanagerUrl: url, kps: { release: "mon/kps" } } },
    key: "adopt.alertmanagerUrl",
    what: /is the Alertmanager inside mon\/kps/,
    accepts: { adopt: { alertmanagerUrl: "http://alertmanager-operated.other:9093", kps: { release: "mon/kps" } } },
  })),
  {
    refuses: "a secret in clear text among the values of an adopted release",
    raw: { adopt: { kps: { release: "mon/kps", values: { grafana: { env: [{ adminPassword: "x" }] } } } } },
    key: "adopt.kps.values.grafana.env[0].adminPassword",
    what: /^is a secret in clear text, by its key/,
    accepts: {
      adopt: {
        kps: {
          release: "mon/kps",
          values: {
            grafana: {
              admin: { existingSecret: "grafana", passwordKey: "password" },
              "grafana.ini": { smtp: { password: "$__file{/etc/secrets/smtp}" } },
              serviceAccount: { automountServiceAccountToken: true },
            },
            prometheus: {
              prometheusSpec: { remoteWrite: [{ basicAuth: { password: { name: "rw", key: "password" } } }] },
            },
          },
        },
      },
    },
  },
  {
    refuses: "a second default data source for a Grafana that is kept",
    raw: keptGrafana({}, { create: false, claimDefault: true }),
    key: "grafana.claimDefault",
    what: /^makes a second default data source for the Grafana in mon\/kps, beside adopt\.kps\.values\.grafana\.sidecar/,
    accepts: keptGrafana(
      { sidecar: { datasources: { isDefaultDatasource: false } } },
      { create: false, claimDefault: true },
    ),
  },
  {
    refuses: "two default data sources in the values of a release whose Grafana is kept",
    raw: keptGrafana({ additionalDataSources: [{ name: "L" }, { name: "M", isDefault: true }] }),
    key: "adopt.kps.values.grafana.additionalDataSources[1].isDefault",
    what: /^makes a second default data source/,
    accepts: keptGrafana({
      sidecar: { datasources: { defaultDatasourceEnabled: false } },
      additionalDataSources: [{ name: "L" }, { name: "M", isDefault: true }],
    }),
  },
  {
    refuses: "a given secret in clear text among the values of an adopted release",
    raw: { ...heartbeat, adopt: { kps: { release: "mon/kps", values: { extra: [`curl ${heartbeatUrl} || true`] } } } },
    key: "adopt.kps.values.extra[0]",
    what: /^has the secret secretValues\.heartbeat\.url in clear text: previews and Pulumi's state would show it$/,
    accepts: {
      ...heartbeat,
      adopt: { kps: { release: "mon/kps", values: { extra: ["curl https://h.example.org"] } } },
    },
  },
  {
    refuses: "a given secret as the address of the webhook",
    raw: { ...heartbeat, alertmanager: { heartbeat: true, webhook: heartbeatUrl } },
    key: "alertmanager.webhook",
    what: /^has the secret secretValues\.heartbeat\.url/,
    accepts: { ...heartbeat, alertmanager: { heartbeat: true, webhook: "http://hook:8080" } },
  },
  ...(
    [
      ["namespaceOverride", { namespaceOverride: "elsewhere" }, { namespaceOverride: "mon" }],
      ["prometheus.service.port", { prometheus: { service: { port: 80 } } }, { prometheus: { service: null } }],
      ["prometheus.service.enabled", { prometheus: { service: { enabled: false } } }, { prometheus: null }],
    ] as const
  ).map(([path, wrong, right]) => ({
    refuses: `an adopted release whose Prometheus is not where it is asked (${path})`,
    raw: { adopt: { kps: { release: "mon/kps", values: wrong } } },
    key: `adopt.kps.values.${path}`,
    what: /puts Prometheus where neither Grafana nor/,
    accepts: { adopt: { kps: { release: "mon/kps", values: right } } },
  })),
  {
    refuses: "the creation of a namespace that every cluster has",
    raw: { namespace: { name: "default" } },
    key: "namespace.create",
    what: /^true can't create "default"/,
    accepts: { namespace: { name: "default", create: false } },
  },
  {
    refuses: "two kinds of node with one name",
    raw: { cluster: { nodes: [node("pi"), node("pi")] } },
    key: "cluster.nodes[1].name",
    what: /^"pi" is there twice/,
    accepts: { cluster: { nodes: [node("pi"), node("pc")] } },
  },
  {
    refuses: "a toleration of every taint that must equal something",
    raw: { cluster: { tolerations: [{ effect: "NoSchedule" }] } },
    key: "cluster.tolerations[0].operator",
    what: /^"Equal" needs a key/,
    accepts: { cluster: { tolerations: [{ operator: "Exists", effect: "NoSchedule" }] } },
  },
  {
    refuses: "a toleration of a taint's existence that names a value",
    raw: { cluster: { tolerations: [{ key: "pi", operator: "Exists", value: "yes" }] } },
    key: "cluster.tolerations[0].value",
    what: /^"yes" contradicts operator Exists/,
    accepts: { cluster: { tolerations: [{ key: "pi", operator: "Equal", value: "yes" }] } },
  },
  {
    refuses: "a toleration for a time of an effect that has none",
    raw: { cluster: { tolerations: [{ key: "pi", effect: "NoSchedule", tolerationSeconds: 60 }] } },
    key: "cluster.tolerations[0].effect",
    what: /^"NoSchedule" can't be tolerated for a time/,
    accepts: { cluster: { tolerations: [{ key: "pi", effect: "NoExecute", tolerationSeconds: 60 }] } },
  },
  {
    refuses: "a Prometheus that outgrows its volume",
    raw: { kps: { storage: "70Gi", retentionSize: "70GB" } },
    key: "kps.retentionSize",
    what: /^"70GB" is not below kps\.storage, "70Gi"/,
    accepts: { kps: { storage: "70Gi", retentionSize: "63GB" } },
  },
  {
    refuses: "a way in to a Grafana that is not the stack's",
    raw: { grafana: { create: false, ingress: { host: "grafana.example.org" } } },
    key: "grafana.ingress",
    what: /^has no effect with grafana\.create: false/,
    accepts: { grafana: { create: true, ingress: { host: "grafana.example.org" } } },
  },
  {
    refuses: "an image that the program doesn't use",
    raw: { images: { "loki-canari": "docker.io/grafana/loki-canary:3.6.3" } },
    key: "images.loki-canari",
    what: /^the program uses no image of this name; did you mean images\.loki-canary\?/,
    accepts: { images: { "loki-canary": "docker.io/grafana/loki-canary:3.6.3" } },
  },
  {
    refuses: "an image of which nobody knows the platforms",
    raw: { images: { loki: "registry.example.org/grafana/loki:3.6.3" } },
    key: "images.loki",
    what: /^"registry\.example\.org\/grafana\/loki:3\.6\.3" is not among the images that images\.json has under the name loki/,
    accepts: { images: { loki: "docker.io/grafana/loki:3.6.3" } },
  },
  {
    refuses: "an image in the place of another one",
    raw: { images: { nginx: "docker.io/grafana/loki:3.6.3" } },
    key: "images.nginx",
    what: /^"docker\.io\/grafana\/loki:3\.6\.3" is not among the images that images\.json has under the name nginx/,
    accepts: { images: { loki: "docker.io/grafana/loki:3.6.3" } },
  },
  {
    refuses: "a limit below the request",
    raw: { loki: { singleBinary: { resources: { requests: { memory: "2Gi" } } } } },
    key: "loki.singleBinary.resources.limits.memory",
    what: /^"1Gi" is below the request, "2Gi"/,
    accepts: { loki: { singleBinary: { resources: { requests: { memory: "1024Mi" } } } } },
  },
  {
    refuses: "a CPU limit below the request",
    raw: { grafana: { resources: { requests: { cpu: "500m" }, limits: { cpu: 0.25 } } } },
    key: "grafana.resources.limits.cpu",
    what: /^"0\.25" is below the request, "500m"/,
    accepts: { grafana: { resources: { requests: { cpu: "500m" }, limits: { cpu: 0.5 } } } },
  },
  {
    refuses: "a pod that no node could hold",
    raw: {
      cluster: { nodes: [node("pi")] },
      logs: { resources: { requests: { memory: "8Gi" }, limits: { memory: "8Gi" } } },
    },
    key: "logs.resources.requests",
    what: /^100m CPU and 8Gi of memory fit no kind of node/,
    accepts: {
      cluster: { nodes: [node("pi")] },
      logs: { resources: { requests: { memory: "3Gi" }, limits: { memory: "8Gi" } } },
    },
  },
  {
    refuses: "more series than Mimir's memory holds",
    raw: { stage: "dual-write", mimir: { resources: { limits: { memory: "1Gi" } } } },
    key: "mimir.limits.maxSeries",
    what: /^600000 is more than the memory limit, "1Gi", can hold/,
    accepts: {
      stage: "dual-write",
      mimir: { limits: { maxSeries: 262144 }, resources: { limits: { memory: "1Gi" } } },
    },
  },
  {
    refuses: "an adopted release that writes under the name of this program's own remote_write",
    raw: { stage: "dual-write", ...writing("mimir") },
    key: "adopt.kps.values.prometheus.prometheusSpec.remoteWrite",
    what: /^has an entry named "mimir"/,
    accepts: { stage: "dual-write", ...writing("cloud") },
  },
];

function writing(name: string) {
  const values = { prometheus: { prometheusSpec: { remoteWrite: [{ name, url: "https://example.org/push" }] } } };
  return { adopt: { kps: { release: "monitoring/kps", values } } };
}

function node(name: string) {
  return { name, arch: "arm64", cpu: 4, memory: "4Gi" };
}

describe("settings against each other", () => {
  for (const { refuses, raw, key, what, accepts } of cases) {
    it(`refuses ${refuses}, and only that`, () => {
      const found = problemsOf(raw).filter((p) => p.key === key && what.test(p.what));
      assert.equal(found.length, 1, linesOf(raw).join("\n"));
      assert.ok(found[0].allowed);
      assert.deepEqual(
        problemsOf(accepts).filter((p) => p.key === key && what.test(p.what)),
        [],
      );
    });
  }

  it("has a case for every rule; of those that are there for each container or image, for one of them", () => {
    const settings = cases.map(({ raw }) => settingsSchema.parse(raw));
    const kind = (must: string) => must.replace(/^[\w.-]+: /, "");
    const heard = rules.filter(({ check }) => settings.some((each) => check(each, today).length > 0));
    const kinds = new Set(heard.map(({ must }) => kind(must)));
    assert.deepEqual(
      rules.map(({ must }) => must).filter((must) => !kinds.has(kind(must))),
      [],
    );
  });

  it("accepts what it is given as the right settings", () => {
    for (const { refuses, accepts } of cases) {
      const others = linesOf(accepts);
      assert.deepEqual(others, [], refuses);
    }
  });

  it("asks for Mimir's key of buckets that exist only in a stage with Mimir", () => {
    const raw = { objectStore: existing, secretValues: { lokiObjectStore: { accessKey: "a", secretKey: "s" } } };
    assert.deepEqual(linesOf(raw), []);
    const keys = problemsOf({ ...raw, stage: "dual-write" }).map(({ key }) => key);
    assert.ok(keys.includes("secretValues.mimirObjectStore.accessKey"), keys.join());
  });

  it("says nothing of containers that the stack doesn't run", () => {
    const nodes = [{ name: "small", arch: "amd64", cpu: 1, memory: "1Gi" }];
    const keys = problemsOf({ cluster: { nodes }, kps: { enabled: false } }).map(({ key }) => key);
    assert.deepEqual(keys, []);
  });

  it("lets a stack without kube-prometheus-stack start at any stage", () => {
    const raw = { stage: "kps-removed", kps: { enabled: false }, migration: { from: "loki" } };
    assert.deepEqual(linesOf(raw), []);
  });

  it("doesn't ask for the retirement again where kube-prometheus-stack is gone", () => {
    const raw = { stage: "kps-removed", migration: { from: "kps-removed", reclaimVolumes: [] } };
    assert.deepEqual(linesOf(raw), []);
  });
});

describe("settings of which some are wrong by themselves", () => {
  it("are checked against each other where the wrong ones don't matter", () => {
    const keys = problemsOf({ loki: { replicationFactor: 2, retention: "x" }, buckets: { loki: "a" } }).map(
      (p) => p.key,
    );
    assert.deepEqual(keys.sort(), ["buckets.loki", "loki.replicationFactor", "loki.retention"]);
  });

  it("raise no rule that would judge a default in place of the wrong one", () => {
    // Were the wrong mode taken for the default, single binary, factor 2 would exceed its one replica.
    assert.deepEqual(
      problemsOf({ loki: { mode: "simple_scalable", replicationFactor: 2 } }).map((p) => p.key),
      ["loki.mode"],
    );
    // Were the list with the wrong period taken for none, nothing could be said of it.
    assert.deepEqual(
      problemsOf({ loki: { schemaConfigs: [{ from: "2024-02-30", ...v11 }] } }).map((p) => p.key),
      ["loki.schemaConfigs[0].from"],
    );
    // Were the wrong object store taken for the default, MinIO's administrator would not be missing.
    assert.deepEqual(
      problemsOf({ objectStore: { kind: "minio" } }).map((p) => p.key),
      ["objectStore.endpoint", "objectStore.providerAddress"],
    );
  });

  it("never make the check itself fail", () => {
    const values = [null, 0, -1, "", "x", [], {}, [null], true, { a: { b: [1, { c: null }] } }];
    const keys = ["stage", "cluster", "objectStore", "loki", "secrets", "secretValues", "migration", "images", "x"];
    for (const key of keys) for (const value of values) assert.doesNotThrow(() => checkSettings({ [key]: value }));
    for (const value of values) assert.doesNotThrow(() => checkSettings(value));
  });
});
