/**
 * Loaded before `@pulumi/pulumi`, by whatever only previews: of the seconds that `require("@pulumi/pulumi")` takes, three quarters go to modules that
 * only serialising functions and the Automation API use. They are loaded when first used, and what Pulumi's tracing needs when a trace is asked for.
 * engine/README.md has the measurements.
 */
const Module = require("node:module");
require("./package-files.js");
require("./seldom-optimised.js");

/** What is loaded late: by the file that requires it, and as `require` names it. */
const late = [
  {
    from: /[\\/]runtime[\\/]closure[\\/]\w+\.js$/,
    request: /^(@npmcli\/arborist|normalize-package-data|semver|upath|\.\.\/\.\.\/typescript-shim)$/,
  },
  { from: /[\\/]runtime[\\/](manifest|rpc)\.js$/, request: /^(js-yaml|semver)$/ },
  { from: /[\\/]index\.js$/, request: /^\.\/automation$/ },
  { from: /[\\/](tsutils|run-policy-pack[\\/]run)\.js$/, request: /^typescript$/ },
  { from: /[\\/]cmd[\\/]run[\\/]run\.js$/, request: /^semver$/ },
  { from: /[\\/]zod[\\/]v4[\\/]c(ore|lassic)[\\/]\w+\.cjs$/, request: /^\.\.\/locales\/index\.cjs$/ },
];
/** What is loaded late though its functions and classes are taken out at once, which then load it when they are called. */
const lateFunctions = { from: /[\\/]run[\\/]tracing\.js$/, request: /^@opentelemetry\/(?!api$)/ };
const inside = /node_modules[\\/](@pulumi[\\/]pulumi|zod)[\\/]/;

const load = Module._load;

Module._load = function (request, parent, isMain) {
  const file = parent?.filename ?? "";
  const now = () => load.call(Module, request, parent, isMain);
  if (!inside.test(file)) return now();
  if (late.some((rule) => rule.request.test(request) && rule.from.test(file))) return whenUsed(now, request);
  if (lateFunctions.request.test(request) && lateFunctions.from.test(file)) return whenCalled(now);
  return now();
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

/** An object each of whose properties is a function, or a class, that loads a module when it is called. */
function whenCalled(loadModule) {
  const late = (key) =>
    function (...args) {
      const own = loadModule()[key];
      return new.target ? new own(...args) : own(...args);
    };
  return new Proxy({}, { get: (_, key) => late(key) });
}
