import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { labelsOf, podCount } from "../../../lab/logs/lines";
import { startFeed } from "../../../lab/sizing/feed";
import { until } from "../../../lab/until";

describe("The pods that write lines for the benchmark", () => {
  const folder = mkdtempSync(join(tmpdir(), "feed-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const linesIn = (path: string) => readFileSync(path, "utf8").split("\n").slice(0, -1);
  const filesOf = (node: string) =>
    readdirSync(join(folder, node, "pods"), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith("/0.log"))
      .map((path) => join(folder, node, "pods", path));

  it("write at the rate that was asked for, as containerd does, each pod on its node, and count what they wrote", async () => {
    const feed = startFeed(86.4e9, (pod) => join(folder, `node-${pod % 2}`));
    await until("each pod has written", 60, async () => {
      return [...filesOf("node-0"), ...filesOf("node-1")].every((file) => linesIn(file).length > 0) || undefined;
    });
    const { lines, bytes, seconds } = feed.stop();
    const files = ["node-0", "node-1"].map(filesOf);
    assert.deepEqual(
      files.map((all) => all.length),
      [podCount / 2, podCount / 2],
    );
    const written = files.flat().flatMap((file) => linesIn(file).map((line) => ({ file, line })));
    assert.equal(written.length, lines);
    // A megabyte a second; of each pod the last line that isn't due yet may lack.
    assert.ok(Math.abs(bytes / 1e6 - seconds) < 0.05 * seconds + 0.02, `${bytes} bytes in ${seconds} s`);
    const form = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (stdout|stderr) F (.+)$/;
    const parsed = written.map(({ file, line }) => ({ file, parts: form.exec(line) ?? assert.fail(line) }));
    assert.equal(
      parsed.reduce((sum, { parts }) => sum + parts[3].length, 0),
      bytes,
    );
    const pod = labelsOf(5);
    const own = parsed.filter(({ file }) => file.includes(`/${pod.namespace}_${pod.pod}_`));
    assert.ok(own.length > 0 && own.every(({ parts }) => parts[2] === pod.stream));
    const times = own.map(({ parts }) => Date.parse(parts[1]));
    assert.deepEqual(times, [...times].sort());
    assert.ok(times[0] >= feed.began && times[times.length - 1] <= feed.began + seconds * 1000);
  });
});
