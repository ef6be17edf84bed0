// Mocha's own `spec` reporter; where TEST_COUNTS names a file, the runner's counts are added to it for .ci/run.
const { appendFileSync } = require("node:fs");
const { reporters } = require("mocha");

module.exports = class extends reporters.Spec {
  constructor(runner, options) {
    super(runner, options);
    runner.once("end", () => {
      if (!process.env.TEST_COUNTS) return;
      const { passes, failures, pending } = this.stats;
      appendFileSync(process.env.TEST_COUNTS, `${passes} ${failures} ${pending}\n`);
    });
  }
};
