import type { Settings } from "../../config/schema";
import { serviceHost, type Environment } from "../kubernetes/environment";
import { largestRequest, requestSeconds } from "./config";
import { ports, topology, type Role } from "./topology";

/** Port on which nginx listens in its pod: no port below 1024, as it isn't root. */
export const gatewayPort = 8080;

/** What nginx's configuration is made of. */
export interface GatewayConfigArgs {
  environment: Environment;
  settings: Settings["loki"];
}

/**
 * Which of Loki's paths go to whom, as nginx's locations: those of Loki's Helm chart. Left out is `/ingester/…`, which shuts down one
 * writer: through a gateway that would be any of them.
 * @see https://grafana.com/docs/loki/v3.6.x/reference/loki-http-api/
 */
const routes: Record<Role, string[]> = {
  write: [
    "= /api/prom/push",
    "= /loki/api/v1/push",
    "= /otlp/v1/logs",
    "= /distributor/ring",
    "= /ring",
    "= /memberlist",
    "= /config",
    "= /flush",
  ],
  backend: [
    "= /api/prom/rules",
    "^~ /api/prom/rules/",
    "= /loki/api/v1/rules",
    "^~ /loki/api/v1/rules/",
    "= /prometheus/api/v1/alerts",
    "= /prometheus/api/v1/rules",
    "= /loki/api/v1/delete",
    "= /loki/api/v1/cache/generation_numbers",
    "= /ruler/ring",
    "= /compactor/ring",
    "= /indexgateway/ring",
    "= /scheduler/ring",
  ],
  read: ["^~ /api/prom/", "^~ /loki/api/v1/"],
};

/**
 * nginx's configuration: one address for all of Loki, whichever mode it runs in.
 *
 * The names of Loki's Services are resolved once, at start, by the C library and `/etc/resolv.conf`. nginx's own `resolver`, which would ask
 * again, needs the address of a name server, and its Service has another name in every distribution. A Service's address doesn't change
 * while it exists; where its name is not known yet, nginx exits and the kubelet starts it again.
 *
 * @param args where Loki is, and its settings
 * @see https://nginx.org/en/docs/http/ngx_http_proxy_module.html
 */
export function gatewayConfig({ environment, settings }: GatewayConfigArgs): string {
  const processes = topology(settings);
  const roles = Object.keys(routes) as Role[];
  const upstreams = roles.map((role) => `upstream ${role} { server ${host(environment, processes[role].name)}; }`);
  const locations = roles.flatMap((role) =>
    routes[role].map((path) => `location ${path} { proxy_pass http://${role}; }`),
  );
  // No query is cut off by the gateway before Loki has answered; the connections of `tail` are kept alive by Loki's pings.
  const longest = `${requestSeconds(settings.limits)}s`;
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
  proxy_read_timeout ${longest};
  proxy_send_timeout ${longest};
  proxy_http_version 1.1;

  map $http_upgrade $connection_upgrade {
    "" "";
    default upgrade;
  }
  proxy_set_header Upgrade $http_upgrade;
  proxy_set_header Connection $connection_upgrade;

${indent(upstreams, 2)}

  server {
    listen ${gatewayPort};
    location = / { return 200 "OK"; }
    location / { return 404; }
${indent(locations, 4)}
  }
}
`;
}

// The dot at the end: the name is whole, and no search domain is tried.
const host = (environment: Environment, service: string) => `${serviceHost(environment, service)}.:${ports.http}`;

const indent = (lines: string[], by: number) => lines.map((line) => " ".repeat(by) + line).join("\n");
