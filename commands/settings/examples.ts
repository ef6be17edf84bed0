import type { z } from "zod";
import type { settingsSchema } from "../../settings/schema";

/** What people most often write in each section, for the page of settings. */
export const examples = {
  stage: "dual-write",
  cluster: {
    name: "home",
    nodes: [
      { name: "pi5", arch: "arm64", count: 3, cpu: "4", memory: "7900Mi" },
      { name: "mini-pc", arch: "amd64", count: 1, cpu: "8", memory: "31Gi" },
    ],
    storageClass: "local-path",
  },
  kubernetes: { context: "home" },
  namespace: { name: "monitoring" },
  backup: {
    enabled: true,
    schedule: "30 3 * * *",
    to: "s3://backup/production",
    endpoint: "http://10.0.40.11:9000",
    secret: "backup-object-store",
  },
  networkPolicies: { enabled: true, nodes: ["10.0.40.0/24"], allow: { "loki-gateway": ["shop"] } },
  images: { loki: "docker.io/grafana/loki:3.6.3" },
  migration: { from: "loki", dualWriteSince: "2026-11-01", dualWriteDays: 14 },
  adopt: { kps: { release: "monitoring/kube-prometheus-stack", values: { fullnameOverride: "kps" } } },
  removal: { retain: ["crds", "kps"] },
  secrets: { provider: "config" },
  objectStore: {
    kind: "minio",
    endpoint: "http://10.0.40.10:9000",
    providerAddress: "10.0.40.10:9000",
    metrics: true,
  },
  buckets: { loki: "loki-home" },
  loki: { mode: "single-binary", retention: "30d", storage: "20Gi" },
  logs: { source: "files", journalPath: "/run/log/journal" },
  crds: { create: false },
  kps: { retention: "14d", storage: "70Gi", scrapeInterval: "30s" },
  mimir: { retention: "1y", storage: "20Gi", limits: { maxSeries: 200_000 } },
  victoriaMetrics: { retention: "30d", storage: "50Gi" },
  metrics: { mimirOutage: "4h", ruleNamespaces: ["shop"] },
  exporters: { nodeExporter: { enabled: false } },
  prometheusApi: { formerNames: ["monitoring/prometheus-operated", "monitoring/kps-prometheus"] },
  monitors: { etcd: { endpoints: ["10.0.40.11"] }, scheduler: { selector: { component: "kube-scheduler" } } },
  rules: {
    disabled: ["CPUThrottlingHigh"],
    overrides: { KubeJobNotCompleted: { for: "1h" } },
    upstream: { groups: { network: false } },
  },
  probes: [
    { module: "http", url: "https://shop.example.org/health", interval: "1m" },
    { module: "icmp", target: "10.0.40.1", name: "router", severity: "warning" },
    { module: "tcp", target: "10.0.40.10:445", name: "nas-files" },
    { module: "dns", target: "10.0.40.1", query: "example.org" },
  ],
  alertmanager: {
    heartbeat: true,
    receivers: {
      phone: { kind: "pushover" },
      ntfy: { kind: "webhook", url: "https://ntfy.example.org/alerts?template=alertmanager", authorization: "bearer" },
    },
    routes: [{ receiver: "phone", matchers: ['severity="critical"'] }, { receiver: "ntfy" }],
    repeatInterval: "12h",
  },
  grafana: {
    ingress: { host: "grafana.example.org", tlsSecret: "grafana-tls" },
    oauth: {
      name: "Authelia",
      clientId: "grafana",
      authUrl: "https://auth.example.org/api/oidc/authorization",
      tokenUrl: "https://auth.example.org/api/oidc/token",
      apiUrl: "https://auth.example.org/api/oidc/userinfo",
      scopes: ["openid", "profile", "email", "groups"],
      roles: { admin: ["admins"] },
    },
    plugins: [{ id: "grafana-clock-panel", version: "2.1.8" }],
    dataSources: [{ name: "Tempo", uid: "tempo", type: "tempo", url: "http://tempo.tracing:3200" }],
    settings: { users: { default_theme: "light" } },
  },
} satisfies z.input<typeof settingsSchema>;
