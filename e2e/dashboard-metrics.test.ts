import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hostTool } from "../lab/cluster/tools";
import { until } from "../lab/until";
import { exported } from "../test/components/dashboards/exported";
import { testCluster } from "./support/cluster";
import { applyHere, makeNamespace, removeNamespace, renderPart } from "./support/deploy";
import { lacking, reportExcused, unseenByTests, type Lacking } from "./support/metric-coverage";
import { freePort, startServer, type LocalServer } from "../lab/cluster/server";

// Every metric that a base dashboard names, against what exports it: real programs on the loopback, and the cluster's kubelet.

describe("Every metric of the base dashboards", function () {
  this.timeout("20m"); // the first time, the tools are built

  const namespace = "e2e-dashboard-metrics";
  const folder = mkdtempSync(join(tmpdir(), "dashboard-metrics-"));
  const servers: LocalServer[] = [];
  after(async () => {
    for (const server of servers) await server.stop();
    await removeNamespace(namespace);
    rmSync(folder, { recursive: true, force: true });
  });

  /** Waits until everything is there that isn't excused; what is counted once in a while takes its time. */
  const allOf = async (exporter: string, read: () => Promise<string>) => {
    let found: Lacking = { unseen: [], excused: [] };
    await until(`${exporter} exports all`, 240, async () => {
      found = lacking(exporter, await read());
      return found.unseen.length === 0 ? true : undefined;
    }).catch(() => assert.deepEqual(found.unseen, [], exporter));
    reportExcused(exporter, found);
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

  it("is exported by kube-state-metrics of stack sandbox, with the rights that it has there, and so are those of rules", async () => {
    const { kubectl } = await testCluster();
    const all = await renderPart({ namespace, stack: "sandbox", components: ["exporters"] });
    const own = all.filter(({ object }) => object?.metadata.name.endsWith("kube-state-metrics"));
    assert.ok(own.length >= 5, "its account, rights, Deployment, Service and ServiceMonitor");
    const urns = new Set(own.map(({ urn }) => urn));
    await makeNamespace(namespace);
    await applyHere(
      namespace,
      own.map((each) => ({ ...each, parent: undefined, dependsOn: each.dependsOn.filter((urn) => urns.has(urn)) })),
    );
    const pod = await kubectl.run(["get", "pods", "-n", namespace, "-o", "jsonpath={.items[0].metadata.name}"]);
    const raw = (port: string, path: string) =>
      kubectl.run(["get", "--raw", `/api/v1/namespaces/${namespace}/pods/${pod}:${port}/proxy${path}`]);
    // A family without an object yet has its type only.
    const families = (text: string) => text.replace(/^# TYPE (\S+) .*$/gm, "$1 0");
    await allOf("kube-state-metrics", async () =>
      families(`${await raw("8080", "/metrics")}\n${await raw("8081", "/metrics")}`),
    );
    // A request that fails for the API server's sake is followed by one that doesn't; one that is forbidden never is.
    await until("it may see what it is asked to export", 120, async () => {
      const own = await raw("8081", "/metrics");
      const asked = (result: string) =>
        [...own.matchAll(/^(kube_state_metrics_(?:list|watch)_total)\{(.*)\} [1-9]/gm)]
          .filter(([, , labels]) => labels.includes(`result="${result}"`))
          .map(([, name, labels]) => `${name} of ${/resource="([^"]*)"/.exec(labels)?.[1]}`);
      const [seen, refused] = [new Set(asked("success")), asked("error")];
      assert.ok(seen.size > 5, own);
      assert.deepEqual(
        refused.filter((what) => !seen.has(what)),
        [],
      );
      return true;
    });
  });

  it("is seen by a test", () => {
    assert.deepEqual(Object.keys(exported).filter(unseenByTests), []);
  });
});
