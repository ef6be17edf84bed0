import { readdirSync, readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { binary } from "../../lab/cluster/native/daemons";

/** The process of the throw-away cluster's API server; undefined on a cluster that isn't made of processes of this machine. */
export function apiServerProcess(): number | undefined {
  const program = binary("kubernetes", "kube-apiserver");
  return readdirSync("/proc")
    .map(Number)
    .filter((pid) => pid > 0)
    .find((pid) => commandLine(pid).startsWith(`${program}\0`));
}

/**
 * Has the API server stand still: connections stay open and get no answer, new ones wait.
 * @param pid its process
 * @param seconds for how long
 */
export async function standStill(pid: number, seconds: number): Promise<void> {
  process.kill(pid, "SIGSTOP");
  try {
    await pause(seconds * 1000);
  } finally {
    process.kill(pid, "SIGCONT");
    // nsenter, which started it, stops itself when its child does (util-linux, `continue_as_child`), and would not see its end any more.
    process.kill(parentOf(pid), "SIGCONT");
  }
}

const parentOf = (pid: number) => Number(/^PPid:\t(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]);

function commandLine(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return ""; // it ended meanwhile
  }
}
