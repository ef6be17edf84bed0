import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { backup, type BackupArgs } from "../../../commands/backup/backup";
import { run } from "../../../commands/backup/cli";
import { dashboards, silences, state } from "../../../commands/backup/files";
import { flush, writersOf } from "../../../commands/backup/flush";
import { placeOf } from "../../../commands/backup/place";
import { restore, type RestoreArgs } from "../../../commands/backup/restore";
import { storesOf, type Stores } from "../../../commands/backup/stores";
import { refuseSchedule } from "../../../commands/backup/turn";
import { GrafanaApi } from "../../../commands/shared/grafana/client";
import type { Api, Reply } from "../../../commands/shared/api/api-server";
import { silence, unfinishedFile } from "../../../components/backup/copying";
import { settingsSchema } from "../../../settings/schema";
import { temporaryFolder } from "../../support/temporary-folder";
import { serveGrafana, stopGrafanas, token } from "../grafana/stand-in";
import { StandInPulumi } from "../pulumi/stand-in";
import { MemoryMc } from "./memory-mc";

const host = "http://key:secret@nas:9000";
const { signal } = new AbortController();
const stores: Stores = {
  buckets: [
    { use: "loki", name: "logs", alias: "loki" },
    { use: "mimirBlocks", name: "blocks", alias: "mimir" },
  ],
  hosts: { loki: "http://key:secret@minio:9000", mimir: "http://key:secret@minio:9000" },
};
const place = "target/backup/home";

/** A stack with a chunk, its index, and a block. */
function stack(): MemoryMc {
  const mc = new MemoryMc();
  mc.objects.set("loki/logs/fake/a/1", "x".repeat(3 * 2 ** 20));
  mc.objects.set("loki/logs/index/day/1", "fake/a/1");
  mc.objects.set("loki/logs/loki_cluster_seed.json", "{}");
  block(mc, "01A");
  mc.objects.set("mimir/blocks/anonymous/bucket-index.json.gz", "01A");
  return mc;
}

function block(mc: MemoryMc, ulid: string): void {
  for (const file of ["chunks/000001", "index", "meta.json"])
    mc.objects.set(`mimir/blocks/anonymous/${ulid}/${file}`, ulid);
}

const told: string[] = [];
const backupOf = (mc: MemoryMc, more: Partial<BackupArgs> = {}) =>
  backup({
    ...{ stack: "home", to: placeOf("s3://backup/home", host, mc), stores, mc, writers: [], settle: 0 },
    ...{ parts: {}, acceptLoss: false, signal, tell: (line) => void told.push(line), ...more },
  });
const restoreOf = (mc: MemoryMc, more: Partial<RestoreArgs> = {}) =>
  restore({
    ...{ from: placeOf("s3://backup/home", host, mc), stores, mc, parts: {}, intoExisting: false },
    ...{ tell: (line) => void told.push(line), ...more },
  });

/** The same backup, and a stack whose buckets are empty. */
function afterFire(mc: MemoryMc): MemoryMc {
  for (const name of [...mc.objects.keys()]) if (!name.startsWith("target/")) mc.objects.delete(name);
  return mc;
}

const apiWith = (answers: Record<string, object | Reply>, asked: string[] = []): Api => ({
  server: "https://cluster",
  request: (path, request = {}) => {
    asked.push(`${request.method ?? (request.json ? "POST" : "GET")} ${path}`);
    const found = answers[path];
    if (found === undefined) return Promise.resolve({ status: 404, body: "not found" });
    return Promise.resolve("status" in found ? (found as Reply) : { status: 200, body: JSON.stringify(found) });
  },
});

