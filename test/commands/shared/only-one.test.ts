import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { onlyOne } from "../../../commands/shared/only-one";
import { temporaryFolder } from "../../support/temporary-folder";

describe("a command that may run once at a time", () => {
  const ran = () => Promise.resolve("ran");

  it("is refused while another one is at it, and runs when that has ended or failed", async () => {
    const file = join(temporaryFolder(), "deeper", "x.running");
    await onlyOne(file, "npm run x", async () => {
      await assert.rejects(
        onlyOne(file, "npm run x", ran),
        new RegExp(
          `^Error: npm run x runs already, as process ${process.pid} of this machine .*\\n→ wait until it has ended`,
        ),
      );
      assert.ok(existsSync(file));
    });
    await assert.rejects(
      onlyOne(file, "npm run x", () => Promise.reject(new Error("as expected"))),
      /as expected/,
    );
    assert.equal(await onlyOne(file, "npm run x", ran), "ran");
    assert.ok(!existsSync(file));
  });

  it("takes over at once from one that was killed, and from one of before the machine's restart", async () => {
    const file = join(temporaryFolder(), "x.running");
    let ours = "";
    await onlyOne(file, "npm run x", () => Promise.resolve((ours = readFileSync(file, "utf8"))));
    const { pid } = spawnSync(process.execPath, ["--version"]);
    for (const over of [ours.replace(/^\d+/, `${pid}`), `${process.pid} another-boot`, ""]) {
      writeFileSync(file, over);
      assert.equal(await onlyOne(file, "npm run x", ran), "ran", over);
    }
  });
});
