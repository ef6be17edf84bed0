import assert from "node:assert/strict";
import { gatewayConfig } from "../../../components/loki/gateway-config";
import { lokiConfig } from "../../../components/loki/config";
import { settingsSchema } from "../../../settings/schema";

const environment = { namespace: "monitoring", dnsDomain: "cluster.local", nodeSelector: {}, tolerations: [] };
const settings = (mode: string) => settingsSchema.parse({ loki: { mode } }).loki;
const text = (mode: string) => gatewayConfig({ environment, settings: settings(mode) });

/** The server that nginx sends a path to: exact locations first, then the longest prefix. */
function destination(config: string, path: string): string | undefined {
  const upstreams = new Map(
    [...config.matchAll(/upstream ([\w-]+) \{ server (\S+); \}/g)].map(([, name, to]) => [name, to]),
  );
  const locations = [...config.matchAll(/location (=|\^~|) ?(\S+) \{ (?:proxy_pass http:\/\/([\w-]+)|return)/g)];
  const exact = locations.find(([, kind, location]) => kind === "=" && location === path);
  const prefix = locations
    .filter(([, kind, location]) => kind !== "=" && path.startsWith(location))
    .sort(([, , a], [, , b]) => b.length - a.length)[0];
  return upstreams.get((exact ?? prefix)?.[3] ?? "");
}

const paths = {
  write: ["/loki/api/v1/push", "/otlp/v1/logs", "/api/prom/push", "/distributor/ring", "/ring", "/flush"],
  read: [
    "/loki/api/v1/query",
    "/loki/api/v1/query_range",
    "/loki/api/v1/labels",
    "/loki/api/v1/tail",
    "/loki/api/v1/patterns",
    "/loki/api/v1/index/volume",
    "/loki/api/v1/status/buildinfo",
    "/api/prom/tail",
  ],
  backend: [
    "/loki/api/v1/rules",
    "/loki/api/v1/rules/namespace/group",
    "/prometheus/api/v1/rules",
    "/prometheus/api/v1/alerts",
    "/loki/api/v1/delete",
    "/compactor/ring",
    "/scheduler/ring",
    "/ruler/ring",
  ],
};

describe("The gateway's configuration", () => {
  for (const [role, all] of Object.entries(paths)) {
    it(`sends what ${role} answers to loki-${role}, and in a single binary to loki`, () => {
      for (const path of all) {
        assert.equal(
          destination(text("simple-scalable"), path),
          `loki-${role}.monitoring.svc.cluster.local.:3100`,
          path,
        );
        assert.equal(destination(text("single-binary"), path), "loki.monitoring.svc.cluster.local.:3100", path);
      }
    });
  }

  it("sends each path to the component that answers it, where each is apart", () => {
    const to = (path: string) => destination(text("distributed"), path)?.split(".")[0];
    for (const [path, component] of [
      ["/loki/api/v1/push", "distributor"],
      ["/otlp/v1/logs", "distributor"],
      ["/ring", "ingester"],
      ["/loki/api/v1/query_range", "query-frontend"],
      ["/loki/api/v1/tail", "query-frontend"],
      ["/loki/api/v1/rules/namespace/group", "ruler"],
      ["/loki/api/v1/delete", "compactor"],
      ["/indexgateway/ring", "index-gateway"],
      ["/scheduler/ring", "query-scheduler"],
    ])
      assert.equal(to(path), `loki-${component}`, path);
  });

  it("sends queries to the readers that are apart while the mode changes, and everything else to the new mode", () => {
    for (const [mode, former, writer] of [
      ["single-binary", "simple-scalable", "loki"],
      ["simple-scalable", "single-binary", "loki-write"],
      ["simple-scalable", "distributed", "loki-write"],
    ]) {
      const loki = settingsSchema.parse({ loki: { mode, former: { mode: former } } }).loki;
      const config = gatewayConfig({ environment, settings: loki });
      const to = (path: string) => destination(config, path)?.split(".")[0];
      assert.deepEqual([to("/loki/api/v1/push"), to("/loki/api/v1/query")], [writer, "loki-read"]);
      assert.equal(to("/loki/api/v1/rules"), mode === "single-binary" ? "loki" : "loki-backend");
    }
    for (const [mode, former] of [
      ["single-binary", "distributed"],
      ["distributed", "single-binary"],
      ["distributed", "simple-scalable"],
    ]) {
      const loki = settingsSchema.parse({ loki: { mode, former: { mode: former } } }).loki;
      const to = destination(gatewayConfig({ environment, settings: loki }), "/loki/api/v1/query");
      assert.match(to ?? "", /^loki-query-frontend\./, `${former} → ${mode}`);
    }
  });

  it("sends nothing on that shuts a writer down, nor what Loki doesn't have", () => {
    for (const path of ["/ingester/shutdown", "/ingester/prepare_shutdown", "/", "/metrics", "/ready"]) {
      assert.equal(destination(text("simple-scalable"), path), undefined, path);
    }
  });

  it("keeps the connections of a tail open as websockets", () => {
    assert.match(text("single-binary"), /proxy_set_header Upgrade \$http_upgrade;/);
    assert.match(text("single-binary"), /proxy_http_version 1\.1;/);
  });

  it("takes requests as large as Loki does", () => {
    const { server } = lokiConfig({
      environment,
      settings: settings("single-binary"),
      storage: { connection: { endpoint: "http://s3", region: "r", forcePathStyle: true }, buckets: { loki: "loki" } },
      alertmanagerUrl: "http://alertmanager",
    });
    assert.equal(
      Number(/client_max_body_size (\d+);/.exec(text("single-binary"))?.[1]),
      server.grpc_server_max_recv_msg_size,
    );
  });

  it("writes only below /tmp, and listens on a port that needs no privilege", () => {
    const written = [...text("single-binary").matchAll(/(?:pid|\w+_temp_path)\s+(\S+);/g)].map(([, path]) => path);
    assert.equal(written.length, 6);
    for (const path of written) assert.match(path, /^\/tmp\//);
    assert(Number(/listen (\d+);/.exec(text("single-binary"))?.[1]) > 1023);
  });

  it("needs no address of a name server", () => {
    assert.doesNotMatch(text("simple-scalable"), /\bresolver\b/);
  });
});
