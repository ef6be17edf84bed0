import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { endedChildrenSeconds } from "../../lab/sizing/procfs";
import type { Cost } from "./costs";
import { temporaryFolder } from "./temporary-folder";

/**
 * Runs `npm test` and says what it cost: seconds of a processor of the whole run (Linux only), and the files that cost most, each with the seconds of
 * a processor, those of the programs that it started too, and those by the clock. Another load on the machine makes all of it more.
 *
 * `npm run bench:test [-- <how many files>]`
 */
const [shown = "25"] = process.argv.slice(2);

const file = join(temporaryFolder(), "costs");
const begin = performance.now();
const child = spawn("npm", ["test"], { stdio: "inherit", env: { ...process.env, TEST_COSTS: file } });
child.once("close", (code) => {
  const wall = (performance.now() - begin) / 1000;
  const costs = readFileSync(file, "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Cost)
    .sort((a, b) => b.cpu - a.cpu);
  const all = endedChildrenSeconds();
  const rest = all - costs.reduce((sum, { cpu }) => sum + cpu, 0);
  console.log("\n    CPU   clock");
  for (const { what, cpu, wall } of costs.slice(0, Number(shown))) console.log(row(cpu, wall, what));
  console.log(row(rest, undefined, "the type check, npm, and mocha's first process"));
  console.log(row(all, wall, `all of it, in ${costs.length - 1} files; load ${loadavg()[0].toFixed(1)}`));
  process.exitCode = code ?? 1;
});

const row = (cpu: number, wall: number | undefined, what: string): string =>
  `${cpu.toFixed(1).padStart(7)} ${(wall?.toFixed(1) ?? "").padStart(7)}  ${what}`;
