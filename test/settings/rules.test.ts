import assert from "node:assert/strict";
import { rootCertificates } from "node:tls";
import { rules } from "../../settings/rules";
import { checkSettings } from "../../settings/check";
import { linesOf, problemsOf, today } from "./support";
import { settingsSchema } from "../../settings/schema";

const vault = "abcdefghijklmnopqrstuvwxyz";
const item = "zyxwvutsrqponmlkjihgfedcba";
const v13 = { store: "tsdb", object_store: "s3", schema: "v13", index: { prefix: "index_", period: "24h" } };
const v11 = { store: "boltdb-shipper", object_store: "s3", schema: "v11", index: { prefix: "index_", period: "24h" } };
const minio = { kind: "minio", endpoint: "http://10.0.40.10:9000", providerAddress: "10.0.40.10:9000" };
const minioAdmin = { username: "admin", password: "secret" };
const existing = { kind: "existing", endpoint: "http://10.0.40.10:9000" };
const scheduled = { enabled: true, to: "s3://backup/home", endpoint: "http://10.0.40.11:9000", secret: "backup" };
const claim = { kind: "claim", bucketClass: "ceph-bucket" };
const locked = {
  objectStore: { kind: "embedded", objectLock: { mode: "compliance", period: "30d" }, keepDeleted: "1d" },
};

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

const large = { requests: { memory: "64Gi" }, limits: { memory: "64Gi" } };
const simple = (loki: object) => ({ loki: { mode: "simple-scalable", ...loki } });
const cached = (size: string) => simple({ replicationFactor: 2, caches: { chunks: { size } } });
const schema = (...schemaConfigs: object[]) => ({ loki: { schemaConfigs, structuredMetadata: false } });

const keptGrafana = (values: object, grafana: object = {}) => ({
  adopt: { kps: { release: "mon/kps", keepGrafana: true, values: { grafana: values } } },
  grafana,
});
const heartbeatUrl = "https://h.example.org/q7Vx2mZk9Rt4w";
const heartbeat = { secretValues: { heartbeat: { url: heartbeatUrl } } };

const night = { times: [{ start: "22:00", end: "24:00" }] };
/** Receivers, each with a route, and their secrets. */
const receivers = (receivers: Record<string, object>, secrets?: object) => ({
  alertmanager: { receivers, routes: Object.keys(receivers).map((receiver) => ({ receiver, continue: true })) },
  ...(secrets && { secretValues: { receivers: secrets } }),
});

/** Login by OpenID Connect, with its secret. */
const oidc = (oauth: object, grafana: object = {}) => ({
  grafana: {
    oauth: { clientId: "grafana", authUrl: "https://id.lan/auth", tokenUrl: "https://id.lan/token", ...oauth },
    ...grafana,
  },
  secretValues: { grafanaOauth: { clientSecret: "s3cr3t-of-the-client" } },
});

const dualWriteSince = "2024-01-01";
const daysAgo = (days: number) => new Date(today.getTime() - days * 86_400_000).toISOString().slice(0, 10);

const withSecret = {
  staticConfigs: [{ targets: ["a:1"] }],
  authorization: { credentials: { name: "nas", key: "token" } },
};
const ping = { module: "icmp", target: "10.0.40.1" };

