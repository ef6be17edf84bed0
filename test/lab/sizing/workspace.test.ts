import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { freePort } from "../../../lab/cluster/server";
import { within, Workspace } from "../../../lab/sizing/workspace";

const alive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** A program that answers, as JavaScript. */
const server = async (workspace: Workspace) => {
  const port = await freePort();
  const script = `require("http").createServer((_, answer) => answer.end()).listen(${port}, "127.0.0.1")`;
  const ready = `http://127.0.0.1:${port}`;
  return workspace.start({ name: "server", path: process.execPath, args: ["-e", script], ready });
};

describe("The benchmark's workspace", () => {
  let workspace: Workspace;
  beforeEach(() => (workspace = new Workspace()));
  afterEach(() => workspace.end());

  it("takes its programs and its folder away in the end", async () => {
    const { pid } = await server(workspace);
    const folder = dirname(workspace.folderOf("server"));
    assert.ok(alive(pid) && existsSync(folder));
    await workspace.end();
    assert.deepEqual([alive(pid), existsSync(folder)], [false, false]);
  });

  it("starts nothing afterwards", async () => {
    await workspace.end();
    await assert.rejects(server(workspace), /the benchmark has ended/);
    assert.throws(() => workspace.folderOf("server"), /the benchmark has ended/);
  });

  it("keeps the folder of a program that it kills, for its next start", async () => {
    const program = await server(workspace);
    await program.kill();
    assert.equal(alive(program.pid), false);
    assert.ok(existsSync(workspace.folderOf("server")));
  });

  it("says what a program wrote that ends before it is ready", async () => {
    const args = ["-e", `console.error("no such bucket"); process.exit(1)`];
    const start = workspace.start({ name: "broken", path: process.execPath, args, ready: "http://127.0.0.1:1" });
    await assert.rejects(start, /broken ended\. The end of its log:\nno such bucket/);
  });

  it("says when a program can't be started", async () => {
    const start = workspace.start({ name: "missing", path: "/no/such/program", args: [], ready: "http://127.0.0.1:1" });
    await assert.rejects(start, /missing ended/);
  });

  it("is given up at a signal, with everything that was started", async () => {
    let folder = "";
    let pid = 0;
    const forever = async (own: Workspace) => {
      ({ pid } = await server(own));
      folder = dirname(own.folderOf("server"));
      process.emit("SIGHUP", "SIGHUP");
      return new Promise<never>(() => undefined);
    };
    await assert.rejects(within("a size", 10, forever), /^Error: a size: ended by SIGHUP$/);
    assert.deepEqual([alive(pid), existsSync(folder)], [false, false]);
  });

  it("is given up at its deadline", async () => {
    const forever = () => new Promise<never>(() => undefined);
    await assert.rejects(within("a size", 0.0001, forever), /^Error: a size: not done within 0\.0001 minutes/);
  });
});
