import { object, type TestResource } from "./support";

// Resources as people write them who have nothing to do with Loki or Mimir, and know nothing of this pack.

const named = (name: string, more: object = {}) => ({ metadata: { namespace: "web", name, ...more } });
const labels = { app: "shop" };
const as = (name: string, resource: TestResource): TestResource => ({ ...resource, name });

const chart = (name: string, version: string, values: object, more: object = {}): TestResource => ({
  type: "kubernetes:helm.sh/v3:Release",
  name,
  props: { chart: name, name, namespace: name, version, values, ...more },
});

/** A program of ordinary workloads, one each; together they are one stack. */
export const ordinary: readonly TestResource[] = [
  as("web", object("core/v1", "Namespace", { metadata: { name: "web", labels: { team: "shop" } } })),
  as(
    "nginx",
    object("apps/v1", "Deployment", {
      ...named("nginx", { labels }),
      spec: {
        replicas: 2,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: { containers: [{ name: "nginx", image: "nginx", ports: [{ containerPort: 80 }] }] },
        },
      },
    }),
  ),
  as(
    "postgres",
    object("apps/v1", "StatefulSet", {
      ...named("postgres"),
      spec: {
        serviceName: "postgres",
        replicas: 1,
        selector: { matchLabels: { app: "postgres" } },
        template: {
          metadata: { labels: { app: "postgres" } },
          spec: {
            containers: [
              {
                name: "postgres",
                image: "postgres:16",
                args: ["-c", "max_connections=200", "-c", "shared_buffers=256MB"],
                env: [
                  { name: "POSTGRES_PASSWORD", value: "shop" },
                  { name: "PGDATA", value: "/var/lib/postgresql/data/pgdata" },
                ],
                volumeMounts: [{ name: "data", mountPath: "/var/lib/postgresql/data" }],
              },
            ],
          },
        },
        volumeClaimTemplates: [
          {
            metadata: { name: "data" },
            spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "10Gi" } } },
          },
        ],
      },
    }),
  ),
  as(
    "backup",
    object("batch/v1", "CronJob", {
      ...named("backup"),
      spec: {
        schedule: "0 3 * * *",
        jobTemplate: {
          spec: {
            template: {
              spec: {
                restartPolicy: "OnFailure",
                containers: [
                  {
                    name: "dump",
                    image: "postgres:16",
                    command: ["sh", "-c", "pg_dump -h postgres shop | gzip > /backup/$(date +%F).gz"],
                  },
                ],
              },
            },
          },
        },
      },
    }),
  ),
  as(
    "migrate",
    object("batch/v1", "Job", {
      ...named("migrate"),
      spec: {
        backoffLimit: 2,
        template: {
          spec: {
            restartPolicy: "Never",
            containers: [
              {
                name: "migrate",
                image: "ghcr.io/example/shop:main",
                args: ["migrate", "--retention=0", "--limits.max=5"],
              },
            ],
          },
        },
      },
    }),
  ),
  as(
    "agent",
    object("apps/v1", "DaemonSet", {
      ...named("agent"),
      spec: {
        selector: { matchLabels: { app: "agent" } },
        template: {
          metadata: { labels: { app: "agent" } },
          spec: {
            hostNetwork: true,
            tolerations: [{ operator: "Exists" }],
            containers: [
              {
                name: "agent",
                image: "datadog/agent:7",
                securityContext: { privileged: true },
                volumeMounts: [{ name: "proc", mountPath: "/host/proc" }],
              },
            ],
            volumes: [{ name: "proc", hostPath: { path: "/proc" } }],
          },
        },
      },
    }),
  ),
  chart("redis", "20.1.0", {
    architecture: "replication",
    auth: { password: "redis" },
    master: { persistence: { size: "8Gi" } },
    replica: { replicaCount: 2 },
    commonConfiguration: 'appendonly yes\nsave ""\n',
  }),
  as(
    "notes",
    object("core/v1", "ConfigMap", {
      ...named("notes"),
      data: {
        "README.md":
          "How the shop runs: nginx before, Postgres behind.\nThe compactor: see the wiki. A distributor: Mr Smith, storage: cellar.\n" +
          "Limits: none, server: the one in the corner; ingester: to be hired.\n",
        "app.yaml":
          "server:\n  http_listen_port: 8080\ncommon:\n  name: shop\nstorage:\n  backend: s3\n  bucket: shop\nlimits:\n  requests: 100\n",
        "nginx.conf": "server { listen 80; location / { proxy_pass http://shop:8080; } }\n",
        "settings.ini": "[server]\nroot_url = https://shop.example.org\n[retention]\ndays = 7\n",
        "upstreams.json": '{"upstream": "compactor:8080", "targets": ["compactor:8080", "store_gateway:9095"]}',
        upstream: "compactor:3100",
      },
    }),
  ),
  as(
    "session",
    object("core/v1", "Secret", {
      ...named("session"),
      type: "Opaque",
      stringData: { key: "not-a-secret", "config.yaml": "retention: 7d\nreplication_factor: 2\n" },
      data: { token: "c2hvcA==" },
    }),
  ),
  as(
    "shop",
    object("networking.k8s.io/v1", "Ingress", {
      ...named("shop", { annotations: { "cert-manager.io/cluster-issuer": "letsencrypt" } }),
      spec: {
        ingressClassName: "nginx",
        tls: [{ hosts: ["shop.example.org"], secretName: "shop-tls" }],
        rules: [
          {
            host: "shop.example.org",
            http: {
              paths: [{ path: "/", pathType: "Prefix", backend: { service: { name: "nginx", port: { number: 80 } } } }],
            },
          },
        ],
      },
    }),
  ),
  as(
    "uploads",
    object("core/v1", "PersistentVolumeClaim", {
      ...named("uploads"),
      spec: { accessModes: ["ReadWriteMany"], resources: { requests: { storage: "50Gi" } } },
    }),
  ),
  chart("cert-manager", "v1.16.2", { crds: { enabled: true }, prometheus: { enabled: true } }),
  chart(
    "argo-cd",
    "7.7.5",
    {
      global: { domain: "argo.example.org" },
      configs: { params: { "server.insecure": true }, cm: { "timeout.reconciliation": "60s" } },
      server: { replicas: 2, ingress: { enabled: true } },
    },
    { valueYamlFiles: [{ path: "argo.yaml" }] },
  ),
  as(
    "nginx",
    object("core/v1", "Service", {
      ...named("nginx"),
      spec: { selector: labels, ports: [{ name: "http", port: 80 }] },
    }),
  ),
  as(
    "shop",
    object("monitoring.coreos.com/v1", "ServiceMonitor", {
      ...named("shop"),
      spec: { selector: { matchLabels: labels }, endpoints: [{ port: "metrics", interval: "30s" }] },
    }),
  ),
  { type: "aws:s3/bucketV2:BucketV2", name: "uploads", props: { bucket: "shop-uploads", forceDestroy: true } },
];
