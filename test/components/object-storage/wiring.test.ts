import assert from "node:assert/strict";
import { partOf } from "../../../commands/shared/retain";
import { image } from "../../../components/images";
import { objectStorage } from "../../../components/object-storage/object-storage";
import type { ObjectStorage } from "../../../components/object-storage/types";
import { Secrets } from "../../../components/secrets/secrets";
import { settingsSchema } from "../../../settings/schema";
import { mockPulumi, settled, valueOf, type Recorded } from "../../support/mocks";

const onMinio = { kind: "minio", endpoint: "http://10.0.40.10:9000", providerAddress: "10.0.40.10:9000" };
const onExisting = { kind: "existing", endpoint: "https://s3.example.org" };
const values = {
  minioAdmin: { username: "root", password: "root-password" },
  lokiObjectStore: { accessKey: "loki-access", secretKey: "loki-secret" },
  mimirObjectStore: { accessKey: "mimir-access", secretKey: "mimir-secret" },
};

/** Object storage of the given settings, of a stack with Mimir, with everything registered. */
async function made(raw: object): Promise<{ storage: Required<ObjectStorage>; recorded: Recorded }> {
  const recorded = mockPulumi({
    outputs: ({ type, name }) => (type.includes("RandomPassword") ? { result: `generated-${name}` } : {}),
  });
  const settings = settingsSchema.parse(raw);
  const environment = { namespace: "monitoring", dnsDomain: "cluster.local", nodeSelector: {}, tolerations: [] };
  const secrets = new Secrets("secrets", { environment, settings: settings.secrets, values }, {});
  const images = { minio: image("minio"), "minio-mc": image("minio-mc") };
  const { objectStore, buckets } = settings;
  const { backend } = settings.metrics;
  const args = { environment, settings: objectStore, backend, buckets, images, secrets };
  const storage = objectStorage("storage", args, {});
  await settled();
  return { storage: storage as Required<ObjectStorage>, recorded };
}

const ofKind = ({ resources }: Recorded, kind: string) => resources.filter(({ type }) => type.endsWith(`:${kind}`));
const jobName = async (raw: object) => ofKind((await made(raw)).recorded, "Job")[0].inputs.metadata.name as string;
const dataOf = (recorded: Recorded, name: string): Record<string, string> => {
  const { data } = ofKind(recorded, "Secret").find((secret) => secret.name === name)!.inputs;
  return Object.fromEntries(
    Object.entries(data as Record<string, string>).map(([key, text]) => [key, Buffer.from(text, "base64").toString()]),
  );
};

const variablesOf = ({ pod }: Required<ObjectStorage>["loki" | "mimir"]) =>
  (pod.env as { name: string; valueFrom: Record<string, { name: string; key: string }> }[]).map(
    ({ name, valueFrom: { secretKeyRef, configMapKeyRef } }) => {
      const { name: object, key } = secretKeyRef ?? configMapKeyRef;
      return `${name} ${secretKeyRef ? "Secret" : "ConfigMap"} ${object} ${key}`;
    },
  );
const secretOf = (storage: Required<ObjectStorage>["loki" | "mimir"]) => variablesOf(storage)[0].split(" ")[2];

