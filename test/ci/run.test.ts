import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { chmodSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, resolve } from "node:path";

// `.ci/run` with a stand-in for npm, whose scripts take as long as the test lets them.

const npm = `#!/usr/bin/env bash
waitFor() { until [ -e "$STAND_IN/$1" ]; do sleep 0.05; done; }
case "$*" in
  ci) ;;
  "run cluster -- up") echo "builds"; touch "$STAND_IN/building"; waitFor tested; echo "is up"; exit "\${UP:-0}" ;;
  exec*) echo "10 0 1" >> "\${TEST_COUNTS:-/dev/null}"; exit "\${OTHER_NODES:-0}" ;;
  test) waitFor building; echo "10 \${TEST:-0} 1" >> "$TEST_COUNTS"; exit "\${TEST:-0}" ;;
  "run lint") touch "$STAND_IN/tested"; exit "\${LINT:-0}" ;;
  "run e2e") echo "5 \${E2E:-0} 2" >> "$TEST_COUNTS"; cat; exit "\${E2E:-0}" ;;
  "run cluster -- down") ;;
  *) echo "nobody knows npm $*"; exit 9 ;;
esac
`;

interface Ended {
  code: number;
  lines: string[];
}

describe(".ci/run", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "ci-run-"));
    for (const under of ["bin", ".ci"]) mkdirSync(join(folder, under));
    copyFileSync(resolve(__dirname, "../../.ci/run"), join(folder, ".ci/run"));
    writeFileSync(join(folder, "bin/npm"), npm);
    chmodSync(join(folder, "bin/npm"), 0o755);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Runs it; exit codes of its scripts by name. */
  const run = (codes: Record<string, string> = {}): Promise<Ended> =>
    new Promise((done) => {
      const PATH = `${join(folder, "bin")}${delimiter}${process.env.PATH}`;
      const env = { ...process.env, ...codes, PATH, STAND_IN: folder };
      const child = execFile("bash", [join(folder, ".ci/run")], { env, timeout: 60_000 }, (error, out) =>
        done({ code: Number(error?.code ?? 0), lines: out.trim().split("\n") }),
      );
      child.stdin?.end("nobody is to read this\n");
    });

  const steps = ({ lines }: Ended) => lines.flatMap((line) => /^== npm (.*)/.exec(line)?.[1] ?? []);

  it("builds the cluster beside the tests, prints each step whole, and adds up the runner's counts", async () => {
    const ended = await run();
    assert.equal(ended.lines.at(-1), "15 passed, 0 failed, 3 skipped");
    assert.equal(ended.code, 0);
    const down = "run cluster -- down"; // the first is for one that an interrupted run left
    const nodes = steps(ended).flatMap(
      (step) => /^exec --yes --package=node@(\d+)\.\d+\.\d+ -- npm run mocha$/.exec(step)?.[1] ?? [],
    );
    assert.deepEqual(nodes, ["22", "24", "26"]);
    assert.deepEqual(
      steps(ended).filter((step) => !step.startsWith("exec")),
      ["ci", down, "test", "run lint", "run cluster -- up", "run e2e", down],
    );
    const begin = ended.lines.indexOf("== npm run cluster -- up");
    assert.deepEqual(ended.lines.slice(begin + 1, begin + 3), ["builds", "is up"]);
    assert.match(ended.lines[begin + 3], /^-- npm run cluster -- up: \d+ s$/);
    assert.ok(!ended.lines.includes("nobody is to read this"));
    const times = ended.lines.findIndex((line) => /^All of it: \d+ s$/.test(line));
    assert.match(ended.lines.slice(times + 1).join("\n"), /^(-- npm [^\n]*: \d+ s\n){10}15 passed/);
  });

  it("fails with the number of failed tests, and runs no end-to-end test after a failure", async () => {
    const ended = await run({ TEST: "1" });
    assert.deepEqual([ended.code, ended.lines.at(-1)], [1, "10 passed, 1 failed, 1 skipped"]);
    assert.ok(ended.lines.includes("failed: npm test"));
    assert.deepEqual(steps(ended).slice(-2), ["run cluster -- up", "run cluster -- down"]);
    assert.equal((await run({ E2E: "3" })).lines.at(-1), "15 passed, 3 failed, 3 skipped");
  });

  for (const [name, step] of Object.entries({
    LINT: "npm run lint",
    UP: "npm run cluster -- up",
    OTHER_NODES: "npm exec",
  }))
    it(`fails when ${step} does, in which no test is counted`, async () => {
      const ended = await run({ [name]: "4" });
      const broken = ended.lines.filter((line) => line.startsWith(`failed: ${step}`)).length;
      assert.equal(broken, name === "OTHER_NODES" ? 3 : 1);
      assert.deepEqual([ended.code, ended.lines.at(-1)], [1, `10 passed, ${broken} failed, 1 skipped`]);
      assert.ok(!steps(ended).includes("run e2e"));
    });
});
