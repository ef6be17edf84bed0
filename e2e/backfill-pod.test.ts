import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { placesOf } from "../commands/backfill/places";
import type { KubernetesObject } from "../commands/shared/objects";
import { image } from "../components/images";
import { restrictedContainer, restrictedPod } from "../components/kubernetes/security";
import { dataDirectory, mimirConfig } from "../components/mimir/config";
import { kubeconfigPath } from "../lab/cluster/paths";
import { until } from "../lab/until";
import { settingsSchema } from "../settings/schema";
import { farFrom } from "./support/backfill";
import { testCluster } from "./support/cluster";
import { leaveNamespace, makeNamespace } from "./support/deploy";

const namespace = "e2e-history";
const root = resolve(__dirname, "..");
const settings = settingsSchema.parse({ namespace: { name: namespace }, mimir: { blockUpload: true } });
const { pod, claim } = placesOf(settings);
const app = (name: string) => ({ name, namespace, labels: { app: name } });

const service = (name: string, selected: string, port: number): KubernetesObject => ({
  ...{ apiVersion: "v1", kind: "Service", metadata: { name, namespace } },
  spec: { selector: { app: selected }, ports: [{ port }] },
});

const claimOf = (name: string, more: object = {}): KubernetesObject => ({
  ...{ apiVersion: "v1", kind: "PersistentVolumeClaim", metadata: { name, namespace } },
  spec: { accessModes: ["ReadWriteOnce"], resources: { requests: { storage: "1Gi" } }, ...more },
});

const container = (name: "mimir" | "prometheus", more: object) => ({
  ...{ name, image: image(name), imagePullPolicy: "IfNotPresent", securityContext: restrictedContainer },
  resources: { requests: { cpu: "10m", memory: "128Mi" }, limits: { memory: "768Mi" } },
  ...more,
});

const mounted = (path: string, probe: string, port: number) => ({
  volumeMounts: [
    { name: "config", mountPath: "/config" },
    { name: "data", mountPath: path, ...(port === 9090 && { subPath: "prometheus-db" }) },
  ],
  readinessProbe: { httpGet: { path: probe, port }, periodSeconds: 1 },
});

/** Mimir with the pods' configuration, but for its bucket, which is a folder, and what takes hours. */
function mimir(): KubernetesObject[] {
  const config = mimirConfig({
    environment: { namespace: "e2e", dnsDomain: "invalid" },
    settings: settings.mimir,
    storage: {
      connection: { endpoint: "http://127.0.0.1:1", region: "none", forcePathStyle: true },
      buckets: settings.buckets,
    },
    alertmanagerUrl: "http://127.0.0.1:1",
    evaluates: false,
    evaluationInterval: "30s",
  });
  const bucket = (name: string) => ({ backend: "filesystem", filesystem: { dir: `${dataDirectory}/bucket/${name}` } });
  const { bucket_store, tsdb } = config.blocks_storage;
  const here = {
    ...config,
    common: undefined,
    blocks_storage: {
      ...{ tsdb, ...bucket("blocks") },
      bucket_store: { ...bucket_store, sync_interval: "2s", ignore_blocks_within: "0s" },
    },
    ruler_storage: bucket("ruler"),
    alertmanager_storage: bucket("alertmanager"),
    compactor: { ...config.compactor, cleanup_interval: "2s", compaction_interval: "5s" },
    querier: { ...config.querier, query_store_after: "0s" },
  };
  return [
    {
      ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "mimir", namespace } },
      data: { "config.yaml": stringify(here, { aliasDuplicateObjects: false }) },
    },
    service("mimir", "mimir", 9009),
    {
      ...{ apiVersion: "v1", kind: "Pod", metadata: app("mimir") },
      spec: {
        ...{ automountServiceAccountToken: false, securityContext: restrictedPod(10001) },
        containers: [
          container("mimir", {
            args: ["-target=all", "-config.file=/config/config.yaml"],
            ...mounted(dataDirectory, "/ready", 9009),
          }),
        ],
        volumes: [
          { name: "config", configMap: { name: "mimir" } },
          { name: "data", emptyDir: {} },
        ],
      },
    },
  ];
}

/** Three days, as a Prometheus of the operator has them: its names, its volume's folder, its users' image. */
function prometheus(): KubernetesObject[] {
  // The command compares days that ended 12 hours ago.
  const compared = Math.floor(Date.now() / 1000) - 12 * 3600;
  const first = compared - (compared % 86_400) - 3 * 86_400;
  const samples = ["attic", "cellar"].flatMap((room) =>
    Array.from({ length: 3 * 288 }, (_, i) => `wave{room="${room}"} ${Math.sin(i)} ${first + i * 300}`),
  );
  const config = {
    global: { scrape_interval: "1s", external_labels: { cluster: "home", prometheus: `${namespace}/k8s` } },
    scrape_configs: [{ job_name: "prometheus", static_configs: [{ targets: ["127.0.0.1:9090"] }] }],
    remote_write: [{ name: "mimir", url: "http://mimir:9009/api/v1/push" }],
  };
  const data = mounted("/prometheus", "/-/ready", 9090);
  return [
    {
      ...{ apiVersion: "v1", kind: "ConfigMap", metadata: { name: "prometheus", namespace } },
      data: { "prometheus.yaml": stringify(config), history: `# TYPE wave gauge\n${samples.join("\n")}\n# EOF\n` },
    },
    service("kube-prometheus-stack-prometheus", "prometheus", 9090),
    claimOf(claim),
    {
      ...{ apiVersion: "v1", kind: "Pod", metadata: { ...app("prometheus"), name: pod } },
      spec: {
        ...{ automountServiceAccountToken: false, securityContext: restrictedPod(1000) },
        terminationGracePeriodSeconds: 1,
        initContainers: [
          {
            ...container("prometheus", { volumeMounts: data.volumeMounts }),
            name: "history",
            env: [{ name: "TMPDIR", value: "/prometheus" }],
            command: ["promtool", "tsdb", "create-blocks-from", "--max-block-duration=54h"].concat([
              ...["openmetrics", "/config/history", "/prometheus"],
            ]),
          },
        ],
        containers: [
          container("prometheus", {
            args: [
              "--config.file=/config/prometheus.yaml",
              "--storage.tsdb.path=/prometheus",
              "--web.enable-admin-api",
            ],
            ...data,
          }),
        ],
        volumes: [
          { name: "config", configMap: { name: "prometheus" } },
          { name: "data", persistentVolumeClaim: { claimName: claim } },
        ],
      },
    },
  ];
}

