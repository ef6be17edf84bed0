import assert from "node:assert/strict";
import { provisionerName } from "../../../../lab/cluster/native/addons";
import { isReclaimable, volumeFor } from "../../../../lab/cluster/native/volumes";

const claim = {
  metadata: {
    uid: "1234",
    name: "data-loki-0",
    namespace: "loki",
    annotations: {
      "volume.kubernetes.io/storage-provisioner": provisionerName,
      "volume.kubernetes.io/selected-node": "observability",
    },
  },
  spec: {
    accessModes: ["ReadWriteOnce"],
    resources: { requests: { storage: "10Gi" } },
    storageClassName: "local-path",
  },
};

describe("Volumes for claims", () => {
  it("are folders of the claim's node, of its size and class, bound to it alone", () => {
    const { metadata, spec } = volumeFor(claim, "/volumes")!;
    assert.equal(metadata!.name, "pvc-1234");
    assert.equal(spec!.local!.path, "/volumes/pvc-1234");
    assert.deepEqual(spec!.capacity, { storage: "10Gi" });
    assert.equal(spec!.storageClassName, "local-path");
    assert.equal(spec!.claimRef!.uid, "1234");
    assert.deepEqual(spec!.nodeAffinity!.required!.nodeSelectorTerms[0].matchExpressions![0].values, ["observability"]);
  });

  it("are not made for a claim that has one, that another provisioner serves, or that no pod has asked for yet", () => {
    const { annotations } = claim.metadata;
    const withAnnotations = (changed: Record<string, string>) => ({
      ...claim,
      metadata: { ...claim.metadata, annotations: { ...annotations, ...changed } },
    });
    assert.equal(volumeFor({ ...claim, spec: { ...claim.spec, volumeName: "pvc-1234" } }, "/volumes"), undefined);
    assert.equal(
      volumeFor(withAnnotations({ "volume.kubernetes.io/storage-provisioner": "other" }), "/volumes"),
      undefined,
    );
    assert.equal(volumeFor(withAnnotations({ "volume.kubernetes.io/selected-node": "" }), "/volumes"), undefined);
  });

  const released = { ...volumeFor(claim, "/volumes")!, status: { phase: "Released" } };

  it("go with their claim", () => {
    assert.equal(isReclaimable(released), true);
    assert.equal(isReclaimable({ ...released, status: { phase: "Bound" } }), false);
  });

  it("stay when they are to be retained or are somebody else's", () => {
    assert.equal(
      isReclaimable({ ...released, spec: { ...released.spec, persistentVolumeReclaimPolicy: "Retain" } }),
      false,
    );
    assert.equal(isReclaimable({ ...released, metadata: { name: "mine" } }), false);
  });
});