/** Settings that contradict each other. */
const cases: Case[] = [
  {
    refuses: "a ScrapeConfig of another namespace whose Secret the collector's pod can't have",
    raw: { metrics: { scrapeConfigs: [{ name: "shop/nas", spec: withSecret }] } },
    key: "metrics.scrapeConfigs[0].spec",
    what: /^of shop\/nas names the Secret nas: a pod can't mount Secrets of another namespace/,
    accepts: { metrics: { scrapeConfigs: [{ name: "monitoring/nas", spec: withSecret }] } },
  },
  {
    refuses: "former names in the way of a kube-prometheus-stack that comes back",
    raw: {
      stage: "mimir-default",
      migration: { from: "kps-removed", dualWriteSince },
      prometheusApi: { formerNames: ["monitoring/prometheus-operated"] },
    },
    key: "prometheusApi.formerNames",
    what: /^monitoring\/prometheus-operated may lead to the Service metrics since stage "kps-removed"/,
    accepts: { stage: "mimir-default", migration: { from: "kps-removed", dualWriteSince } },
  },
  {
    refuses: "an Ingress to what NetworkPolicies shut to its controller",
    raw: { networkPolicies: { enabled: true, nodes: ["10.0.40.0/24"] }, alertmanager: { ingress: { host: "am.lan" } } },
    key: "networkPolicies.allow.alertmanager",
    what: /^is missing: alertmanager\.ingress would lead to a Service that its controller can't reach/,
    accepts: {
      networkPolicies: { enabled: true, allow: { alertmanager: ["traefik"] } },
      alertmanager: { ingress: { host: "am.lan" } },
    },
  },
  {
    refuses: "an HTTPRoute to what NetworkPolicies shut to nodes, too",
    raw: {
      networkPolicies: { enabled: true, allow: { "loki-gateway": [] } },
      loki: { route: { parentRefs: [{ name: "home" }], hostnames: ["logs.lan"] } },
    },
    key: "networkPolicies.allow.loki-gateway",
    what: /^is an empty list: loki\.route would lead/,
    accepts: {
      networkPolicies: { enabled: true, implementation: "cilium", allow: { "loki-gateway": [] } },
      loki: { route: { parentRefs: [{ name: "home" }], hostnames: ["logs.lan"] } },
    },
  },
  {
    refuses: "a namespace that is both collected and left out",
    raw: { logs: { includeNamespaces: ["shop", "dev"], excludeNamespaces: ["kube-system", "dev"] } },
    key: "logs.excludeNamespaces[1]",
    what: /^"dev" is also in logs\.includeNamespaces/,
    accepts: { logs: { includeNamespaces: ["shop"], excludeNamespaces: ["kube-system", "dev"] } },
  },
  {
    refuses: "a journal on nodes with Talos",
    raw: { logs: { talos: true } },
    key: "logs.journal",
    what: /^true contradicts logs\.talos/,
    accepts: { logs: { talos: true, journal: false } },
  },
  {
    refuses: "metadata of lines for a Loki that keeps none",
    raw: {
      logs: { lines: [{ selector: '{app="shop"}', metadata: ["trace_id"] }] },
      loki: { structuredMetadata: false },
    },
    key: "logs.lines[0].metadata",
    what: /^needs loki\.structuredMetadata/,
    accepts: { logs: { lines: [{ selector: '{app="shop"}', metadata: ["trace_id"] }] } },
  },
  ...(
    [
      ["source", { source: "api" }, /^"api" is Alloy's: Vector reads the files of its node, but logs\.agent is vector/],
      ["talos", { talos: true, journal: false }, /^true needs Alloy/],
      ["nodeFiles", { nodeFiles: ["/var/log/syslog"] }, /^has files that only Alloy reads/],
      [
        "lines[0].firstLine",
        { lines: [{ selector: '{app="a"}', firstLine: "^at" }] },
        /^joins lines, which only Alloy does/,
      ],
      [
        "lines[0].metadata",
        { lines: [{ selector: '{app="a"}', metadata: ["traceId"] }] },
        /^has a key with capital letters/,
      ],
    ] as const
  ).map(([key, logs, what]) => ({
    refuses: `what only Alloy does with Vector (${key})`,
    raw: { logs: { ...logs, agent: "vector" } },
    key: `logs.${key}`,
    what,
    accepts: { logs: { ...logs, agent: "alloy" } },
  })),
  {
    refuses: "a buffer of Vector's that is smaller than it can be",
    raw: { logs: { agent: "vector", vector: { buffer: "256Mi" } } },
    key: "logs.vector.buffer",
    what: /^"256Mi" is less than the smallest buffer on disk/,
    accepts: { logs: { agent: "vector", vector: { buffer: "257Mi" } } },
  },
  {
    refuses: "two probes of one name, given or made",
    raw: { probes: [ping, { ...ping, interval: "30s" }] },
    key: "probes[1].name",
    what: /^"icmp-10-0-40-1" is also the name of probes\[0\], because neither sets one/,
    accepts: { probes: [ping, { ...ping, name: "router", interval: "30s" }] },
  },
  {
    refuses: "a probe that still waits when it should ask again",
    raw: { probes: [{ ...ping, interval: "5s" }] },
    key: "probes[0].timeout",
    what: /^"10s" is longer than the interval, "5s"/,
    accepts: { probes: [{ ...ping, interval: "10s" }] },
  },
  {
    refuses: "a limit that a probe can't reach",
    raw: { probes: [{ ...ping, slow: "10s" }] },
    key: "probes[0].slow",
    what: /^"10s" is not below the timeout, "10s"/,
    accepts: { probes: [{ ...ping, slow: "1s" }] },
  },
  {
    refuses: "a certificate that nothing looks at",
    raw: { probes: [{ module: "tcp", target: "nas:445", certificateDays: 5 }] },
    key: "probes[0].certificateDays",
    what: /^5 has no effect: without tls no certificate is checked/,
    accepts: { probes: [{ module: "tcp", target: "nas:445", tls: true, certificateDays: 5 }] },
  },
  {
    refuses: "rules that would bring a DaemonSet",
    raw: { rules: { upstream: { groups: { windows: true } } } },
    key: "rules.upstream.groups.windows",
    what: /^is true, but the chart has these rules only together with its exporter/,
    accepts: { rules: { upstream: { groups: { windows: false } } } },
  },
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
    refuses: "chunks in memcached with one writer for each line, as a power cut could cost lines",
    raw: simple({ replicationFactor: 1, caches: { chunks: {} } }),
    key: "loki.caches.chunks",
    what: /^with replicationFactor 1 a writer that finds its chunk in the cache writes neither/,
    accepts: simple({ replicationFactor: 1, caches: { results: {} } }),
  },
  {
    refuses: "a cache that no node has room for",
    raw: { ...cached("4Gi"), cluster: { nodes: [node("pi")] } },
    key: "loki.caches.chunks.size",
    what: /^"4Gi" is a pod of 4916Mi, which with 100m CPU fits no kind of node/,
    accepts: { ...cached("3Gi"), cluster: { nodes: [node("pi")] } },
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
    what: /^store "boltdb-shipper" with schema "v11" is not what Loki 3 uses for new data/,
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
    what: /^"logs" is already used by buckets\.loki/,
    accepts: { buckets: { loki: "logs", mimirBlocks: "mimir", mimirRuler: "mimir", mimirAlertmanager: "alerts" } },
  },
  {
    refuses: "one claim for two applications",
    raw: { objectStore: { ...claim, claims: { loki: "logs", mimirRuler: "logs" } } },
    key: "objectStore.claims.mimirRuler",
    what: /^"logs" is already used by objectStore\.claims\.loki/,
    accepts: {
      objectStore: { ...claim, claims: { loki: "logs", mimirBlocks: "mimir", mimirRuler: "mimir" } },
      buckets: { mimirAlertmanager: "mimir" },
    },
  },
  {
    refuses: "an existing claim that the stack makes for another bucket",
    raw: { objectStore: { ...claim, claims: { mimirRuler: "mimir-blocks-bucket" } } },
    key: "objectStore.claims.mimirRuler",
    what: /^"mimir-blocks-bucket" is the claim that the stack creates for mimirBlocks/,
    accepts: { objectStore: { ...claim, claims: { mimirRuler: "mimir-ruler-bucket" } } },
  },
  {
    refuses: "an authority for a store without TLS",
    raw: { objectStore: { ...claim, ca: rootCertificates[0] } },
    key: "objectStore.tls",
    what: /^is false, but objectStore\.ca is set/,
    accepts: { objectStore: { ...claim, ca: rootCertificates[0], tls: true } },
  },
  {
    refuses: "something asked of a claim that exists",
    raw: { objectStore: { ...claim, claims: { loki: "logs" }, additionalConfig: { loki: { maxSize: "1Ti" } } } },
    key: "objectStore.additionalConfig.loki",
    what: /^is for the existing claim "logs"/,
    accepts: { objectStore: { ...claim, additionalConfig: { loki: { maxSize: "1Ti" } } } },
  },
  {
    refuses: "something asked twice of a claim that two uses share",
    raw: {
      objectStore: { ...claim, additionalConfig: { mimirRuler: { maxSize: "1Ti" } } },
      buckets: { mimirBlocks: "mimir", mimirRuler: "mimir" },
    },
    key: "objectStore.additionalConfig.mimirRuler",
    what: /^is for a bucket shared with mimirBlocks/,
    accepts: {
      objectStore: { ...claim, additionalConfig: { mimirBlocks: { maxSize: "1Ti" } } },
      buckets: { mimirBlocks: "mimir", mimirRuler: "mimir" },
    },
  },
  {
    refuses: "a backup by a schedule without a key",
    raw: { backup: { enabled: true, to: "s3://backup/home", endpoint: "http://10.0.40.11:9000" } },
    key: "backup.secret",
    what: /^is missing: backup\.enabled needs a bucket, its server, and the Secret with its key/,
    accepts: { backup: scheduled },
  },
  {
    refuses: "a backup in the stack's own bucket",
    raw: { backup: { ...scheduled, to: "s3://loki/backup", endpoint: minio.endpoint }, objectStore: minio },
    key: "backup.to",
    what: /^is the stack's own bucket \(buckets\.loki\)/,
    accepts: { backup: { ...scheduled, to: "s3://loki/backup" }, objectStore: minio, secretValues: { minioAdmin } },
  },
  {
    refuses: "a backup whose age nobody can know",
    raw: { backup: scheduled, exporters: { kubeStateMetrics: { enabled: false } } },
    key: "exporters.kubeStateMetrics.enabled",
    what: /^is false: there would be no alert/,
    accepts: { exporters: { kubeStateMetrics: { enabled: false } } },
  },
  {
    refuses: "a lifecycle rule that expires objects",
    raw: {
      objectStore: {
        ...claim,
        additionalConfig: { loki: { bucketLifecycle: '{"Rules": [{"Expiration": {"Days": 30}}]}' } },
      },
    },
    key: "objectStore.additionalConfig.loki.bucketLifecycle",
    what: /^Rules\[0\]\.Expiration expires or moves objects in use/,
    accepts: {
      objectStore: {
        ...claim,
        additionalConfig: {
          loki: {
            bucketLifecycle: JSON.stringify({
              Rules: [
                { ID: "a", Status: "Enabled", Filter: {}, AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } },
                { NoncurrentVersionExpiration: { NoncurrentDays: 7 }, Expiration: { ExpiredObjectDeleteMarker: true } },
              ],
            }),
          },
        },
      },
    },
  },
  ...[
    ['{"Rules": [{}, {"expiration": {"date": "2030-01-01"}}]}', /^Rules\[1\]\.expiration expires/],
    [
      '{"Rules": [{"Transitions": [{"Days": 1, "StorageClass": "COLD"}]}]}',
      /^Rules\[0\]\.Transitions expires or moves/,
    ],
    ['[{"NoncurrentVersionExpiration": {"NoncurrentDays": 7}}]', /^has no list "Rules"/],
  ].map(([bucketLifecycle, what]) => ({
    refuses: `the lifecycle ${String(bucketLifecycle)}`,
    raw: { objectStore: { ...claim, additionalConfig: { loki: { bucketLifecycle } } } },
    key: "objectStore.additionalConfig.loki.bucketLifecycle",
    what: what as RegExp,
    accepts: {},
  })),
  {
    refuses: "object lock without a rule that removes old versions",
    raw: { objectStore: { kind: "embedded", objectLock: { mode: "governance", period: "7d" } } },
    key: "objectStore.keepDeleted",
    what: /^is missing, but objectStore\.objectLock is set/,
    accepts: { objectStore: { kind: "embedded", objectLock: { mode: "governance", period: "7d" }, keepDeleted: "1d" } },
  },
  ...(["loki", "mimir"] as const).map((section) => ({
    refuses: `a lock that lasts longer than ${section}.retention`,
    raw: { ...locked, [section]: { retention: "29d" } },
    key: "objectStore.objectLock.period",
    what: new RegExp(`^"30d" is longer than ${section}\\.retention \\("29d"\\)`),
    accepts: { ...locked, loki: { retention: "720h" }, mimir: { retention: "30d" } },
  })),
  {
    refuses: "a key beside that of the claim",
    raw: { objectStore: claim, secrets: { existing: { lokiObjectStore: { name: "s3" } } } },
    key: "secrets.existing.lokiObjectStore",
    what: /^is not used with objectStore\.kind claim/,
    accepts: { objectStore: { ...existing }, secrets: { existing: { lokiObjectStore: { name: "s3" } } } },
  },
  {
    refuses: "a bucket to import that the stack doesn't use",
    raw: { objectStore: { ...minio, importBuckets: ["loki", "lokki"] }, secretValues: { minioAdmin } },
    key: "objectStore.importBuckets[1]",
    what: /^"lokki" is not a bucket of this stack/,
    accepts: { objectStore: { ...minio, importBuckets: ["loki"] }, secretValues: { minioAdmin } },
  },
  ...(
    [
      ["importBuckets[1]", { ...minio, importBuckets: ["loki", "mimir-ruler"] }, { ...minio, importBuckets: ["loki"] }],
      ["claims.mimirRuler", { ...claim, claims: { mimirRuler: "mine" } }, { ...claim, claims: { loki: "mine" } }],
      [
        "additionalConfig.mimirBlocks",
        { ...claim, additionalConfig: { mimirBlocks: { maxSize: "1Gi" } } },
        { ...claim, additionalConfig: { loki: { maxSize: "1Gi" } } },
      ],
    ] as const
  ).map(([key, wrong, right]) => {
    const other = { metrics: { backend: "victoria-metrics" }, secretValues: { minioAdmin } };
    return {
      refuses: `${key} of a Mimir that the stack doesn't have`,
      raw: { ...other, objectStore: wrong },
      key: `objectStore.${key}`,
      what: /^is for Mimir, and has no effect with metrics\.backend: victoria-metrics/,
      accepts: { ...other, objectStore: right },
    };
  }),
  {
    refuses: "an endpoint that each pod takes for itself",
    raw: {
      objectStore: { ...existing, endpoint: "http://localhost:9000" },
      secrets: { existing: { lokiObjectStore: { name: "s3" } } },
    },
    key: "objectStore.endpoint",
    what: /^"http:\/\/localhost:9000" leads each pod to itself/,
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
    what: /^is missing, but secrets\.provider is onepassword/,
    accepts: { secrets: { provider: "onepassword", onepassword: { vault } } },
  },
  {
    refuses: "MinIO without the item of its administrator",
    raw: { objectStore: minio, secrets: { provider: "onepassword", onepassword: { vault } } },
    key: "secrets.onepassword.items.minioAdmin",
    what: /^is missing, but objectStore\.kind minio needs it/,
    accepts: {
      objectStore: minio,
      secrets: { provider: "onepassword", onepassword: { vault, items: { minioAdmin: item } } },
    },
  },
  {
    refuses: "Pushover without its item",
    raw: { alertmanager: { pushover: true }, secrets: { provider: "onepassword", onepassword: { vault } } },
    key: "secrets.onepassword.items.pushover",
    what: /^is missing, but alertmanager\.pushover needs it/,
    accepts: {
      alertmanager: { pushover: true },
      secrets: { provider: "onepassword", onepassword: { vault }, existing: { alertmanager: { name: "am" } } },
    },
  },
  {
    refuses: "a heartbeat without its item",
    raw: { alertmanager: { heartbeat: true }, secrets: { provider: "onepassword", onepassword: { vault } } },
    key: "secrets.onepassword.items.heartbeat",
    what: /^is missing, but alertmanager\.heartbeat needs it/,
    accepts: {
      alertmanager: { heartbeat: true },
      secrets: { provider: "onepassword", onepassword: { vault, items: { heartbeat: item } } },
    },
  },
  {
    refuses: "buckets that exist without Loki's key to them",
    raw: { objectStore: existing, secrets: { provider: "onepassword", onepassword: { vault } } },
    key: "secrets.onepassword.items.lokiObjectStore",
    what: /^is missing, but objectStore\.kind existing needs it/,
    accepts: {
      objectStore: existing,
      secrets: { provider: "onepassword", onepassword: { vault }, existing: { lokiObjectStore: { name: "loki-s3" } } },
    },
  },
  {
    refuses: "half of a secret in the stack's config",
    raw: { alertmanager: { pushover: true }, secretValues: { pushover: { token: "t" } } },
    key: "secretValues.pushover.userKey",
    what: /^is missing, but alertmanager\.pushover needs it/,
    accepts: { alertmanager: { pushover: true }, secretValues: { pushover: { token: "t", userKey: "u" } } },
  },
  {
    refuses: "MinIO without its administrator in the stack's config",
    raw: { objectStore: minio },
    key: "secretValues.minioAdmin.username",
    what: /^is missing, but objectStore\.kind minio needs it/,
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
    refuses: "a removal of what is retained",
    raw: {
      stage: "mimir-default",
      migration: { retireKps: true, reclaimVolumes: [], dualWriteSince },
      removal: { retain: ["crds", "kps"] },
    },
    key: "removal.retain",
    what: /^kps contradicts migration\.retireKps: true/,
    accepts: { stage: "mimir-default", removal: { retain: ["crds", "kps"] } },
  },
  {
    refuses: "CRDs that are taken over in two ways",
    raw: { adopt: { crds: true, crdsRelease: "monitoring/crds" } },
    key: "adopt.crds",
    what: /^true contradicts adopt\.crdsRelease/,
    accepts: { adopt: { crdsRelease: "monitoring/crds" } },
  },
  {
    refuses: "CRDs that are taken over and only used",
    raw: { crds: { create: false }, adopt: { crdsRelease: "monitoring/crds" } },
    key: "adopt.crdsRelease",
    what: /^contradicts crds\.create: false/,
    accepts: { crds: { create: false } },
  },
  {
    refuses: "a chart from two places",
    raw: { kps: { chart: { repository: "https://charts.example.org", path: "./kube-prometheus-stack" } } },
    key: "kps.chart",
    what: /^repository and path are set/,
    accepts: { kps: { chart: { repository: "https://charts.example.org" } } },
  },
  {
    refuses: "an archive of another version of a chart",
    raw: { crds: { chart: { path: "./prometheus-operator-crds-30.0.0.tgz" } } },
    key: "crds.chart.path",
    what: /is version 30\.0\.0, and kps\.crdsChartVersion is /,
    accepts: {
      kps: { crdsChartVersion: "30.0.0" },
      crds: { chart: { path: "/a/prometheus-operator-crds-30.0.0.tgz" } },
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
    what: /^is missing: migration\.dualWriteDays requires 14 days of samples/,
    accepts: { stage: "mimir-default", migration: { retireKps: true, reclaimVolumes: [], dualWriteDays: 0 } },
  },
  {
    refuses: "a retirement before Mimir has the days that are asked for",
    raw: {
      stage: "mimir-default",
      migration: { retireKps: true, reclaimVolumes: [], dualWriteSince: daysAgo(13) },
    },
    key: "migration.retireKps",
    what: /^true is too early: migration\.dualWriteDays requires 14 days/,
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
    what: /^true is too early: migration\.dualWriteDays requires 4 days/,
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
    what: /^true, but monitoring\/kps was removed in stage "kps-removed"/,
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
    accepts: { adopt: { alertmanagerUrl: "http://am:9093" }, alertmanager: { receivers: {} } },
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
    what: /^is, judging by its key, a secret in plain text/,
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
    what: /^makes a second default data source for the Grafana in mon\/kps, besides adopt\.kps\.values\.grafana\.sidecar/,
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
    what: /^has the secret secretValues\.heartbeat\.url in plain text: previews and Pulumi's state would show it$/,
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
  {
    refuses: "a given secret in a receiver",
    raw: { ...heartbeat, ...receivers({ hook: { kind: "webhook", url: heartbeatUrl } }) },
    key: "alertmanager.receivers.hook.url",
    what: /^has the secret secretValues\.heartbeat\.url/,
    accepts: { ...heartbeat, ...receivers({ hook: { kind: "webhook", url: "http://hook:8080" } }) },
  },
  {
    refuses: "a receiver without its secret in the stack's config",
    raw: receivers({ phone: { kind: "pushover" } }, { phone: { token: "t" } }),
    key: "secretValues.receivers.phone.userKey",
    what: /^is missing, but alertmanager\.receivers\.phone needs it: the secret of the pushover receiver phone$/,
    accepts: receivers({ phone: { kind: "pushover" } }, { phone: { token: "t", userKey: "u" } }),
  },
  {
    refuses: "a receiver without its item in 1Password",
    raw: {
      ...receivers({ chat: { kind: "slack" } }),
      secrets: { provider: "onepassword", onepassword: { vault } },
    },
    key: "secrets.onepassword.items.receivers.chat",
    what: /^is missing, but alertmanager\.receivers\.chat needs it/,
    accepts: {
      ...receivers({ chat: { kind: "slack" } }),
      secrets: { provider: "onepassword", onepassword: { vault, items: { receivers: { chat: item } } } },
    },
  },
  {
    refuses: "a field that a receiver doesn't read",
    raw: receivers(
      { ntfy: { kind: "webhook", authorization: "bearer" } },
      { ntfy: { url: "u", token: "t", pasword: "p" } },
    ),
    key: "secretValues.receivers.ntfy.pasword",
    what: /^there is no such field/,
    accepts: receivers({ ntfy: { kind: "webhook", authorization: "bearer" } }, { ntfy: { url: "u", token: "t" } }),
  },
  {
    refuses: "the secret of a receiver that there is not",
    raw: receivers({ chat: { kind: "slack" } }, { chat: { url: "u" }, chat2: { url: "u" } }),
    key: "secretValues.receivers.chat2",
    what: /^there is no receiver chat2; did you mean secretValues\.receivers\.chat\?$/,
    accepts: receivers({ chat: { kind: "slack" } }, { chat: { url: "u" } }),
  },
  {
    refuses: "an item for a receiver that needs no secret",
    raw: {
      ...receivers({ hook: { kind: "webhook", url: "http://hook" } }),
      secrets: { provider: "onepassword", onepassword: { vault, items: { receivers: { hook: item } } } },
    },
    key: "secrets.onepassword.items.receivers.hook",
    what: /^is not read: the receiver hook needs no secret$/,
    accepts: {
      ...receivers({ hook: { kind: "webhook", url: "http://hook" } }),
      secrets: { provider: "onepassword", onepassword: { vault } },
    },
  },
  {
    refuses: "a key of an existing Secret that no receiver reads",
    raw: {
      ...receivers({ chat: { kind: "slack" } }),
      secrets: { existing: { alertmanager: { name: "am", keys: { "chat.token": "SLACK" } } } },
    },
    key: 'secrets.existing.alertmanager.keys["chat.token"]',
    what: /^the program reads no such key$/,
    accepts: {
      ...receivers({ chat: { kind: "slack" } }),
      secrets: { existing: { alertmanager: { name: "am", keys: { "chat.url": "SLACK" } } } },
    },
  },
  ...Object.entries({
    pushover: true,
    receivers: { a: { kind: "discord" } },
    routes: [{ receiver: "none" }],
    infoInhibitor: true,
  }).map(([setting, value]) => ({
    refuses: `${setting} beside a configuration of one's own`,
    raw: { alertmanager: { existingConfigSecret: "am", [setting]: value } },
    key: `alertmanager.${setting}`,
    what: /contradicts alertmanager\.existingConfigSecret: the Secret "am" has the whole configuration$/,
    accepts: { alertmanager: { existingConfigSecret: "am" } },
  })),
  {
    refuses: "a release of kube-prometheus-stack with the name of that of upstream's rules",
    raw: { kps: { releaseName: "upstream-rules" } },
    key: "kps.releaseName",
    what: /^"upstream-rules" is already the name of the release with upstream's rules and dashboards$/,
    accepts: { kps: { releaseName: "upstream" } },
  },
  {
    refuses: "rules that the release to adopt has as well",
    raw: {
      adopt: { kps: { release: "mon/kps", values: { additionalPrometheusRulesMap: { nas: {}, door: {} } } } },
      rules: { additionalPrometheusRulesMap: { nas: { groups: [] } } },
    },
    key: "adopt.kps.values.additionalPrometheusRulesMap.nas",
    what: /^is also in rules\.additionalPrometheusRulesMap/,
    accepts: {
      adopt: { kps: { release: "mon/kps", values: { additionalPrometheusRulesMap: { door: {} } } } },
      rules: { additionalPrometheusRulesMap: { nas: { groups: [] } } },
    },
  },
  {
    refuses: "a configuration of one's own in Mimir's Alertmanager",
    raw: { stage: "dual-write", alertmanager: { implementation: "mimir", existingConfigSecret: "am" } },
    key: "alertmanager.existingConfigSecret",
    what: /^"am" contradicts alertmanager\.implementation mimir/,
    accepts: { stage: "dual-write", alertmanager: { existingConfigSecret: "am" } },
  },
  {
    refuses: "basic authorization without a user name",
    raw: receivers({ hook: { kind: "webhook", authorization: "basic" } }, { hook: { url: "u", password: "p" } }),
    key: "alertmanager.receivers.hook.username",
    what: /^is missing, but authorization basic needs it$/,
    accepts: receivers(
      { hook: { kind: "webhook", authorization: "basic", username: "me" } },
      { hook: { url: "u", password: "p" } },
    ),
  },
  {
    refuses: "a user name that no authorization uses",
    raw: receivers({ hook: { kind: "webhook", url: "http://hook", username: "me" } }),
    key: "alertmanager.receivers.hook.username",
    what: /^"me" is not used without authorization basic$/,
    accepts: receivers({ hook: { kind: "webhook", url: "http://hook" } }),
  },
  {
    refuses: "a route to a receiver that there is not",
    raw: { alertmanager: { routes: [{ receiver: "phone" }] } },
    key: "alertmanager.routes[0].receiver",
    what: /^there is no receiver "phone"/,
    accepts: { alertmanager: { routes: [{ receiver: "none" }] } },
  },
  {
    refuses: "a route to the notifications that are not set",
    raw: { alertmanager: { routes: [{ receiver: "notifications" }] } },
    key: "alertmanager.routes[0].receiver",
    what: /^"notifications" does not exist: neither alertmanager\.pushover nor alertmanager\.webhook is set$/,
    accepts: { alertmanager: { webhook: "http://hook", routes: [{ receiver: "notifications" }] } },
  },
  {
    refuses: "a receiver that no route leads to",
    raw: { alertmanager: { receivers: { hook: { kind: "webhook", url: "http://hook" } } } },
    key: "alertmanager.receivers.hook",
    what: /^is never notified: no route leads to it$/,
    accepts: receivers({ hook: { kind: "webhook", url: "http://hook" } }),
  },
  {
    refuses: "a route behind one that takes everything",
    raw: { alertmanager: { routes: [{ receiver: "none" }, { receiver: "none", matchers: ["a=b"] }] } },
    key: "alertmanager.routes[1]",
    what: /^is never reached: alertmanager\.routes\[0\] matches every alert/,
    accepts: { alertmanager: { routes: [{ receiver: "none", continue: true }, { receiver: "none" }] } },
  },
  {
    refuses: "a time interval that there is not",
    raw: {
      alertmanager: { timeIntervals: { night }, routes: [{ receiver: "none", muteTimeIntervals: ["night", "nigh"] }] },
    },
    key: "alertmanager.routes[0].muteTimeIntervals[1]",
    what: /^there is no time interval "nigh"; did you mean night\?$/,
    accepts: {
      alertmanager: { timeIntervals: { night }, routes: [{ receiver: "none", activeTimeIntervals: ["night"] }] },
    },
  },
  {
    refuses: "a time interval that no route names",
    raw: { alertmanager: { timeIntervals: { night } } },
    key: "alertmanager.timeIntervals.night",
    what: /^is not used: no route names it$/,
    accepts: {
      alertmanager: { timeIntervals: { night }, routes: [{ receiver: "none", muteTimeIntervals: ["night"] }] },
    },
  },
  {
    refuses: "routes of an existing Alertmanager",
    raw: { adopt: { alertmanagerUrl: "http://am:9093" }, alertmanager: { routes: [{ receiver: "none" }] } },
    key: "alertmanager.routes",
    what: /has no effect: adopt\.alertmanagerUrl uses an existing Alertmanager/,
    accepts: { adopt: { alertmanagerUrl: "http://am:9093" } },
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
    refuses: "a namespace that would refuse the stack's own pods",
    raw: { namespace: { podSecurity: { enforce: "baseline" } }, logs: { source: "api", journal: false } },
    key: "namespace.podSecurity.enforce",
    what: /^"baseline" refuses pods that read their node: exporters\.nodeExporter\.enabled$/,
    accepts: {
      namespace: { podSecurity: { enforce: "baseline", warn: "baseline" } },
      logs: { source: "api", journal: false },
      exporters: { nodeExporter: { enabled: false } },
    },
  },
  {
    refuses: "a namespace that would refuse the log collector, which a stack without one hasn't",
    raw: { namespace: { podSecurity: { enforce: "restricted" } }, exporters: { nodeExporter: { enabled: false } } },
    key: "namespace.podSecurity.enforce",
    what: /^"restricted" refuses pods that read their node: logs\.source: "files", logs\.journal$/,
    accepts: {
      namespace: { podSecurity: { enforce: "restricted" } },
      exporters: { nodeExporter: { enabled: false } },
      logs: { agent: "none" },
    },
  },
  {
    refuses: "labels for a namespace that is not created",
    raw: { namespace: { create: false, podSecurity: { warn: "baseline" } } },
    key: "namespace.podSecurity.warn",
    what: /^has no effect: namespace\.create is false/,
    accepts: { namespace: { create: true, podSecurity: { warn: "baseline" } } },
  },
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
    what: /^"pi" appears twice/,
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
    what: /^"NoSchedule" can't be tolerated for a limited time/,
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
    what: /^the program uses no image with this name; did you mean images\.loki-canary\?/,
    accepts: { images: { "loki-canary": "docker.io/grafana/loki-canary:3.6.3" } },
  },
  {
    refuses: "an image of which nobody knows the platforms",
    raw: { images: { loki: "registry.example.org/grafana/loki:3.6.3" } },
    key: "images.loki",
    what: /^"registry\.example\.org\/grafana\/loki:3\.6\.3" is not one of the images that images\.json lists as loki/,
    accepts: { images: { loki: "docker.io/grafana/loki:3.6.3" } },
  },
  {
    refuses: "an image in the place of another one",
    raw: { images: { nginx: "docker.io/grafana/loki:3.6.3" } },
    key: "images.nginx",
    what: /^"docker\.io\/grafana\/loki:3\.6\.3" is not one of the images that images\.json lists as nginx/,
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
    refuses: "a replication factor above the ingesters of a distributed Loki",
    raw: { loki: { mode: "distributed", replicationFactor: 3, distributed: { ingester: { replicas: 2 } } } },
    key: "loki.replicationFactor",
    what: /^3 is more than the 2 replicas of loki\.distributed\.ingester: /,
    accepts: { loki: { mode: "distributed", replicationFactor: 3, singleBinary: { replicas: 1 } } },
  },
  {
    refuses: "more former writers than a distributed Loki had",
    raw: { loki: { former: { mode: "distributed", writers: 4 } } },
    key: "loki.former.writers",
    what: /^4 is more than the 3 replicas of loki\.distributed\.ingester$/,
    accepts: { loki: { former: { mode: "distributed", writers: 3 } } },
  },
  {
    refuses: "a distributed Loki's querier that fits no node",
    raw: {
      cluster: { nodes: [node("pi")] },
      loki: { mode: "distributed", distributed: { querier: { resources: large } } },
    },
    key: "loki.distributed.querier.resources.requests",
    what: /^1 CPU and 64Gi of memory fit no kind of node/,
    accepts: { cluster: { nodes: [node("pi")] }, loki: { distributed: { querier: { resources: large } } } },
  },
  {
    refuses: "a change of Loki's mode to the same",
    raw: { loki: { former: { mode: "single-binary" } } },
    key: "loki.former.mode",
    what: /^"single-binary" is loki\.mode too/,
    accepts: { loki: { former: { mode: "simple-scalable" } } },
  },
  {
    refuses: "more former writers than there were",
    raw: { loki: { former: { mode: "simple-scalable", writers: 4 } } },
    key: "loki.former.writers",
    what: /^4 is more than the 3 replicas of loki\.write$/,
    accepts: { loki: { former: { mode: "simple-scalable", writers: 0 } } },
  },
  {
    refuses: "replication factor 3 with two replicas of Mimir",
    raw: { mimir: { replicas: 2, replicationFactor: 3 } },
    key: "mimir.replicationFactor",
    what: /^3 is more than mimir\.replicas, 2: Mimir would refuse every sample$/,
    accepts: { mimir: { replicas: 3, replicationFactor: 3 } },
  },
  {
    refuses: "several replicas of Mimir that would each run an Alertmanager",
    raw: {
      stage: "dual-write",
      mimir: { replicas: 3 },
      alertmanager: { implementation: "mimir", webhook: "http://bridge:8080/" },
    },
    key: "alertmanager.implementation",
    what: /^"mimir" contradicts mimir\.replicas, 3: /,
    accepts: { stage: "dual-write", alertmanager: { implementation: "mimir", webhook: "http://bridge:8080/" } },
  },
  {
    refuses: "more series than the memory of several replicas holds, where each series is on one of them",
    raw: {
      stage: "dual-write",
      mimir: { replicas: 2, limits: { maxSeries: 600_000 }, resources: { limits: { memory: "1Gi" } } },
    },
    key: "mimir.limits.maxSeries",
    what: /^600000 is more than the memory limit, "1Gi", can hold/,
    accepts: {
      stage: "dual-write",
      mimir: { replicas: 3, limits: { maxSeries: 600_000 }, resources: { limits: { memory: "1Gi" } } },
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
    refuses: "a stage that VictoriaMetrics doesn't have",
    raw: { stage: "mimir-default", metrics: { backend: "victoria-metrics" } },
    key: "stage",
    what: /^"mimir-default" contradicts metrics\.backend: victoria-metrics/,
    accepts: { stage: "victoria-metrics-default", metrics: { backend: "victoria-metrics" } },
  },
  {
    refuses: "a stage that Mimir doesn't have",
    raw: { stage: "victoria-metrics-default" },
    key: "stage",
    what: /^"victoria-metrics-default" contradicts metrics\.backend: mimir/,
    accepts: { stage: "mimir-default" },
  },
  {
    refuses: "a volume on which vmagent's samples of an outage don't fit",
    raw: {
      ...{ stage: "kps-removed", kps: { enabled: false } },
      metrics: { backend: "victoria-metrics", mimirOutage: "12h" },
    },
    key: "metrics.storage",
    what: /^"5Gi" is too small: the samples of 12h \(metrics\.mimirOutage\) at 300000 series/,
    accepts: {
      ...{ stage: "kps-removed", kps: { enabled: false } },
      metrics: { backend: "victoria-metrics", mimirOutage: "12h", storage: "10Gi" },
    },
  },
  {
    refuses: "a retirement before VictoriaMetrics has taken over",
    raw: {
      ...{ stage: "dual-write", metrics: { backend: "victoria-metrics" } },
      migration: { retireKps: true },
    },
    key: "migration.retireKps",
    what: /^true contradicts stage "dual-write"/,
    accepts: {
      ...{ stage: "victoria-metrics-default", metrics: { backend: "victoria-metrics" } },
      migration: { retireKps: true, reclaimVolumes: [], dualWriteSince: daysAgo(14) },
    },
  },
  {
    refuses: "a volume of VictoriaMetrics that is mostly kept free",
    raw: { victoriaMetrics: { storage: "10Gi", minFreeSpace: "6Gi" } },
    key: "victoriaMetrics.minFreeSpace",
    what: /^"6Gi" is more than half of victoriaMetrics\.storage, "10Gi"/,
    accepts: { victoriaMetrics: { storage: "10Gi", minFreeSpace: "5Gi" } },
  },
  {
    refuses: "more series than VictoriaMetrics' memory holds",
    raw: {
      stage: "dual-write",
      metrics: { backend: "victoria-metrics" },
      victoriaMetrics: { resources: { limits: { memory: "512Mi" } } },
    },
    key: "victoriaMetrics.limits.maxHourlySeries",
    what: /^300000 is more than the memory limit, "512Mi", can hold/,
    accepts: {
      stage: "dual-write",
      metrics: { backend: "victoria-metrics" },
      victoriaMetrics: { limits: { maxHourlySeries: 262144 }, resources: { limits: { memory: "512Mi" } } },
    },
  },
  {
    refuses: "an adopted release that writes under the name of this program's own remote_write",
    raw: { stage: "dual-write", ...writing("mimir") },
    key: "adopt.kps.values.prometheus.prometheusSpec.remoteWrite",
    what: /^has an entry named "mimir"/,
    accepts: { stage: "dual-write", ...writing("cloud") },
  },
  {
    refuses: "a part of the control plane that is found twice",
    raw: { monitors: { proxy: { endpoints: ["10.0.0.1"], selector: { "k8s-app": "kube-proxy" } } } },
    key: "monitors.proxy.selector",
    what: /^is set as well as monitors\.proxy\.endpoints, 10\.0\.0\.1: each target would be scraped twice/,
    accepts: { monitors: { proxy: { selector: { "k8s-app": "kube-proxy" } } } },
  },
  {
    refuses: "etcd by TLS without its CA",
    raw: { monitors: { etcd: { endpoints: ["10.0.0.1"], port: 2379, https: true } } },
    key: "monitors.etcd.clientSecret",
    what: /^is missing: with monitors\.etcd\.https: true there is no CA/,
    accepts: { monitors: { etcd: { endpoints: ["10.0.0.1"], port: 2379, https: true, clientSecret: { name: "e" } } } },
  },
  {
    refuses: "a Secret for TLS where etcd is scraped without",
    raw: { monitors: { etcd: { endpoints: ["10.0.0.1"], clientSecret: { name: "etcd-client" } } } },
    key: "monitors.etcd.clientSecret",
    what: /^has no effect without monitors\.etcd\.https: true/,
    accepts: { monitors: { etcd: { endpoints: ["10.0.0.1"], https: true, clientSecret: { name: "etcd-client" } } } },
  },
  {
    refuses: "a name in a certificate that isn't verified",
    raw: { monitors: { scheduler: { endpoints: ["10.0.0.1"], serverName: "kube-scheduler" } } },
    key: "monitors.scheduler.serverName",
    what: /^"kube-scheduler" is not verified while monitors\.scheduler\.insecureSkipVerify is true/,
    accepts: {
      monitors: { scheduler: { endpoints: ["10.0.0.1"], serverName: "kube-scheduler", insecureSkipVerify: false } },
    },
  },
  {
    refuses: "settings of a Grafana that is not this program's",
    raw: { grafana: { create: false, anonymous: true } },
    key: "grafana.anonymous",
    what: /grafana\.create is false/,
    accepts: { grafana: { create: false } },
  },
  {
    refuses: "a secret in grafana.settings, by the name of its key",
    raw: { grafana: { settings: { "auth.github": { client_secret: "abc" } } } },
    key: 'grafana.settings["auth.github"].client_secret',
    what: /the secret auth\.github\.client_secret in plain text/,
    accepts: {
      grafana: {
        secretMounts: ["github"],
        settings: { "auth.github": { client_secret: "$__file{/etc/grafana-secrets/github/secret}" } },
      },
    },
  },
  {
    refuses: "a secret in grafana.settings whose key doesn't say so",
    raw: { grafana: { settings: { remote_cache: { connstr: "addr=redis:6379,password=x" } } } },
    key: "grafana.settings.remote_cache.connstr",
    what: /in plain text/,
    accepts: { grafana: { settings: { remote_cache: { type: "database" } } } },
  },
  {
    refuses: "a password in a URL of grafana.settings",
    raw: { grafana: { settings: { rendering: { server_url: "http://me:pw@renderer" } } } },
    key: "grafana.settings.rendering.server_url",
    what: /in plain text/,
    accepts: { grafana: { settings: { rendering: { server_url: "http://renderer" } } } },
  },
  ...(
    [
      ["analytics", "intercom_secret", "abc"],
      ["database", "url", "sqlite3:///x"],
      ["database", "connection_string", "host=pg password=x"],
      ["unified_storage", "db_pass", "abc"],
      ["external_image_storage.azure_blob", "account_key", "abc"],
      ["security.encryption.azurekv.v1", "client_secret", "abc"],
      ["smtp", "password", "abc"],
      ["rendering", "renderer_token", "abc"],
      ["recording_rules.custom_headers", "Authorization", "abc"],
      ["recording_rules.custom_headers", "X-Api-Key", "abc"],
      ["recording_rules.custom_headers", "X-Scope", "Bearer abc"],
      ["remote_cache", "other", "addr=redis:6379,password=x"],
      ["auth.jwt", "jwk_set_url", "https://id.lan/keys?access_token=abc"],
      ["database", "other", "grafana:pw@tcp(db:3306)/grafana"],
      ["unified_alerting", "ha_redis_address", "redis://:pw@redis:6379"],
    ] as const
  ).map(([section, key, value]) => ({
    refuses: `a secret in grafana.settings: ${section}.${key} = ${value}`,
    raw: { grafana: { settings: { [section]: { [key]: value } } } },
    key: `grafana.settings${/^\w+$/.test(section) ? `.${section}` : `["${section}"]`}.${key}`,
    what: /in plain text/,
    accepts: { grafana: { settings: { [section]: { [key]: "" } } } },
  })),
  ...[
    { url: "http://me:pw@tempo:3200" },
    { jsonData: { httpHeaderValue1: "abc" } },
    { jsonData: { nested: [{ clientSecret: "abc" }] } },
  ].map((given) => ({
    refuses: `a secret of a data source outside secureJsonData: ${JSON.stringify(given)}`,
    raw: { grafana: { dataSources: [{ name: "T", uid: "t", type: "tempo", ...given }] } },
    key: `grafana.dataSources[0].${"url" in given ? "url" : "httpHeaderValue1" in given.jsonData ? "jsonData.httpHeaderValue1" : "jsonData.nested[0].clientSecret"}`,
    what: /in plain text/,
    accepts: {
      grafana: {
        secretMounts: ["m"],
        dataSources: [
          {
            ...{
              name: "T",
              uid: "t",
              type: "tempo",
              url: "http://tempo:3200",
              jsonData: { httpHeaderName1: "X-Api-Key" },
            },
            secureJsonData: { httpHeaderValue1: "$__file{/etc/grafana-secrets/m/key}" },
          },
        ],
      },
    },
  })),
  {
    refuses: "a header's secret, but not the names of headers, files and hints",
    raw: { grafana: { settings: { "smtp.static_headers": { "X-Auth-Token": "abc" } } } },
    key: 'grafana.settings["smtp.static_headers"].X-Auth-Token',
    what: /in plain text/,
    accepts: {
      grafana: {
        settings: {
          "auth.proxy": { headers: "Name:X-WEBAUTH-NAME Email:X-WEBAUTH-EMAIL", header_name: "Authorization" },
          "auth.jwt": { key_file: "/etc/jwt/public.pem", header_name: "X-JWT-Assertion" },
          "auth.generic_oauth": { token_url: "https://id.lan/token", email_attribute_name: "email:primary" },
          users: { password_hint: "password", login_hint: "you@example.org" },
          security: { encryption_provider: "secretKey.v1" },
          auth: { login_cookie_name: "grafana_session", token_rotation_interval_minutes: 10 },
        },
      },
    },
  },
  {
    refuses: "a key of grafana.ini that the pod depends on",
    raw: { grafana: { settings: { server: { http_port: 80 } } } },
    key: "grafana.settings.server.http_port",
    what: /is set by this program/,
    accepts: { grafana: { settings: { server: { root_url: "https://g.example.org/" } } } },
  },
  {
    refuses: "a value of two lines in grafana.settings",
    raw: { grafana: { settings: { users: { login_hint: "a\nb" } } } },
    key: "grafana.settings.users.login_hint",
    what: /can't be written into grafana\.ini/,
    accepts: { grafana: { settings: { users: { login_hint: "a; b" } } } },
  },
  {
    refuses: "a file of a Secret that Grafana doesn't mount",
    raw: {
      grafana: { settings: { smtp: { password: "$__file{/etc/grafana-secrets/mail/password}" } }, secretMounts: ["m"] },
    },
    key: "grafana.settings.smtp.password",
    what: /the Secret "mail", which Grafana doesn't mount/,
    accepts: {
      grafana: { settings: { smtp: { password: "$__file{/etc/grafana-secrets/m/password}" } }, secretMounts: ["m"] },
    },
  },
  {
    refuses: "a data source of the name of the stack's own",
    raw: { grafana: { dataSources: [{ name: "Loki", uid: "logs", type: "loki" }] } },
    key: "grafana.dataSources[0].name",
    what: /that of one of the stack's data sources/,
    accepts: { grafana: { dataSources: [{ name: "Other Loki", uid: "logs", type: "loki" }] } },
  },
  {
    refuses: "a data source of the uid of the stack's own with another backend",
    raw: { grafana: { dataSources: [{ name: "VM", uid: "victoria-metrics", type: "prometheus" }] } },
    key: "grafana.dataSources[0].uid",
    what: /^"victoria-metrics" is that of one of the stack's data sources/,
    accepts: { grafana: { dataSources: [{ name: "VM", uid: "vm", type: "prometheus" }] } },
  },
  {
    refuses: "a plugin in two versions",
    raw: { grafana: { plugins: ["1.0.0", "1.0.1"].map((version) => ({ id: "a-panel", version })) } },
    key: "grafana.plugins[1].id",
    what: /is there twice/,
    accepts: { grafana: { plugins: [{ id: "a-panel", version: "1.0.1" }] } },
  },
  {
    refuses: "roles by group and by a path of one's own",
    raw: oidc({ roles: { admin: ["ops"] }, roleAttributePath: "role" }),
    key: "grafana.oauth.roleAttributePath",
    what: /contradicts grafana\.oauth\.roles/,
    accepts: oidc({ roleAttributePath: "role" }),
  },
  {
    refuses: "an OpenID Connect client without its secret",
    raw: { grafana: oidc({}).grafana },
    key: "secretValues.grafanaOauth.clientSecret",
    what: /is missing, but grafana\.oauth needs it/,
    accepts: oidc({}),
  },
  {
    refuses: "sending everyone to a provider that knows no way back",
    raw: oidc({ autoLogin: true }),
    key: "grafana.oauth.autoLogin",
    what: /can't lead back/,
    accepts: oidc({ autoLogin: true }, { ingress: { host: "g.example.org" } }),
  },
  {
    refuses: "an Ingress for an Alertmanager inside Mimir",
    raw: { stage: "dual-write", alertmanager: { implementation: "mimir", ingress: { host: "a.example.org" } } },
    key: "alertmanager.ingress",
    what: /leads nowhere: Alertmanager is inside Mimir/,
    accepts: { stage: "dual-write", alertmanager: { ingress: { host: "a.example.org" } } },
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
    const logs = { agent: "none", resources: { requests: { cpu: 2 } } };
    const keys = problemsOf({ cluster: { nodes }, kps: { enabled: false }, logs }).map(({ key }) => key);
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

describe("a retirement that is too early", () => {
  it("is allowed from the day on which the backend has the days that are asked for", () => {
    const migration = { retireKps: true, reclaimVolumes: [], dualWriteSince: daysAgo(4) };
    const [{ allowed }] = problemsOf({ stage: "mimir-default", migration });
    assert.ok(allowed?.startsWith(`true from ${daysAgo(-10)} on, once `), allowed);
  });
});

describe("settings of which some are wrong by themselves", () => {
  it("tells what is wrong of each part of the control plane, all at once", () => {
    const selector = { component: "kube-scheduler" };
    const monitors = {
      scheduler: { endpoints: ["10.0.0.1"], selector },
      controllerManager: { endpoints: [], port: 0 },
      proxy: { endpoints: ["127.0.0.1"], selector: {} },
      etcd: { endpoints: ["10.0.0.1", "10.0.0.1"], port: 70000 },
    };
    assert.deepEqual(
      problemsOf({ monitors }).map(({ key, what }) => `${key} ${what}`),
      [
        "monitors.controllerManager.endpoints [] is empty",
        "monitors.controllerManager.port 0 is too small",
        'monitors.proxy.endpoints[0] "127.0.0.1" is the pod itself, seen from a pod',
        "monitors.proxy.selector {} is empty",
        'monitors.etcd.endpoints ["10.0.0.1","10.0.0.1"] has an address twice',
        "monitors.etcd.port 70000 is too large",
        "monitors.scheduler.selector is set as well as monitors.scheduler.endpoints, 10.0.0.1: each target would be scraped twice",
      ],
    );
  });

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
