import { backendTitles } from "../../stages";
import { nginxConfig } from "../kubernetes/nginx";

/** Who answers: the stage's default. */
export interface Backend {
  program: "prometheus" | "mimir" | "victoria-metrics";
  /** Base URL of its Prometheus API, with the whole name of its Service, such as `http://mimir.monitoring.svc.cluster.local:9009/prometheus`. */
  url: string;
}

/** What the API has to read. Forms may be POSTed, as long queries are; all else is GET and HEAD. */
interface Read {
  /** nginx's location: `=` is one path, `^~` all that begins so. */
  location: string;
  form?: true;
  /** The path that Mimir has for it; null: Mimir doesn't answer it. Default: the same below its prefix. */
  mimir?: string | null;
  /** The same of VictoriaMetrics. */
  "victoria-metrics"?: string | null;
}

/**
 * What is let through: all of the API that reads series, rules and alerts. Left out is what writes (remote_write, OTLP, DELETE of series, the
 * admin API, `/-/reload`, `/-/quit`), what shows the configuration (`status/config`, `status/flags`), and the web interface.
 * @see https://prometheus.io/docs/prometheus/latest/querying/api/
 * @see https://grafana.com/docs/mimir/latest/references/http-api/
 */
const reads: readonly Read[] = [
  { location: "= /api/v1/query", form: true },
  { location: "= /api/v1/query_range", form: true },
  { location: "= /api/v1/query_exemplars", form: true },
  { location: "= /api/v1/series", form: true },
  { location: "= /api/v1/labels", form: true },
  { location: "^~ /api/v1/label/" },
  { location: "= /api/v1/metadata" },
  { location: "= /api/v1/rules" },
  { location: "= /api/v1/alerts" },
  // Of VictoriaMetrics they would be those that it scrapes itself: none.
  { location: "= /api/v1/targets", mimir: null, "victoria-metrics": null },
  { location: "= /api/v1/status/buildinfo" },
  { location: "= /api/v1/format_query", form: true, "victoria-metrics": null },
  { location: "= /api/v1/parse_query", form: true, mimir: null, "victoria-metrics": null },
  // It only reads, too: https://prometheus.io/docs/prometheus/latest/federation/
  { location: "= /federate", mimir: null },
  { location: "= /-/healthy", mimir: "/ready" },
  { location: "= /-/ready", mimir: "/ready" },
];

/**
 * nginx's configuration: Prometheus' API without a prefix, read only, whoever answers it.
 *
 * Each path is written out for the backend. So nothing gets through by an encoded or relative path: nginx compares the decoded and cleaned one.
 *
 * @param backend who answers
 */
export function prometheusApiConfig({ program, url }: Backend): string {
  const { hostname, port, pathname } = new URL(url);
  const prefix = pathname.replace(/\/$/, "");
  const locations = reads.map(({ location, form, ...elsewhere }) => {
    const path = location.replace(/^\S+ /, "");
    const other = program === "prometheus" ? undefined : elsewhere[program];
    const there = other === undefined ? `${prefix}${path}` : other;
    if (there === null)
      return `location ${location} { return 404 ${answer("not_found", `${titles[program]} has no ${path}`)}; }`;
    // GET lets HEAD through.
    const methods = form ? "GET POST" : "GET";
    return `location ${location} { limit_except ${methods} { deny all; } proxy_pass http://backend${there}; }`;
  });
  return nginxConfig({
    // Go's limit for a form, which both have: https://pkg.go.dev/net/http#Request.ParseForm
    largestRequest: "10m",
    // Both end a query after two minutes (`query.timeout`, `querier.timeout`).
    seconds: 150,
    // The dot at the end: the name is whole, and no search domain is tried.
    http: [`upstream backend { server ${hostname}.:${port}; }`],
    server: [
      "default_type application/json;",
      "error_page 403 @refused;",
      `location @refused { return 403 ${answer("forbidden", "this address is read only")}; }`,
      'location = / { return 200 "OK"; }',
      "location / { return 403; }",
      ...locations,
    ],
  });
}

const titles = { prometheus: "Prometheus", ...backendTitles };

/** An error as Prometheus' clients expect it. */
const answer = (errorType: string, error: string) => `'${JSON.stringify({ status: "error", errorType, error })}'`;
