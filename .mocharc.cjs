const { readdirSync } = require("node:fs");
const { join } = require("node:path");

// The longest files, the longest first: begun last, one of them would run alone while the other processes have nothing left to do.
const longest = [
  "test/policy/mutations.test.ts",
  "test/commands/cli.test.ts",
  "test/program/graph.test.ts",
  "test/commands/plan/plan.test.ts",
  "test/commands/shared/fit.test.ts",
  "test/commands/policy/policy.test.ts",
  "test/program/secretness.test.ts",
];
const all = readdirSync("test", { recursive: true })
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => join("test", file))
  .sort();
// Mocha adds the files of the command line to these: `npx mocha test/…/x.test.ts` means that one alone.
const named = process.argv.some((argument) => argument.endsWith(".test.ts"));

module.exports = {
  // For mocha's processes, as for the one that makes previews (test/support/preview-host.ts): a tenth of the seconds of a processor goes to copying
  // what is young, and most of it is dropped before 64 MB of it are there.
  "node-option": ["max-semi-space-size=64"],
  require: ["tsx/cjs", "./test/support/setup.ts"],
  reporter: "test/support/reporter.cjs",
  spec: named ? [] : [...longest, ...all.filter((file) => !longest.includes(file))],
  // Processes that take the files one after the other; the previews of the whole program are made by one more (test/README.md).
  parallel: true,
  jobs: 3,
  timeout: 120_000,
  forbidOnly: true,
};
