import { spawnSync } from "node:child_process";
import { resolve } from "node:path";

/**
 * Measures a preview of this repository's program against the plain form, in which ts-node loads everything. The forms take
 * turns, and the fastest of the rounds counts: what else the machine does only ever adds time.
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

/** Seconds by the clock of one preview, as the npm script starts it. */
function seconds(args: string[]): number {
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
  const start = process.hrtime.bigint();
  const { status, stderr } = spawnSync(process.execPath, command, { encoding: "utf8" });
  if (status !== 0 && status !== 1) {
    throw new Error(`preview ${args.join(" ")} ended with ${status}: ${stderr}`);
  }
  return Number(process.hrtime.bigint() - start) / 1e9;
}

const best = new Map(forms.map((form) => [form, Infinity]));
for (let round = 0; round < Number(rounds); round++) {
  for (const form of forms) {
    best.set(form, Math.min(best.get(form) ?? Infinity, seconds(form.args)));
  }
}
for (const [form, time] of best) {
  const plain = forms.find(({ policies, loader }) => policies === form.policies && loader === "ts-node");
  const ratio = time / (best.get(plain ?? form) ?? time);
  console.log(`${form.policies}, ${form.loader}: ${time.toFixed(2)} s, ${ratio.toFixed(2)} of ts-node`);
}
