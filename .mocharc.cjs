const { readdirSync } = require("node:fs");
const { join } = require("node:path");

// The longest files, the longest first: begun last, one of them would run alone while the other processes have nothing left to do.
const longest = [
  "test/policy/mutations.test.ts",
  "test/offline/cli.test.ts",
  "test/program/graph.test.ts",
  "test/offline/plan.test.ts",
  "test/offline/fit.test.ts",
  "test/offline/policy.test.ts",
  "test/program/secretness.test.ts",
];
const all = readdirSync("test", { recursive: true })
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => join("test", file))
  .sort();

module.exports = {
  require: ["tsx/cjs", "./test/support/setup.ts"],
  reporter: "test/support/reporter.cjs",
  spec: [...longest, ...all.filter((file) => !longest.includes(file))],
  // Processes that take the files one after the other; the previews of the whole program are made by one more (test/README.md).
  parallel: true,
  jobs: 3,
  timeout: 120_000,
  forbidOnly: true,
};
