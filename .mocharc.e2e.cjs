const { mkdtempSync, writeFileSync } = require("node:fs");
const { tmpdir } = require("node:os");
const { join } = require("node:path");

// Here the processes that run the files leave what is said at the end (e2e/support/note.ts).
process.env.E2E_NOTES = join(mkdtempSync(join(tmpdir(), "e2e-")), "notes");
writeFileSync(process.env.E2E_NOTES, "");

module.exports = {
  // Commands that tests start have the user's stack files, the tests themselves don't.
  require: ["tsx/cjs", "./test/support/user-stacks.cjs"],
  reporter: "e2e/support/reporter.cjs",
  // A file waits for most of its time, so that two cores have time for several.
  parallel: true,
  jobs: 4,
  timeout: 600_000,
  forbidOnly: true,
};
