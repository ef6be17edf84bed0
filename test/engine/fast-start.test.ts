import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { until } from "../../lab/until";

/** Runs a script after the preload, as the program is run, and gives what it prints as JSON. */
function afterFastStart(script: string, environment: Record<string, string> = {}): unknown {
  const preload = resolve(__dirname, "../../engine/fast-start.js");
  const preloads = ["tsx/cjs", preload].flatMap((file) => ["--require", file]);
  const folder = resolve(__dirname, "../..");
  const env = { ...process.env, ...environment };
  return JSON.parse(execFileSync(process.execPath, [...preloads, "-e", script], { cwd: folder, env }).toString());
}

describe("what is preloaded into a program", () => {
  // One process for most of it: each takes half a second.
  const script = `
    const { findSourceMap } = require("node:module");
    const from = (name) => [typeof require(name), findSourceMap(require.resolve(name)) !== undefined];
    const loaded = () =>
      Object.keys(require.cache).some((file) => /node_modules.(typescript|@npmcli.arborist)./.test(file));
    const pulumi = require("@pulumi/pulumi");
    const found = { loadedAtFirst: loaded() };

    const { debuggablePromise } = require("@pulumi/pulumi/runtime/debuggable");
    const watched = Promise.resolve();
    debuggablePromise(watched, "a property");
    const ofError = (function inProgram() { return new Error("it broke").stack; })();
    found.traces = [
      watched._debugStackTrace.includes(" at "),
      ofError.includes("at inProgram"),
      pulumi.Resource.callsites().length,
    ];
    found.compiled = [from("@grpc/grpc-js"), from("@kubernetes/client-node/dist/patch.js"), from("./stages.ts")];

    const secret = 42;
    pulumi.runtime.serializeFunction(() => secret).then(({ text }) => {
      found.used = [
        typeof pulumi.automation.LocalWorkspace.create,
        typeof pulumi.automation.Stack.createOrSelect,
        text.includes("secret: 42") || text.includes("secret = 42"),
        loaded(),
      ];
      console.log(JSON.stringify(found));
    });`;
  let found: Record<"loadedAtFirst" | "traces" | "compiled" | "used", unknown>;
  before(() => (found = afterFastStart(script) as typeof found));

  it("keeps compilers and package managers from being loaded with @pulumi/pulumi", () => {
    assert.equal(found.loadedAtFirst, false);
  });

  it("gives the same modules as without it, once they are used", () => {
    assert.deepEqual(found.used, ["function", "function", true, true]);
  });

  it("takes stack traces of errors, and of nothing else unless leaks of promises are looked for", () => {
    assert.deepEqual(found.traces, [false, true, 0]);
    const looking = afterFastStart(script, { PULUMI_DEBUG_PROMISE_LEAKS: "1" }) as typeof found;
    assert.deepEqual(looking.traces, [true, true, 0]);
  });

  it("lets node compile a package's CommonJS without its source map, and tsx its ES modules and this program", () => {
    assert.deepEqual(found.compiled, [
      ["object", false],
      ["object", true],
      ["object", true],
    ]);
  });

  it("ends a process that never comes to rest, once who started it is killed", async () => {
    const preload = resolve(__dirname, "../../engine/fast-start.js");
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
