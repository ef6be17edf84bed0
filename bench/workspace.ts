import { spawn } from "node:child_process";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../sandbox/until";

/** How a program is started. */
export interface Command {
  /** What it is called in messages, and its folder. */
  name: string;
  path: string;
  args: string[];
  env?: Record<string, string>;
  /** A URL that answers 200 once it is ready. */
  ready: string;
}

/** A program that runs. */
export interface Running {
  readonly name: string;
  readonly pid: number;
  /** Milliseconds from its start until it was ready. */
  readonly startTime: number;
  /** Kills it as the kernel does when memory is short, and waits until it is gone. Its folder stays. */
  kill(): Promise<void>;
}

const secondsToStart = 300;

/** A temporary folder and the programs that were started in it; both go with {@link Workspace.end}. */
export class Workspace {
  private readonly folder = mkdtempSync(join(tmpdir(), "bench-sizing-"));
  private readonly running = new Set<Running>();
  private ended = false;

  /** Path of a program's own folder, which is made when it isn't there. */
  folderOf(name: string): string {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true });
    return folder;
  }

  /**
   * Starts a program in its folder and waits until it is ready.
   * @throws Error with the end of its log, when it ends before that or isn't ready within five minutes
   */
  async start({ name, path, args, env, ready }: Command): Promise<Running> {
    if (this.ended) throw new Error(`${name} is not started: the benchmark is over`);
    const began = Date.now();
    const cwd = this.folderOf(name);
    const log = openSync(join(cwd, "log"), "a");
    const child = spawn(path, args, { cwd, env: { ...process.env, ...env }, stdio: ["ignore", log, log] });
    closeSync(log);
    const gone = new Promise<void>((resolve) => child.once("close", () => resolve()).once("error", () => resolve()));
    const running: Running & { startTime: number } = {
      name,
      pid: child.pid ?? 0,
      startTime: 0,
      kill: async () => {
        child.kill("SIGKILL");
        await gone;
        this.running.delete(running);
      },
    };
    this.running.add(running);
    let over = false;
    const died = gone.then(() => {
      over = true;
      throw new Error(`${name} ended. The end of its log:\n${this.logOf(name)}`);
    });
    died.catch(() => undefined); // it ends in the end
    const answers = until(`${name} answers at ${ready}`, secondsToStart, async () => {
      return over || (await fetch(ready)).ok || undefined;
    });
    await Promise.race([answers, died]);
    running.startTime = Date.now() - began;
    return running;
  }

  /** Kills what runs, at once, as none of its data is wanted any more, and removes the folder. */
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