describe("a backup", () => {
  it("has everything of the buckets but what an application writes anew, and brings it back", async () => {
    const mc = stack();
    assert.deepEqual(await backupOf(mc), []);
    assert.deepEqual(mc.below(`${place}/buckets/loki`), ["fake/a/1", "index/day/1"]);
    assert.deepEqual(
      mc.below(place).filter((name) => name.endsWith(".json") && !name.includes("/")),
      ["buckets.json"],
    );
    afterFire(mc).objects.set("loki/logs/loki_cluster_seed.json", "another");
    mc.objects.set("loki/logs/index/delete_requests/delete_requests.gz", "none");
    assert.deepEqual(await restoreOf(mc), []);
    assert.deepEqual(mc.below("loki/logs"), [
      ...["fake/a/1", "index/day/1", "index/delete_requests/delete_requests.gz", "loki_cluster_seed.json"],
    ]);
    assert.deepEqual(
      mc.below("mimir/blocks"),
      ["chunks/000001", "index", "meta.json"].map((file) => `anonymous/01A/${file}`),
    );
    assert.equal(mc.objects.get("loki/logs/loki_cluster_seed.json"), "another");
  });

  it("names nothing that isn't in it, at whichever step it is ended, while lines come and go", async () => {
    /** What the backup names and lacks. */
    const lacking = (mc: MemoryMc) => {
      const names = mc.below(`${place}/buckets`);
      const chunks = names
        .filter((name) => name.startsWith("loki/index/"))
        .map((name) => `loki/${mc.objects.get(`${place}/buckets/${name}`)}`);
      const blocks = names
        .filter((name) => name.endsWith("/meta.json"))
        .flatMap((name) => ["chunks/000001", "index"].map((file) => name.replace("meta.json", file)));
      return [...chunks, ...blocks].filter((name) => !names.includes(name));
    };
    for (let end = 1; end <= 12; end++) {
      const mc = stack();
      await backupOf(mc);
      mc.copies = 0;
      mc.meanwhile = (copy) => {
        assert.deepEqual(lacking(mc), [], `before copy ${copy}`);
        if (copy === end) throw new Error("killed");
        // Since the copy before, one more chunk, and another index; a block was merged into another.
        mc.objects.set(`loki/logs/fake/a/new-${copy}`, "x");
        mc.objects.set(`loki/logs/index/day/new-${copy}`, `fake/a/new-${copy}`);
        block(mc, `01B${copy}`);
        mc.objects.delete(`loki/logs/index/day/new-${copy - 1}`);
      };
      if (end < 12) await assert.rejects(backupOf(mc), /killed/);
      else await backupOf(mc);
      mc.meanwhile = () => undefined;
      await backupOf(mc);
      assert.deepEqual(lacking(mc), []);
      await restoreOf(afterFire(mc));
    }
  });

  it("goes with what the stack deletes, but not where most of it is gone", async () => {
    const mc = stack();
    await backupOf(mc);
    mc.objects.delete("mimir/blocks/anonymous/01A/meta.json");
    await backupOf(mc);
    assert.deepEqual(mc.below(`${place}/buckets/mimirBlocks`), ["anonymous/01A/chunks/000001", "anonymous/01A/index"]);
    mc.objects.delete("loki/logs/fake/a/1");
    const before = new Map(mc.objects);
    await assert.rejects(
      backupOf(mc),
      /^Error: bucket logs has 0\.0 MiB, and the backup 3\.0 MiB: what is gone would be removed from the backup\n→ npm run restore, .*--accept-loss/,
    );
    assert.deepEqual(mc.objects, before);
    await backupOf(mc, { acceptLoss: true });
    assert.deepEqual(mc.below(`${place}/buckets/loki`), ["index/day/1"]);
  });

  it("refuses, before anything is written, a disk without room, a place that is none, and a read-only target", async () => {
    const mc = stack();
    const before = new Map(mc.objects);
    const to = { ...placeOf(join(temporaryFolder(), "new"), undefined, mc), free: () => 2 ** 20 };
    await assert.rejects(backupOf(mc, { to }), /has 1\.0 MiB free, but 3\.0 MiB have to be copied\n→ make room/);
    const file = join(temporaryFolder(), "file");
    writeFileSync(file, "");
    await assert.rejects(backupOf(mc, { to: placeOf(join(file, "below"), undefined, mc) }), /file is not a folder/);
    mc.readOnly.push("target/backup");
    await assert.rejects(backupOf(mc), /s3:\/\/backup\/home of http:\/\/nas:9000 can't be written to: Access Denied/);
    assert.deepEqual(mc.objects, before);
    for (const where of ["s4://backup", "http://nas/backup", ""])
      assert.throws(() => placeOf(where, host, mc), /can't hold a backup\n→ s3:\/\/BUCKET\/PREFIX, or a folder/);
    for (const variable of [undefined, "nas:9000", "http://nas:9000"])
      assert.throws(() => placeOf("s3://backup", variable, mc), /MC_HOST_target is(n't| no| not)/);
  });

  it("refuses the stack's own bucket under whatever address its server has, and no other of that name", async () => {
    const mc = stack();
    const own = placeOf("s3://logs/backup", "http://other:key@minio:9000", mc);
    mc.sameServer = ["target", "loki"];
    const before = new Map(mc.objects);
    await assert.rejects(backupOf(mc, { to: own }), /is the stack's own bucket \(loki\)/);
    assert.deepEqual(mc.objects, before);
    mc.sameServer = undefined;
    await backupOf(mc, { to: placeOf("s3://logs/backup", host, mc) });
  });

  it("flushes every writer, and says of all that don't answer", async () => {
    const settings = settingsSchema.parse({
      stage: "dual-write",
      loki: { mode: "simple-scalable", write: { replicas: 2 }, replicationFactor: 1 },
    });
    const asked: string[] = [];
    const at = (pod: string) => `/api/v1/namespaces/monitoring/pods/${pod}/proxy`;
    const api = apiWith({ [`${at("loki-write-0:3100")}/flush`]: { status: 204, body: "" } }, asked);
    const writers = await writersOf(settings, {}, () => Promise.resolve(api));
    await assert.rejects(
      flush(writers, signal),
      /^Error: pod monitoring\/loki-write-1 answers 404: not found\npod monitoring\/mimir-0 answers 404: not found\n→ .*--no-flush/,
    );
    assert.deepEqual(asked, [
      `POST ${at("loki-write-0:3100")}/flush`,
      `POST ${at("loki-write-1:3100")}/flush`,
      `POST ${at("mimir-0:9009")}/ingester/flush?wait=true`,
    ]);
  });
});

describe("two backups at once", () => {
  const unfinished = `${place}/${unfinishedFile}`;
  const at = (seconds: number, host = "elsewhere", pid = 1) =>
    JSON.stringify({ version: 1, stack: "home", began: new Date().toISOString(), host, pid, alive: seconds });
  const now = () => Math.floor(Date.now() / 1000);

  it("are refused while something is heard of the other one; one that was killed is known at once on the same machine", async () => {
    const mc = stack();
    for (const other of [at(now() - 60), at(now() - 60, hostname(), process.ppid)]) {
      mc.objects.set(unfinished, other);
      const before = new Map(mc.objects);
      await assert.rejects(
        backupOf(mc),
        /^Error: process \d+ of .* is making a backup in s3:\/\/backup\/home of .*, begun at .*\n→ wait until it has ended; if it was killed, again in 9 minutes/,
      );
      assert.deepEqual(mc.objects, before);
    }
    const { pid } = spawnSync(process.execPath, ["--version"]);
    for (const over of [at(now() - silence), at(now() - 60, hostname(), pid), "{", '{"version":1}']) {
      mc.objects.set(unfinished, over);
      await backupOf(mc);
      assert.ok(!mc.objects.has(unfinished), over);
    }
  });

  it("has said who is at it, when and where, while it copies", async () => {
    const mc = stack();
    let said = {} as { host: string; pid: number; alive: number };
    mc.meanwhile = () => void (said = JSON.parse(mc.objects.get(unfinished)!) as typeof said);
    await backupOf(mc);
    assert.deepEqual([said.host, said.pid], [hostname(), process.pid]);
    assert.ok(now() - said.alive < 60);
  });

  it("are refused while a Job of the schedule makes the same one, also one that has begun a moment ago", async () => {
    const settings = settingsSchema.parse({
      backup: { enabled: true, to: "s3://backup/home", endpoint: "http://nas:9000", secret: "key" },
    });
    const job = (name: string, owner: string, ...conditions: object[]) => ({
      metadata: { name, ownerReferences: [{ kind: "CronJob", name: owner }] },
      status: { conditions },
    });
    const ended = { type: "Complete", status: "True" };
    const jobs = (...items: object[]) => ({ "/apis/batch/v1/namespaces/monitoring/jobs": { items } });
    const pods = "/api/v1/namespaces/monitoring/pods?labelSelector=batch.kubernetes.io%2Fjob-name%3Dbackup-2";
    const others = [job("backup-1", "backup", ended), job("reports-1", "reports")];
    const busy = {
      ...jobs(...others, job("backup-2", "backup")),
      [pods]: { items: [{ metadata: { name: "pod-a" } }] },
    };
    const scheduleOf = (answers: object, where = "s3://backup/home") => {
      const api = Promise.resolve(apiWith(answers as Record<string, object>));
      return () =>
        refuseSchedule(
          settings,
          where,
          () => api,
          (line) => void told.push(line),
        );
    };
    const why =
      /^Error: Job monitoring\/backup-2 of the schedule is making this backup, in pod pod-a[^]*\n→ wait: kubectl .*job\/backup-2; or end it: kubectl -n monitoring delete job backup-2/;
    const mc = stack();
    const before = new Map(mc.objects);
    await assert.rejects(backupOf(mc, { refuseSchedule: scheduleOf(busy) }), why);
    assert.deepEqual(mc.objects, before);

    const looks = [scheduleOf(jobs(...others)), scheduleOf(busy)];
    await assert.rejects(backupOf(mc, { refuseSchedule: () => looks.shift()!() }), why);
    assert.equal(mc.copies, 0);

    await backupOf(mc, { refuseSchedule: scheduleOf(jobs(...others)) });
    await backupOf(mc, { refuseSchedule: scheduleOf(busy, "s3://backup/other") });
    told.length = 0;
    await backupOf(mc, { refuseSchedule: scheduleOf({}) });
    assert.match(told.join("\n"), /can't find out whether the schedule's Job is running: it answers 404/);
  });
});

describe("a restore", () => {
  const refused = async (mc: MemoryMc, why: RegExp, more: Partial<RestoreArgs> = {}) => {
    const before = new Map(mc.objects);
    await assert.rejects(restoreOf(mc, more), why);
    assert.deepEqual(mc.objects, before);
  };

  it("refuses, before anything is written, a stack that has data, one that can't be written to, and one without such buckets", async () => {
    const mc = stack();
    await backupOf(mc);
    await refused(
      mc,
      /bucket logs has data: fake\/, index\/day\/\nbucket blocks has data: anonymous\/\n→ .*--into-existing/,
    );
    afterFire(mc).readOnly.push("mimir");
    await refused(mc, /bucket blocks can't be written to: Access Denied/);
    const [loki] = stores.buckets;
    await refused(mc, /the backup has a bucket mimirBlocks, but the stack doesn't/, {
      stores: { ...stores, buckets: [loki] },
    });
  });

  it("refuses a manifest that it can't read, of another version, or that says another number", async () => {
    const mc = stack();
    await refused(mc, /s3:\/\/backup\/home of http:\/\/nas:9000 has no backup/);
    await backupOf(mc);
    const [name, text] = [`${place}/buckets.json`, mc.objects.get(`${place}/buckets.json`)!];
    afterFire(mc);
    for (const [wrong, why] of [
      ["{", /buckets\.json of .* is not JSON/],
      [text.replace('"version": 1', '"version": 2'), /can't be read by this version:\nversion: /],
      [text.replace('"objects": 2', '"objects": 3'), /is damaged[^]*buckets\/loki has 2 objects .*its manifest says 3/],
    ] as const) {
      mc.objects.set(name, wrong);
      await refused(mc, why);
    }
    mc.objects.set(name, text);
    await restoreOf(mc);
  });
});

describe("what else is in a backup", () => {
  afterEach(stopGrafanas);

  it("is for its owner only, in a folder", async () => {
    const folder = join(temporaryFolder(), "new");
    await placeOf(folder, undefined, new MemoryMc()).write("state.json", "{}");
    assert.equal(statSync(join(folder, "state.json")).mode & 0o777, 0o600);
    assert.equal(statSync(folder).mode & 0o777, 0o700);
  });

  it("brings back dashboards, silences and the state, once", async () => {
    const panel = { type: "stat", datasource: { uid: "prometheus" } };
    const dataSources = [{ uid: "prometheus", name: "Prometheus", readOnly: true }];
    const [old, own] = [
      await serveGrafana({
        dashboards: [{ dashboard: { uid: "power", title: "Power", panels: [panel] } }],
        dataSources,
      }),
      await serveGrafana({ dataSources }),
    ];
    const grafana = ({ url }: { url: string }) => dashboards(new GrafanaApi(url, { token }, signal));
    const silence = { matchers: [{ name: "alertname", value: "X" }], comment: "a dry summer", createdBy: "Ada" };
    const until = (days: number) => new Date(Date.now() + days * 86_400_000).toISOString();
    const kept = [
      { ...silence, id: "1", status: { state: "active" }, startsAt: until(-1), endsAt: until(1) },
      { ...silence, id: "2", status: { state: "expired" }, startsAt: until(-2), endsAt: until(-1) },
    ];
    const made: object[] = [];
    const alertmanager = (has: object[]): Api => ({
      server: "http://alertmanager",
      request: (_, request) => {
        if (request?.json) has.push({ ...(request.json as object), status: { state: "active" } });
        return Promise.resolve({ status: 200, body: JSON.stringify(has) });
      },
    });
    const pulumi = new StandInPulumi().install("", undefined, { version: 3, deployment: { resources: [{}, {}] } });
    const file = join(temporaryFolder(), "state.json");
    try {
      const mc = stack();
      const parts = { dashboards: grafana(old), silences: silences(alertmanager(kept)), state: state("home", file) };
      assert.deepEqual(await backupOf(mc, { parts }), []);
      const brought = { dashboards: grafana(own), silences: silences(alertmanager(made)), state: state("home", file) };
      told.length = 0;
      const open = await restoreOf(afterFire(mc), { parts: brought });
      assert.match(
        open.join("\n"),
        /^if this stack has no state: npx pulumi stack import --stack home --file .*state\.json/,
      );
      assert.deepEqual(told.slice(-3), [
        "dashboards: 1 created, 0 exist already",
        "silences: 1 created, 0 exist already, 0 have expired",
        `state: written to ${file}`,
      ]);
      assert.equal((JSON.parse(readFileSync(file, "utf8")) as { version: number }).version, 3);
      assert.equal(statSync(file).mode & 0o777, 0o600);
      assert.equal("id" in made[0], false);
      await restoreOf(mc, {
        parts: { silences: brought.silences, dashboards: brought.dashboards },
        intoExisting: true,
      });
      assert.ok(told.includes("silences: 0 created, 1 exist already, 0 have expired"), told.join("\n"));

      const text = mc.objects.get(`${place}/silences.json`)!;
      mc.objects.set(`${place}/silences.json`, text.replace("Ada", "Eve"));
      await assert.rejects(
        restoreOf(mc, { parts: { silences: brought.silences }, intoExisting: true }),
        /silences\.json is not what was saved: its SHA-256 differs; to restore without it: --without silences/,
      );
    } finally {
      pulumi.remove();
    }
  });

  it("says of all that can't be had what to do, before anything is copied", async () => {
    const mc = stack();
    const before = new Map(mc.objects);
    const gone: Api = {
      server: "http://alertmanager",
      request: () => Promise.resolve({ status: 503, body: "starting" }),
    };
    const pulumi = new StandInPulumi();
    try {
      const parts = { silences: silences(gone), state: state("home", "state.json") };
      await assert.rejects(
        backupOf(mc, { parts }),
        /Alertmanager answers 503: starting\n→ .*--without silences\nPulumi doesn't give the state of stack home: its CLI is not at .*\n→ .*--without state/,
      );
    } finally {
      pulumi.remove();
    }
    assert.deepEqual(mc.objects, before);
    await backupOf(mc);
    await assert.rejects(
      restoreOf(afterFire(mc), { parts: { state: state("home", "state.json") } }),
      /state are not in this backup; to restore without them: --without state/,
    );
  });
});

describe("a stack's buckets", () => {
  const of = (settings: object, answers: Record<string, object> = {}, more: object = {}) =>
    storesOf({
      ...{ settings: settingsSchema.parse(settings), environment: {} },
      ...{ api: () => Promise.resolve(apiWith(answers)), ...more },
    });
  const secret = (id: string, key: string) => ({
    data: Object.fromEntries(
      Object.entries({ AWS_ACCESS_KEY_ID: id, AWS_SECRET_ACCESS_KEY: key }).map(([name, value]) => [
        name,
        Buffer.from(value).toString("base64"),
      ]),
    ),
  });
  const path = (kind: string, name: string) => `/api/v1/namespaces/monitoring/${kind}/${name}`;
  const minio = { kind: "minio", endpoint: "http://10.0.0.1:9000", providerAddress: "nas:9000" };

  it("are reached by the settings' address and the Secrets' keys, or by what the environment says", async () => {
    const answers = {
      [path("secrets", "loki-object-store")]: secret("loki", "one"),
      [path("secrets", "mimir-object-store")]: secret("mimir", "two"),
    };
    const { buckets, hosts } = await of({ objectStore: minio }, answers);
    assert.deepEqual(hosts, { loki: "http://loki:one@nas:9000", mimir: "http://mimir:two@nas:9000" });
    assert.deepEqual(
      buckets.map(({ use, alias }) => `${alias} ${use}`),
      ["loki loki", "mimir mimirBlocks", "mimir mimirRuler", "mimir mimirAlertmanager"],
    );
    const environment = { MC_HOST_loki: "http://a:b@c", MC_HOST_mimir: "http://d:e@f" };
    const given = await of({ objectStore: { kind: "embedded" } }, {}, { environment });
    assert.deepEqual(given.hosts, { loki: "http://a:b@c", mimir: "http://d:e@f" });
    const shared = { mimirBlocks: "mimir", mimirRuler: "mimir", mimirAlertmanager: "mimir" };
    const one = await of({ objectStore: minio, buckets: shared }, answers);
    assert.deepEqual(
      one.buckets.map(({ name }) => name),
      ["loki", "mimir"],
    );
  });

  it("of claims are where their ConfigMaps say", async () => {
    const claims = ["loki", "mimir-blocks", "mimir-ruler", "mimir-alertmanager"];
    const answers = Object.fromEntries(
      claims.flatMap((name) => [
        [path("secrets", `${name}-bucket`), secret(name, "key")],
        [
          path("configmaps", `${name}-bucket`),
          { data: { BUCKET_HOST: "rgw.example", BUCKET_PORT: "80", BUCKET_NAME: `${name}-x` } },
        ],
      ]),
    );
    const { buckets, hosts } = await of({ objectStore: { kind: "claim", bucketClass: "ceph" } }, answers);
    assert.deepEqual(buckets[1], { use: "mimirBlocks", alias: "mimirBlocks", name: "mimir-blocks-x" });
    assert.equal(hosts.mimirRuler, "http://mimir-ruler:key@rgw.example:80");
  });

  it("that can't be reached are named all at once, with what to do", async () => {
    const answers = { [path("secrets", "mimir-object-store")]: secret("mimir", "a:b") };
    await assert.rejects(
      of({ objectStore: minio }, answers),
      /Secret monitoring\/loki-object-store isn't there\n→ npm run up creates it; .*MC_HOST_loki[^]*mimir-object-store has a colon/,
    );
    await assert.rejects(
      of({ objectStore: { kind: "embedded" } }, answers),
      /inside the cluster, at http:\/\/minio\.monitoring\.svc:9000\n→ kubectl -n monitoring port-forward service\/minio 9000:9000, and --store/,
    );
  });
});

describe("npm run backup", () => {
  const command = async (...words: string[]) => {
    let said = "";
    const take = (text: string) => void (said += text);
    return { code: await run(words, { out: take, error: take }), said };
  };

  it("refuses what it can't know: another program under the client's name, a part that there isn't, a login that is missing", async () => {
    const folder = temporaryFolder();
    const mc = join(folder, "mc");
    writeFileSync(mc, "#!/bin/sh\necho GNU Midnight Commander 4.8\n", { mode: 0o755 });
    const stack = [
      "backup",
      "--stack=sandbox",
      "--config-file=test/stacks/Pulumi.sandbox.yaml",
      `--to=${join(folder, "to")}`,
    ];
    const midnight = await command(...stack, `--mc=${mc}`);
    assert.match(midnight.said, /Midnight Commander has the same name\)\n→ install it/);
    assert.equal(midnight.code, 2);
    const part = await command(...stack, "--without=users");
    assert.match(part.said, /expected one of dashboards, silences, state/);
    assert.equal(part.code, 2);
    writeFileSync(mc, "#!/bin/sh\necho mc version RELEASE.2025\n");
    const login = await command(...stack, `--mc=${mc}`);
    assert.match(
      login.said,
      /Grafana's address or login is missing\n→ kubectl .*--grafana[^]*; or --without dashboards/,
    );
    assert.equal(login.code, 2);
    assert.equal(existsSync(join(folder, "to")), false);
  });
});
