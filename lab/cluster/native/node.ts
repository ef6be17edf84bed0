import { spawn } from "node:child_process";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { atInterruption } from "../../../commands/shared/interruption";
import { run, waitFor } from "../run";

/**
 * A node is one process that holds namespaces of its own for processes, mounts and network. Everything of the cluster runs in them: when that process
 * is killed the kernel ends every other one, and every mount and interface goes with them. Nothing has to be found again by its name.
 */
interface Holder {
  /** `unshare`; the child that it made is process 1 of the node, and dies with it. */
  pid: number;
  /** Its start time, so that another process with its id isn't taken for it. */
  started: string;
  /** Process 1 of the node, by its id on the host. */
  init: number;
}

/** Folders of the node that stand in for the machine's own, by path. What kubelet, containerd and CNI write by default stays inside the state folder. */
const ownFolders = ["/var/lib", "/var/log"];

/** Runs as process 1 of the node. Bash reaps the processes that lose their parent, which container runtimes need. */
function initScript(dir: string): string {
  return `#!/bin/bash
set -eu
# host and node see nothing of each other's later mounts
mount --make-rprivate /
${ownFolders.map((path) => `mount --bind "${join(dir, "node", path)}" ${path}`).join("\n")}
mount -t tmpfs -o mode=0755 tmpfs /run
# /sys shows the interfaces of the network namespace in which it was mounted
mkdir /run/cgroup
mount --rbind /sys/fs/cgroup /run/cgroup
mount -t sysfs sysfs /sys
mount --rbind /run/cgroup /sys/fs/cgroup
umount --lazy /run/cgroup
# inside the node mounts spread from here on, as volumes need
mount --make-rshared /
touch "${join(dir, "node", "ready")}"
while :; do sleep 3600 & wait "$!" || true; done
`;
}

function holderFile(dir: string): string {
  return join(dir, "node.json");
}

/** Process 1 of the running node of a folder, by its id on the host; undefined when there is none. */
export function runningNode(dir: string): number | undefined {
  if (!existsSync(holderFile(dir))) return undefined;
  const holder = JSON.parse(readFileSync(holderFile(dir), "utf8")) as Holder;
  return startTime(holder.pid) === holder.started ? holder.init : undefined;
}

/**
 * Starts a node, without anything in it yet.
 *
 * @param dir Its folder.
 * @param inside Process 1 of a node that it ends with; none by default.
 * @returns Process 1's id on the host.
 */
export async function startNode(dir: string, inside?: number): Promise<number> {
  // A node whose systemd keeps its journal has the folder last named; without it the log collector's component for the journal is unhealthy.
  for (const path of [...ownFolders, "/var/log/journal"]) mkdirSync(join(dir, "node", path), { recursive: true });
  mkdirSync(join(dir, "logs"), { recursive: true });
  const ready = join(dir, "node", "ready");
  rmSync(ready, { force: true });
  const script = join(dir, "node", "init.sh");
  writeFileSync(script, initScript(dir), { mode: 0o755 });

  const log = openSync(join(dir, "logs", "init.log"), "a");
  const namespaces = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"];
  const unshare = ["unshare", ...namespaces, "/bin/bash", script];
  const [command, args] = inside ? inNode(inside, unshare) : [unshare[0], unshare.slice(1)];
  const child = spawn(command, args, { detached: true, stdio: ["ignore", log, log] });
  closeSync(log);
  child.unref();
  const pid = child.pid;
  if (!pid) throw new Error("could not run `unshare` (Debian package util-linux)");
  // A run that is stopped leaves no process; what the node has written stays, and the next run starts it with that.
  atInterruption(() => endNode(pid));
  await waitFor("the node's namespaces", 120, async () => existsSync(ready) || !startTime(pid));
  const init = initOf(pid);
  if (!init || !existsSync(ready)) {
    throw new Error(
      `the node's namespaces could not be created:\n${readFileSync(join(dir, "logs", "init.log"), "utf8")}`,
    );
  }
  const holder: Holder = { pid, started: startTime(pid)!, init };
  writeFileSync(holderFile(dir), JSON.stringify(holder));
  return init;
}

/** Ends every process of a node at once, as a power cut does, and waits until the kernel has removed them. */
export async function stopNode(dir: string): Promise<void> {
  if (!runningNode(dir)) return;
  const { pid } = JSON.parse(readFileSync(holderFile(dir), "utf8")) as Holder;
  await endNode(pid);
  rmSync(holderFile(dir), { force: true });
}

/** Ends the node that a process holds, with everything in it. */
async function endNode(pid: number): Promise<void> {
  const init = initOf(pid);
  try {
    process.kill(init ?? pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // it has already ended
  }
  // etcd may still be writing out: a new node on the same files would wait for its lock
  const gone = async () => !startTime(pid) && !(init && startTime(init));
  await waitFor("the end of the node's processes", 180, gone);
}

/** Command line that runs a command inside the node. */
export function inNode(init: number, argv: string[]): [string, string[]] {
  return ["nsenter", ["--target", String(init), "--net", "--mount", "--pid", "--", ...argv]];
}

/** Runs a command inside the node to its end and returns its standard output. */
export function runInNode(init: number, argv: string[]): Promise<string> {
  return run(...inNode(init, argv));
}

/** Whether a daemon that {@link startDaemon} started is still running. */
export function daemonRuns(dir: string, init: number, name: string): boolean {
  const file = pidFile(dir, name);
  if (!existsSync(file)) return false;
  const [pid, holder] = readFileSync(file, "utf8").trim().split(" ");
  return Number(holder) === init && existsSync(`/proc/${init}/root/proc/${pid}/exe`);
}

/** Whether a daemon was started in this node and has ended since. */
export function daemonEnded(dir: string, init: number, name: string): boolean {
  const file = pidFile(dir, name);
  return existsSync(file) && readFileSync(file, "utf8").endsWith("\n") && !daemonRuns(dir, init, name);
}

/** Starts a program inside the node; it outlives this process. Its output goes to {@link daemonLog}. */
export function startDaemon(dir: string, init: number, name: string, argv: string[]): void {
  const log = openSync(daemonLog(dir, name), "a");
  // the shell's process id, in the node's own numbers, is the daemon's after exec
  const script = ["sh", "-c", 'echo "$$ $1" > "$0"; shift; exec "$@"', pidFile(dir, name), String(init), ...argv];
  rmSync(pidFile(dir, name), { force: true });
  const child = spawn(...inNode(init, script), { detached: true, stdio: ["ignore", log, log], cwd: "/" });
  closeSync(log);
  child.unref();
}

/** File of a daemon's output. */
export function daemonLog(dir: string, name: string): string {
  return join(dir, "logs", `${name}.log`);
}

function pidFile(dir: string, name: string): string {
  return join(dir, "node", `${name}.pid`);
}

/** When a process began, in the kernel's clock ticks since boot; undefined when it is gone. */
export function startTime(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

/** Process 1 of the node that a process holds: its child, or, where it first entered another node, its child's child's child. */
function initOf(holder: number): number | undefined {
  const child = childOf(holder);
  return child === undefined || isInit(child) ? child : initOf(child);
}

/** Whether a process is the first of its namespace of processes. */
function isInit(pid: number): boolean {
  try {
    return /^NSpid:.*\t1$/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}

function childOf(parent: number): number | undefined {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .find((pid) => {
      try {
        return new RegExp(`^PPid:\\t${parent}$`, "m").test(readFileSync(`/proc/${pid}/status`, "utf8"));
      } catch {
        return false;
      }
    });
}
