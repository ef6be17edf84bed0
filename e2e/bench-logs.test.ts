import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { LogFigures } from "../commands/size/figures";
import { queryClasses } from "../lab/logs/queries";

describe("npm run bench:logs", function () {
  this.timeout(10 * 60_000);

  const folder = mkdtempSync(join(tmpdir(), "bench-logs-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  it("takes a day into a real Loki, finds its lines again, and leaves nothing", async () => {
    const words = ["--steps", "0.02", "--rounds", "1", "--variants", "single-binary", "--json"];
    const { stdout } = await promisify(execFile)(
      process.execPath,
      ["--require", "tsx/cjs", "lab/logs/main.ts", ...words],
      { env: { ...process.env, TMPDIR: folder } },
    );
    const [{ variant, bytes, lines, chunks, chunkBytes, indexBytes, programs, classes }] = (
      JSON.parse(stdout) as LogFigures
    ).results;
    assert.equal(variant, "single-binary");
    assert.ok(bytes >= 0.02e9 && lines > 100_000, `${lines} lines of ${bytes} bytes`);
    // 50 pods, each with a chunk for each two hours of the day at least.
    assert.ok(chunks >= 50 * 12 && chunkBytes < bytes && indexBytes > 0, `${chunks} chunks, ${chunkBytes} bytes`);
    assert.ok(programs.loki.cpuSeconds > 0 && programs.minio.peak > 0);
    assert.deepEqual(
      classes.map(({ name }) => name),
      queryClasses.flat().map(({ name }) => name),
    );
    for (const { name, cold, warm } of classes) assert.ok(cold.p50 > 0 && warm.count === 2 * cold.count, name);
    assert.deepEqual(
      readdirSync(folder).filter((name) => name.startsWith("bench-")),
      [],
    );
  });
});
