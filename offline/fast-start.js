/**
 * Preloaded into the program and the policy pack (`node --require`), to halve their start-up. Of the 0.6 s of CPU time
 * that `require("@pulumi/pulumi")` takes, three quarters go to modules that only serialising functions and the Automation
 * API use: they are loaded when first used. And the pack's TypeScript is loaded by tsx, which the runtime offers for
 * programs only: its ts-node would check types, which `npm run typecheck` does. offline/README.md has the measurements.
 *
 * `source-map-support` is left out: tsx has node map stack traces itself, and both together give wrong lines.
 */
const Module = require("node:module");
const { Worker } = require("node:worker_threads");

/** What is loaded late: by the file that requires it, and as `require` names it. */
const late = [
  { from: /[\\/]runtime[\\/]closure[\\/]\w+\.js$/, request: /^(@npmcli\/arborist|\.\.\/\.\.\/typescript-shim)$/ },
  { from: /[\\/]index\.js$/, request: /^\.\/automation$/ },
  { from: /[\\/](tsutils|run-policy-pack[\\/]run)\.js$/, request: /^typescript$/ },
];
const insidePulumi = /node_modules[\\/]@pulumi[\\/]pulumi[\\/]/;
const isPolicyPack = /[\\/]run-policy-pack\b/.test(process.argv[1]);
const load = Module._load;

// Whoever started this process may be killed before it can end it, and a program whose monitor is gone asks for it again and again: at full
// speed, without end, and without ever coming to a timer of its own. So a thread looks.
const watch = `setInterval(() => process.ppid === ${Number(process.env.OFFLINE_STARTER)} || process.kill(process.pid, "SIGKILL"), 1000)`;
if (process.env.OFFLINE_STARTER) new Worker(watch, { eval: true, execArgv: [], env: {} }).unref();

Module._load = function (request, parent, isMain) {
  const file = parent?.filename ?? "";
  if (insidePulumi.test(file)) {
    if (late.some((rule) => rule.request.test(request) && rule.from.test(file))) {
      return whenUsed(() => load.call(Module, request, parent, isMain), request);
    }
    if (request === "source-map-support/register") {
      return {};
    }
    if (request === "ts-node" && isPolicyPack) {
      return { VERSION: "replaced by tsx", register: () => undefined };
    }
  }
  return load.call(Module, request, parent, isMain);
};

/** An object that loads a module when something of it is read; TypeScript's version is read at every start. */
function whenUsed(loadModule, request) {
  let loaded;
  const module = () => (loaded ??= loadModule());
  const known = {
    // Keeps TypeScript's import helper from copying, and so reading, everything.
    __esModule: () => true,
    default: module,
    ...(request === "typescript" ? { version: () => require("typescript/package.json").version } : {}),
  };
  return new Proxy({}, { get: (_, key) => (Object.hasOwn(known, key) ? known[key]() : module()[key]) });
}
