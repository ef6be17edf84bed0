// What Pulumi loads. It is JavaScript so that tsx translates the rest, which takes a third of the time that ts-node's type check would;
// types are checked by `npm test`.
// A pack lives for seconds. V8 makes optimised code of a function only once it has run seven times as much as by default: of most it never pays, and
// took a fifth of a resource's time (README.md). The flag is V8's own; a version without it runs as by default.
require("node:v8").setFlagsFromString("--interrupt-budget=500000");
require("tsx/cjs");
const { PolicyPack } = require("@pulumi/policy");
const { readPropertiesOnce } = require("./lib/read-once.ts");
const { readRequestsOnce } = require("./lib/read-request.ts");
const { readStructsPlainly } = require("./lib/read-struct.ts");
const { policies } = require("./index.ts");

readStructsPlainly();
readRequestsOnce();
readPropertiesOnce();
new PolicyPack("observability", { policies });
