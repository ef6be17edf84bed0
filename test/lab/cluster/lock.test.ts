import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { withLock } from "../../../lab/cluster/lock";

describe("Lock", () => {
  let dir: string;
  beforeEach(() => (dir = mkdtempSync(join(tmpdir(), "lock-"))));
  afterEach(() => rmSync(dir, { recursive: true }));

  const file = () => join(dir, "deeper", "one.lock");

  it("lets one in after the other", async () => {
    const events: string[] = [];
    const unexpected = () => assert.fail("nobody holds it yet");
    let second: Promise<unknown> = Promise.resolve();
    await withLock(file(), unexpected, async () => {
      await new Promise<void>((waits) => {
        const onWait = (owner: number) => {
          events.push(`second waits for ${owner === process.pid ? "us" : owner}`);
          waits();
        };
        second = withLock(file(), onWait, async () => events.push("second runs"));
      });
      events.push("first ends");
    });
    await second;
    assert.deepEqual(events, ["second waits for us", "first ends", "second runs"]);
    assert.ok(!existsSync(file()));
  });

  it("is free again after an error", async () => {
    await assert.rejects(
      withLock(
        file(),
        () => {},
        () => Promise.reject(new Error("as expected")),
      ),
      /as expected/,
    );
    assert.ok(!existsSync(file()));
  });

  it("is taken over from a process that has ended", async () => {
    const ended = spawnSync(process.execPath, ["--eval", ""]).pid;
    writeFileSync(join(dir, "old.lock"), String(ended));
    assert.equal(
      await withLock(
        join(dir, "old.lock"),
        () => assert.fail("nobody holds it"),
        async () => "ran",
      ),
      "ran",
    );
  });
});
