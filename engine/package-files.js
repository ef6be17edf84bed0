/**
 * Preloaded after tsx, which takes every JavaScript file of a package for one that may be an ES module and parses it to find out, and with which node
 * reads each one's source map. That is a quarter of the time in which a command starts (engine/README.md). Here node compiles what is CommonJS as it is;
 * stack traces name lines of a package's JavaScript, as they do without tsx. Before tsx, this does nothing.
 */
const Module = require("node:module");
const { readFileSync } = require("node:fs");

const own = Module._extensions[".js"];
const inPackage = /[\\/]node_modules[\\/]/;
/** Stands in every ES module; where it stands in a comment or a text of CommonJS, tsx looks, too. */
const maybeEsModule = /(?:^|[;}])\s*(?:import|export)\b/m;
const sourceMap = "//# sourceMappingURL=";

Module._extensions[".js"] = (module, file) => {
  if (!inPackage.test(file)) return own(module, file);
  const text = readFileSync(file, "utf8");
  if (maybeEsModule.test(text)) return own(module, file);
  const end = text.lastIndexOf(sourceMap);
  module._compile(end < 0 ? text : text.slice(0, end), file);
};
