import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parse, stringify } from "yaml";
import { run } from "../../commands/backup/cli";
import { Mc } from "../../commands/backup/mc";
import type { KubernetesObject } from "../../commands/shared/objects";
import { unfinishedFile } from "../../components/backup/copying";
import { cronJobName } from "../../components/backup/rules";
import { kubeconfigPath } from "../../lab/cluster/paths";
import { hostTool } from "../../lab/cluster/tools";
import { until } from "../../lab/until";
import { testStackWords } from "../../test/stacks/stacks";
import { backendTitles, type Backend } from "../../stages";
import { ApiProxy, portForward, testCluster, type PortForward } from "./cluster";
import { dataSource } from "./data-sources";
import { deploy, leaveNamespace, removeNamespace } from "./deploy";
import { LokiClient, nanoseconds, type Line } from "./loki";
import type { PrometheusApi } from "./metrics";
import { note } from "./note";

const backupSecret = "backup-object-store";
const place = "s3://backup/fire";

const hour = 3_600_000;
const now = Date.now();
const apps = Array.from({ length: 10 }, (_, i) => `app-${i}`);
const sensors = Array.from({ length: 10 }, (_, i) => `${i}`);
const linesOf = (app: string): Line[] =>
  Array.from({ length: 100 }, (_, i) => [nanoseconds(now - 20 * hour + i * 60_000), `line ${i} of ${app}`]);

interface Point {
  seconds: number;
  value: number;
}

/** What differs between the backends. */
interface Kept {
  settings: readonly string[];
  /** Seconds before now of the oldest of 200 samples, and between each two. */
  since: number;
  step: number;
  /** Its Service, and path and body of a request that writes samples of all sensors. */
  service: string;
  write(points: readonly Point[]): [path: string, body: string];
  /** Pods that read a restored bucket when they start. */
  readers: string;
  /** Waits until what was written is where the schedule finds it. */
  settle(stack: { proxy: ApiProxy; namespace: string; whole(): Promise<void> }): Promise<unknown>;
}

const kept: Readonly<Record<Backend, Kept>> = {
  mimir: {
    settings: ["mimir.storage=1Gi"],
    // Half a day old or older: what is newer Mimir asks its memory for, and not its bucket.
    ...{ since: 40 * 3600, step: 300 },
    ...{ service: "services/mimir:9009", write: asOtlp, readers: "loki, mimir" },
    // The schedule has no flush, and by itself it takes some hours.
    settle: async ({ proxy, namespace }) => {
      const flushed = await proxy.request(namespace, "pods/mimir-0:9009", "/ingester/flush?wait=true", {
        method: "POST",
      });
      assert.ok(flushed.ok, `the flush answered ${flushed.status}`);
    },
  },
  "victoria-metrics": {
    settings: ["metrics.backend=victoria-metrics", "victoriaMetrics.storage=1Gi", "victoriaMetrics.minFreeSpace=1Mi"],
    // Twelve days are in two weeks at least, whatever day it is: each is a file of its own.
    ...{ since: 12 * 86_400, step: 5000 },
    ...{ service: "services/victoria-metrics:8428", write: asImport, readers: "loki" },
    settle: ({ whole }) => until("every sample can be asked for", 120, () => whole().then(() => true)),
  },
};

/** What comes into the bucket is looked for every few seconds, not every quarter of an hour. */
function adapt(object: KubernetesObject): KubernetesObject {
  const { data } = object as KubernetesObject & { data?: Record<string, string> };
  if (object.kind !== "ConfigMap" || object.metadata.name !== "mimir" || !data) return object;
  const config = parse(data["config.yaml"]) as { blocks_storage: { bucket_store: object }; compactor: object };
  Object.assign(config.blocks_storage.bucket_store, { sync_interval: "5s" });
  Object.assign(config.compactor, { cleanup_interval: "5s" });
  return {
    ...object,
    data: { ...data, "config.yaml": stringify(config, { aliasDuplicateObjects: false }) },
  } as KubernetesObject;
}

/** A stack that burns. */
export interface Fire {
  backend: Backend;
  /** Where it is; what stands for another house, a MinIO with the backup's bucket, is in a namespace of this name with `-elsewhere`. */
  namespace: string;
}

/**
 * The schedule's Job copies a stack into another MinIO, its namespace is destroyed with its volumes, and it comes back as docs/backup.md says.
 * @param fire which stack
 */
