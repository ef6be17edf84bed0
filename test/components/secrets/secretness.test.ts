import assert from "node:assert/strict";
import { isDeepStrictEqual } from "node:util";
import type { Preview } from "../../../commands/shared/preview";
import {
  byConfig,
  byOnePassword,
  hidden,
  kinds,
  named,
  ofType,
  onEmbedded,
  onExisting,
  onMinio,
  preview,
} from "./support";

/** Each way in for secrets with each kind of object store that it serves. */
const stacks = {
  "stack config, embedded object store": [...byConfig, ...onEmbedded],
  "stack config, MinIO": [...byConfig, ...onMinio],
  "stack config, existing buckets": [...byConfig, ...onExisting],
  "1Password, embedded object store": [...byOnePassword, ...onEmbedded],
  "1Password, MinIO": [...byOnePassword, ...onMinio],
};

const secretsOf: Record<keyof typeof stacks, string[]> = {
  "stack config, embedded object store": [
    "alertmanager",
    "loki-object-store",
    "mimir-object-store",
    "object-store-admin",
  ],
  "stack config, MinIO": ["alertmanager", "loki-object-store", "mimir-object-store"],
  "stack config, existing buckets": ["alertmanager", "loki-object-store"],
  "1Password, embedded object store": ["alertmanager", "loki-object-store", "mimir-object-store", "object-store-admin"],
  "1Password, MinIO": ["alertmanager", "loki-object-store", "mimir-object-store"],
};

/** Whether all of a Secret's data is secret: as a whole where something in it is unknown, at each key otherwise. */
const allHidden = (data: Record<string, unknown>): boolean =>
  isDeepStrictEqual(data, hidden) ||
  (Object.keys(data).length > 0 && Object.values(data).every((value) => isDeepStrictEqual(value, hidden)));

describe("No secret is in plain text", () => {
  const previews = {} as Record<keyof typeof stacks, Preview>;
  before(async () => {
    const names = Object.keys(stacks) as (keyof typeof stacks)[];
    await Promise.all(names.map(async (name) => (previews[name] = await preview(...stacks[name]))));
  });

  for (const name of Object.keys(stacks) as (keyof typeof stacks)[]) {
    describe(`with ${name}`, () => {
      it("anywhere in what is registered", () => {
        assert.doesNotMatch(JSON.stringify(previews[name]), /hush/);
      });

      it("in the data of a Kubernetes Secret, and these Secrets there are", () => {
        const secrets = ofType(previews[name], kinds.secret);
        assert.deepEqual(secrets.map((secret) => secret.inputs.metadata.name).sort(), secretsOf[name]);
        for (const { inputs } of secrets) assert(allHidden(inputs.data), JSON.stringify(inputs.data));
      });

      it("nor a secret or unknown value in a ConfigMap, in what a container runs, or in a name", () => {
        const workloads = [...ofType(previews[name], kinds.statefulSet), ...ofType(previews[name], kinds.job)];
        const configMaps = ofType(previews[name], kinds.configMap);
        assert(workloads.length > 0 && configMaps.length > 0);
        const plain = [
          ...configMaps.map(({ inputs }) => inputs),
          ...workloads.flatMap(({ inputs }) => [inputs.metadata, inputs.spec.template.spec]),
        ];
        for (const part of plain) assert.doesNotMatch(JSON.stringify(part), /"(secret|unknown)":true/);
      });
    });
  }

  it("in MinIO's provider, its users, and generated 1Password items", () => {
    const of = previews["1Password, MinIO"];
    assert.deepEqual(named(of, "pulumi:providers:minio", "minio").inputs.minioPassword, hidden);
    for (const name of ["loki", "mimir"]) {
      assert.deepEqual(named(of, "minio:index/iamUser:IamUser", name).inputs.secret, hidden);
      assert.deepEqual(named(of, "onepassword:index/item:Item", `${name}-object-store`).inputs.password, hidden);
    }
  });
});

describe("Generated 1Password items", () => {
  it("are protected, and what a rotation must replace is not", async () => {
    const of = await preview(...byOnePassword, ...onEmbedded);
    const items = ofType(of, "onepassword:index/item:Item");
    assert.deepEqual(items.map(({ name }) => name).sort(), [
      "loki-object-store",
      "mimir-object-store",
      "object-store-admin",
    ]);
    for (const { options } of items) assert.equal(options.protect, true);
    for (const { options } of ofType(of, "random:index/randomPassword:RandomPassword")) {
      assert.equal(options.protect, false);
    }
  });
});
