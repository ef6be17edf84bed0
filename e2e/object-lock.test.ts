import assert from "node:assert/strict";
import { AwsClient } from "aws4fetch";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { exitUnlockable } from "../components/object-storage/setup";
import { until } from "../lab/until";
import { administrator, refused, region, StoreSetup } from "./support/store-setup";

// Buckets with object lock, as the embedded store's Job makes them in a real MinIO, whose scanner doesn't rest. Under a real Loki: long/object-lock.test.ts.

const names = { loki: "logs", mimirBlocks: "mimir-blocks", mimirRuler: "mimir-ruler", mimirAlertmanager: "alerts" };
const day = 86_400_000;
const locked = /WORM protected/;

describe("Object lock of the embedded store", function () {
  this.timeout(10 * 60_000);

  const store = new StoreSetup(names, { MINIO_SCANNER_SPEED: "fastest" });
  const loki = (...args: string[]) => store.as("loki", store.keys.loki, ...args);
  const keepDeleted = "1d";

  before(async () => {
    await store.prepare();
    await store.start();
    writeFileSync(join(store.folder, "object"), "a chunk");
  });

  after(() => store.remove());

  const lockOf = async (bucket: string) => {
    const { enabled, mode, validity } = JSON.parse(
      await store.administrator("retention", "info", "--default", "--json", `store/${bucket}`),
    ) as Record<string, string>;
    return [enabled, mode, validity];
  };

  it("is given to new buckets with its period, again by a second run, and stays when the setting is taken out", async () => {
    const seven = ["Enabled", "COMPLIANCE", "7DAYS"];
    store.write({ keepDeleted, objectLock: { mode: "compliance", period: "1w" } });
    await store.run();
    for (const bucket of Object.values(names)) assert.deepEqual(await lockOf(bucket), seven);
    await store.run();
    for (const bucket of Object.values(names)) assert.deepEqual(await lockOf(bucket), seven);
    store.write({ keepDeleted });
    await store.run();
    assert.deepEqual(await lockOf(names.loki), seven);
  });

  it("ends for what is written later, when the administrator clears the period: an older version stays locked", async () => {
    const bucket = `store/${names.mimirAlertmanager}`;
    const remove = async (name: string) => {
      const [{ versionId }] = await store.versions(`${names.mimirAlertmanager}/${name}`);
      return store.administrator("rm", "--version-id", versionId, `${bucket}/${name}`);
    };
    await store.administrator("cp", "object", `${bucket}/before`);
    await store.administrator("retention", "clear", "--default", bucket);
    await store.administrator("cp", "object", `${bucket}/after`);
    await refused(remove("before"), locked);
    await remove("after");
    assert.deepEqual(await store.versions(`${names.mimirAlertmanager}/after`), []);
  });

  it("with mode compliance lets the application delete, and nobody remove what it deleted", async () => {
    const chunk = `store/${names.loki}/fake/chunk`;
    await loki("cp", "object", chunk);
    await loki("rm", chunk);
    assert.equal(await loki("ls", "--recursive", `store/${names.loki}/fake/`), "");
    const { versionId } = (await store.versions(names.loki)).find(({ isDeleteMarker }) => !isDeleteMarker)!;
    const remove = ["rm", "--version-id", versionId, chunk];
    await refused(loki(...remove), /Access Denied/);
    await refused(store.administrator(...remove), locked);
    await refused(store.administrator(...remove, "--bypass"), locked);
    await refused(store.administrator("retention", "clear", "--version-id", versionId, chunk), locked);
    await refused(store.administrator("version", "suspend", `store/${names.loki}`), /cannot be suspended/);
    await store.administrator("undo", chunk, "--force");
    await refused(store.administrator("rb", "--force", `store/${names.loki}`), locked);
    assert.equal(await loki("cat", chunk), "a chunk");
  });

  it("with mode governance is only lifted by an administrator who says so, and holds for what is written from then on", async () => {
    const chunk = `store/${names.mimirBlocks}/chunk`;
    const mimir = (...args: string[]) => store.as("mimir", store.keys.mimir, ...args);
    store.write({ keepDeleted, objectLock: { mode: "governance", period: "2d" } });
    await store.run();
    assert.deepEqual(await lockOf(names.mimirBlocks), ["Enabled", "GOVERNANCE", "2DAYS"]);
    await mimir("cp", "object", chunk);
    await mimir("rm", chunk);
    const all = await store.versions(`${names.mimirBlocks}/chunk`);
    const { versionId } = all.find(({ isDeleteMarker }) => !isDeleteMarker)!;
    const remove = ["rm", "--version-id", versionId, chunk];
    await refused(mimir(...remove, "--bypass"), /Access Denied/);
    await refused(store.administrator(...remove), locked);
    await store.administrator(...remove, "--bypass");
    assert.deepEqual(
      (await store.versions(`${names.mimirBlocks}/chunk`)).filter(({ isDeleteMarker }) => !isDeleteMarker),
      [],
    );
  });

  it("holds back the rule that removes old versions, until it has ended", async () => {
    const { id: accessKeyId, secret: secretAccessKey } = administrator;
    const s3 = new AwsClient({ accessKeyId, secretAccessKey, region, service: "s3" });
    // Written and overwritten long ago, as MinIO's replication brings objects.
    const put = async (key: string, daysAgo: number, until: number) => {
      const headers = {
        "x-minio-source-mtime": new Date(Date.now() - daysAgo * day).toISOString(),
        "x-amz-object-lock-mode": "GOVERNANCE",
        "x-amz-object-lock-retain-until-date": new Date(until).toISOString(),
      };
      const url = `${store.url}/${names.mimirRuler}/${key}`;
      const response = await s3.fetch(url, { method: "PUT", headers, body: `${daysAgo} days old` });
      assert.equal(response.status, 200, await response.text());
    };
    const end = Date.now() + 20_000;
    for (const daysAgo of [10, 9]) {
      await put("ending", daysAgo, end);
      await put("lasting", daysAgo, end + day);
    }
    const count = async (key: string) => (await store.versions(`${names.mimirRuler}/${key}`)).length;
    await until("the old version whose lock has ended is gone", 240, async () =>
      (await count("ending")) === 1 ? true : undefined,
    );
    assert.ok(Date.now() >= end);
    assert.equal(await count("lasting"), 2);
  });

  it("is refused for a bucket that exists without it, before anything is made or changed", async () => {
    await store.administrator("mb", "store/older");
    store.names = { ...names, loki: "older", mimirBlocks: "newer" };
    store.write({ keepDeleted, objectLock: { mode: "governance", period: "5d" } });
    const error: { code?: number; stderr?: string } = await store.run().then(
      () => ({}),
      (error) => error,
    );
    assert.equal(error.code, exitUnlockable);
    assert.match(String(error.stderr), /nothing was changed: .* these buckets exist without object lock: older\.\n/);
    assert.doesNotMatch(await store.administrator("ls", "store"), /newer/);
    assert.deepEqual(await lockOf(names.mimirRuler), ["Enabled", "GOVERNANCE", "2DAYS"]);
  });
});
