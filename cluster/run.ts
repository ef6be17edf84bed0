import { spawn, SpawnOptions } from "node:child_process";

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
}

const LINES_OF_AN_ERROR = 20;

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
  };
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, spawnOptions);
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
        .slice(-LINES_OF_AN_ERROR)
        .join("\n");
      reject(new Error(`\`${line}\` ended with ${signal ?? `exit code ${code}`}:\n${said}`));
    });
  });
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