describe("Object storage and its Secrets", () => {
  it("of kind minio give an application the name and the key of its user", async () => {
    const { storage, recorded } = await made({ objectStore: onMinio });
    assert.deepEqual(dataOf(recorded, secretOf(storage.loki)), {
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
    assert.equal(secretOf(storage.loki), "loki-s3-secret");
  });

  it("of kind existing bring the given keys, Mimir's from when it is asked for and once", async () => {
    const { storage, recorded } = await made({ objectStore: onExisting });
    assert.deepEqual(dataOf(recorded, "loki-object-store"), {
      AWS_ACCESS_KEY_ID: "loki-access",
      AWS_SECRET_ACCESS_KEY: "loki-secret",
    });
    assert.equal(ofKind(recorded, "Secret").length, 1);
    assert.equal(storage.mimir, storage.mimir);
    await valueOf(storage.mimir.pod.annotations["checksum/mimir-object-store"]);
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

  it("make a bucket once that Mimir's uses share; rules and alerts have prefixes there, and blocks stay where they are", async () => {
    const buckets = { mimirBlocks: "mimir", mimirRuler: "mimir", mimirAlertmanager: "mimir" };
    const { storage, recorded } = await made({ objectStore: onMinio, buckets });
    assert.deepEqual(
      ofKind(recorded, "S3Bucket").map(({ inputs }) => inputs.bucket),
      ["loki", "mimir"],
    );
    assert.deepEqual(storage.mimir.prefixes, { mimirRuler: "ruler", mimirAlertmanager: "alertmanager" });
    assert.equal(storage.loki.prefixes, undefined);
  });

  it("give no prefix to rules and alerts that share a bucket without blocks: Mimir has folders for them", async () => {
    const { storage } = await made({
      objectStore: onMinio,
      buckets: { mimirRuler: "mimir", mimirAlertmanager: "mimir" },
    });
    assert.equal(storage.mimir.prefixes, undefined);
  });
});

describe("Object storage of a stack whose metrics never come to Mimir", () => {
  const metrics = { backend: "victoria-metrics" };
  const ofKinds: Record<string, object> = {
    minio: onMinio,
    existing: onExisting,
    embedded: { kind: "embedded" },
    claim: { kind: "claim", bucketClass: "ceph-bucket" },
  };
  for (const [kind, objectStore] of Object.entries(ofKinds))
    it(`has no bucket, user or key for it: kind ${kind}`, async () => {
      const { storage, recorded } = await made({ objectStore, metrics });
      assert.equal(storage.mimir, undefined);
      const named = recorded.resources.filter(({ name, inputs }) => /mimir/i.test(`${name} ${JSON.stringify(inputs)}`));
      // The component's own record of the settings has every name.
      assert.deepEqual(
        named.filter(({ type }) => !type.startsWith("observability:")).map(({ name }) => name),
        [],
      );
      assert.ok(storage.loki);
    });
});

describe("Object storage by claims", () => {
  const onClaims = { kind: "claim", bucketClass: "ceph-bucket" };
  const claims = (recorded: Recorded) => ofKind(recorded, "ObjectBucketClaim");
  const specs = (recorded: Recorded) =>
    claims(recorded).map(({ inputs }) => [inputs.metadata.name, inputs.spec.bucketName] as unknown);

  it("asks for each bucket by its name in every stage, never for a generated one, and waits until it is bound", async () => {
    const { recorded } = await made({ objectStore: onClaims });
    assert.deepEqual(specs(recorded), [
      ["loki-bucket", "loki"],
      ["mimir-blocks-bucket", "mimir-blocks"],
      ["mimir-ruler-bucket", "mimir-ruler"],
      ["mimir-alertmanager-bucket", "mimir-alertmanager"],
    ]);
    for (const { inputs } of claims(recorded)) {
      assert.equal(inputs.spec.storageClassName, "ceph-bucket");
      assert.equal("generateBucketName" in inputs.spec, false);
      assert.deepEqual(inputs.metadata.annotations, { "pulumi.com/waitFor": "jsonpath={.status.phase}=Bound" });
    }
    assert.equal(ofKind(recorded, "Secret").length, 0);
  });

  it("makes claims that destroy and removal.retain know as buckets", async () => {
    const { recorded } = await made({ objectStore: onClaims });
    for (const { type, name } of claims(recorded))
      assert.equal(partOf(`urn:pulumi:test::observability::${type}::${name}`), "buckets");
  });

  it("gives pods where the bucket is and its key by reference, and configurations only the variables' names", async () => {
    const { storage } = await made({ objectStore: onClaims });
    assert.deepEqual(variablesOf(storage.loki), [
      "AWS_ACCESS_KEY_ID Secret loki-bucket AWS_ACCESS_KEY_ID",
      "AWS_SECRET_ACCESS_KEY Secret loki-bucket AWS_SECRET_ACCESS_KEY",
      "LOKI_BUCKET_HOST ConfigMap loki-bucket BUCKET_HOST",
      "LOKI_BUCKET_PORT ConfigMap loki-bucket BUCKET_PORT",
      "LOKI_BUCKET_REGION ConfigMap loki-bucket BUCKET_REGION",
      "LOKI_BUCKET_NAME ConfigMap loki-bucket BUCKET_NAME",
    ]);
    assert.deepEqual(storage.loki.connection, {
      endpoint: "http://${LOKI_BUCKET_HOST}:${LOKI_BUCKET_PORT}",
      region: "${LOKI_BUCKET_REGION:-us-east-1}",
      forcePathStyle: true,
    });
    assert.deepEqual(storage.loki.buckets, { loki: "${LOKI_BUCKET_NAME}" });
    assert.equal(storage.loki.own, undefined);
  });

  it("gives each of Mimir's buckets the place and the key of its own claim", async () => {
    const { storage } = await made({ objectStore: onClaims });
    assert.deepEqual(storage.mimir.own?.mimirRuler, {
      endpoint: "http://${MIMIR_RULER_BUCKET_HOST}:${MIMIR_RULER_BUCKET_PORT}",
      region: "${MIMIR_RULER_BUCKET_REGION:us-east-1}",
      accessKey: "${MIMIR_RULER_AWS_ACCESS_KEY_ID}",
      secretKey: "${MIMIR_RULER_AWS_SECRET_ACCESS_KEY}",
    });
    assert(
      variablesOf(storage.mimir).includes("MIMIR_RULER_AWS_ACCESS_KEY_ID Secret mimir-ruler-bucket AWS_ACCESS_KEY_ID"),
    );
    assert.equal(storage.mimir.connection.region, "${MIMIR_BLOCKS_BUCKET_REGION:us-east-1}");
    assert.equal(storage.mimir.prefixes, undefined);
  });

  it("claims a bucket once that Mimir's uses share: one key, and a prefix for each", async () => {
    const buckets = { mimirBlocks: "mimir", mimirRuler: "mimir", mimirAlertmanager: "mimir" };
    const { storage, recorded } = await made({ objectStore: onClaims, buckets });
    assert.deepEqual(specs(recorded), [
      ["loki-bucket", "loki"],
      ["mimir-bucket", "mimir"],
    ]);
    assert.equal(storage.mimir.own, undefined);
    assert.equal(storage.mimir.prefixes?.mimirRuler, "ruler");
    assert.equal(variablesOf(storage.mimir)[0], "AWS_ACCESS_KEY_ID Secret mimir-bucket AWS_ACCESS_KEY_ID");
  });

  it("uses claims that exist, and makes the others", async () => {
    const { storage, recorded } = await made({
      objectStore: { ...onClaims, claims: { loki: "logs", mimirRuler: "mimir", mimirAlertmanager: "mimir" } },
    });
    assert.deepEqual(specs(recorded), [["mimir-blocks-bucket", "mimir-blocks"]]);
    assert.equal(secretOf(storage.loki), "logs");
    assert.equal(storage.mimir.prefixes, undefined);
  });

  it("asks for what the settings say beside the bucket, as texts", async () => {
    const additionalConfig = { loki: { maxSize: "500Gi", maxObjects: 1_000_000 } };
    const { recorded } = await made({ objectStore: { ...onClaims, additionalConfig } });
    const asked = claims(recorded).map(({ name, inputs }) => [name, inputs.spec.additionalConfig as unknown]);
    assert.deepEqual(Object.fromEntries(asked), {
      loki: { maxSize: "500Gi", maxObjects: "1000000" },
      "mimir-blocks": undefined,
      "mimir-ruler": undefined,
      "mimir-alertmanager": undefined,
    });
  });
});
