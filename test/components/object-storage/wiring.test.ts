import assert from "node:assert/strict";
import { image } from "../../../components/images";
import { objectStorage } from "../../../components/object-storage/object-storage";
import type { ObjectStorage } from "../../../components/object-storage/types";
import { Secrets } from "../../../components/secrets/secrets";
import { settingsSchema } from "../../../config/schema";
import { mockPulumi, settled, valueOf, type Recorded } from "../../support/mocks";

const onMinio = { kind: "minio", endpoint: "http://10.0.40.10:9000", providerAddress: "10.0.40.10:9000" };
const onExisting = { kind: "existing", endpoint: "https://s3.example.org" };
const values = {
  minioAdmin: { username: "root", password: "root-password" },
  lokiObjectStore: { accessKey: "loki-access", secretKey: "loki-secret" },
  mimirObjectStore: { accessKey: "mimir-access", secretKey: "mimir-secret" },
};

/** Object storage of the given settings, with everything registered. */
async function made(raw: object): Promise<{ storage: ObjectStorage; recorded: Recorded }> {
  const recorded = mockPulumi({
    outputs: ({ type, name }) => (type.includes("RandomPassword") ? { result: `generated-${name}` } : {}),
  });
  const settings = settingsSchema.parse(raw);
  const environment = { namespace: "monitoring", dnsDomain: "cluster.local", nodeSelector: {}, tolerations: [] };
  const secrets = new Secrets("secrets", { environment, settings: settings.secrets, values }, {});
  const images = { minio: image("minio"), "minio-mc": image("minio-mc") };
  const { objectStore, buckets } = settings;
  const storage = objectStorage("storage", { environment, settings: objectStore, buckets, images, secrets }, {});
  await settled();
  return { storage, recorded };
}

const ofKind = ({ resources }: Recorded, kind: string) => resources.filter(({ type }) => type.endsWith(`:${kind}`));
const jobName = async (raw: object) => ofKind((await made(raw)).recorded, "Job")[0].inputs.metadata.name as string;
const dataOf = (recorded: Recorded, name: string): Record<string, string> => {
  const { data } = ofKind(recorded, "Secret").find((secret) => secret.name === name)!.inputs;
  return Object.fromEntries(
    Object.entries(data as Record<string, string>).map(([key, text]) => [key, Buffer.from(text, "base64").toString()]),
  );
};

describe("Object storage and its Secrets", () => {
  it("of kind minio give an application the name and the key of its user", async () => {
    const { storage, recorded } = await made({ objectStore: onMinio });
    assert.deepEqual(dataOf(recorded, storage.loki.credentials.name), {
      AWS_ACCESS_KEY_ID: "test-loki",
      AWS_SECRET_ACCESS_KEY: "generated-loki-object-store",
    });
    const [user] = ofKind(recorded, "IamUser");
    assert.deepEqual(user.inputs, { name: "test-loki", secret: "generated-loki-object-store" });
  });

  it("of kind minio leave the user to whoever brings its key in an existing Secret, but not the buckets", async () => {
    const { storage, recorded } = await made({
      objectStore: onMinio,
      secrets: { existing: { lokiObjectStore: { name: "loki-s3-secret" } } },
    });
    assert.deepEqual(
      ofKind(recorded, "IamUser").map(({ name }) => name),
      ["mimir"],
    );
    assert.equal(ofKind(recorded, "S3Bucket").length, 4);
    assert.equal(storage.loki.credentials.name, "loki-s3-secret");
  });

  it("of kind existing bring the given keys, Mimir's from when it is asked for and once", async () => {
    const { storage, recorded } = await made({ objectStore: onExisting });
    assert.deepEqual(dataOf(recorded, "loki-object-store"), {
      AWS_ACCESS_KEY_ID: "loki-access",
      AWS_SECRET_ACCESS_KEY: "loki-secret",
    });
    assert.equal(ofKind(recorded, "Secret").length, 1);
    assert.equal(storage.mimir, storage.mimir);
    await valueOf(storage.mimir.credentials.version);
    assert.equal(dataOf(recorded, "mimir-object-store").AWS_SECRET_ACCESS_KEY, "mimir-secret");
    assert.equal(ofKind(recorded, "Secret").length, 2);
  });

  it("of kind embedded use the keys of an existing Secret under the names that they have there", async () => {
    const { recorded } = await made({
      secrets: { existing: { lokiObjectStore: { name: "loki-s3-secret", keys: { AWS_ACCESS_KEY_ID: "access" } } } },
    });
    const { env } = ofKind(recorded, "Job")[0].inputs.spec.template.spec.containers[0];
    const reference = (name: string) =>
      env.find((each: { name: string }) => each.name === name).valueFrom.secretKeyRef as object;
    assert.deepEqual(reference("LOKI_ACCESS_KEY"), { name: "loki-s3-secret", key: "access" });
    assert.deepEqual(reference("LOKI_SECRET_KEY"), { name: "loki-s3-secret", key: "AWS_SECRET_ACCESS_KEY" });
  });

  it("of kind embedded make another Job when what it makes or the rotation changes, and the same one otherwise", async () => {
    const first = await jobName({});
    assert.equal(await jobName({ loki: { retention: "7d" } }), first);
    const others = await Promise.all([
      await jobName({ buckets: { loki: "other" } }),
      await jobName({ secrets: { rotation: 1 } }),
    ]);
    assert.equal(new Set([first, ...others]).size, 3);
  });

  it("give each bucket's name under its use", async () => {
    const { storage } = await made({ buckets: { loki: "loki-staging", mimirRuler: "rules" } });
    assert.deepEqual(storage.loki.buckets, { loki: "loki-staging" });
    assert.deepEqual(storage.mimir.buckets, {
      mimirBlocks: "mimir-blocks",
      mimirRuler: "rules",
      mimirAlertmanager: "mimir-alertmanager",
    });
  });
});
