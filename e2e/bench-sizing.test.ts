import assert from "node:assert/strict";
import { bucket } from "../lab/logs/loki";
import { logQueries, nodeCount, startLogs } from "../lab/sizing/logs";
import { startObjectStore } from "../lab/sizing/object-store";
import { within } from "../lab/sizing/workspace";
import { until } from "../lab/until";
import { settingsSchema } from "../settings/schema";

describe("npm run bench:sizing", function () {
  this.timeout("10m");

  it("has the stack's collectors on three nodes bring every line that pods write to the stack's Loki", async () => {
    await within("lines", 8, async (workspace) => {
      const store = await startObjectStore(workspace, [bucket]);
      const logs = await startLogs(workspace, settingsSchema.parse({}), store, 50e9);
      assert.equal(logs.collectors.length, nodeCount);
      // Each must answer with what was written: a hundred lines of one pod, each namespace's rate.
      const took = await until("the queries find enough", 120, () => logs.ask());
      for (const query of logQueries) assert.ok(took[query].count === 20 && took[query].p50 > 0, query);
      const { lines, bytes, seconds, stored } = await logs.finish();
      await logs.close();
      assert.equal(stored, lines);
      const gigabytes = (bytes / seconds) * 86_400e-9;
      assert.ok(gigabytes > 45 && gigabytes < 55, `${gigabytes} GB a day`);
    });
  });
});
