import assert from "node:assert/strict";
import { image } from "../../../components/images";
import { progressOf, readerPod } from "../../../commands/backfill/reader";
import { settingsSchema } from "../../../settings/schema";

const waiting = (reason: string, message?: string) => ({
  phase: "Pending",
  containerStatuses: [
    {
      state: { waiting: { reason, message } },
      ...{ name: "reader", image: "", imageID: "", ready: false, restartCount: 0 },
    },
  ],
});

describe("the pod that reads Prometheus's volume", () => {
  it("has an image with a shell, also where Prometheus's has none", () => {
    const distroless = "quay.io/prometheus/prometheus:v3.15.0-distroless";
    const settings = settingsSchema.parse({ images: { prometheus: distroless } });
    assert.equal(readerPod(settings, "data").spec?.containers[0].image, image("nginx"));
  });

  it("fails at once, with its own words, where it will never start", () => {
    const message = 'Back-off pulling image "nginx:none"';
    assert.deepEqual(progressOf(waiting("ImagePullBackOff", message)), {
      state: "failed",
      reason: `ImagePullBackOff: ${message}`,
    });
    const terminated = { exitCode: 127, reason: "StartError", message: 'exec: "sh": not found' };
    const [status] = waiting("").containerStatuses;
    assert.deepEqual(progressOf({ phase: "Failed", containerStatuses: [{ ...status, state: { terminated } }] }), {
      state: "failed",
      reason: 'StartError: exec: "sh": not found',
    });
    assert.deepEqual(progressOf({ phase: "Failed", reason: "Evicted", message: "low on memory" }), {
      state: "failed",
      reason: "Evicted: low on memory",
    });
  });

  it("may still start while it is being scheduled, or its image pulled", () => {
    const conditions = [
      { type: "PodScheduled", status: "False", reason: "Unschedulable", message: "0/3 nodes are available" },
    ];
    assert.deepEqual(progressOf({ phase: "Pending", conditions }), {
      state: "starting",
      reason: "Unschedulable: 0/3 nodes are available",
    });
    assert.equal(progressOf(waiting("ErrImagePull", "timeout")).state, "starting");
    assert.deepEqual(progressOf({}), { state: "starting", reason: "" });
    assert.equal(progressOf({ phase: "Running" }).state, "running");
  });
});
