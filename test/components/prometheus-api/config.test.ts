import assert from "node:assert/strict";
import { prometheusApiConfig } from "../../../components/prometheus-api/config";

const backends = {
  prometheus: { program: "prometheus", url: "http://kps-prometheus.monitoring.svc.cluster.local:9090" },
  mimir: { program: "mimir", url: "http://mimir.monitoring.svc.cluster.local:9009/prometheus" },
} as const;
const victoriaMetrics = { program: "victoria-metrics", url: "http://victoria-metrics.monitoring.svc:8428" } as const;

/** What nginx does with a path: exact locations first, then the longest prefix. */
function outcome(config: string, path: string): { to?: string; methods?: string; status?: number } {
  const locations = [...config.matchAll(/location (=|\^~) (\S+) \{ (.*) \}$/gm)];
  const exact = locations.find(([, kind, location]) => kind === "=" && location === path);
  const prefix = locations.find(([, kind, location]) => kind === "^~" && path.startsWith(location));
  const [, , location = "/", block = "return 403;"] = exact ?? prefix ?? [];
  const to = /proxy_pass http:\/\/backend(\S+);/.exec(block)?.[1];
  if (to === undefined) return { status: Number(/return (\d+)/.exec(block)?.[1]) };
  return { to: path.replace(location, to), methods: /limit_except ([A-Z ]+) \{ deny all; \}/.exec(block)?.[1] };
}

const forms = ["query", "query_range", "query_exemplars", "series", "labels", "format_query"];
const reads = ["label/__name__/values", "metadata", "rules", "alerts", "status/buildinfo"];

describe("The configuration of the address with Prometheus' API", () => {
  for (const [program, backend] of Object.entries(backends)) {
    const config = prometheusApiConfig(backend);
    const prefix = new URL(backend.url).pathname.replace(/\/$/, "");

    it(`lets through to ${program} what reads, below its prefix, and takes forms for queries alone`, () => {
      for (const path of forms) {
        const found = outcome(config, `/api/v1/${path}`);
        assert.deepEqual(found, { to: `${prefix}/api/v1/${path}`, methods: "GET POST" });
      }
      for (const path of reads) {
        assert.deepEqual(outcome(config, `/api/v1/${path}`), { to: `${prefix}/api/v1/${path}`, methods: "GET" });
      }
    });

    it(`refuses on the way to ${program} what writes, what shows the configuration, and what it doesn't know`, () => {
      const refused = [
        ...[
          "write",
          "otlp/v1/metrics",
          "read",
          "push",
          "admin/tsdb/delete_series",
          "status/config",
          "status/flags",
        ].map((path) => `/api/v1/${path}`),
        ...["/-/reload", "/-/quit", "/metrics", "/graph", "/api/v1/query/", "/prometheus/api/v1/query"],
        ...["/prometheus/config/v1/rules", "/config/v1/rules", "/ingester/flush", "/ingester/shutdown"],
      ];
      for (const path of refused) assert.deepEqual(outcome(config, path), { status: 403 }, path);
    });

    it(`finds ${program} by its whole name, without an address of a name server`, () => {
      const { hostname, port } = new URL(backend.url);
      assert.ok(config.includes(`upstream backend { server ${hostname}.:${port}; }`));
      assert.doesNotMatch(config, /\bresolver\b/);
    });
  }

  it("answers 404 where Mimir has nothing of the kind, and asks Prometheus", () => {
    for (const path of ["/api/v1/targets", "/api/v1/parse_query"]) {
      assert.deepEqual(outcome(prometheusApiConfig(backends.mimir), path), { status: 404 });
      assert.equal(outcome(prometheusApiConfig(backends.prometheus), path).to, path);
    }
  });

  it("lets a scrape of /federate through to Prometheus and VictoriaMetrics, and says that Mimir has none", () => {
    for (const backend of [backends.prometheus, victoriaMetrics])
      assert.deepEqual(outcome(prometheusApiConfig(backend), "/federate"), { to: "/federate", methods: "GET" });
    assert.deepEqual(outcome(prometheusApiConfig(backends.mimir), "/federate"), { status: 404 });
  });

  it("takes Mimir's readiness for both of Prometheus' probes", () => {
    for (const path of ["/-/healthy", "/-/ready"]) {
      assert.equal(outcome(prometheusApiConfig(backends.mimir), path).to, "/ready");
      assert.equal(outcome(prometheusApiConfig(backends.prometheus), path).to, path);
    }
  });

  it("answers nginx's own probe itself, so that a backend that is away doesn't restart it", () => {
    assert.match(prometheusApiConfig(backends.mimir), /location = \/ \{ return 200 /);
  });

  it("answers in the form that Prometheus' clients read", () => {
    const bodies = [...prometheusApiConfig(backends.mimir).matchAll(/return 40\d '(.*?)';/g)].map(([, body]) => body);
    assert.equal(bodies.length, 4);
    for (const body of bodies) assert.equal((JSON.parse(body) as { status: string }).status, "error");
  });
});
