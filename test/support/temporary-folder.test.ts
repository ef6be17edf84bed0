import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./temporary-folder";

/** What a process prints that makes a folder, and then does this. */
function inProcess(then: string): string {
  const code = `const folder = require(${JSON.stringify(join(__dirname, "temporary-folder.ts"))}).temporaryFolder(); process.stdout.write(folder); ${then}`;
  return spawnSync(process.execPath, ["--require", "tsx/cjs", "-e", code], { encoding: "utf8" }).stdout;
}

describe("A temporary folder", () => {
  it("goes with its process, or with the next one's first folder where that was killed; those of running processes stay", () => {
    const own = temporaryFolder();
    assert.ok(!existsSync(inProcess("")));
    const left = inProcess("process.kill(process.pid, 'SIGKILL')");
    assert.ok(existsSync(left), left);
    inProcess("");
    assert.ok(!existsSync(left));
    assert.ok(existsSync(own));
  });
});
