import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostTool } from "../cluster/tools";
import { until } from "../sandbox/until";
import { exported } from "../test/components/dashboards/exported";
import { testCluster } from "./support/cluster";
import { unexplained, unseen } from "./support/metric-coverage";
import { freePort, startServer, type LocalServer } from "./support/server";

// Every metric that a base dashboard names, against what exports it: real programs on the loopback, and the cluster's kubelet.

describe("Every metric of the base dashboards", function () {
  this.timeout("20m"); // the first time, the tools are built

  const folder = mkdtempSync(join(tmpdir(), "dashboard-metrics-"));
  const servers: LocalServer[] = [];
  after(async () => {
    for (const server of servers) await server.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** Waits until everything is there that isn't excused; what is counted once in a while takes its time. */
  const allOf = async (exporter: string, read: () => Promise<string>) => {
    let missing: string[] = [];
    await until(`${exporter} exports all`, 120, async () => {
      missing = unseen(exporter, await read());
      return missing.length === 0 ? true : undefined;
    }).catch(() => assert.deepEqual(missing, [], exporter));
  };

  const page = (url: string) => async () => (await fetch(url)).text();

  it("is exported by a real node-exporter, but for what needs other hardware", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const metrics = `http://${address}/metrics`;
    const command = await hostTool("node_exporter");
    servers.push(await startServer(command, [`--web.listen-address=${address}`], { cwd: folder, ready: metrics }));
    await allOf("node-exporter", page(metrics));
  });

  it("is exported by a real Alertmanager", async () => {
    const address = `127.0.0.1:${await freePort()}`;
    const metrics = `http://${address}/metrics`;
    writeFileSync(join(folder, "alertmanager.yml"), "route: { receiver: nobody }\nreceivers: [{ name: nobody }]\n");
    const args = [`--web.listen-address=${address}`, "--cluster.listen-address=", "--storage.path=alertmanager"];
    servers.push(await startServer(await hostTool("alertmanager"), args, { cwd: folder, ready: metrics }));
    await allOf("alertmanager", page(metrics));
  });

  it("is exported by a real MinIO, and so are those of its alerts", async () => {
    const server = `127.0.0.1:${await freePort()}`;
    mkdirSync(join(folder, "store", "bucket"), { recursive: true });
    const env = {
      MINIO_ROOT_USER: "administrator",
      MINIO_ROOT_PASSWORD: "a password for tests",
      MINIO_PROMETHEUS_AUTH_TYPE: "public",
      MINIO_SCANNER_SPEED: "fastest",
      MINIO_BROWSER: "off",
    };
    const ready = `http://${server}/minio/health/ready`;
    const args = ["server", "store", `--address=${server}`, "--certs-dir=certs"];
    servers.push(await startServer(await hostTool("minio"), args, { cwd: folder, env, ready }));
    await fetch(`http://${server}/bucket/`); // a request, so that requests are counted
    await allOf("minio", page(`http://${server}/minio/v2/metrics/cluster`));
  });

  it("is exported by the cluster's kubelet, but for what only some pods have", async () => {
    const { kubectl } = await testCluster();
    const node = await kubectl.run(["get", "nodes", "-o", "jsonpath={.items[0].metadata.name}"]);
    const raw = (path: string) => kubectl.run(["get", "--raw", `/api/v1/nodes/${node}/proxy${path}`]);
    await allOf("kubelet", async () => `${await raw("/metrics")}\n${await raw("/metrics/cadvisor")}`);
  });

  it("is seen by a test, or it is said why not", () => {
    assert.deepEqual(Object.keys(exported).filter(unexplained), []);
  });
});
