import { Entry, ImageConfig } from "./oci";
import { ProgramName } from "./programs";

/** How an image is made without an image registry. Entry point, command and user are those of the real image, so that a pod runs unchanged. */
export interface ImageRecipe {
  /** Go program that it holds; says the version too. */
  program?: ProgramName;
  /** The program's binaries: path in the image → name. */
  binaries?: Record<string, string>;
  /** Program of this machine that it holds, in place of one that is built: its path in the image, the environment variable that names it, and why so. */
  given?: { path: string; variable: string; why: string };
  /** Debian packages whose files it holds, and the path of their program, whose libraries it holds too. The first one says the version. */
  debian?: { packages: string[]; program: string };
  /** Libraries of this machine that the program loads while it runs; with them come those that they and the program are linked with. */
  libraries?: string[];
  /** Whether the real image has a shell and the usual commands: busybox then. */
  shell?: boolean;
  /** Further files and folders. */
  entries?: Entry[];
  /** What the image says of its process. */
  config: ImageConfig;
}

const nobody = 65534;
const shellScript = 0o755;

/** What the entry points of nginx's, MinIO's and memcached's images come down to when no variable of theirs is set. */
const execArguments = '#!/bin/sh\nexec "$@"\n';
const execMinio = '#!/bin/sh\n[ "$1" = minio ] || set -- minio "$@"\nexec "$@"\n';

const execMemcached = '#!/bin/sh\n[ "${1#-}" = "$1" ] || set -- memcached "$@"\nexec "$@"\n';

/** nginx-unprivileged's own: port 8080, everything that is written below /tmp. The component mounts its own over it. */
const nginxConf = `pid /tmp/nginx.pid;
events {}
http {
  include /etc/nginx/mime.types;
  client_body_temp_path /tmp/client_temp;
  proxy_temp_path /tmp/proxy_temp;
  fastcgi_temp_path /tmp/fastcgi_temp;
  uwsgi_temp_path /tmp/uwsgi_temp;
  scgi_temp_path /tmp/scgi_temp;
  server { listen 8080; location / { return 404; } }
}
`;

