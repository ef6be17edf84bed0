/**
 * Preloaded into the program and the policy pack (`node --require`), to halve their start-up: modules are loaded late (`late-modules.js`), stack traces
 * are taken of errors only (`stack-traces.js`), properties travel faster (`structs.js`), and the pack's TypeScript is loaded by tsx, which the runtime offers for programs only: its ts-node would
 * check types, which `npm run typecheck` does.
 *
 * `source-map-support` is left out: tsx has node map stack traces itself, and both together give wrong lines.
 */
const Module = require("node:module");
const { Worker } = require("node:worker_threads");
require("./late-modules.js");
require("./stack-traces.js");
require("./structs.js");

const insidePulumi = /node_modules[\\/]@pulumi[\\/]pulumi[\\/]/;
const isPolicyPack = /[\\/]run-policy-pack\b/.test(process.argv[1]);

const load = Module._load;

// Whoever started this process may be killed before it can end it, and a program whose monitor is gone asks for it again and again: at full
// speed, without end, and without ever coming to a timer of its own. So a thread looks.
const watch = `setInterval(() => process.ppid === ${Number(process.env.OFFLINE_STARTER)} || process.kill(process.pid, "SIGKILL"), 1000)`;
if (process.env.OFFLINE_STARTER) new Worker(watch, { eval: true, execArgv: [], env: {} }).unref();

Module._load = function (request, parent, isMain) {
  if (insidePulumi.test(parent?.filename ?? "")) {
    if (request === "source-map-support/register") return {};
    if (request === "ts-node" && isPolicyPack) return { VERSION: "replaced by tsx", register: () => undefined };
  }
  return load.call(Module, request, parent, isMain);
};
