import type { types } from "@pulumi/kubernetes";
import type { Resources } from "../../settings/values";
import type { Application } from "./application";
import { checksum } from "./checksum";
import { container, namedPort, probe } from "./container";
import { placement } from "./placement";
import { restrictedPod } from "./security";

/** nginx before a system: one address for it, whoever answers behind. */

/** Port on which nginx listens in its pod: no port below 1024, as it isn't root. */
const nginxPort = 8080;

/** What an {@link nginxConfig} is made of. */
export interface NginxConfigArgs {
  /** Largest body of a request, as nginx writes it (bytes, or with `k` or `m`). */
  largestRequest: number | string;
  /** Seconds without a byte after which a connection is cut: more than the longest query takes. */
  seconds: number;
  /** Lines of the block `http` beside the server. */
  http: readonly string[];
  /** The server's lines, beside its port. */
  server: readonly string[];
}

/**
 * nginx's configuration. Nothing is written but below `/tmp`, and only requests that fail are logged.
 *
 * Names of Services are resolved once, at start, by the C library and `/etc/resolv.conf`. nginx's own `resolver`, which would ask
 * again, needs the address of a name server, and its Service has another name in every distribution. A Service's address doesn't change
 * while it exists; where its name is not known yet, nginx exits and the kubelet starts it again.
 *
 * @param args what differs
 * @see https://nginx.org/en/docs/http/ngx_http_proxy_module.html
 */
export function nginxConfig({ largestRequest, seconds, http, server }: NginxConfigArgs): string {
  return `pid /tmp/nginx.pid;
error_log stderr warn;
worker_processes 2;
events {
  worker_connections 1024;
}
http {
  client_body_temp_path /tmp/client_body;
  proxy_temp_path /tmp/proxy;
  fastcgi_temp_path /tmp/fastcgi;
  uwsgi_temp_path /tmp/uwsgi;
  scgi_temp_path /tmp/scgi;

  log_format main '$remote_addr "$request" $status $body_bytes_sent $request_time "$http_user_agent"';
  map $status $worth_a_line {
    ~^[23] 0;
    default 1;
  }
  access_log /dev/stdout main if=$worth_a_line;

  default_type application/octet-stream;
  server_tokens off;
  client_max_body_size ${largestRequest};
  proxy_connect_timeout 5s;
  proxy_read_timeout ${seconds}s;
  proxy_send_timeout ${seconds}s;
  proxy_http_version 1.1;

${indent(http, 2)}

  server {
    listen ${nginxPort};
${indent(server, 4)}
  }
}
`;
}

const indent = (lines: readonly string[], by: number) => lines.map((line) => " ".repeat(by) + line).join("\n");

/** What {@link nginx} registers. */
export interface NginxArgs {
  /** Reference of nginx-unprivileged. */
  image: string;
  /** Its configuration, whose server answers `/` itself: the probes ask that. */
  configuration: string;
  /** Port of its Service. */
  port: number;
  /** How many pods, and what each may use. */
  settings: { replicas: number; resources: Resources };
}

/** The user of the image: https://github.com/nginx/docker-nginx-unprivileged */
const uid = 101;

/**
 * Registers an nginx: configuration, account, Service, Deployment, and a disruption budget where there are several pods.
 * @param app what it is called, and where it is
 */
export function nginx(app: Application, args: NginxArgs): void {
  const { replicas } = args.settings;
  const configMap = app.configMap({ "nginx.conf": args.configuration });
  const account = app.serviceAccount();
  app.service({ ports: [namedPort("http", args.port)] });
  app.deployment({ replicas, template: nginxPod(app, args) }, { dependsOn: [configMap, account] });
  app.disruptionBudget(replicas);
}

function nginxPod(
  app: Application,
  { image, configuration, settings: { replicas, resources } }: NginxArgs,
): types.input.core.v1.PodTemplateSpec {
  return app.pod({
    annotations: { "checksum/config": checksum(configuration) },
    ...placement(app.environment, [image], replicas > 1 ? app.selector : undefined),
    enableServiceLinks: false,
    securityContext: restrictedPod(uid),
    terminationGracePeriodSeconds: 30,
    containers: [
      container({
        name: "nginx",
        image,
        ports: [{ name: "http", containerPort: nginxPort }],
        // It closes its port as soon as it gets the signal to end. By then no Service sends it requests.
        lifecycle: { preStop: { exec: { command: ["sleep", "5"] } } },
        livenessProbe: { ...probe("/", "http"), failureThreshold: 6 },
        readinessProbe: probe("/", "http"),
        resources,
        volumeMounts: [
          // In place of the image's whole folder: none of its own configuration is read.
          { name: "config", mountPath: "/etc/nginx", readOnly: true },
          { name: "tmp", mountPath: "/tmp" },
        ],
      }),
    ],
    volumes: [
      { name: "config", configMap: { name: app.name } },
      { name: "tmp", emptyDir: {} },
    ],
  });
}
