import type { Settings } from "../../settings/schema";
import { serviceHost, type Environment } from "../kubernetes/environment";
import { nginxConfig } from "../kubernetes/nginx";
import { largestRequest, requestSeconds } from "./config";
import { ports, reader, topology, type Role } from "./topology";

/** What nginx's configuration is made of. */
export interface GatewayConfigArgs {
  environment: Environment;
  settings: Settings["loki"];
}

/**
 * Which of Loki's paths go to whom, as nginx's locations: those of Loki's Helm chart, by the parts of Simple Scalable mode. Left out is `/ingester/…`, which shuts down one
 * writer: through a gateway that would be any of them.
 * @see https://grafana.com/docs/loki/v3.6.x/reference/loki-http-api/
 */
const routes: Record<"write" | "backend" | "read", Record<string, Role>> = {
  write: {
    "= /api/prom/push": "distributor",
    "= /loki/api/v1/push": "distributor",
    "= /otlp/v1/logs": "distributor",
    "= /distributor/ring": "distributor",
    "= /ring": "ingester",
    "= /memberlist": "ingester",
    "= /config": "ingester",
    "= /flush": "ingester",
  },
  backend: {
    "= /api/prom/rules": "ruler",
    "^~ /api/prom/rules/": "ruler",
    "= /loki/api/v1/rules": "ruler",
    "^~ /loki/api/v1/rules/": "ruler",
    "= /prometheus/api/v1/alerts": "ruler",
    "= /prometheus/api/v1/rules": "ruler",
    "= /loki/api/v1/delete": "compactor",
    "= /loki/api/v1/cache/generation_numbers": "compactor",
    "= /ruler/ring": "ruler",
    "= /compactor/ring": "compactor",
    "= /indexgateway/ring": "index-gateway",
    "= /scheduler/ring": "query-scheduler",
  },
  read: { "^~ /api/prom/": "query-frontend", "^~ /loki/api/v1/": "query-frontend" },
};

/**
 * nginx's configuration: one address for all of Loki, whichever mode it runs in.
 * @param args where Loki is, and its settings
 */
export function gatewayConfig({ environment, settings }: GatewayConfigArgs): string {
  const doing = { ...topology(settings).doing, "query-frontend": reader(settings) };
  const all = Object.entries(routes).flatMap(([part, paths]) =>
    Object.entries(paths).map(([path, role]) => ({
      path,
      server: host(environment, doing[role].name),
      upstream: settings.mode === "distributed" ? role : part,
    })),
  );
  const upstreams = new Set(all.map(({ upstream, server }) => `upstream ${upstream} { server ${server}; }`));
  const locations = all.map(({ path, upstream }) => `location ${path} { proxy_pass http://${upstream}; }`);
  return nginxConfig({
    largestRequest,
    // No query is cut off by the gateway before Loki has answered; the connections of `tail` are kept alive by Loki's pings.
    seconds: requestSeconds(settings.limits),
    http: [
      "map $http_upgrade $connection_upgrade {",
      '  "" "";',
      "  default upgrade;",
      "}",
      "proxy_set_header Upgrade $http_upgrade;",
      "proxy_set_header Connection $connection_upgrade;",
      ...upstreams,
    ],
    server: ['location = / { return 200 "OK"; }', "location / { return 404; }", ...locations],
  });
}

// The dot at the end: the name is whole, and no search domain is tried.
const host = (environment: Environment, service: string) => `${serviceHost(environment, service)}.:${ports.http}`;
