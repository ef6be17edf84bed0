import assert from "node:assert/strict";
import { noDestructiveProviderFlags as policy } from "../../policy/no-destructive-provider-flags";
import { findings, unknown, type TestResource } from "./support";

const resource = (type: string, props: object): TestResource => ({ type, name: "loki", props });
const user = "minio:index/iamUser:IamUser";
const helm = "kubernetes:helm.sh/v3:Release";

describe("no-destructive-provider-flags", () => {
  it("accepts resources without them, and with them off", async () => {
    assert.deepEqual(await findings(policy, resource(user, { secret: "x" })), []);
    assert.deepEqual(await findings(policy, resource(user, { forceDestroy: false, updateSecret: false })), []);
    assert.deepEqual(await findings(policy, resource(helm, { forceUpdate: false })), []);
  });

  it("leaves a bucket's forceDestroy to no-force-destroy-in-production", async () => {
    assert.deepEqual(await findings(policy, resource("minio:index/s3Bucket:S3Bucket", { forceDestroy: true })), []);
  });

  const cases: [string, string, string][] = [
    [
      user,
      "forceDestroy",
      "The provider deletes the user on any update, and whatever uses its keys is locked out. Leave it out; rotating the secret works without it.",
    ],
    [
      "minio:index/iamGroup:IamGroup",
      "forceDestroy",
      "The provider deletes the group on any update, and its members lose their permissions. Leave it out; remove the members by hand before you delete the group.",
    ],
    [
      user,
      "updateSecret",
      "The provider makes a new secret on every update, and whatever uses the old one is locked out. Leave it out, and set the secret: a new value rotates it once.",
    ],
    [
      "minio:index/iamServiceAccount:IamServiceAccount",
      "updateSecret",
      "The provider makes a new secret on every update, and whatever uses the old one is locked out. Leave it out, and set the secret: a new value rotates it once.",
    ],
    [
      "pulumi:providers:kubernetes",
      "deleteUnreachable",
      "When the cluster doesn't answer, everything in it is removed from the state, and later created a second time. Leave it out; for a cluster that is gone set PULUMI_K8S_DELETE_UNREACHABLE for one refresh.",
    ],
    [
      helm,
      "forceUpdate",
      "Helm deletes and recreates objects that it can't change, including StatefulSets and Services. Leave it out; replace by hand the one object that can't be changed.",
    ],
    [
      helm,
      "replace",
      "Helm reuses the name of an existing release and forgets what that release had installed. Leave it out; import the existing release.",
    ],
  ];
  for (const [type, path, fix] of cases) {
    it(`refuses ${path} of ${type}, in any stack`, async () => {
      const kind = type.split(":").at(-1);
      // A provider's properties are texts.
      for (const value of [true, "true"]) {
        assert.deepEqual(await findings(policy, resource(type, { [path]: value }), {}, "sandbox"), [
          `${kind} loki: ${path} is true; wanted false, or unset. ${fix}`,
        ]);
      }
    });
  }

  it("says when a preview doesn't know one", async () => {
    assert.deepEqual(await findings(policy, resource(user, { forceDestroy: unknown })), [
      "advisory: string value at .forceDestroy can't be known during preview",
    ]);
  });
});
