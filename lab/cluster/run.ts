import { spawn, SpawnOptions } from "node:child_process";
import {
  atInterruption,
  endsItsProcesses,
  endWithUs,
  settled,
  throwIfInterrupted,
} from "../../commands/shared/interruption";

/** Settings of {@link run}. */
export interface RunOptions {
  /** Environment, added to this process's own. */
  env?: Record<string, string>;
  /** Working folder; this process's own by default. */
  cwd?: string;
  /** Text for standard input; nothing by default. */
  input?: string;
  /** Milliseconds after which the command is killed; none by default. */
  timeout?: number;
  /** Whether Ctrl-C waits for its end in place of ending it: half an installation would have to be repaired by hand. */
  finish?: boolean;
  /** Whether it may still start after this process was asked to end, because it restores something. */
  clearsUp?: boolean;
}

const linesOfAnError = 20;

/**
 * Runs a command to its end and returns its standard output.
 *
 * @throws Error that names the command, how it ended, and the last lines that it wrote.
 */
export function run(command: string, args: string[], options: RunOptions = {}): Promise<string> {
  const spawnOptions: SpawnOptions = {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    timeout: options.timeout,
    killSignal: "SIGKILL",
    // A group of its own: what it starts ends with it, or the terminal's Ctrl-C doesn't reach it.
    detached: endsItsProcesses(),
  };
  const running = new Promise<string>((resolve, reject) => {
    if (!options.clearsUp) throwIfInterrupted();
    const child = spawn(command, args, spawnOptions);
    if (!options.finish) endWithUs(child);
    const out: Buffer[] = [];
    const err: Buffer[] = [];
    child.stdout!.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr!.on("data", (chunk: Buffer) => err.push(chunk));
    child.stdin!.on("error", () => {}); // the command may end without reading all of its input; its exit code says how it went
    child.stdin!.end(options.input ?? "");
    const line = [command, ...args].join(" ");
    child.on("error", (error) => reject(new Error(`could not run \`${line}\`: ${error.message}`)));
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(out).toString());
      const said = Buffer.concat([...err, ...out])
        .toString()
        .trim()
        .split("\n")
        .slice(-linesOfAnError)
        .join("\n");
      reject(new Error(`\`${line}\` ended with ${signal ?? `exit code ${code}`}:\n${said}`));
    });
  });
  if (options.finish) atInterruption(() => settled(running));
  return running;
}

/** Whether a command ends with exit code 0. */
export async function succeeds(command: string, args: string[], options: RunOptions = {}): Promise<boolean> {
  return run(command, args, options).then(
    () => true,
    () => false,
  );
}

/**
 * Asks again and again until the answer is true.
 *
 * @param what What is waited for, for the error.
 * @param seconds Deadline.
 * @param details Text for the error, asked for when the deadline has passed (the end of a log, for example).
 * @throws Error when the deadline has passed.
 */
export async function waitFor(
  what: string,
  seconds: number,
  ask: () => Promise<boolean>,
  details: () => string = () => "",
): Promise<void> {
  const deadline = Date.now() + seconds * 1000;
  while (!(await ask())) {
    if (Date.now() > deadline) throw new Error(`${what}: not after ${seconds} s. ${details()}`.trim());
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
}
