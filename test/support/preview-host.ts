import { spawn } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { resolve } from "node:path";

let started: Promise<string> | undefined;

/**
 * Address of the process that makes previews of the whole program (`test/program/support/host.ts`). Every process of a run of all tests shares
 * one (`setup.ts`); where a file of tests runs alone, this starts one. It ends with the process that started it.
 */
export const previewHost = (): Promise<string> => (started ??= shared() ?? start());

const shared = (): Promise<string> | undefined =>
  process.env.PREVIEW_HOST === undefined ? undefined : Promise.resolve(process.env.PREVIEW_HOST);

async function start(): Promise<string> {
  const main = resolve(__dirname, "../program/support/host.ts");
  const child = spawn(process.execPath, ["--require", "tsx/cjs", main], { stdio: ["pipe", "pipe", "inherit"] });
  const [address] = (await once(child.stdout, "data")) as [Buffer];
  // Nobody waits for its end: it sees that its standard input is closed.
  for (const handle of [child, child.stdin as Socket, child.stdout as Socket]) handle.unref();
  return address.toString().trim();
}