export function describeFire({ backend, namespace }: Fire): void {
  const elsewhere = `${namespace}-elsewhere`;
  const title = backendTitles[backend];
  const { since, step, service, write, settle, readers, ...its } = kept[backend];
  const settings = [
    ...["stage=dual-write", "loki.canary=false", ...its.settings],
    // The 29th of February: nothing begins by itself.
    ...["backup.enabled=true", "backup.schedule=0 0 29 2 *", `backup.to=${place}`, `backup.secret=${backupSecret}`],
    `backup.endpoint=http://minio.${elsewhere}.svc.cluster.local:9000`,
  ];
  const components = ["object-storage", "secrets", "loki", backend, "backup"];
  const points = Array.from({ length: 200 }, (_, i) => ({
    seconds: Math.floor(now / 1000) - since + i * step,
    value: i,
  }));
  const build = () => deploy({ namespace, stack: "sandbox", config: settings, components, edit: adapt });

  describe(`A stack with ${title} is destroyed and brought back from the backup by its schedule, on a real cluster`, function () {
    this.timeout(20 * 60_000);
    const folder = mkdtempSync(join(tmpdir(), "e2e-fire-"));
    let [proxy, loki, metrics] = [] as unknown as [ApiProxy, LokiClient, PrometheusApi];
    let mc = "";

    before(async () => {
      mc = await hostTool("mc");
      proxy = await ApiProxy.start();
      loki = new LokiClient(proxy, namespace);
      metrics = dataSource(proxy, namespace, backend);
      const other = { namespace: elsewhere, stack: "sandbox", config: ["buckets.loki=backup"] };
      await Promise.all([deploy({ ...other, components: ["object-storage", "secrets"] }), build()]);
    });

    after(async () => {
      proxy?.stop();
      rmSync(folder, { recursive: true, force: true });
      await Promise.all([namespace, elsewhere].map(leaveNamespace));
    });

    const storedLines = async () => {
      const found = await loki.page(`{app=~"app-.+"}`, nanoseconds(now - 24 * hour), nanoseconds(now));
      return found.map(({ stream, line }) => `${stream.app} ${line.join(" ")}`).sort();
    };
    const storedSamples = async () => {
      const found = await metrics.query(`reading[${since + 3600}s]`, now / 1000);
      return found
        .flatMap(({ metric, values = [] }) => values.map((each) => `${metric.sensor} ${each.join(" ")}`))
        .sort();
    };
    const allLines = apps.flatMap((app) => linesOf(app).map((line) => `${app} ${line.join(" ")}`)).sort();
    const allSamples = sensors
      .flatMap((sensor) => points.map(({ seconds, value }) => `${sensor} ${seconds} ${value}`))
      .sort();

    /** The key of an application's in a namespace, by its Secret. */
    async function keyOf(secret: string, of: string): Promise<Record<string, string>> {
      const { kubectl } = await testCluster();
      return (await kubectl.json<{ data: Record<string, string> }>(["get", "secret", secret, "-n", of])).data;
    }

    /** What each container of a Job has said, as far as it has begun. */
    async function saidBy(job: string): Promise<string> {
      const { kubectl } = await testCluster();
      const { items } = await kubectl.json<{
        items: { metadata: { name: string }; spec: Record<"initContainers" | "containers", { name: string }[]> }[];
      }>(["get", "pods", "-n", namespace, "-l", `batch.kubernetes.io/job-name=${job}`]);
      const all = items.flatMap(({ metadata: { name }, spec: { initContainers, containers } }) =>
        [...initContainers, ...containers].map(async (container) => {
          const said = kubectl.run(["logs", name, "-n", namespace, "-c", container.name]);
          return `${name} ${container.name}: ${await said.catch((error: Error) => error.message)}`;
        }),
      );
      return (await Promise.all(all)).join("\n");
    }

    it("the CronJob's Job copies buckets and samples, in a pod, after an `npm run backup` that is at it, and none begins meanwhile", async () => {
      const { kubectl } = await testCluster();
      await Promise.all(apps.map((app) => loki.push({ app }, linesOf(app))));
      const [path, body] = write(points);
      await until(`${title} takes the samples`, 120, async () => {
        const headers = { "Content-Type": "application/json" };
        const answer = await proxy.request(namespace, service, path, { method: "POST", headers, body });
        if (!answer.ok) throw new Error(`${answer.status}: ${await answer.text()}`);
        return true;
      });
      const whole = async () => assert.deepEqual(await storedSamples(), allSamples);
      await settle({ proxy, namespace, whole });
      await kubectl.run(["delete", "pod", "loki-0", "-n", namespace, "--wait", "--timeout=300s"]);

      const data = await keyOf("loki-object-store", elsewhere);
      const metadata = { name: backupSecret, namespace };
      await kubectl.apply([{ apiVersion: "v1", kind: "Secret", metadata, data } as KubernetesObject]);
      const job = "backup-now";
      const logs = ["logs", `job/${job}`, "-n", namespace];
      await command("backup", async (run, target) => {
        const marker = `${place.replace("s3:/", "target")}/${unfinishedFile}`;
        await target.write(marker, JSON.stringify({ alive: Math.floor(Date.now() / 1000) }));
        await kubectl.run(["create", "job", job, `--from=cronjob/${cronJobName}`, "-n", namespace]);
        await until("the Job waits", 300, async () =>
          (await kubectl.run([...logs, "-c", "begin"])).includes("waiting for npm run backup") ? true : undefined,
        );
        const { code, said } = await run([`--to=${place}`, "--no-flush"]);
        assert.equal(code, 2, said);
        assert.match(said, /Job \S+\/backup-now of the schedule is making this backup, in pod backup-now-/);
        assert.ok(said.includes(`Job ${namespace}/backup-now`), said);
        await target.remove(marker);
      });
      const done = await until("the Job has ended", 420, async () => {
        const { status } = await kubectl.json<{ status: { conditions?: { type: string; status: string }[] } }>([
          ...["get", "job", job, "-n", namespace],
        ]);
        return status.conditions?.find(({ type, status }) => /^(Complete|Failed)$/.test(type) && status === "True")
          ?.type;
      });
      if (done !== "Complete") assert.fail(await saidBy(job));
      // By it the alert BackupTooOld and the row of `npm run verify` know the backup's age.
      await until("the CronJob knows of the success", 120, async () => {
        const time = ["-o", "jsonpath={.status.lastSuccessfulTime}"];
        return (await kubectl.run(["get", "cronjob", cronJobName, "-n", namespace, ...time])) || undefined;
      });
    });

    it("after the namespace and its volumes are gone, a new and empty stack gets every line and every sample back", async () => {
      const { kubectl } = await testCluster();
      await removeNamespace(namespace);
      await until("no volume of it is in use", 180, async () => {
        const { items } = await kubectl.json<{
          items: { spec: { claimRef?: { namespace: string } }; status: { phase: string } }[];
        }>(["get", "persistentvolumes"]);
        const used = items.some(
          ({ spec, status }) => spec.claimRef?.namespace === namespace && status.phase === "Bound",
        );
        return used ? undefined : true;
      });
      await build();
      assert.deepEqual([await storedLines(), await storedSamples()], [[], []]);

      await command("restore", async (run) => {
        const { code, said } = await run([`--from=${place}`]);
        assert.equal(code, 0, said);
        assert.match(said, /the backup of stack sandbox/);
      });
      const both = ["statefulset", "-n", namespace, "-l", `app.kubernetes.io/name in (${readers})`];
      await kubectl.run(["rollout", "restart", ...both]);
      await kubectl.run(["rollout", "status", ...both, "--timeout=420s"]);

      const lines = await until("Loki answers with every line", 300, async () => {
        const found = await storedLines();
        return found.length >= allLines.length ? found : undefined;
      });
      assert.deepEqual(lines, allLines);
      const samples = await until(`${title} answers with every sample`, 300, async () => {
        const found = await storedSamples();
        return found.length >= allSamples.length ? found : undefined;
      });
      assert.deepEqual(samples, allSamples);
      note(
        `${lines.length} lines and ${samples.length} samples are there again after a stack with ${title} was destroyed`,
      );
    });

    /** A command of `npm run`, with both object stores by `kubectl port-forward`, and `mc` for the backup's. */
    async function command(
      name: "backup" | "restore",
      act: (run: (words: readonly string[]) => Promise<{ code: number; said: string }>, target: Mc) => Promise<void>,
    ): Promise<void> {
      const ways: PortForward[] = [];
      const before = process.env;
      try {
        for (const each of [namespace, elsewhere]) ways.push(await portForward(each, "minio", 9000));
        const [store, target] = ways.map(({ address }) => address);
        const data = await keyOf("loki-object-store", elsewhere);
        const [id, key] = ["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"].map((each) =>
          Buffer.from(data[each], "base64").toString(),
        );
        const MC_HOST_target = `http://${id}:${key}@${target}`;
        const KUBECONFIG = before.KUBECONFIG ?? kubeconfigPath();
        process.env = { ...before, KUBECONFIG, MC_CONFIG_DIR: folder, MC_HOST_target };
        const config = [...settings, `namespace.name=${namespace}`].map((each) => `--config=${each}`);
        const without = ["dashboards", "silences", "state"].map((each) => `--without=${each}`);
        const words = [
          name,
          ...testStackWords("sandbox"),
          ...config,
          ...without,
          `--mc=${mc}`,
          `--store=http://${store}`,
        ];
        await act(
          async (more) => {
            let said = "";
            const take = (text: string) => void (said += text);
            return { code: await run([...words, ...more], { out: take, error: take }), said };
          },
          new Mc(mc, {}, new AbortController().signal),
        );
      } finally {
        process.env = before;
        for (const way of ways) way.stop();
      }
    }
  });
}

/** For Mimir. */
function asOtlp(points: readonly Point[]): [path: string, body: string] {
  const dataPoints = points.flatMap(({ seconds, value }) =>
    sensors.map((sensor) => ({
      ...{ timeUnixNano: `${seconds}000000000`, asDouble: value },
      attributes: [{ key: "sensor", value: { stringValue: sensor } }],
    })),
  );
  const metrics = [{ name: "reading", gauge: { dataPoints } }];
  return ["/otlp/v1/metrics", JSON.stringify({ resourceMetrics: [{ scopeMetrics: [{ metrics }] }] })];
}

/** For VictoriaMetrics: a line for each series. */
function asImport(points: readonly Point[]): [path: string, body: string] {
  const timestamps = points.map(({ seconds }) => seconds * 1000);
  const values = points.map(({ value }) => value);
  const lines = sensors.map((sensor) =>
    JSON.stringify({ metric: { __name__: "reading", sensor }, values, timestamps }),
  );
  return ["/api/v1/import", lines.join("\n")];
}
