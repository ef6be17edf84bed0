import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { applicationNames, bucketsOf } from "../components/object-storage/applications";
import { lookAtExisting, lookAtMinio } from "../commands/preflight/object-store";
import { leastPrivilege, type Policy } from "../components/object-storage/policy";
import { administrator, refused, region, StoreSetup, users } from "./support/store-setup";

// The script of the embedded store's Job and its policies, against a real MinIO on the loopback.

const names = { loki: "logs", mimirBlocks: "mimir-blocks", mimirRuler: "mimir-ruler", mimirAlertmanager: "alerts" };

describe("The embedded object store's setup", function () {
  this.timeout(5 * 60_000);

  const store = new StoreSetup(names);
  const denied = /Access Denied|Insufficient permissions/;

  before(async () => {
    await store.prepare();
    store.write();
    writeFileSync(join(store.folder, "object"), "a chunk");
    writeFileSync(join(store.folder, "large"), Buffer.alloc(20 * 2 ** 20)); // above mc's part size
  });

  after(() => store.remove());

  it("waits for the server, then makes buckets, policies and users", async () => {
    const early = store.run();
    await store.start();
    const said = await early;
    for (const bucket of Object.values(names)) assert.match(said, new RegExp(`store/${bucket}\``));
    for (const user of Object.values(users)) assert.match(said, new RegExp(`Added user \`${user}\``));
  });

  it("makes nothing else and fails at nothing when it runs again", async () => {
    const state = async () => {
      const listed = [["ls"], ["admin", "user", "ls"], ["admin", "policy", "ls"]];
      const texts = await Promise.all(listed.map((list) => store.administrator(...list, "store")));
      return texts.map((text) => text.split("\n").sort());
    };
    const first = await state();
    await store.run();
    assert.deepEqual(await state(), first);
  });

  // This MinIO gives actions and resources back in any order.
  const sets = ({ Action, Resource }: Policy["Statement"][number]) => ({
    Action: [...Action].sort(),
    ...(Resource && { Resource: [...Resource].sort() }),
  });

  it("leaves each policy in MinIO as it was given", async () => {
    for (const name of applicationNames) {
      const info = JSON.parse(await store.administrator("admin", "policy", "info", "store", name)) as {
        Policy: Policy;
      };
      const sorted = info.Policy.Statement.map((each) => ({ ...each, ...sets(each) }));
      assert.deepEqual(sorted, leastPrivilege(bucketsOf(name, names)).Statement);
    }
  });

  for (const name of applicationNames) {
    it(`lets ${name} write, read, list and delete in its own buckets`, async () => {
      for (const bucket of bucketsOf(name, names)) {
        await store.as(name, store.keys[name], "cp", "object", `store/${bucket}/folder/object`);
        await store.as(name, store.keys[name], "cp", "large", `store/${bucket}/large`);
        assert.equal(await store.as(name, store.keys[name], "cat", `store/${bucket}/folder/object`), "a chunk");
        assert.match(await store.as(name, store.keys[name], "ls", `store/${bucket}/folder/`), / object\n/);
        await store.as(name, store.keys[name], "rm", `store/${bucket}/folder/object`);
        assert.doesNotMatch(await store.as(name, store.keys[name], "ls", "--recursive", `store/${bucket}`), /object/);
      }
    });

    it(`refuses ${name} everything in the other's buckets, and everything but objects in its own`, async () => {
      const [own] = bucketsOf(name, names);
      const others = applicationNames.filter((other) => other !== name).flatMap((other) => bucketsOf(other, names));
      for (const bucket of others) {
        await refused(store.as(name, store.keys[name], "ls", `store/${bucket}`), denied);
        await refused(store.as(name, store.keys[name], "cp", "object", `store/${bucket}/object`), denied);
        await refused(store.as(name, store.keys[name], "cat", `store/${bucket}/large`), denied);
        await refused(store.as(name, store.keys[name], "rm", `store/${bucket}/large`), denied);
      }
      assert.doesNotMatch(await store.as(name, store.keys[name], "ls", "store"), new RegExp(others.join("|")));
      await refused(store.as(name, store.keys[name], "mb", "store/new-bucket"), denied);
      await refused(store.as(name, store.keys[name], "rb", "--force", `store/${own}`), denied);
      await refused(store.as(name, store.keys[name], "anonymous", "set", "public", `store/${own}`), denied);
      await refused(store.as(name, store.keys[name], "admin", "user", "ls", "store"), denied);
      await refused(
        store.as(name, store.keys[name], "admin", "user", "add", "store", users[name], "a-key-of-its-own"),
        denied,
      );
      await refused(store.as(name, store.keys[name], "admin", "accesskey", "create", "store/"), denied);
    });
  }

  it("keeps what was deleted where it is told to: hidden from its owner, whose key can't remove it, and brought back by the administrator", async () => {
    store.write({ keepDeleted: "7d" });
    await store.run();
    await store.run();
    const exported = JSON.parse(await store.administrator("ilm", "rule", "export", `store/${names.loki}`)) as object;
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
    const [key, chunk] = [store.keys.loki, `store/${names.loki}/fake/chunk`];
    await store.as("loki", key, "cp", "object", chunk);
    await store.as("loki", key, "rm", chunk);
    assert.equal(await store.as("loki", key, "ls", "--recursive", `store/${names.loki}/fake/`), "");
    await refused(store.as("loki", key, "rm", "--versions", "--force", chunk), denied);
    await store.administrator("undo", chunk, "--force");
    assert.equal(await store.as("loki", key, "cat", chunk), "a chunk");
  });

  it("shows preflight what its buckets do with what is deleted: versions, rules and object lock", async () => {
    const [buckets, periods] = [
      ["plain", "growing", "locked", "expiring"],
      ["--default", "governance", "7d"],
    ];
    await store.administrator("mb", "store/plain", "store/expiring");
    await store.administrator("mb", "--with-lock", "store/growing", "store/locked");
    for (const bucket of ["growing", "locked"])
      await store.administrator("retention", "set", ...periods, `store/${bucket}`);
    await store.administrator("ilm", "rule", "add", "--noncurrent-expire-days=7", "store/locked");
    await store.administrator("ilm", "rule", "add", "--expire-days=30", "store/expiring");
    const rows = (results: Awaited<ReturnType<typeof lookAtMinio>>) =>
      results
        .filter(({ what }) => /^rules/.test(what))
        .map(({ what, status, found }) => `${what}: ${status}: ${found}`);
    const settings = { region, endpoint: store.url, forcePathStyle: true };
    const minio = { ...settings, kind: "minio" as const, providerAddress: new URL(store.url).host, providerTls: false };
    const look = async (keepDeleted?: string) =>
      rows(
        await lookAtMinio({ ...minio, metrics: false, importBuckets: [], keepDeleted }, buckets, administrator, {
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
    const uses = [{ buckets: [names.loki], key: { id: users.loki, secret: store.keys.loki } }];
    assert.deepEqual(rows(await lookAtExisting({ ...settings, kind: "existing" }, uses, { milliseconds: 60_000 })), [
      `rules of bucket ${names.loki}: skipped: not seen: the server denies access with this key (AccessDenied)`,
    ]);
  });

  const idOf = async (bucket: string) => {
    const exported = await store.administrator("ilm", "rule", "export", `store/${bucket}`);
    return (JSON.parse(exported) as { Rules: [{ ID: string }] }).Rules[0].ID;
  };

  it("takes no rule for unfinished uploads, which MinIO removes by itself", async () => {
    const rule = { ID: "a", Status: "Enabled", AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 } };
    await refused(store.importRules(names.loki, { Rules: [rule] }), /not well-formed/);
  });

  it("rotates a key: the new one works, and the old one is refused", async () => {
    const old = store.keys.loki;
    store.keys = { ...store.keys, loki: "second-key-of-loki" };
    await store.run();
    await store.as("loki", store.keys.loki, "cp", "object", `store/${names.loki}/kept`);
    await refused(store.as("loki", old, "ls", `store/${names.loki}`), /signature/);
  });

  it("goes on with a new password of the administrator, after which the old one is refused and the data is there", async () => {
    await store.stop();
    await store.start("another-password");
    await store.run("another-password");
    assert.match(await store.as("loki", store.keys.loki, "ls", `store/${names.loki}`), /kept/);
    await refused(store.run(), /signature/);
  });
});
