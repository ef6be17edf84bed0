import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { createServer, type Server } from "node:tls";
import { parse, stringify } from "yaml";
import { dataDirectory } from "../components/mimir/config";
import type { KubernetesObject } from "../commands/shared/objects";
import { freePort } from "../lab/cluster/server";
import { hostTool } from "../lab/cluster/tools";
import { startObjectStore, type ObjectStore } from "../lab/sizing/object-store";
import { Workspace } from "../lab/sizing/workspace";
import { until } from "../lab/until";
import { settingsSchema } from "../settings/schema";
import { renderPart } from "./support/deploy";
import { startLoki, type LokiProcesses } from "./support/loki-processes";

// What a stack with claims renders, by the real Mimir and the real Loki on two object stores with TLS, whose certificate the system knows
// nothing of: each claim's ConfigMap names one of them.

/** Claim → which of the stores, and its bucket there. */
const claims: Record<string, { at: number; bucket: string }> = {
  "loki-staging-bucket": { at: 0, bucket: "logs-of-a-claim" },
  "mimir-blocks-bucket": { at: 0, bucket: "blocks-of-a-claim" },
  "mimir-ruler-bucket": { at: 1, bucket: "rules-of-a-claim" },
  "mimir-alertmanager-bucket": { at: 1, bucket: "alerts-of-a-claim" },
};
const authorityInPods = "/etc/object-store-ca/ca.crt";

interface Variable {
  name: string;
  value?: string;
  valueFrom?: Partial<Record<"configMapKeyRef" | "secretKeyRef", { name: string; key: string }>>;
}

