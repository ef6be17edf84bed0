import { spawnSync } from "node:child_process";
import { resolve } from "node:path";
import { endedChildrenSeconds } from "../sizing/procfs";

/**
 * Measures a preview of this repository's program against the plain form, in which ts-node loads everything: by the clock, and in CPU seconds (Linux
 * only). The forms take turns, and the lowest of the rounds counts: other load on the machine only ever adds time, more by the clock than of CPU.
 *
 * `npm run bench:offline [-- <stack> [<rounds>]]`
 */
const [stack = "sandbox", rounds = "3"] = process.argv.slice(2);

const forms = [
  { policies: "without policies", args: ["--no-policies"] },
  { policies: "with policies", args: [] },
].flatMap(({ policies, args }) => [
  { policies, loader: "ts-node", args: [...args, "--ts-node"] },
  { policies, loader: "tsx", args },
]);

/** What one preview took, in seconds. */
interface Cost {
  clock: number;
  cpu: number;
}

/** Runs a preview as the npm script starts it. */
function costOf(args: string[]): Cost {
  const command = [
    "--require",
    "tsx/cjs",
    "--require",
    resolve(__dirname, "../../engine/late-modules.js"),
    resolve(__dirname, "../../commands/preview/cli.ts"),
    "--stack",
    stack,
    ...args,
  ];
  const [start, before] = [process.hrtime.bigint(), endedChildrenSeconds()];
  const { status, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
  if (status !== 0 && status !== 1) {
    throw new Error(`preview ${args.join(" ")} ended with ${status}: ${stderr}`);
  }
  return { clock: Number(process.hrtime.bigint() - start) / 1e9, cpu: endedChildrenSeconds() - before };
}

const lowest = forms.map((form) => ({ ...form, clock: Infinity, cpu: Infinity }));
for (let round = 0; round < Number(rounds); round++) {
  for (const form of lowest) {
    const { clock, cpu } = costOf(form.args);
    form.clock = Math.min(form.clock, clock);
    form.cpu = Math.min(form.cpu, cpu);
  }
}
for (const { policies, loader, clock, cpu } of lowest) {
  const plain = lowest.find((form) => form.policies === policies && form.loader === "ts-node")!;
  const share = (what: keyof Cost, now: number) => `${now.toFixed(2)} s (${(now / plain[what]).toFixed(2)} of ts-node)`;
  console.log(`${policies}, ${loader}: ${share("clock", clock)}, ${share("cpu", cpu)} of CPU`);
}
