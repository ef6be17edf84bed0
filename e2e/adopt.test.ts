import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { kubeconfigPath } from "../lab/cluster/paths";
import { hostTool } from "../lab/cluster/tools";
import { settingsSchema } from "../settings/schema";
import { offlinePreview, type Preview } from "../commands/shared/preview";
import { until } from "../lab/until";
import { configMap, helmRelease, secret, service, workload } from "../test/commands/adopt/cluster";
import { testCluster } from "./support/cluster";
import { leaveNamespace, makeNamespace } from "./support/deploy";
import { startLoki, type LokiProcesses } from "./support/loki-processes";
import { freePort, startServer, type LocalServer } from "../lab/cluster/server";
import { ownProgram } from "../engine/project";

const run = promisify(execFile);

/** Index of before, and of today, as a chart's values have them. */
const schemaOf = (change: string) => [
  {
    from: "2024-01-01",
    store: "boltdb-shipper",
    object_store: "s3",
    schema: "v12",
    index: { prefix: "old_index_", period: "24h" },
  },
  { from: change, store: "tsdb", object_store: "s3", schema: "v13", index: { prefix: "tsdb_", period: "24h" } },
];

describe("npm run adopt on a real cluster, with credentials that may only read", function () {
  this.timeout(10 * 60_000);
  const namespace = "e2e-adopt";
  const folder = mkdtempSync(join(tmpdir(), "adopt-"));
  const inIt = { namespace };

  const periods = schemaOf("2026-01-01");
  const lokiConfig = {
    auth_enabled: false,
    common: {
      replication_factor: 1,
      storage: { s3: { bucketnames: "loki-chunks", endpoint: "http://nas.example.org:9000", region: "eu-home-1" } },
    },
    compactor: { retention_enabled: true },
    limits_config: { retention_period: "1440h" },
    schema_config: { configs: periods },
  };
  const chart = { name: "kube-prometheus-stack", version: "88.5.3" };
  const values = {
    fullnameOverride: "kps",
    grafana: { adminPassword: "hunter2hunter2" },
    prometheus: { prometheusSpec: { retention: "21d" } },
  };
  // As charts leave them; nothing of it runs.
  const sleeping = { metadata: inIt, spec: { replicas: 0, serviceName: "none" } };
  const objects = [
    helmRelease("kps", chart, { namespace, config: values }),
    configMap("loki", { "config.yaml": stringify(lokiConfig) }, inIt),
    secret("loki-s3", { access_key: "AKID", secret_key: "hunter2hunter2" }, inIt),
    workload("StatefulSet", "loki", "docker.io/grafana/loki:3.6.3", { ...sleeping, args: ["-target=all"] }),
    workload("StatefulSet", "alerts", "quay.io/prometheus/alertmanager:v0.34.0", sleeping),
    {
      ...service("alerts", { app: "alerts" }, 9093, inIt),
      spec: { selector: { app: "alerts" }, ports: [{ port: 9093 }] },
    },
  ];

  const rbac = "rbac.authorization.k8s.io";
  const role = { apiVersion: `${rbac}/v1`, metadata: { name: namespace } };
  const reader = [
    { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "reader", namespace } },
    { ...role, kind: "ClusterRole", rules: [{ apiGroups: ["*"], resources: ["*"], verbs: ["get", "list"] }] },
    {
      ...role,
      kind: "ClusterRoleBinding",
      roleRef: { apiGroup: rbac, kind: "ClusterRole", name: namespace },
      subjects: [{ kind: "ServiceAccount", name: "reader", namespace }],
    },
  ];

  let printed: string;
  let preview: Preview;

  before(async () => {
    const { kubectl } = await testCluster();
    await makeNamespace(namespace);
    await kubectl.apply([...reader, ...objects]);
    const token = await kubectl.run(["create", "token", "reader", "-n", namespace]);
    // The API server learns of a new role by and by.
    const account = `system:serviceaccount:${namespace}:reader`;
    await until("the account may read", 120, () =>
      kubectl.run(["auth", "can-i", "list", "secrets", "-A", "--as", account]),
    );
    const kubeconfig = join(folder, "kubeconfig");
    const admin = parse(readFileSync(process.env.KUBECONFIG ?? kubeconfigPath(), "utf8")) as { users: object[] };
    const users = admin.users.map((user) => ({ ...user, user: { token: token.trim() } }));
    writeFileSync(kubeconfig, stringify({ ...admin, users }), { mode: 0o600 });

    const args = ["run", "-s", "adopt", "--", "--stack", "adopted", "--config", `namespace.name=${namespace}`];
    const env = { ...process.env, KUBECONFIG: kubeconfig };
    // Another test's release, which is in the cluster for some minutes, may be the one to take over as well.
    printed = await until("there is no other release", 480, async () => {
      const { stdout } = await run("npm", args, { cwd: ownProgram, env });
      assert.doesNotMatch(stdout, /several releases/);
      return stdout;
    });

    // The program with a stack file that is what was printed.
    const configFile = join(folder, "Pulumi.adopted.yaml");
    writeFileSync(configFile, printed);
    preview = await offlinePreview({
      stack: "adopted",
      configFile,
      policyPack: resolve(ownProgram, "policy"),
      config: [`namespace.name=${namespace}`],
    });
  });

  after(async () => {
    await leaveNamespace(namespace);
    rmSync(folder, { recursive: true, force: true });
  });

  it("finds what charts left: release, CRDs without an owner, schema, store, Secret, Alertmanager", () => {
    const { config } = parse(printed) as { config: Record<string, Record<string, unknown>> };
    const adopt = config["observability:adopt"];
    assert.deepEqual(adopt.kps, {
      release: `${namespace}/kps`,
      keepGrafana: true,
      keepExporters: true,
      values: { fullnameOverride: "kps" },
    });
    assert.equal(adopt.crds, true);
    assert.equal(adopt.alertmanagerUrl, `http://alerts.${namespace}.svc.cluster.local:9093`);
    assert.deepEqual(config["observability:namespace"], { create: false });
    assert.deepEqual(config["observability:loki"].schemaConfigs, periods);
    assert.deepEqual(config["observability:buckets"], { loki: "loki-chunks" });
    assert.ok(config["observability:cluster"].nodes, "no nodes");
    assert.match(printed, /# {3}- values of the release that may be secrets were left out: grafana\.adminPassword/);
    assert.ok(!printed.includes("hunter2"), "a secret was printed");
  });

  it("prints a stack file that previews cleanly, and takes all of that over", () => {
    assert.deepEqual(
      preview.violations.filter(({ level }) => level !== "advisory"),
      [],
    );
    const named = (name: string, type: string) =>
      preview.resources.find((each) => each.inputs.metadata?.name === name && each.type.endsWith(type));
    const release = preview.resources.find(({ inputs }) => inputs.chart === "kube-prometheus-stack");
    assert.equal(release?.options.import, `${namespace}/kps`);
    assert.equal(release?.inputs.values.fullnameOverride, "kps");
    const loki = parse(named("loki", ":ConfigMap")?.inputs.data["config.yaml"]) as {
      schema_config: unknown;
      common: { storage: { s3: { bucketnames: string } } };
    };
    assert.deepEqual(loki.schema_config, { configs: periods });
    assert.equal(loki.common.storage.s3.bucketnames, "loki-chunks");
    assert.equal(named("alertmanager", ":StatefulSet"), undefined);
  });
});

