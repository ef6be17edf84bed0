import { spawn } from "node:child_process";
import { once } from "node:events";

/**
 * Runs the scripts of a Job's containers, one after the other, with a shell and tools of this machine.
 * @param env the variables of all of them
 * @returns what they said, and the code of the first that failed, or 0
 */
export async function runScripts(
  scripts: readonly string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: number; said: string }> {
  let said = "";
  for (const script of scripts) {
    const child = spawn("sh", ["-s"], { env });
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (said += String(part)));
    child.stdin.end(script);
    const [code] = (await once(child, "close")) as [number];
    if (code !== 0) return { code, said };
  }
  return { code: 0, said };
}
