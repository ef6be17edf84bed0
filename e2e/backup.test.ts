import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { AwsClient } from "aws4fetch";
import { stringify } from "yaml";
import { run } from "../commands/backup/cli";
import { bucketsFile, silence, unfinishedFile } from "../components/backup/copying";
import { beginScript, copyScript, endScript } from "../components/backup/script";
import { dataDirectory, mimirConfig } from "../components/mimir/config";
import { storageOf } from "../components/object-storage/applications";
import { freePort } from "../lab/cluster/server";
import { hostTool } from "../lab/cluster/tools";
import { startObjectStore, type ObjectStore } from "../lab/sizing/object-store";
import { Workspace } from "../lab/sizing/workspace";
import { until } from "../lab/until";
import { settingsSchema } from "../settings/schema";
import { startLoki, type LokiProcesses } from "./support/loki-processes";
import { runScripts } from "./support/scripts";

// Lines and samples in a real Loki and a real Mimir on a real MinIO; backups to another MinIO, killed and run again; everything is destroyed; and
// all is there again in others, on empty buckets.

const settings = settingsSchema.parse({ loki: { logAlerts: false } });
const { buckets } = settings;
const names = [...new Set(Object.values(buckets))];
const root = resolve(__dirname, "..");
const now = Date.now();
const streams = 150;
const sensors = 20;

/** What a home has. */
interface Home {
  workspace: Workspace;
  store: ObjectStore;
  mimirUrl: string;
  alertmanagerUrl: string;
}

