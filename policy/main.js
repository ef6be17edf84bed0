// What Pulumi loads. It is JavaScript so that tsx translates the rest, which takes a third of the time that ts-node's type check would;
// types are checked by `npm test`.
// A pack lives for seconds. V8 makes optimised code of a function only once it has run seven times as much as by default: of most it never pays, and
// took a fifth of a resource's time (README.md). The flag is V8's own, of another name since Node.js 22, and V8 prints an error for one that it doesn't
// know: a version that wasn't tried runs as by default.
const v8 = Number.parseInt(process.versions.v8);
if (v8 === 11) require("node:v8").setFlagsFromString("--interrupt-budget=500000");
if (v8 >= 12 && v8 <= 14) require("node:v8").setFlagsFromString("--invocation-count-for-turbofan=20000");
require("tsx/cjs");

// What tsx writes names each function again whenever one is made, and has each use of an import go through two getters: up to an eighth of a
// resource's time (README.md). Of the pack's own files neither is kept; what another version of tsx writes otherwise stays as it is.
const { prototype } = require("node:module");
const compile = prototype._compile;
const naming = '__defProp(target,"name",{value,configurable:true})';
prototype._compile = function (code, file, ...more) {
  const isOwn = file.startsWith(__dirname) && file.endsWith(".ts");
  const result = compile.call(this, isOwn ? code.replace(naming, "target".padEnd(naming.length)) : code, file, ...more);
  if (isOwn) this.exports = Object.defineProperty({ ...this.exports }, "__esModule", { value: true });
  return result;
};

const { PolicyPack } = require("@pulumi/policy");
const { readPropertiesOnce } = require("./lib/read-once.ts");
const { readRequestsOnce } = require("./lib/read-request.ts");
const { readStructsPlainly } = require("./lib/read-struct.ts");
const { policies } = require("./index.ts");

readStructsPlainly();
readRequestsOnce();
readPropertiesOnce();
new PolicyPack("observability", { policies });
