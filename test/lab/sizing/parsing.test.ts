import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blocksIn, bytesIn } from "../../../lab/sizing/blocks";
import { parseMetrics, total } from "../../../lab/sizing/metrics";
import { parseCpuSeconds, parseMemory } from "../../../lab/sizing/procfs";

describe("Metrics that the benchmark reads", () => {
  const text = [
    "# HELP requests_total Requests.",
    "# TYPE requests_total counter",
    'requests_total{code="200",path="/a{b}"} 3',
    'requests_total{code="500",path="say \\"no\\", twice",} 2 1700000000000',
    "heap_bytes 1.5e+06",
    'bucket{le="+Inf"} +Inf',
    'vm_fs_info{path="/data", fs_type="ext4"} 1',
    "",
  ].join("\n");

  it("are summed by name, over all labels or some", () => {
    const samples = parseMetrics(text);
    assert.equal(total(samples, "requests_total"), 5);
    assert.equal(total(samples, "requests_total", { code: "500" }), 2);
    assert.equal(total(samples, "requests_total", { path: "/a{b}" }), 3);
    assert.equal(total(samples, "heap_bytes"), 1_500_000);
    assert.equal(total(samples, "bucket"), Infinity);
    assert.equal(total(samples, "vm_fs_info", { fs_type: "ext4" }), 1);
    assert.equal(total(samples, "none"), 0);
  });

  it("are refused with the line that isn't one", () => {
    assert.throws(() => parseMetrics("<html>no metrics</html>"), /<html>no metrics/);
  });
});

describe("Processes that the benchmark reads", () => {
  const status = "Name:\tmimir\nVmPeak:\t 9000 kB\nVmHWM:\t    2048 kB\nVmRSS:\t    1024 kB\nRssAnon:\t     512 kB\n";

  it("have their memory in bytes", () => {
    assert.deepEqual(parseMemory(status), { resident: 2 ** 20, anonymous: 2 ** 19, peak: 2 ** 21 });
  });

  it("have none once they have ended", () => {
    assert.throws(() => parseMemory("Name:\tmimir\nState:\tZ (zombie)\n"), /the process has ended/);
  });

  it("have their CPU seconds, user and system, whatever they are called", () => {
    const stat = "4711 (a) program (b) S 1 4711 4711 0 -1 4194560 100 0 0 0 1234 66 0 0 20 0 9 0 100 1000 50";
    assert.equal(parseCpuSeconds(stat), 13);
  });
});

describe("Blocks that the benchmark reads", () => {
  const folder = mkdtempSync(join(tmpdir(), "bench-blocks-"));
  after(() => rmSync(folder, { recursive: true }));

  it("are summed, and what is no block is left out", () => {
    for (const [name, samples] of [
      ["01A", 100],
      ["01B", 20],
    ] as const) {
      mkdirSync(join(folder, name, "chunks"), { recursive: true });
      writeFileSync(join(folder, name, "meta.json"), JSON.stringify({ stats: { numSamples: samples, numSeries: 2 } }));
      writeFileSync(join(folder, name, "chunks", "000001"), "x".repeat(samples));
      writeFileSync(join(folder, name, "index"), "index");
    }
    mkdirSync(join(folder, "wal"));
    writeFileSync(join(folder, "wal", "00000000"), "log");
    assert.deepEqual(blocksIn(folder), { samples: 120, series: 4, chunkBytes: 120, indexBytes: 10 });
    assert.equal(bytesIn(join(folder, "wal")), 3);
    assert.equal(bytesIn(join(folder, "none")), 0);
  });
});
