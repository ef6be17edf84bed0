import { spawn } from "node:child_process";
import { resolve } from "node:path";

/** How a command ended. */
export interface Ended {
  code: number | null;
  out: string;
  errors: string;
}

/** Runs the offline command line as the scripts of package.json do. */
export function offline(...args: string[]): Promise<Ended> {
  const child = spawn(process.execPath, ["--import", "tsx", resolve(__dirname, "../../../offline/cli.ts"), ...args]);
  const [out, errors]: string[][] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
  return new Promise((done) => child.on("close", (code) => done({ code, out: out.join(""), errors: errors.join("") })));
}
