/**
 * Preloaded where Pulumi's SDK only previews: keeps it from taking two kinds of stack traces, which with TypeScript's source maps are a third of the
 * time that a program's resources take.
 *
 * - `debuggablePromise` takes one for each promise of each property, and shows them with PULUMI_DEBUG_PROMISE_LEAKS only: then they stay.
 * - `Resource.callsites` takes a whole one for each resource, from which the engine gets the line that declares it. Offline it is shown nowhere.
 *
 * Errors keep theirs. Both functions are replaced in their module's exports, through which Pulumi's own modules call them.
 */
const Module = require("node:module");

const load = Module._load;
const changed = new WeakSet();

Module._load = function (request, parent, isMain) {
  const loaded = load.call(Module, request, parent, isMain);
  if (/(^|[\\/])(debuggable|resource)$/.test(request)) quieten(loaded);
  return loaded;
};

/** @param module exports of a module, some of which a circle of modules may still lack: it is seen again */
function quieten(module) {
  if (typeof module.debuggablePromise === "function" && !module.debugPromiseLeaks && !changed.has(module)) {
    changed.add(module);
    module.debuggablePromise = withoutStackTrace(module.debuggablePromise);
  }
  if (typeof module.Resource?.callsites === "function") module.Resource.callsites = () => [];
}

function withoutStackTrace(call) {
  return (...args) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    try {
      return call(...args);
    } finally {
      Error.stackTraceLimit = limit;
    }
  };
}
