import { spawn } from "node:child_process";
import { run as plan } from "../../../commands/plan/cli";
import { run as policy } from "../../../commands/policy/cli";
import { run as preview } from "../../../commands/preview/cli";
import { run as render } from "../../../commands/render/cli";
import { runInline } from "./inline";
import { startPackInline } from "./inline-pack";
import { ownProgram } from "../../../engine/project";

/** How a command ended. */
export interface Ended {
  code: number | null;
  out: string;
  errors: string;
}

const commands = { plan, policy, preview, render };

/** Runs a command that needs no cluster in this process, and the program and the policy pack too. */
export async function offline(command: keyof typeof commands, ...words: string[]): Promise<Ended> {
  let [out, errors] = ["", ""];
  const code = await commands[command](words, {
    out: (text) => (out += text),
    error: (text) => (errors += text),
    start: runInline,
    startPack: startPackInline,
  });
  return { code, out, errors };
}

/** Runs such a command as npm does. For what a process of its own has: its exit code, its streams, how programs are run. */
export function offlineProcess(command: keyof typeof commands, ...words: string[]): Promise<Ended> {
  const args = [
    "--require",
    "tsx/cjs",
    "--require",
    "./engine/late-modules.js",
    `commands/${command}/cli.ts`,
    ...words,
  ];
  const child = spawn(process.execPath, args, { cwd: ownProgram });
  const [out, errors]: string[][] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
  return new Promise((done) => child.on("close", (code) => done({ code, out: out.join(""), errors: errors.join("") })));
}
