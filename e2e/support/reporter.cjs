// The tests' own reporter, and below it what each file took, what tests noted, and what they left out.
const { readFileSync, rmSync } = require("node:fs");
const { dirname, relative } = require("node:path");
const Reporter = require("../../test/support/reporter.cjs");

module.exports = class extends Reporter {
  constructor(runner, options) {
    super(runner, options);
    const seconds = new Map();
    const add = (kind) => (runnable) => {
      const of = seconds.get(runnable.file) ?? { tests: 0, hooks: 0 };
      of[kind] += (runnable.duration ?? 0) / 1000;
      seconds.set(runnable.file, of);
    };
    runner.on("hook end", add("hooks"));
    runner.on("test end", add("tests"));
    // A hook that fails has no end.
    runner.on("fail", (runnable) => runnable.type === "hook" && add("hooks")(runnable));
    const skipped = [];
    runner.on("pending", (test) => skipped.push({ text: test.fullTitle(), why: "is skipped in its file" }));
    runner.once("end", () => {
      const files = [...seconds].map(([file, { tests, hooks }]) => ({ file, tests, hooks, all: tests + hooks }));
      console.log("Seconds of each file, and how many of them before and after its tests:");
      for (const { file, all, hooks } of files.sort((a, b) => b.all - a.all))
        console.log(`${all.toFixed(0).padStart(6)} ${hooks.toFixed(0).padStart(5)}  ${relative("", file)}`);
      const notes = [...readNotes(), ...skipped];
      for (const { text, why } of notes) if (!why) console.log(`  ${text}`);
      const reasons = new Set(notes.flatMap(({ why }) => why ?? []));
      console.log(reasons.size > 0 ? "Left out, and why:" : "Nothing was left out.");
      for (const reason of reasons) {
        const what = notes.filter(({ why }) => why === reason).map(({ text }) => text);
        console.log(`  ${[...new Set(what)].sort().join(", ")}: ${reason}`);
      }
    });
  }
};

function readNotes() {
  const text = readFileSync(process.env.E2E_NOTES, "utf8");
  rmSync(dirname(process.env.E2E_NOTES), { recursive: true });
  return text.split("\n").flatMap((line) => (line ? [JSON.parse(line)] : []));
}
