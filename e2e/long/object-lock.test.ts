import assert from "node:assert/strict";
import { until } from "../../lab/until";
import { settingsSchema } from "../../settings/schema";
import { nanoseconds } from "../support/loki";
import { lokiRing, type LokiRing } from "../support/loki-processes";
import { refused, region, StoreSetup, users } from "../support/store-setup";

const names = { loki: "logs", mimirBlocks: "mimir-blocks", mimirRuler: "mimir-ruler", mimirAlertmanager: "alerts" };
const day = 86_400_000;
const now = Date.now();

describe("Loki with a retention of seven days, which comes into a bucket with object lock", function () {
  this.timeout(15 * 60_000);

  const store = new StoreSetup({ ...names, loki: "logs-before" });
  const pods = ["loki-0"];
  const settings = settingsSchema.parse({
    loki: {
      ...{ retention: "7d", retentionStreams: [{ selector: '{app="brief"}', period: "24h" }] },
      ...{ compactionInterval: "5s", retentionDeleteDelay: "5s", logAlerts: false },
      limits: { rejectOldSamplesMaxAge: "30d" }, // so that there is something to delete
    },
  }).loki;
  let ring: LokiRing | undefined;
  let url: string;

  const startLoki = async (bucket: string) => {
    ring = lokiRing({
      folder: store.folder,
      store: { endpoint: store.url, region, bucket },
      env: { AWS_ACCESS_KEY_ID: users.loki, AWS_SECRET_ACCESS_KEY: store.keys.loki },
      alertmanagerUrl: "http://127.0.0.1:1",
      hurried: true,
    });
    await ring.start(pods, settings);
    url = ring.url(pods[0]);
  };

  before(async () => {
    await store.prepare();
    await store.start();
  });

  after(async () => {
    await ring?.stop();
    await store.remove();
  });

  const push = async (app: string, time: number) => {
    const response = await fetch(`${url}/loki/api/v1/push`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ streams: [{ stream: { app }, values: [[nanoseconds(time), `a line of ${app}`]] }] }),
    });
    assert.equal(response.status, 204, await response.text());
  };

  const lines = async (app: string, start: number, end: number): Promise<string[]> => {
    const range = { query: `{app="${app}"}`, start: nanoseconds(start), end: nanoseconds(end) };
    const response = await fetch(`${url}/loki/api/v1/query_range?${new URLSearchParams(range)}`);
    assert.equal(response.status, 200, await response.clone().text());
    const { data } = (await response.json()) as { data: { result: { values: [string, string][] }[] } };
    return data.result.flatMap(({ values }) => values.map(([, line]) => line));
  };

  const chunks = async (bucket: string) =>
    (await store.administrator("find", `store/${bucket}/fake/`)).split("\n").filter((path) => path !== "");

  it("finds what its bucket of before had, once that is copied, and deletes what is too old, also of a stream with a retention of its own", async () => {
    store.write();
    await store.run();
    await startLoki("logs-before");
    await push("old", now - 10 * day);
    await push("young", now - 2 * day);
    await push("brief", now - 2 * day);
    await fetch(`${url}/flush`, { method: "POST" });
    await until(
      "both chunks are in the bucket",
      120,
      async () => (await chunks("logs-before")).length === 3 || undefined,
    );
    // A stop writes the index to the bucket.
    await ring!.stop();

    // As in docs/backup.md#object-lock.
    store.names = {
      ...names,
      mimirBlocks: "blocks-locked",
      mimirRuler: "rules-locked",
      mimirAlertmanager: "alerts-locked",
    };
    store.write({ keepDeleted: "1d", objectLock: { mode: "compliance", period: "7d" } });
    await store.run();
    await startLoki(names.loki);
    await store.administrator("mirror", "store/logs-before", `store/${names.loki}`);
    assert.equal((await chunks(names.loki)).length, 3);

    await until("one chunk is left", 300, async () => (await chunks(names.loki)).length === 1 || undefined);
    await until("the younger line is found, and those that are too old aren't", 120, async () => {
      assert.deepEqual(await lines("young", now - 3 * day, now), ["a line of young"]);
      assert.deepEqual(await lines("brief", now - 3 * day, now), []);
      assert.deepEqual(await lines("old", now - 11 * day, now - 9 * day), []);
      return true;
    });
  });

  it("leaves what it deleted to the lock: neither its key nor the administrator can remove it", async () => {
    const all = await store.versions(`${names.loki}/fake/`);
    const marker = all.find(({ isDeleteMarker }) => isDeleteMarker)!;
    const deleted = all.find(({ key, isDeleteMarker }) => key === marker.key && !isDeleteMarker)!;
    const remove = ["rm", "--version-id", deleted.versionId, `store/${names.loki}/fake/${deleted.key}`];
    await refused(store.as("loki", store.keys.loki, ...remove), /Access Denied/);
    await refused(store.administrator(...remove, "--bypass"), /WORM protected/);
  });
});