/** Every image of the program, by its name in `images.json`: how it is made here, or why it can't be had without an image registry. */
export const imageRecipes: Record<string, ImageRecipe | { unavailable: string }> = {
  loki: {
    program: "loki",
    binaries: { "/usr/bin/loki": "loki" },
    entries: [
      { path: "/etc/loki", directory: true, uid: 10001 },
      { path: "/loki", directory: true, uid: 10001 },
      { path: "/tmp", directory: true, mode: 0o1777 },
    ],
    config: {
      Entrypoint: ["/usr/bin/loki"],
      Cmd: ["-config.file=/etc/loki/local-config.yaml"],
      User: "10001",
      WorkingDir: "/",
    },
  },
  "loki-canary": {
    program: "loki",
    binaries: { "/usr/bin/loki-canary": "loki-canary" },
    shell: true,
    config: { Entrypoint: ["/usr/bin/loki-canary"] },
  },
  nginx: {
    debian: { packages: ["nginx", "nginx-common"], program: "/usr/sbin/nginx" },
    shell: true,
    entries: [
      { path: "/docker-entrypoint.sh", text: execArguments, mode: shellScript },
      { path: "/etc/nginx/nginx.conf", text: nginxConf },
      { path: "/etc/passwd", text: "root:x:0:0::/:/bin/sh\nnginx:x:101:101::/nonexistent:/bin/false\n" },
      { path: "/etc/group", text: "root:x:0:\nnginx:x:101:\n" },
      { path: "/var/log/nginx/access.log", link: "/dev/stdout" },
      { path: "/var/log/nginx/error.log", link: "/dev/stderr" },
      { path: "/var/cache/nginx", directory: true, uid: 101 },
      { path: "/var/lib/nginx", directory: true, uid: 101 },
      { path: "/tmp", directory: true, mode: 0o1777 },
    ],
    config: {
      Entrypoint: ["/docker-entrypoint.sh"],
      Cmd: ["nginx", "-g", "daemon off;"],
      User: "101",
      StopSignal: "SIGQUIT",
    },
  },
  memcached: {
    debian: { packages: ["memcached"], program: "/usr/bin/memcached" },
    shell: true,
    entries: [
      { path: "/usr/local/bin/docker-entrypoint.sh", text: execMemcached, mode: shellScript },
      { path: "/etc/passwd", text: "root:x:0:0::/:/bin/sh\nmemcache:x:11211:11211::/nonexistent:/bin/false\n" },
      { path: "/etc/group", text: "root:x:0:\nmemcache:x:11211:\n" },
    ],
    config: { Entrypoint: ["docker-entrypoint.sh"], Cmd: ["memcached"], User: "memcache" },
  },
  minio: {
    program: "minio",
    binaries: { "/usr/bin/minio": "minio" },
    shell: true,
    entries: [
      { path: "/usr/bin/docker-entrypoint.sh", text: execMinio, mode: shellScript },
      { path: "/data", directory: true },
      { path: "/tmp", directory: true, mode: 0o1777 },
    ],
    config: { Entrypoint: ["/usr/bin/docker-entrypoint.sh"], Cmd: ["minio"], Env: ["MC_CONFIG_DIR=/tmp/.mc"] },
  },
  "minio-mc": {
    program: "mc",
    binaries: { "/usr/bin/mc": "mc" },
    shell: true, // the Job that makes buckets is a script
    entries: [{ path: "/tmp", directory: true, mode: 0o1777 }],
    config: { Entrypoint: ["mc"] },
  },
  prometheus: {
    program: "prometheus",
    binaries: { "/bin/prometheus": "prometheus", "/bin/promtool": "promtool" },
    shell: true,
    entries: [
      { path: "/etc/prometheus", directory: true, uid: nobody },
      { path: "/prometheus", directory: true, uid: nobody, mode: 0o775 },
    ],
    config: {
      Entrypoint: ["/bin/prometheus"],
      Cmd: ["--config.file=/etc/prometheus/prometheus.yml", "--storage.tsdb.path=/prometheus"],
      User: "nobody",
      WorkingDir: "/prometheus",
    },
  },
  alertmanager: {
    program: "alertmanager",
    binaries: { "/bin/alertmanager": "alertmanager", "/bin/amtool": "amtool" },
    shell: true,
    entries: [
      { path: "/etc/alertmanager", directory: true, uid: nobody },
      { path: "/alertmanager", directory: true, uid: nobody, mode: 0o775 },
    ],
    config: {
      Entrypoint: ["/bin/alertmanager"],
      Cmd: ["--config.file=/etc/alertmanager/alertmanager.yml", "--storage.path=/alertmanager"],
      User: "nobody",
      WorkingDir: "/alertmanager",
    },
  },
  "node-exporter": {
    program: "node-exporter",
    binaries: { "/bin/node_exporter": "node_exporter" },
    shell: true,
    config: { Entrypoint: ["/bin/node_exporter"], User: "nobody" },
  },
  "blackbox-exporter": {
    program: "blackbox-exporter",
    binaries: { "/bin/blackbox_exporter": "blackbox_exporter" },
    shell: true,
    entries: [{ path: "/etc/blackbox_exporter", directory: true }],
    config: { Entrypoint: ["/bin/blackbox_exporter"], Cmd: ["--config.file=/etc/blackbox_exporter/config.yml"] },
  },
  "prometheus-operator": {
    program: "prometheus-operator",
    binaries: { "/bin/operator": "operator" },
    shell: true,
    config: { Entrypoint: ["/bin/operator"], User: String(nobody) },
  },
  "prometheus-config-reloader": {
    program: "prometheus-operator",
    binaries: { "/bin/prometheus-config-reloader": "prometheus-config-reloader" },
    shell: true,
    config: { Entrypoint: ["/bin/prometheus-config-reloader"], User: String(nobody) },
  },
  alloy: {
    program: "alloy",
    binaries: { "/bin/alloy": "alloy" },
    libraries: ["libsystemd.so.0"],
    shell: true,
    entries: [
      { path: "/etc/alloy", directory: true },
      { path: "/var/lib/alloy/data", directory: true, uid: 473, mode: 0o770 },
      { path: "/tmp", directory: true, mode: 0o1777 },
    ],
    config: {
      Entrypoint: ["/bin/alloy"],
      Cmd: ["run", "/etc/alloy/config.alloy", "--storage.path=/var/lib/alloy/data"],
      Env: ["ALLOY_DEPLOY_MODE=docker"],
    },
  },
  "kube-state-metrics": {
    program: "kube-state-metrics",
    binaries: { "/kube-state-metrics": "kube-state-metrics" },
    config: { Entrypoint: ["/kube-state-metrics", "--port=8080", "--telemetry-port=8081"], User: "nobody" },
  },
  mimir: {
    program: "mimir",
    binaries: { "/bin/mimir": "mimir" },
    config: { Entrypoint: ["/bin/mimir"] },
  },
  grafana: {
    unavailable: "Grafana is not an importable Go module (its web interface is built with Node and Go together)",
  },
  "k8s-sidecar": {
    unavailable: "k8s-sidecar is a Python program, and images are built here only from Go modules and Debian packages",
  },
  vector: {
    given: {
      path: "/usr/bin/vector",
      variable: "VECTOR_BINARY",
      why: "Vector is a Rust program, and images are built here only from Go modules and Debian packages",
    },
    debian: { packages: ["systemd"], program: "/bin/journalctl" },
    shell: true,
    entries: [
      { path: "/etc/vector", directory: true },
      { path: "/var/lib/vector", directory: true },
      { path: "/tmp", directory: true, mode: 0o1777 },
    ],
    config: { Entrypoint: ["/usr/bin/vector"] },
  },
  "victoria-metrics": {
    program: "victoria-metrics",
    binaries: { "/victoria-metrics-prod": "victoria-metrics" },
    shell: true,
    config: { Entrypoint: ["/victoria-metrics-prod"] },
  },
  vmagent: {
    program: "victoria-metrics",
    binaries: { "/vmagent-prod": "vmagent" },
    shell: true,
    config: { Entrypoint: ["/vmagent-prod"] },
  },
  vmalert: {
    program: "victoria-metrics",
    binaries: { "/vmalert-prod": "vmalert" },
    shell: true,
    config: { Entrypoint: ["/vmalert-prod"] },
  },
};
