import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { until } from "../../sandbox/until";

/** Runs a script after the preload, as the program is run, and gives what it prints as JSON. */
function afterFastStart(script: string): unknown {
  const preload = resolve(__dirname, "../../offline/fast-start.js");
  const folder = resolve(__dirname, "../..");
  return JSON.parse(execFileSync(process.execPath, ["--require", preload, "-e", script], { cwd: folder }).toString());
}

const loaded = "Object.keys(require.cache).some((file) => /node_modules.(typescript|@npmcli.arborist)./.test(file))";

describe("what is preloaded into a program", () => {
  it("keeps compilers and package managers from being loaded with @pulumi/pulumi", () => {
    assert.equal(afterFastStart(`require("@pulumi/pulumi"); console.log(${loaded})`), false);
  });

  it("gives the same modules as without it, once they are used", () => {
    const script = `
      const pulumi = require("@pulumi/pulumi");
      const secret = 42;
      pulumi.runtime.serializeFunction(() => secret).then(({ text }) => console.log(JSON.stringify([
        typeof pulumi.automation.LocalWorkspace.create,
        typeof pulumi.automation.Stack.createOrSelect,
        text.includes("secret: 42") || text.includes("secret = 42"),
        ${loaded},
      ])));`;
    assert.deepEqual(afterFastStart(script), ["function", "function", true, true]);
  });

  it("ends a process that never comes to rest, once who started it is killed", async () => {
    const preload = resolve(__dirname, "../../offline/fast-start.js");
    const spin = "(async () => { for (;;) await 0; })()";
    const starter = `
      const env = { ...process.env, OFFLINE_STARTER: String(process.pid) };
      const args = ${JSON.stringify(["--require", preload, "-e", spin])};
      console.log(require("node:child_process").spawn(process.execPath, args, { env, stdio: "ignore" }).pid);`;
    const parent = spawn(process.execPath, ["-e", starter], { stdio: ["ignore", "pipe", "inherit"] });
    const [pid] = (await once(parent.stdout, "data")) as [Buffer];
    parent.kill("SIGKILL");
    await until("the process is gone", 20, async () => {
      try {
        process.kill(Number(String(pid)), 0);
      } catch {
        return true;
      }
    });
  });
});
