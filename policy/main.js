// What Pulumi loads. It is JavaScript so that tsx translates the rest, which takes a third of the time that ts-node's type check would;
// types are checked by `npm test`.
require("tsx/cjs");
const { PolicyPack } = require("@pulumi/policy");
const { readPropertiesOnce } = require("./lib/read-once.ts");
const { readStructsPlainly } = require("./lib/read-struct.ts");
const { policies } = require("./index.ts");

readStructsPlainly();
readPropertiesOnce();
new PolicyPack("observability", { policies });
