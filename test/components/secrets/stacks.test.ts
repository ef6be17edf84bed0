import assert from "node:assert/strict";
import type { Preview } from "../../../commands/shared/preview";
import { previewOf } from "../../program/support/previews";
import { stacks } from "../../stacks/stacks";

/** Where a resource type may hold a secret or an unknown value: nowhere else may one stand in any stack. */
const places: Readonly<Record<string, RegExp>> = {
  "kubernetes:core/v1:Secret": /^\.data(\.|$)/,
  "onepassword:index/item:Item": /^\.password$/,
  "minio:index/iamUser:IamUser": /^\.secret$/,
  "pulumi:providers:minio": /^\.(minioPassword|minioUser)$/,
  // Checksums of Secrets, unknown until the Secret's content is.
  "kubernetes:apps/v1:StatefulSet": /^\.spec\.template\.metadata\.annotations\.checksum\//,
  "kubernetes:apps/v1:Deployment": /^\.spec\.template\.metadata\.annotations\.checksum\//,
  "kubernetes:apps/v1:DaemonSet": /^\.spec\.template\.metadata\.annotations\.checksum\//,
  "kubernetes:batch/v1:Job": /^\.spec\.template\.metadata\.annotations\.checksum\//,
};

/** What must be secret, wherever it is: type and path. */
const hiddenPlaces: readonly [type: string, path: string[]][] = [
  ["kubernetes:core/v1:Secret", ["data"]],
  ["onepassword:index/item:Item", ["password"]],
  ["minio:index/iamUser:IamUser", ["secret"]],
  ["pulumi:providers:minio", ["minioPassword"]],
];

/** Paths at which a secret or an unknown value stands. */
function special(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null) return [];
  if ("secret" in value && value.secret === true) return [path];
  if ("unknown" in value && value.unknown === true) return [path];
  return Object.entries(value).flatMap(([key, part]) => special(part, `${path}.${key}`));
}

/** Every leaf of a value with its path. */
function leaves(value: unknown, path = ""): string[] {
  if (typeof value !== "object" || value === null || special(value).includes("")) return [path];
  return Object.entries(value).flatMap(([key, part]) => leaves(part, `${path}.${key}`));
}

for (const stack of stacks) {
  describe(`The secrets of stack ${stack}`, () => {
    let preview: Preview;
    before(async () => {
      preview = await previewOf(stack);
    });

    it("stand where a secret belongs, and in no ConfigMap, argument, chart value or name", () => {
      const misplaced = preview.resources.flatMap(({ type, name, inputs }) =>
        special(inputs)
          .filter((path) => !places[type]?.test(path))
          .map((path) => `${type} ${name}${path}`),
      );
      assert.deepEqual(misplaced, []);
    });

    it("are secret at every leaf of every place that holds one", () => {
      for (const [type, path] of hiddenPlaces) {
        for (const { name, inputs } of preview.resources.filter((resource) => resource.type === type)) {
          const held = path.reduce((value, key) => value[key], inputs);
          assert(leaves(held).length > 0);
          assert.deepEqual(special(held).sort(), leaves(held).sort(), `${type} ${name} ${path.join(".")}`);
        }
      }
      assert(preview.resources.some(({ type }) => type === "kubernetes:core/v1:Secret"));
    });
  });
}