describe("backfill from the pods and the volume of a cluster", function () {
  this.timeout(15 * 60_000);
  const work = mkdtempSync(join(tmpdir(), "e2e-history-"));

  /** Days of blocks: three, and one more for each block that ends within a day. */
  let parts: number;

  before(async () => {
    await makeNamespace(namespace);
    const { kubectl } = await testCluster();
    // At noon another day is compared, and at midnight what is in memory becomes two parts.
    await farFrom(0, 12);
    await kubectl.apply([...mimir(), ...prometheus()]);
    const ready = ["wait", "--for=condition=ready", "pods", "--all", "-n", namespace, "--timeout=300s"];
    await until("Prometheus and Mimir are ready", 300, () => kubectl.run(ready));
  });
  after(async () => {
    rmSync(work, { recursive: true, force: true });
    await leaveNamespace(namespace);
  });

  /** The command as its own process: nothing but the kubeconfig says where everything is. */
  async function backfill(...more: string[]): Promise<{ code: number; text: string }> {
    const stack = ["--stack=sandbox", "--config=stage=dual-write", "--config=migration.from=dual-write"];
    const where = [`--config=namespace.name=${namespace}`, `--work=${work}`, "--settle=120", "--patience=120"];
    const child = spawn(
      process.execPath,
      ["--require", "tsx/cjs", "commands/backfill/cli.ts", ...stack, ...where, ...more],
      {
        ...{ cwd: root, stdio: ["ignore", "pipe", "pipe"] },
        env: { ...process.env, KUBECONFIG: process.env.KUBECONFIG ?? kubeconfigPath() },
      },
    );
    let text = "";
    for (const stream of [child.stdout, child.stderr]) stream?.on("data", (part) => (text += String(part)));
    const [code] = (await once(child, "close")) as [number];
    return { code, text };
  }

  const pods = async () =>
    (await (await testCluster()).kubectl.run(["get", "pods", "-n", namespace, "-o", "name"])).trim();
  const inPod = async (script: string) =>
    (await testCluster()).kubectl.run(["exec", "-n", namespace, pod, "-c", "prometheus", "--", "sh", "-c", script]);

  it("reads Prometheus's blocks in its pod, and brings them to Mimir with the labels that remote_write adds", async () => {
    const { code, text } = await until("Prometheus writes to Mimir, and Mimir's compactor has run", 300, async () => {
      const done = await backfill();
      return /can't check blocks before|has no series like|scrapes nothing/.test(done.text) ? undefined : done;
    });
    assert.equal(code, 0, text);
    assert.match(text, new RegExp(`added: cluster="home", prometheus="${namespace}/k8s"`));
    assert.equal(text.match(/✓/g)?.length, 3, text);
    const [uploaded, had] = /^(\d+) parts? .* uploaded, (\d+) were in Mimir$/m.exec(text)!.slice(1).map(Number);
    parts = uploaded + had;
    assert.match(text, /Mimir has everything/);
    assert.deepEqual(readdirSync(work), []);
  });

  it("reads a snapshot, and removes it", async () => {
    const { code, text } = await backfill("--snapshot");
    assert.equal(code, 0, text);
    // Blocks of a snapshot are those of before; only what was in memory is new.
    assert.match(text, new RegExp(`^1 part with [\\d,]+ samples uploaded, ${parts} were in Mimir$`, "m"));
    assert.equal((await inPod("ls /prometheus/snapshots 2>/dev/null || true")).trim(), "");
  });

  it("says first that Prometheus's pod is gone, and reads its volume by a pod of its own", async () => {
    const { kubectl } = await testCluster();
    await kubectl.run(["delete", "pod", pod, "-n", namespace, "--wait"]);
    const gone = await backfill();
    assert.equal(gone.code, 2, gone.text);
    assert.match(gone.text, new RegExp(`pod ${namespace}/${pod} is not there\\n→ [^]*--claim`));

    // Other labels: nothing of it is in Mimir.
    const { code, text } = await backfill("--claim", "--config=cluster.name=other");
    assert.equal(code, 0, text);
    assert.match(text, /added: cluster="other"\n/);
    assert.match(text, new RegExp(`^${parts} parts with [\\d,]+ samples uploaded, 0 were in Mimir$`, "m"));
    assert.match(text, /not compared: there is no Prometheus/);
    assert.equal(await pods(), "pod/mimir");
  });

  it("says why the pod that reads a volume can't start, and removes it", async () => {
    await (await testCluster()).kubectl.apply([claimOf("nowhere", { storageClassName: "e2e-none" })]);
    const { code, text } = await backfill("--claim=nowhere", "--patience=15");
    assert.equal(code, 2, text);
    assert.match(text, /backfill-reader did not start within 15 s: Unschedulable: .*PersistentVolumeClaim/);
    assert.equal(await pods(), "pod/mimir");
  });
});