/** docs/adoption.md#loki, step by step, as processes on the loopback. */
describe("A chart's Loki gives way to the stack's own, on its bucket", function () {
  this.timeout(10 * 60_000);
  const folder = mkdtempSync(join(tmpdir(), "adopt-loki-"));
  const day = 86_400_000;
  const now = Date.now();
  const periods = schemaOf(new Date(now - day).toISOString().slice(0, 10));
  const root = { MINIO_ROOT_USER: "object-store-admin", MINIO_ROOT_PASSWORD: "a password for tests" };
  const region = "us-east-1";
  let [store, old] = ["", ""];
  let minio: LocalServer | undefined;
  let chart: LocalServer | undefined;
  let own: LokiProcesses | undefined;

  const mc = async (...args: string[]) => {
    const env = { HOME: folder, MC_CONFIG_DIR: join(folder, "mc") };
    return (await run(await hostTool("mc"), args, { cwd: folder, env, timeout: 60_000 })).stdout;
  };

  before(async () => {
    store = `http://127.0.0.1:${await freePort()}`;
    minio = await startServer(
      await hostTool("minio"),
      ["server", "store", `--address=${new URL(store).host}`, "--certs-dir=certs"],
      {
        cwd: folder,
        env: { ...root, MINIO_BROWSER: "off", MINIO_UPDATE: "off" },
        ready: `${store}/minio/health/ready`,
      },
    );
    await mc("alias", "set", "s", store, root.MINIO_ROOT_USER, root.MINIO_ROOT_PASSWORD);
    await mc("mb", "s/chunks", "s/ruler");

    const http = await freePort();
    old = `http://127.0.0.1:${http}`;
    writeFileSync(join(folder, "chart.yaml"), stringify(chartConfig(http, await freePort())));
    chart = await startServer(await hostTool("loki"), ["-config.file=chart.yaml"], {
      cwd: folder,
      ready: `${old}/ready`,
    });
  });

  after(async () => {
    await chart?.stop();
    await own?.stop();
    await minio?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  /** As the chart makes it of its values: a bucket for chunks, another for rules, keys in the configuration. */
  const chartConfig = (http: number, grpc: number) => ({
    auth_enabled: false,
    server: {
      http_listen_address: "127.0.0.1",
      http_listen_port: http,
      grpc_listen_port: grpc,
      grpc_listen_address: "127.0.0.1",
    },
    common: {
      path_prefix: join(folder, "chart"),
      replication_factor: 1,
      instance_addr: "127.0.0.1",
      ring: { kvstore: { store: "inmemory" } },
      storage: {
        s3: {
          endpoint: store,
          region,
          bucketnames: "chunks",
          access_key_id: root.MINIO_ROOT_USER,
          secret_access_key: root.MINIO_ROOT_PASSWORD,
          s3forcepathstyle: true,
        },
      },
    },
    frontend: { encoding: "protobuf" },
    ruler: { enable_api: true, storage: { type: "s3", s3: { bucketnames: "ruler" } } },
    limits_config: {
      allow_structured_metadata: false,
      discover_log_levels: false,
      discover_service_name: [],
      reject_old_samples: false,
    },
    schema_config: { configs: periods },
    analytics: { reporting_enabled: false },
  });

  const push = (app: string, time: number) =>
    fetch(`${old}/loki/api/v1/push`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ streams: [{ stream: { app }, values: [[`${time}000000`, `a line of ${app}`]] }] }),
    });

  it("flushes what it holds: no chunk is left in its memory", async () => {
    for (const [app, time] of [
      ["before", now - 3 * day],
      ["today", now],
    ] as const) {
      const answer = await push(app, time);
      assert.equal(answer.status, 204, await answer.text());
    }
    const rule = "name: group\nrules:\n  - alert: Always\n    expr: vector(1) > 0\n";
    const headers = { "Content-Type": "application/yaml" };
    const made = await fetch(`${old}/loki/api/v1/rules/tests`, { method: "POST", headers, body: rule });
    assert.equal(made.status, 202, await made.text());

    const inMemory = async () => {
      const metrics = await (await fetch(`${old}/metrics`)).text();
      return Number(/^loki_ingester_memory_chunks (\d+)/m.exec(metrics)?.[1]);
    };
    assert.equal(await inMemory(), 2);
    await fetch(`${old}/flush`, { method: "POST" });
    await until("no chunk is in memory", 240, async () => ((await inMemory()) === 0 ? true : undefined));
  });

  it("leaves its rules in a bucket of their own, from where they are copied", async () => {
    await chart!.stop();
    assert.match(await mc("find", "s/ruler"), /rules\/fake\//);
    await mc("mirror", "s/ruler/rules", "s/chunks/rules");
  });

  it("is followed by one that finds its lines, those of the older index too, and its rules", async () => {
    own = await startLoki({
      folder,
      settings: settingsSchema.parse({ loki: { schemaConfigs: periods, logAlerts: false } }).loki,
      store: { endpoint: store, region, bucket: "chunks" },
      env: { AWS_ACCESS_KEY_ID: root.MINIO_ROOT_USER, AWS_SECRET_ACCESS_KEY: root.MINIO_ROOT_PASSWORD },
      alertmanagerUrl: "http://127.0.0.1:1",
    });
    const lines = await until("both lines are found", 120, async () => {
      const query = new URLSearchParams({ query: `{app=~".+"}`, since: "120h", direction: "forward" });
      const response = await fetch(`${own!.url.read}/loki/api/v1/query_range?${query}`);
      assert.equal(response.status, 200, await response.clone().text());
      const { data } = (await response.json()) as { data: { result: { values: [string, string][] }[] } };
      const found = data.result.flatMap(({ values }) => values.map(([, line]) => line));
      return found.length >= 2 ? found : undefined;
    });
    assert.deepEqual(lines.sort(), ["a line of before", "a line of today"]);
    const rules = await (await fetch(`${own.url.backend}/loki/api/v1/rules`)).text();
    assert.match(rules, /alert: Always/);
  });
});
