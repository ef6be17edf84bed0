import { spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answersAt } from "../cluster/server";
import { until } from "../until";

/** How a program is started. */
export interface Command {
  /** Its name in messages, and of its folder. */
  name: string;
  path: string;
  args: string[];
  env?: Record<string, string>;
  /** A URL that answers 200 once it is ready, or `tcp://…`, which takes connections then. */
  ready: string;
}

/** A running program. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  /** Milliseconds from its start until it was ready. */
  readonly startTime: number;
  /** Kills it, as the kernel does when memory is short, and waits until it has ended. Its folder stays. */
  kill(): Promise<void>;
  /** Asks it to end, as Kubernetes does, and waits until it has. */
  stop(): Promise<void>;
}

const secondsToStart = 300;

/** A temporary folder and the programs started in it; {@link Workspace.end} removes both. */
export class Workspace {
  private readonly folder = mkdtempSync(join(tmpdir(), "bench-sizing-"));
  private readonly running = new Set<Running>();
  private ended = false;

  /**
   * Path of a program's own folder, which is created if necessary.
   * @throws Error after {@link Workspace.end}: nothing would remove it
   */
  folderOf(name: string): string {
    if (this.ended) throw new Error(`no folder for ${name}: the benchmark has ended`);
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /**
   * Starts a program in its folder and waits until it is ready.
   * @throws Error with the end of its log, when it ends before that or isn't ready within five minutes
   */
  async start({ name, path, args, env, ready }: Command): Promise<Running> {
    if (this.ended) throw new Error(`${name} was not started: the benchmark has ended`);
    const began = Date.now();
    const cwd = this.folderOf(name);
    const log = openSync(join(cwd, "log"), "a");
    const child = spawn(path, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", log, log] });
    closeSync(log);
    const gone = new Promise<void>((resolve) => child.once("close", () => resolve()).once("error", () => resolve()));
    const end = async (signal: NodeJS.Signals) => {
      child.kill(signal);
      await gone;
      this.running.delete(running);
    };
    const running: Running & { startTime: number } = {
      name,
      pid: child.pid ?? 0,
      startTime: 0,
      kill: () => end("SIGKILL"),
      stop: () => end("SIGTERM"),
    };
    this.running.add(running);
    let over = false;
    const died = gone.then(() => {
      over = true;
      throw new Error(`${name} ended. The end of its log:\n${this.logOf(name)}`);
    });
    died.catch(() => undefined); // it ends in the end
    const answers = until(`${name} answers at ${ready}`, secondsToStart, async () => {
      return over || answersAt(new URL(ready));
    });
    await Promise.race([answers, died]);
    running.startTime = Date.now() - began;
    return running;
  }

  /** Kills all programs at once, because their data is no longer needed, and removes the folder. */
  async end(): Promise<void> {
    this.ended = true;
    await Promise.all([...this.running].map((program) => program.kill()));
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** The last lines that a program wrote. */
  logOf(name: string): string {
    return readFileSync(join(this.folder, name, "log"), "utf8")
      .trimEnd()
      .split("\n")
      .slice(-20)
      .join("\n");
  }
}

/**
 * Measures in a workspace, given up at a deadline and at Ctrl-C; what it started is gone afterwards in every case.
 * @param what is measured, for the message
 * @param minutes deadline
 * @param measure does it
 */
export async function within<T>(
  what: string,
  minutes: number,
  measure: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  const workspace = new Workspace();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
  let release = () => undefined as void;
  const stopped = new Promise<never>((_, reject) => {
    const stop = (why: string) => reject(new Error(`${what}: ${why}`));
    const onSignal = (signal: NodeJS.Signals) => stop(`ended by ${signal}`);
    for (const signal of signals) process.once(signal, onSignal);
    const late = `not done within ${minutes} minutes: the machine is too slow for it, or busy`;
    const timer = setTimeout(() => stop(late), minutes * 60_000);
    release = () => {
      clearTimeout(timer);
      for (const signal of signals) process.off(signal, onSignal);
    };
  });
  try {
    return await Promise.race([measure(workspace), stopped]);
  } finally {
    release();
    await workspace.end();
  }
}