describe("Claims whose buckets are at two places, with TLS by an authority of one's own", function () {
  this.timeout(300_000);
  const workspaces = [new Workspace(), new Workspace()];
  const own = workspaces[0].folderOf("own");
  const certificate = join(own, "certificate.pem");
  const doors: Server[] = [];
  const ports: number[] = [];
  let stores: ObjectStore[];
  let rendered: KubernetesObject[];
  let loki: LokiProcesses | undefined;

  before(async () => {
    const key = join(own, "key.pem");
    const made = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2", "-subj", "/CN=store"];
    const files = ["-keyout", key, "-out", certificate, "-addext", "subjectAltName=IP:127.0.0.1"];
    execFileSync("openssl", ["req", "-x509", ...made, ...files], { stdio: "ignore" });
    stores = await Promise.all(
      workspaces.map((workspace, i) => {
        const buckets = Object.values(claims).flatMap(({ at, bucket }) => (at === i ? [bucket] : []));
        return startObjectStore(workspace, buckets);
      }),
    );
    for (const { connection } of stores) {
      const tls = { key: readFileSync(key), cert: readFileSync(certificate) };
      const door = createServer(tls, (socket) => {
        const behind = connect(Number(new URL(connection.endpoint).port), "127.0.0.1");
        for (const one of [socket, behind]) one.on("error", () => [socket, behind].forEach((each) => each.destroy()));
        socket.pipe(behind).pipe(socket);
      });
      const port = await freePort();
      await new Promise<void>((resolve) => door.listen(port, "127.0.0.1", resolve));
      doors.push(door);
      ports.push(port);
    }
    const ca = readFileSync(certificate, "utf8");
    const objectStore = { kind: "claim", bucketClass: "any", tls: true, ca };
    const resources = await renderPart({
      ...{ namespace: "monitoring", stack: "staging", components: ["loki", "mimir", "object-storage"] },
      config: [`objectStore=${JSON.stringify(objectStore)}`, "stage=dual-write", "loki.mode=single-binary"],
    });
    rendered = resources.flatMap(({ object }) => (object ? [object] : []));
  });
  after(async () => {
    await loki?.stop();
    doors.forEach((door) => door.close());
    await Promise.all(workspaces.map((workspace) => workspace.end()));
  });

  const object = (kind: string, name: string) =>
    rendered.find((each) => each.kind === kind && each.metadata.name === name) ?? assert.fail(`no ${kind} ${name}`);
  const config = (name: string) =>
    (object("ConfigMap", name).data as Record<string, string>)["config.yaml"].replaceAll(authorityInPods, certificate);

  /** A pod's environment, as its claims' ConfigMaps and Secrets would fill it. */
  function environment(name: string): Record<string, string> {
    const { template } = object("StatefulSet", name).spec as {
      template: { spec: { containers: { env: Variable[] }[] } };
    };
    const values = template.spec.containers[0].env.flatMap(({ name: variable, valueFrom }) => {
      const { name: from, key } = valueFrom?.configMapKeyRef ?? valueFrom?.secretKeyRef ?? { name: "", key: "" };
      const claim = claims[from];
      if (!claim) return [];
      const told: Record<string, string> = {
        ...{ BUCKET_HOST: "127.0.0.1", BUCKET_PORT: `${ports[claim.at]}`, BUCKET_NAME: claim.bucket },
        // As Rook has it.
        BUCKET_REGION: "",
        ...stores[claim.at].env,
      };
      return [[variable, told[key]]];
    });
    return Object.fromEntries(values) as Record<string, string>;
  }

  const inBucket = (claim: string) => {
    const { at, bucket } = claims[claim];
    const folder = join(workspaces[at].folderOf("minio"), "store", bucket);
    return existsSync(folder) ? readdirSync(folder, { recursive: true, encoding: "utf8" }) : [];
  };

  it("have Mimir's blocks and rules in the bucket and the store of their own claims", async () => {
    const [workspace] = workspaces;
    const url = `http://127.0.0.1:${await freePort()}`;
    const mimir = parse(config("mimir")) as { server: object };
    const listen = { http_listen_address: "127.0.0.1", http_listen_port: Number(new URL(url).port) };
    const server = { ...mimir.server, ...listen, grpc_listen_address: "127.0.0.1", grpc_listen_port: await freePort() };
    const text = stringify({ ...mimir, server }).replaceAll(dataDirectory, workspace.folderOf("mimir/data"));
    writeFileSync(join(workspace.folderOf("mimir"), "config.yaml"), text);
    await workspace.start({
      ...{ name: "mimir", path: await hostTool("mimir"), env: environment("mimir"), ready: `${url}/ready` },
      args: ["-target=all", "-config.file=config.yaml", "-config.expand-env=true"],
    });
    // Its parts learn from its ring of one another by and by, also after it is ready.
    const post = (path: string, type: string, body: string) =>
      until(`Mimir takes ${path}`, 60, async () => {
        const response = await fetch(`${url}${path}`, { method: "POST", headers: { "Content-Type": type }, body });
        assert.ok(response.ok, `${path}: ${response.status} ${await response.text()}`);
        return true;
      });
    const rule = "name: group\nrules:\n  - record: one\n    expr: vector(1)\n";
    await post("/prometheus/config/v1/rules/claims", "application/yaml", rule);
    const dataPoints = [{ asDouble: 1, timeUnixNano: `${Date.now()}000000` }];
    const metrics = [{ name: "sample", gauge: { dataPoints } }];
    const samples = { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
    await post("/otlp/v1/metrics", "application/json", JSON.stringify(samples));
    await post("/ingester/flush?wait=true", "text/plain", "");
    assert.ok(inBucket("mimir-ruler-bucket").some((path) => path.startsWith("rules/anonymous/")));
    await until("a block is in the bucket", 120, async () => {
      return inBucket("mimir-blocks-bucket").some((path) => /^anonymous\/\w{26}\/meta\.json/.test(path)) || undefined;
    });
  });

  it("have Loki's chunks in the bucket of their own claim", async () => {
    const { common } = parse(config("loki")) as {
      common: {
        storage: { s3: Record<"endpoint" | "region" | "bucketnames", string> & { http_config: { ca_file: string } } };
      };
    };
    const { endpoint, region, bucketnames, http_config } = common.storage.s3;
    assert.equal(http_config.ca_file, certificate);
    loki = await startLoki({
      folder: workspaces[0].folderOf("loki"),
      settings: settingsSchema.parse({ loki: { mode: "single-binary" } }).loki,
      store: { endpoint, region, bucket: bucketnames, caFile: certificate },
      env: { ...stores[0].env, ...environment("loki") },
      alertmanagerUrl: "http://127.0.0.1:1",
    });
    const values = [[`${Date.now()}000000`, "a line"]];
    const body = JSON.stringify({ streams: [{ stream: { app: "claims" }, values }] });
    const headers = { "Content-Type": "application/json" };
    const pushed = await fetch(`${loki.url.write}/loki/api/v1/push`, { method: "POST", headers, body });
    assert.equal(pushed.status, 204, await pushed.text());
    await fetch(`${loki.url.write}/flush`, { method: "POST" });
    await until("a chunk is in the bucket", 120, async () => {
      return inBucket("loki-staging-bucket").some((path) => path.startsWith("fake/")) || undefined;
    });
  });
});
