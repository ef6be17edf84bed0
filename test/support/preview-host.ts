import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import type { Socket } from "node:net";
import { resolve } from "node:path";

let started: Promise<string> | undefined;
let child: ChildProcess | undefined;

/**
 * Address of the process that makes previews of the whole program (`test/program/support/host.ts`). Every process of a run of all tests shares
 * one (`setup.ts`); where a file of tests runs alone, this starts one. It ends with the process that started it.
 */
export const previewHost = (): Promise<string> => (started ??= shared() ?? start());

const shared = (): Promise<string> | undefined =>
  process.env.PREVIEW_HOST === undefined ? undefined : Promise.resolve(process.env.PREVIEW_HOST);

async function start(): Promise<string> {
  const main = resolve(__dirname, "../program/support/host.ts");
  // Whole graphs live for as long as a preview: with room for them among what is young, none is copied among what is old.
  const node = ["--max-semi-space-size=64", "--require", "tsx/cjs"];
  const host = spawn(process.execPath, [...node, main], { stdio: ["pipe", "pipe", "inherit"] });
  const [address] = (await once(host.stdout, "data")) as [Buffer];
  // It is waited for only where a run ends well: it sees by itself that its standard input is closed.
  for (const handle of [host, host.stdin as Socket, host.stdout as Socket]) handle.unref();
  child = host;
  return address.toString().trim();
}

/** Ends the process that {@link previewHost} started here, if it did, and waits for that: what it cost counts to this process then. */
export async function endPreviewHost(): Promise<void> {
  if (!child || child.exitCode !== null) return;
  child.ref();
  const ended = once(child, "exit");
  child.stdin?.end();
  await ended;
}
