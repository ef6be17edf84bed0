import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { hostTool } from "../lab/cluster/tools";
import { applicationNames, bucketsOf, type ApplicationName } from "../components/object-storage/applications";
import { lookAtExisting, lookAtMinio } from "../commands/preflight/object-store";
import { leastPrivilege, type Policy } from "../components/object-storage/policy";
import { keyVariables, setupFiles } from "../components/object-storage/setup";
import { freePort, startServer, type LocalServer } from "../lab/cluster/server";

// The script of the embedded store's Job and its policies, against a real MinIO on the loopback.

const names = { loki: "logs", mimirBlocks: "mimir-blocks", mimirRuler: "mimir-ruler", mimirAlertmanager: "alerts" };
const users: Record<ApplicationName, string> = { loki: "test-loki", mimir: "test-mimir" };
const region = "eu-home-1";
const root = { MINIO_ROOT_USER: "object-store-admin", MINIO_ROOT_PASSWORD: "root password with 'quotes\" & spaces" };

describe("The embedded object store's setup", function () {
  this.timeout(5 * 60_000);

  const folder = mkdtempSync(join(tmpdir(), "object-store-"));
  let keys: Record<ApplicationName, string> = { loki: "first-key-of-loki", mimir: "first-key-of-mimir" };
  let tools: { mc: string; minio: string };
  let url: string;
  let server: LocalServer;

  const startMinio = async (password = root.MINIO_ROOT_PASSWORD) =>
    startServer(tools.minio, ["server", "data", `--address=${url.slice("http://".length)}`, "--certs-dir=certs"], {
      cwd: folder,
      env: { ...root, MINIO_ROOT_PASSWORD: password, MINIO_REGION: region, MINIO_BROWSER: "off", MINIO_UPDATE: "off" },
      ready: `${url}/minio/health/ready`,
    });

  const run = async (command: string, args: string[], env: NodeJS.ProcessEnv) => {
    const result = await promisify(execFile)(command, args, { cwd: folder, env, timeout: 240_000 });
    return result.stdout;
  };

  const setUp = (password = root.MINIO_ROOT_PASSWORD) =>
    run("sh", [join(folder, "setup.sh")], {
      PATH: `${dirname(tools.mc)}:${process.env.PATH}`,
      HOME: join(folder, "no-home"),
      MC_CONFIG_DIR: join(folder, "mc"),
      MINIO_URL: url,
      MINIO_REGION: region,
      ...root,
      MINIO_ROOT_PASSWORD: password,
      ...Object.fromEntries(
        applicationNames.flatMap((name) => {
          const { accessKey, secretKey } = keyVariables(name);
          return [
            [accessKey, users[name]],
            [secretKey, keys[name]],
          ];
        }),
      ),
    });

  /** Runs MinIO's client with an application's key; rejects when the server refuses. */
  const as = (name: ApplicationName, key: string, ...args: string[]) =>
    run(tools.mc, args, {
      HOME: folder,
      MC_CONFIG_DIR: join(folder, `mc-${name}`),
      MC_HOST_store: url.replace("://", `://${users[name]}:${key}@`),
    });
  const administrator = (...args: string[]) => run(tools.mc, args, { HOME: folder, MC_CONFIG_DIR: join(folder, "mc") }); // where the script left its alias `store`

  const refused = (attempt: Promise<unknown>, why: RegExp) =>
    assert.rejects(attempt, ({ stderr }: { stderr: string }) => {
      assert.match(stderr, why);
      return true;
    });
  const denied = /Access Denied|Insufficient permissions/;

  before(async () => {
    tools = { mc: await hostTool("mc"), minio: await hostTool("minio") };
    url = `http://127.0.0.1:${await freePort()}`;
    for (const [file, text] of Object.entries(setupFiles(names, applicationNames)))
      writeFileSync(join(folder, file), text);
    writeFileSync(join(folder, "object"), "a chunk");
    writeFileSync(join(folder, "large"), Buffer.alloc(20 * 2 ** 20)); // above mc's part size
  });

  after(async () => {
    await server?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it("waits for the server, then makes buckets, policies and users", async () => {
    const early = setUp();
    server = await startMinio();
    const said = await early;
    for (const bucket of Object.values(names)) assert.match(said, new RegExp(`store/${bucket}\``));
    for (const user of Object.values(users)) assert.match(said, new RegExp(`Added user \`${user}\``));
  });

  it("makes nothing else and fails at nothing when it runs again", async () => {
    const state = async () => {
      const listed = [["ls"], ["admin", "user", "ls"], ["admin", "policy", "ls"]];
      const texts = await Promise.all(listed.map((list) => administrator(...list, "store")));
      return texts.map((text) => text.split("\n").sort());
    };
    const first = await state();
    await setUp();
    assert.deepEqual(await state(), first);
  });

  // This MinIO gives actions and resources back in any order.
  const sets = ({ Action, Resource }: Policy["Statement"][number]) => ({
    Action: [...Action].sort(),
    ...(Resource && { Resource: [...Resource].sort() }),
  });

  it("leaves each policy in MinIO as it was given", async () => {
    for (const name of applicationNames) {
      const info = JSON.parse(await administrator("admin", "policy", "info", "store", name)) as { Policy: Policy };
      const sorted = info.Policy.Statement.map((each) => ({ ...each, ...sets(each) }));
      assert.deepEqual(sorted, leastPrivilege(bucketsOf(name, names)).Statement);
    }
  });

  for (const name of applicationNames) {
    it(`lets ${name} write, read, list and delete in its own buckets`, async () => {
      for (const bucket of bucketsOf(name, names)) {
        await as(name, keys[name], "cp", "object", `store/${bucket}/folder/object`);
        await as(name, keys[name], "cp", "large", `store/${bucket}/large`);
        assert.equal(await as(name, keys[name], "cat", `store/${bucket}/folder/object`), "a chunk");
        assert.match(await as(name, keys[name], "ls", `store/${bucket}/folder/`), / object\n/);
        await as(name, keys[name], "rm", `store/${bucket}/folder/object`);
        assert.doesNotMatch(await as(name, keys[name], "ls", "--recursive", `store/${bucket}`), /object/);
      }
    });

    it(`refuses ${name} everything in the other's buckets, and everything but objects in its own`, async () => {
      const [own] = bucketsOf(name, names);
      const others = applicationNames.filter((other) => other !== name).flatMap((other) => bucketsOf(other, names));
      for (const bucket of others) {
        await refused(as(name, keys[name], "ls", `store/${bucket}`), denied);
        await refused(as(name, keys[name], "cp", "object", `store/${bucket}/object`), denied);
        await refused(as(name, keys[name], "cat", `store/${bucket}/large`), denied);
        await refused(as(name, keys[name], "rm", `store/${bucket}/large`), denied);
      }
      assert.doesNotMatch(await as(name, keys[name], "ls", "store"), new RegExp(others.join("|")));
      await refused(as(name, keys[name], "mb", "store/new-bucket"), denied);
      await refused(as(name, keys[name], "rb", "--force", `store/${own}`), denied);
      await refused(as(name, keys[name], "anonymous", "set", "public", `store/${own}`), denied);
      await refused(as(name, keys[name], "admin", "user", "ls", "store"), denied);
      await refused(as(name, keys[name], "admin", "user", "add", "store", users[name], "a-key-of-its-own"), denied);
      await refused(as(name, keys[name], "admin", "accesskey", "create", "store/"), denied);
    });
  }

  it("keeps what was deleted where it is told to: hidden from its owner, whose key can't remove it, and brought back by the administrator", async () => {
    for (const [file, text] of Object.entries(setupFiles(names, applicationNames, "7d")))
      writeFileSync(join(folder, file), text);
    await setUp();
    await setUp();
    const exported = JSON.parse(await administrator("ilm", "rule", "export", `store/${names.loki}`)) as object;
    assert.deepEqual(exported, {
      Rules: [
        {
          ID: "deleted-versions",
          Status: "Enabled",
          NoncurrentVersionExpiration: { NoncurrentDays: 7 },
          Expiration: { ExpiredObjectDeleteMarker: true },
        },
      ],
    });
    const [key, chunk] = [keys.loki, `store/${names.loki}/fake/chunk`];
    await as("loki", key, "cp", "object", chunk);
    await as("loki", key, "rm", chunk);
    assert.equal(await as("loki", key, "ls", "--recursive", `store/${names.loki}/fake/`), "");
    await refused(as("loki", key, "rm", "--versions", "--force", chunk), denied);
    await administrator("undo", chunk, "--force");
    assert.equal(await as("loki", key, "cat", chunk), "a chunk");
  });

  it("shows preflight what its buckets do with what is deleted: versions, rules and object lock", async () => {
    const [buckets, periods] = [
      ["plain", "growing", "locked", "expiring"],
      ["--default", "governance", "7d"],
    ];
    await administrator("mb", "store/plain", "store/expiring");
    await administrator("mb", "--with-lock", "store/growing", "store/locked");
    for (const bucket of ["growing", "locked"]) await administrator("retention", "set", ...periods, `store/${bucket}`);
    await administrator("ilm", "rule", "add", "--noncurrent-expire-days=7", "store/locked");
    await administrator("ilm", "rule", "add", "--expire-days=30", "store/expiring");
    const rows = (results: Awaited<ReturnType<typeof lookAtMinio>>) =>
      results
        .filter(({ what }) => /^rules/.test(what))
        .map(({ what, status, found }) => `${what}: ${status}: ${found}`);
    const settings = { region, endpoint: url, forcePathStyle: true };
    const minio = { ...settings, kind: "minio" as const, providerAddress: new URL(url).host, providerTls: false };
    const administrators = { id: root.MINIO_ROOT_USER, secret: root.MINIO_ROOT_PASSWORD };
    const look = async (keepDeleted?: string) =>
      rows(
        await lookAtMinio({ ...minio, metrics: false, importBuckets: [], keepDeleted }, buckets, administrators, {
          milliseconds: 60_000,
        }),
      );
    const locked =
      "rules of bucket locked: ok: keeps versions with object lock (governance, 7 days); old ones go after 7";
    const growing = "rules of bucket growing:";
    assert.deepEqual(await look(), [
      `${growing} unsure: keeps versions with object lock (governance, 7 days), and no rule removes old ones: it only grows, whatever is deleted`,
      `${locked} days`,
      `rules of bucket expiring: failed: its lifecycle rule ${await idOf("expiring")} removes or moves objects by their age`,
    ]);
    // The setting's rule takes the place of all others.
    assert.deepEqual(await look("7d"), [
      `${growing} ok: keeps versions with object lock (governance, 7 days); old ones go after 7d`,
      `${locked}d`,
    ]);
    // The key that an application has may not look.
    const uses = [{ buckets: [names.loki], key: { id: users.loki, secret: keys.loki } }];
    assert.deepEqual(rows(await lookAtExisting({ ...settings, kind: "existing" }, uses, { milliseconds: 60_000 })), [
      `rules of bucket ${names.loki}: skipped: not seen: the server denies access with this key (AccessDenied)`,
    ]);
  });

  const idOf = async (bucket: string) => {
    const exported = await administrator("ilm", "rule", "export", `store/${bucket}`);
    return (JSON.parse(exported) as { Rules: [{ ID: string }] }).Rules[0].ID;
  };

  it("takes no rule for unfinished uploads, which MinIO removes by itself", async () => {
    const rule = { ID: "a", Status: "Enabled", AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } };
    writeFileSync(join(folder, "abort.json"), JSON.stringify({ Rules: [rule] }));
    const mc = [tools.mc, "ilm", "rule", "import", `store/${names.loki}`].map((word) => `'${word}'`).join(" ");
    const environment = { HOME: folder, MC_CONFIG_DIR: join(folder, "mc") };
    await refused(run("sh", ["-c", `${mc} < abort.json`], environment), /not well-formed/);
  });

  it("rotates a key: the new one works, and the old one is refused", async () => {
    const old = keys.loki;
    keys = { ...keys, loki: "second-key-of-loki" };
    await setUp();
    await as("loki", keys.loki, "cp", "object", `store/${names.loki}/kept`);
    await refused(as("loki", old, "ls", `store/${names.loki}`), /signature/);
  });

  it("goes on with a new password of the administrator, after which the old one is refused and the data is there", async () => {
    await server.stop();
    server = await startMinio("another-password");
    await setUp("another-password");
    assert.match(await as("loki", keys.loki, "ls", `store/${names.loki}`), /kept/);
    await refused(setUp(), /signature/);
  });
});