describe("backup and restore, with real Loki, Mimir, Alertmanager and MinIO", function () {
  this.timeout(600_000);
  const workspaces = [new Workspace()];
  const [elsewhere] = workspaces;
  let loki: LokiProcesses | undefined;
  let [home, target, mc] = [undefined as Home | undefined, undefined as ObjectStore | undefined, ""];
  /** What was written, as it is to be read. */
  const [lines, samples] = [new Set<string>(), new Set<string>()];

  before(async () => {
    mc = await hostTool("mc");
    target = await startObjectStore(elsewhere, ["backup", "small"]);
    home = await settle();
    await write(home, 48);
    await loki!.stop();
  });
  after(async () => {
    await loki?.stop();
    for (const workspace of workspaces) await workspace.end();
  });

  /** A new home: empty buckets, and all programs but Loki. */
  async function settle(start = startPrograms): Promise<Home> {
    const workspace = new Workspace();
    workspaces.push(workspace);
    const store = await startObjectStore(workspace, names);
    return start({ workspace, store, mimirUrl: "", alertmanagerUrl: "" });
  }

  async function startPrograms({ workspace, store }: Home): Promise<Home> {
    const pod = { env: [], annotations: {}, volumes: [], volumeMounts: [] };
    const mimirUrl = `http://127.0.0.1:${await freePort()}`;
    const config = mimirConfig({
      environment: { namespace: "e2e", dnsDomain: "invalid" },
      settings: settings.mimir,
      storage: storageOf("mimir", { connection: store.connection, bucket: (use) => buckets[use], pod }),
      alertmanagerUrl: "http://127.0.0.1:1",
      evaluates: false,
      evaluationInterval: "30s",
    });
    const { blocks_storage, compactor, querier, server } = config;
    const listen = { http_listen_address: "127.0.0.1", http_listen_port: Number(new URL(mimirUrl).port) };
    // What takes a quarter of an hour or half a day takes seconds.
    const faster = {
      ...config,
      server: { ...server, ...listen, grpc_listen_address: "127.0.0.1", grpc_listen_port: await freePort() },
      blocks_storage: {
        ...blocks_storage,
        bucket_store: { ...blocks_storage.bucket_store, sync_interval: "2s", ignore_blocks_within: "0s" },
      },
      compactor: { ...compactor, cleanup_interval: "2s" },
      querier: { ...querier, query_store_after: "0s" },
    };
    const data = workspace.folderOf("mimir/data");
    writeFileSync(join(workspace.folderOf("mimir"), "config.yaml"), stringify(faster).replaceAll(dataDirectory, data));
    await workspace.start({
      ...{ name: "mimir", path: await hostTool("mimir"), args: ["-target=all", "-config.file=config.yaml"] },
      ...{ env: store.env, ready: `${mimirUrl}/ready` },
    });
    const alertmanagerUrl = `http://127.0.0.1:${await freePort()}`;
    const folder = workspace.folderOf("alertmanager");
    writeFileSync(
      join(folder, "config.yaml"),
      stringify({ route: { receiver: "none" }, receivers: [{ name: "none" }] }),
    );
    await workspace.start({
      ...{ name: "alertmanager", path: await hostTool("alertmanager"), ready: `${alertmanagerUrl}/-/ready` },
      args: [
        ...["--config.file=config.yaml", "--storage.path=data", "--cluster.listen-address="],
        `--web.listen-address=${new URL(alertmanagerUrl).host}`,
      ],
    });
    loki = await startLoki({
      ...{ folder: workspace.folderOf("loki"), settings: settings.loki, env: store.env },
      store: { ...store.connection, bucket: buckets.loki },
      alertmanagerUrl: "http://127.0.0.1:1",
    });
    return { workspace, store, mimirUrl, alertmanagerUrl };
  }

  /** Writes 24 hours of lines and samples that begin so many hours ago. */
  async function write({ mimirUrl, alertmanagerUrl }: Home, hoursAgo: number): Promise<void> {
    const start = now - hoursAgo * 3_600_000;
    const push = await post(`${loki!.url.write}/loki/api/v1/push`, {
      streams: Array.from({ length: streams }, (_, stream) => ({
        stream: { app: `app-${stream}` },
        values: Array.from({ length: 24 }, (_, i) => {
          const line: [string, string] = [
            `${start + i * 3_600_000}000000`,
            `line ${i} of ${hoursAgo} ${"x".repeat(200)}`,
          ];
          lines.add(`app-${stream} ${line.join(" ")}`);
          return line;
        }),
      })),
    });
    assert.equal(push, 204);
    const dataPoints = Array.from({ length: 24 * 12 }, (_, i) => i).flatMap((i) =>
      Array.from({ length: sensors }, (_, sensor) => {
        const [at, value] = [start + i * 300_000, i + sensor / 100];
        samples.add(`${sensor} ${at / 1000} ${value}`);
        const attributes = [{ key: "sensor", value: { stringValue: `${sensor}` } }];
        return { timeUnixNano: `${at}000000`, asDouble: value, attributes };
      }),
    );
    const metrics = [{ name: "reading", gauge: { dataPoints } }];
    const json = { resourceMetrics: [{ scopeMetrics: [{ metrics }] }] };
    assert.equal(await post(`${mimirUrl}/otlp/v1/metrics`, json), 200);
    const silence = {
      matchers: [{ name: "alertname", value: `Since${hoursAgo}`, isRegex: false, isEqual: true }],
      ...{ startsAt: new Date(now).toISOString(), endsAt: new Date(now + 86_400_000).toISOString() },
      ...{ createdBy: "a person", comment: "a dry summer" },
    };
    assert.equal(await post(`${alertmanagerUrl}/api/v2/silences`, silence), 200);
  }

  async function post(url: string, json: unknown): Promise<number> {
    const body = JSON.stringify(json);
    const answer = await fetch(url, { method: "POST", headers: { "content-type": "application/json" }, body });
    if (!answer.ok) assert.fail(`${url}: ${answer.status} ${await answer.text()}`);
    return answer.status;
  }

  const hostOf = ({ connection, env }: ObjectStore, key = env) =>
    connection.endpoint.replace("://", `://${key.AWS_ACCESS_KEY_ID}:${key.AWS_SECRET_ACCESS_KEY}@`);

  const words = (options: readonly string[]) => [
    ...["--stack=sandbox", `--config-file=${join(root, "test/stacks/Pulumi.sandbox.yaml")}`],
    ...["--without=dashboards", "--without=state", `--mc=${mc}`],
    ...[`--alertmanager=${home!.alertmanagerUrl}`, ...options],
  ];
  const environment = () => {
    const own = hostOf(home!.store);
    const hosts = { MC_HOST_loki: own, MC_HOST_mimir: own, MC_HOST_target: hostOf(target!) };
    return { ...process.env, ...hosts, MC_CONFIG_DIR: elsewhere.folderOf("mc") };
  };

  /** Runs a command in this process, to its end. */
  async function command(name: "backup" | "restore", options: readonly string[], more: Record<string, string> = {}) {
    const before = process.env;
    process.env = { ...environment(), ...more };
    let said = "";
    const take = (text: string) => void (said += text);
    try {
      return { code: await run([name, ...words(options)], { out: take, error: take }), said };
    } finally {
      process.env = before;
    }
  }

  /** Starts a backup as a process with a group of its own, with a client that copies slowly, and kills all of it. */
  async function killed(options: readonly string[], when: () => Promise<boolean>): Promise<void> {
    const slow = join(elsewhere.folderOf("slow"), "mc");
    writeFileSync(slow, `#!/bin/sh\nexec "${mc}" --limit-download 40KiB "$@"\n`, { mode: 0o755 });
    const args = ["--require", "tsx/cjs", "commands/backup/cli.ts", "backup", ...words([...options, `--mc=${slow}`])];
    const child = spawn(process.execPath, args, { cwd: root, env: environment(), detached: true });
    let said = "";
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (said += String(part)));
    const ended = once(child, "close").then(([code]: number[]) => {
      if (code !== null) throw new Error(`it ended by itself, with ${code}:\n${said}`);
    });
    ended.catch(() => undefined);
    const copied = until("some objects are copied", 240, async () => (await when()) || undefined, 20);
    await Promise.race([copied, ended.then(() => copied)]);
    process.kill(-child.pid!, "SIGKILL");
    await ended;
  }

  async function admin(...words: string[]): Promise<void> {
    const env = { ...process.env, MC_HOST_target: hostOf(target!), MC_CONFIG_DIR: elsewhere.folderOf("mc") };
    const [code] = (await once(spawn(mc, words, { env, stdio: "ignore" }), "close")) as [number];
    assert.equal(code, 0, words.join(" "));
  }

  /** Makes a key of the target's that may do nothing else. */
  async function keyThatMay(user: string, actions: readonly string[]): Promise<ObjectStore["env"]> {
    const password = `${user}-password`;
    await admin("admin", "user", "add", "target", user, password);
    const allowed = { Effect: "Allow", Action: actions, Resource: ["arn:aws:s3:::*"] };
    const file = join(elsewhere.folderOf("policy"), `${user}.json`);
    writeFileSync(file, JSON.stringify({ Version: "2012-10-17", Statement: [allowed] }));
    await admin("admin", "policy", "create", "target", user, file);
    await admin("admin", "policy", "attach", "target", user, "--user", user);
    return { AWS_ACCESS_KEY_ID: user, AWS_SECRET_ACCESS_KEY: password };
  }

  const client = () => {
    const { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = target!.env;
    return new AwsClient({ accessKeyId, secretAccessKey, region: "us-east-1", service: "s3" });
  };

  /** Objects of the backup: name → when it was written. */
  const saved = (prefix = "") => inBucket(target!, "backup", `home/${prefix}`);
  async function inBucket({ connection }: ObjectStore, bucket: string, prefix = ""): Promise<Map<string, string>> {
    const answer = await client().fetch(`${connection.endpoint}/${bucket}?list-type=2&prefix=${prefix}`);
    const found = (await answer.text()).matchAll(/<Key>([^<]*)<\/Key><LastModified>([^<]*)</g);
    return new Map([...found].map(([, key, at]) => [key, at]));
  }
  async function put({ connection }: ObjectStore, name: string, body: string): Promise<void> {
    const url = `${connection.endpoint}/${name}`;
    assert.ok((await client().fetch(url, { method: "PUT", body })).ok);
  }
  const manifest = async () =>
    (await client().fetch(`${target!.connection.endpoint}/backup/home/${bucketsFile}`)).text();

  const to = "--to=s3://backup/home";
  const from = "--from=s3://backup/home";

  it("refuses, before anything is written, the stack's own bucket, a target that is not there, read-only or full, and another's backup", async () => {
    const { store } = home!;
    const refused = async (options: readonly string[], why: RegExp, environment = {}) => {
      const { code, said } = await command("backup", ["--no-flush", ...options], environment);
      assert.equal(code, 2, said);
      assert.match(said, why);
    };
    await refused(
      [`--to=s3://${buckets.loki}/backup`],
      /is the stack's own bucket \(loki\)[^]*\n→ a bucket on another server/,
      { MC_HOST_target: hostOf(store) },
    );
    await refused([`--to=s3://${buckets.loki}/backup`], /is the stack's own bucket \(loki\)/, {
      MC_HOST_target: hostOf(store).replace("127.0.0.1", "localhost"),
    });
    await refused(["--to=s3://nowhere"], /s3:\/\/nowhere of .* can't be read: .*does not exist/);
    await refused([to], /MC_HOST_target is not set/, { MC_HOST_target: "" });
    await refused([to], /can't be read: .*key.*\n→ look at MC_HOST_target/i, {
      MC_HOST_target: hostOf(target!).replace("benchmark", "nobody"),
    });
    await refused([to, "--mc=/bin/cat"], /another program, not MinIO's client/);
    await refused([to, "--mc=/nowhere/mc"], /\/nowhere\/mc is not there\n→ install it/);

    const key = await keyThatMay("reader", ["s3:ListBucket", "s3:GetObject"]);
    await refused(
      [to],
      /can't be written to: .*(Access Denied|Insufficient permissions)[^]*\n→ the bucket must be there, have room/i,
      {
        MC_HOST_target: hostOf(target!, key),
      },
    );
    await admin("quota", "set", "target/small", "--size", "10B");
    await refused(["--to=s3://small/home"], /can't be written to: .*quota exceeded/i);
    assert.deepEqual([...(await saved()).keys()], []);

    const other = join(elsewhere.folderOf("other"), bucketsFile);
    const time = new Date(now).toISOString();
    writeFileSync(other, JSON.stringify({ version: 1, stack: "other", began: time, finished: time, buckets: {} }));
    await refused([`--to=${join(other, "..")}`], /has the backup of stack other, which this one would replace/);
  });

  it("a backup that was killed is none, and run again it is one", async () => {
    await killed([to, "--no-flush"], async () => (await saved("buckets/")).size > 20);
    const copied = await saved();
    assert.ok(
      copied.has(`home/${unfinishedFile}`) && !copied.has(`home/${bucketsFile}`),
      [...copied.keys()].join("\n"),
    );
    const refused = await command("restore", [from, "--into-existing"]);
    assert.equal(refused.code, 2, refused.said);
    assert.match(refused.said, /has no backup: one was started at .* but not finished/);

    const { code, said } = await command("backup", [to, "--no-flush"]);
    assert.equal(code, 0, said);
    assert.match(said, /silences: 1 silence\n/);
    const all = await saved();
    assert.ok(all.has(`home/${bucketsFile}`) && !all.has(`home/${unfinishedFile}`));
  });

  it("the next one, killed too, leaves the one of before; run again, it copies only what is new", async () => {
    const [first, objects] = [await manifest(), await saved("buckets/")];
    loki = await startLoki({
      ...{ folder: home!.workspace.folderOf("loki"), settings: settings.loki, env: home!.store.env },
      store: { ...home!.store.connection, bucket: buckets.loki },
      alertmanagerUrl: "http://127.0.0.1:1",
    });
    await write(home!, 24);
    const urls = [`--loki=${loki.url.write}`, `--mimir=${home!.mimirUrl}`];
    await killed([to, "--settle=1", ...urls], async () => (await saved("buckets/")).size > objects.size + 5);
    assert.equal(await manifest(), first);

    // What it has not yet uploaded of its index comes into the bucket when it ends.
    await loki.stop();
    const { code, said } = await command("backup", [to, "--no-flush"]);
    assert.equal(code, 0, said);
    assert.notEqual(await manifest(), first);
    // Loki writes the index that it still has, and chunks that it read from its log, once more when it starts.
    const later = await saved("buckets/");
    const rewritten = await inBucket(home!.store, buckets.loki);
    const again = [...objects].filter(([key, at]) => {
      const source = rewritten.get(key.replace("home/buckets/loki/", ""));
      return later.has(key) && later.get(key) !== at && !(source !== undefined && source > at);
    });
    assert.deepEqual(again, [], "copied again");
  });

  it("all is destroyed, and every line, sample and silence of before is there again, once", async () => {
    await home!.workspace.end();
    // Buckets are restored before the programs come.
    home = await settle((empty) => Promise.resolve({ ...empty, alertmanagerUrl: "http://127.0.0.1:1" }));
    // What a Loki on an empty bucket has there after five minutes; the backup has a list of its own.
    await put(home.store, `${buckets.loki}/index/delete_requests/delete_requests.gz`, "");
    const { code, said } = await command("restore", [from, "--without=silences"]);
    assert.equal(code, 0, said);
    home = await startPrograms(home);
    assert.deepEqual(await storedLines(), [...lines].sort());
    const found = await until("Mimir has read its bucket", 240, async () => {
      const read = await storedSamples(home!);
      return read.length >= samples.size ? read : undefined;
    });
    assert.deepEqual(found, [...samples].sort());
  });

  it("refuses buckets that have data without a word of consent; with it, a second restore changes nothing", async () => {
    const refused = await command("restore", [from]);
    assert.equal(refused.code, 2, refused.said);
    assert.match(refused.said, /bucket loki has data: .*fake\/[^]*bucket mimir-blocks has data[^]*--into-existing/);
    const own = await command("restore", [`--from=s3://${buckets.loki}`], { MC_HOST_target: hostOf(home!.store) });
    assert.equal(own.code, 2, own.said);
    for (const what of ["2 created, 0 exist already, 0 have expired", "0 created, 2 exist already, 0 have expired"]) {
      const { code, said } = await command("restore", [from, "--into-existing"]);
      assert.equal(code, 0, said);
      assert.ok(said.includes(`silences: ${what}`), said);
    }
    assert.deepEqual(await storedLines(), [...lines].sort());
    assert.deepEqual(await storedSamples(home!), [...samples].sort());
  });

  /** Runs the schedule's scripts. */
  function schedule({
    stack = "sandbox",
    bucket = "backup",
    endpoint = target!.connection.endpoint,
    key = target!.env,
  } = {}) {
    const scriptTarget = { stack, place: `${bucket}/scheduled`, endpoint };
    const of = home!.store;
    const pod = { env: [], annotations: {}, volumes: [], volumeMounts: [] };
    const storage = { connection: of.connection, bucket: (use: keyof typeof buckets) => buckets[use], pod };
    const scripts = [
      beginScript(scriptTarget),
      ...(["loki", "mimir"] as const).map((name) => copyScript(scriptTarget, storageOf(name, storage))),
      endScript(scriptTarget),
    ];
    const tools = elsewhere.folderOf("tools");
    const link = join(tools, "mc");
    if (!existsSync(link)) symlinkSync(mc, link);
    return runScripts(scripts, {
      ...{ PATH: `${tools}:${process.env.PATH}`, TMPDIR: elsewhere.folderOf("state") },
      MC_CONFIG_DIR: elsewhere.folderOf("mc"),
      ...{ TARGET_ACCESS_KEY_ID: key.AWS_ACCESS_KEY_ID, TARGET_SECRET_ACCESS_KEY: key.AWS_SECRET_ACCESS_KEY },
      ...of.env,
    });
  }

  it("the scripts of the schedule make the same backup, and refuse another stack's place", async () => {
    for (const run of ["first", "second"]) {
      // The second one finds a command at it, of which nothing is heard any more.
      const alive = Math.floor(Date.now() / 1000) - silence + 5;
      if (run === "second") await put(target!, `backup/scheduled/${unfinishedFile}`, JSON.stringify({ alive }));
      const { code, said } = await schedule();
      assert.equal(code, 0, `${run}: ${said}`);
      assert.equal(said.includes("waiting for npm run backup"), run === "second", said);
      assert.ok(Date.now() / 1000 >= alive + silence || run === "first");
      const restored = await command("restore", [
        "--from=s3://backup/scheduled",
        "--into-existing",
        "--without=silences",
      ]);
      assert.equal(restored.code, 0, restored.said);
      assert.doesNotMatch(restored.said, /not finished/);
    }
    const other = await schedule({ stack: "other" });
    assert.match(other.said, /has the backup of another stack/);
    assert.notEqual(other.code, 0);
  });

  it("the scripts of the schedule refuse the stack's own bucket, also under another address of its server, and leave nothing in it", async () => {
    const { store } = home!;
    const endpoint = store.connection.endpoint.replace("127.0.0.1", "localhost");
    assert.notEqual(endpoint, store.connection.endpoint);
    const { code, said } = await schedule({ bucket: buckets.loki, endpoint, key: store.env });
    assert.match(said, /is the stack's own bucket \(loki\)/);
    assert.notEqual(code, 0);
    assert.deepEqual([...(await inBucket(store, buckets.loki, "scheduled/")).keys()], []);
  });

  it("the schedule takes nothing but a missing object for no backup: what can't be read stops it before it writes", async () => {
    const blind = await keyThatMay("blind", ["s3:ListBucket", "s3:PutObject", "s3:DeleteObject"]);
    const wrong = { ...target!.env, AWS_SECRET_ACCESS_KEY: "not-this-one" };
    const cases = [
      {
        why: "a key that may write, and not read",
        how: { stack: "other", key: blind },
        said: /Access Denied|Insufficient/,
      },
      { why: "a wrong key", how: { key: wrong }, said: /signature/ },
      { why: "nobody answers", how: { endpoint: `http://127.0.0.1:${await freePort()}` }, said: /refused/ },
      { why: "no such bucket", how: { bucket: "nowhere" }, said: /bucket/i },
    ];
    const before = await inBucket(target!, "backup", "scheduled/");
    for (const { why, how, said: words } of cases) {
      const { code, said } = await schedule(how);
      assert.notEqual(code, 0, why);
      assert.match(said, /buckets\.json can't be read \(backup\.endpoint/, why);
      assert.match(said, words, why);
    }
    assert.deepEqual(await inBucket(target!, "backup", "scheduled/"), before);
  });

  it("refuses a backup that lacks an object, before anything is written", async () => {
    const [object] = [...(await saved("buckets/loki/fake/")).keys()];
    const removed = await client().fetch(`${target!.connection.endpoint}/backup/${encodeURI(object)}`, {
      method: "DELETE",
    });
    assert.ok(removed.ok);
    const { code, said } = await command("restore", [from, "--into-existing"]);
    assert.equal(code, 2, said);
    assert.match(
      said,
      /is damaged, or a backup is running[^]*buckets\/loki has .* objects of \d+ bytes; its manifest says/,
    );
  });

  async function storedLines(): Promise<string[]> {
    const [start, end] = [`${now - 49 * 3_600_000}000000`, `${now}000000`];
    const found: string[] = [];
    for (const part of ["[0-4]", "[5-9]"]) {
      const query = new URLSearchParams({ query: `{app=~"app-.*${part}"}`, start, end, limit: "5000" });
      const answer = await fetch(`${loki!.url.read}/loki/api/v1/query_range?${query}`);
      assert.ok(answer.ok, await answer.clone().text());
      const { data } = (await answer.json()) as {
        data: { result: { stream: Record<string, string>; values: [string, string][] }[] };
      };
      for (const { stream, values } of data.result)
        for (const [at, line] of values) found.push(`${stream.app} ${at} ${line}`);
    }
    return found.sort();
  }

  async function storedSamples({ mimirUrl }: Home): Promise<string[]> {
    const query = new URLSearchParams({ query: "reading[50h]", time: `${now / 1000}` });
    const answer = await fetch(`${mimirUrl}/prometheus/api/v1/query?${query}`);
    const { data } = (await answer.json()) as {
      data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
    };
    return (data?.result ?? [])
      .flatMap(({ metric, values }) => values.map(([at, value]) => `${metric.sensor} ${at} ${value}`))
      .sort();
  }
});
