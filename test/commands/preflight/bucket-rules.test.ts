import assert from "node:assert/strict";
import { judgeBucketRules } from "../../../commands/preflight/bucket-rules";

const versioning = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
const none = { versioning: "", lifecycle: "", "object-lock": "" };
const rule = (content: string, status = "Enabled") =>
  `<LifecycleConfiguration><Rule><ID>a</ID><Status>${status}</Status>${content}</Rule></LifecycleConfiguration>`;
const noncurrent =
  "<NoncurrentVersionExpiration><NoncurrentDays>7</NoncurrentDays></NoncurrentVersionExpiration><Expiration><ExpiredObjectDeleteMarker>true</ExpiredObjectDeleteMarker></Expiration>";
const wide = "<Filter><Prefix></Prefix></Filter>";
const narrow = "<Filter><Prefix>index/</Prefix></Filter>";
const said = (rules: Partial<typeof none>, keepDeleted?: string) => {
  const found = judgeBucketRules({ ...none, ...rules }, "what to do", keepDeleted);
  return found && `${found.status}: ${found.found}`;
};

// What a real MinIO answers is in e2e/object-store-setup.test.ts.
describe("what preflight says of a bucket's own rules", () => {
  it("is nothing where the bucket has none, or none that matters", () => {
    assert.equal(said({}), undefined);
    assert.equal(said({ versioning: versioning.replace("Enabled", "Suspended") }), undefined);
    assert.equal(said({ lifecycle: rule("<Expiration><Days>1</Days></Expiration>", "Disabled") }), undefined);
  });

  for (const action of [
    "<Expiration><Days>1</Days></Expiration>",
    "<Expiration><Date>2030-01-01T00:00:00Z</Date></Expiration>",
    "<Transition><Days>1</Days><StorageClass>COLD</StorageClass></Transition>",
  ]) {
    it(`is ✗ for ${action}`, () => {
      const harm = "its lifecycle rule a removes or moves objects by their age";
      assert.equal(said({ lifecycle: rule(wide + action) }), `failed: ${harm}`);
      assert.equal(said({ lifecycle: rule(narrow + action) }), `unsure: ${harm}`);
      assert.equal(said({ lifecycle: rule(wide + action) }, "7d"), undefined);
    });
  }

  it("is a warning for versions that no rule removes, or only some", () => {
    const grows = "keeps versions, and no rule removes old ones: it only grows, whatever is deleted";
    assert.equal(said({ versioning }), `unsure: ${grows}`);
    assert.equal(said({ versioning, lifecycle: rule(noncurrent, "Disabled") }), `unsure: ${grows}`);
    for (const some of [narrow, "<Filter><Tag><Key>k</Key><Value>v</Value></Tag></Filter>"])
      assert.equal(said({ versioning, lifecycle: rule(some + noncurrent) }), `unsure: ${grows}`);
    assert.equal(
      said({ versioning, lifecycle: rule(wide + noncurrent) }),
      "ok: keeps versions; old ones go after 7 days",
    );
  });

  it("names the period of an object lock, also where it has none", () => {
    const lock = (rest = "") =>
      `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>${rest}</ObjectLockConfiguration>`;
    const period = "<Rule><DefaultRetention><Mode>COMPLIANCE</Mode><Years>1</Years></DefaultRetention></Rule>";
    const locked = (objectLock: string) =>
      said({ versioning, lifecycle: rule(wide + noncurrent), "object-lock": objectLock });
    assert.equal(
      locked(lock(period)),
      "ok: keeps versions with object lock (compliance, 1 year); old ones go after 7 days",
    );
    assert.equal(
      locked(lock()),
      "unsure: keeps versions with object lock, which has no period: none is locked; old ones go after 7 days",
    );
  });
});
