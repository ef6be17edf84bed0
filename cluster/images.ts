import { Entry, ImageConfig } from "./oci";
import { ProgramName } from "./programs";

/** How an image is made without an image registry. Entry point, command and user are those of the real image, so that a pod runs unchanged. */
export interface ImageRecipe {
  /** Go program that it holds; says the version too. */
  program?: ProgramName;
  /** The program's binaries: path in the image → name. */
  binaries?: Record<string, string>;
  /** Debian packages whose files it holds, and the path of their program, whose libraries it holds too. The first one says the version. */
  debian?: { packages: string[]; program: string };
  /** Whether the real image has a shell and the usual commands: busybox then. */
  shell?: boolean;
  /** Further files and folders. */
  entries?: Entry[];
  /** What the image says of its process. */
  config: ImageConfig;
}

const NOBODY = 65534;
const SHELL_SCRIPT = 0o755;

/** What the entry points of nginx's and MinIO's images come down to when no variable of theirs is set. */
const EXEC_ARGUMENTS = '#!/bin/sh\nexec "$@"\n';
const EXEC_MINIO = '#!/bin/sh\n[ "$1" = minio ] || set -- minio "$@"\nexec "$@"\n';

/** nginx-unprivileged's own: port 8080, everything that is written below /tmp. The component mounts its own over it. */
const NGINX_CONF = `pid /tmp/nginx.pid;
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
export const RECIPES: Record<string, ImageRecipe | { unavailable: string }> = {
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
      { path: "/docker-entrypoint.sh", text: EXEC_ARGUMENTS, mode: SHELL_SCRIPT },
      { path: "/etc/nginx/nginx.conf", text: NGINX_CONF },
      { path: "/etc/passwd", text: "root:x:0:0::/:/bin/sh\nnginx:x:101:101::/nonexistent:/bin/false\n" },
      { path: "/etc/group", text: "root:x:0:\nnginx:x:101:\n" },
      { path: "/var/log/nginx/access.log", link: "/dev/stdout" },
      { path: "/var/log/nginx/error.log", link: "/dev/stderr" },
      { path: "/var/cache/nginx", directory: true, uid: 101 },
      { path: "/var/lib/nginx", directory: true, uid: 101 },
      { path: "/tmp", directory: true, mode: 0o1777 },
    ],
    config: { Entrypoint: ["/docker-entrypoint.sh"], Cmd: ["nginx", "-g", "daemon off;"], User: "101" },
  },
  minio: {
    program: "minio",
    binaries: { "/usr/bin/minio": "minio" },
    shell: true,
    entries: [
      { path: "/usr/bin/docker-entrypoint.sh", text: EXEC_MINIO, mode: SHELL_SCRIPT },
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
      { path: "/etc/prometheus", directory: true, uid: NOBODY },
      { path: "/prometheus", directory: true, uid: NOBODY, mode: 0o775 },
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
      { path: "/etc/alertmanager", directory: true, uid: NOBODY },
      { path: "/alertmanager", directory: true, uid: NOBODY, mode: 0o775 },
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
  "prometheus-operator": {
    program: "prometheus-operator",
    binaries: { "/bin/operator": "operator" },
    shell: true,
    config: { Entrypoint: ["/bin/operator"], User: String(NOBODY) },
  },
  "prometheus-config-reloader": {
    program: "prometheus-operator",
    binaries: { "/bin/prometheus-config-reloader": "prometheus-config-reloader" },
    shell: true,
    config: { Entrypoint: ["/bin/prometheus-config-reloader"], User: String(NOBODY) },
  },
  mimir: {
    program: "mimir",
    binaries: { "/bin/mimir": "mimir" },
    config: { Entrypoint: ["/bin/mimir"] },
  },
  grafana: { unavailable: "Grafana is no importable Go module (its web interface is built by Node and Go together)" },
  alloy: { unavailable: "Alloy's syntax module is not published, so Alloy doesn't build from Go modules" },
  "kube-state-metrics": { unavailable: "kube-state-metrics v2 is not published as a Go module" },
  "k8s-sidecar": { unavailable: "k8s-sidecar is a Python program that is published as an image only" },
  vector: { unavailable: "Vector is a Rust program that is published as an image only" },
  "victoria-metrics": { unavailable: "VictoriaMetrics is not published as a Go module" },
  vmagent: { unavailable: "VictoriaMetrics is not published as a Go module" },
  vmalert: { unavailable: "VictoriaMetrics is not published as a Go module" },
};
