#!/usr/bin/env node
// The command observability-policy-images; TypeScript as in main.js.
require("tsx/cjs");
const { run } = require("./lib/registry/command.ts");

run(process.argv.slice(2), {
  out: (text) => process.stdout.write(text),
  error: (text) => process.stderr.write(text),
}).then((code) => (process.exitCode = code));
