import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { once } from "node:events";
import type { Socket } from "node:net";
import { resolve } from "node:path";

let started: Promise<string[]> | undefined;

/**
 * Starts processes that make previews of the whole program (`test/program/support/host.ts`). They end with the process that started them.
 * @param count how many
 * @returns their addresses
 */
export const startHosts = (count: number): Promise<string[]> => Promise.all(Array.from({ length: count }, start));

/**
 * Address of such a process. Every process of a run of all tests shares those that `setup.ts` starts; where a file of tests runs alone, this
 * starts one.
 * @param asked what it is asked for: the same is always asked of the same one, which makes it once
 */
export async function previewHost(asked: string): Promise<string> {
  const hosts = await (started ??= shared() ?? startHosts(1));
  const digest = createHash("sha256").update(asked).digest();
  return hosts[digest.readUInt32BE() % hosts.length];
}

/** Variable of the environment with the addresses of those that are shared. */
export const variable = "PREVIEW_HOSTS";

const shared = (): Promise<string[]> | undefined =>
  process.env[variable] === undefined ? undefined : Promise.resolve(process.env[variable].split(" "));

async function start(): Promise<string> {
  const main = resolve(__dirname, "../program/support/host.ts");
  const child = spawn(process.execPath, ["--require", "tsx/cjs", main], { stdio: ["pipe", "pipe", "inherit"] });
  const [address] = (await once(child.stdout, "data")) as [Buffer];
  // Nobody waits for its end: it sees that its standard input is closed.
  for (const handle of [child, child.stdin as Socket, child.stdout as Socket]) handle.unref();
  return address.toString().trim();
}
