import type { ChildProcess } from "node:child_process";
import { constants } from "node:os";
import { setTimeout as pause } from "node:timers/promises";

/**
 * Ctrl-C, or a closed terminal, in whichever minute: every process that the command has started ends with it, and nothing new is begun. What is half done is found by the
 * next run, which is why everything here can be repeated.
 */

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Seconds that a process may take to end before it is killed. */
const graceSeconds = 5;

/** Seconds for what waited for those processes to put back what it has changed. */
const unwindingSeconds = 1;

const children = new Set<ChildProcess>();
const cleanups: (() => Promise<void>)[] = [];
let state: "unguarded" | "guarded" | "interrupted" = "unguarded";

/** Whether a signal ends this process as in {@link interruptible}; otherwise the terminal signals everything that was started from it. */
export const endsItsProcesses = (): boolean => state !== "unguarded";

/** @throws Error if this process has received a signal to end: nothing new is started */
export function throwIfInterrupted(): void {
  if (state === "interrupted") throw new Error("this process is ending");
}

/**
 * Has a process, and all that it starts, end with this one.
 * @param child a process with a group of its own (`detached`)
 */
export function endWithUs(child: ChildProcess): void {
  children.add(child);
  child.once("error", () => children.delete(child)).once("exit", () => children.delete(child));
}

/**
 * Registers something to do or to wait for when a signal ends this process, after its own processes have ended.
 * @param cleanup may take as long as it needs; must not fail
 */
export function atInterruption(cleanup: () => Promise<void>): void {
  cleanups.push(cleanup);
}

/**
 * Runs a command to its end, or until Ctrl-C (SIGINT, SIGTERM, SIGHUP) or until its output goes nowhere; then the process ends, with the signal's
 * number and 128 as its exit code.
 * An error becomes its message on standard error, and exit code 1.
 * @param command what is run
 * @param farewell the message for the person who stopped it
 */
export async function interruptible(command: () => Promise<void>, farewell: string): Promise<void> {
  state = "guarded";
  const signal = told();
  const work = command();
  const ended = settled(work);
  const stoppedBy = await Promise.race([ended, signal]);
  if (stoppedBy === undefined) {
    await work.catch((error: unknown) => {
      console.error(error instanceof Error ? error.message : error);
      process.exitCode = 1;
    });
    return;
  }
  state = "interrupted";
  console.error(`\n${stoppedBy}: ending all started processes …`);
  await endChildren();
  await Promise.all(cleanups.map((cleanup) => cleanup()));
  await Promise.race([ended, pause(unwindingSeconds * 1000)]);
  console.error(farewell);
  process.exit(128 + constants.signals[stoppedBy]);
}

/** The signal that ends this process. */
function told(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    // The handlers stay: npm passes on what the terminal has sent already.
    for (const signal of signals) process.on(signal, resolve);
    // A terminal that was closed, or the end of a pipe's reader, may show itself only in what is written next. Nobody reads on, and without a listener
    // that error would end this process and leave all others.
    for (const stream of [process.stdout, process.stderr])
      stream.on("error", ({ code }: NodeJS.ErrnoException) => resolve(code === "EPIPE" ? "SIGPIPE" : "SIGHUP"));
  });
}

/** Waits for the end of something, however it ends. */
export const settled = (running: Promise<unknown>): Promise<void> =>
  running.then(
    () => undefined,
    () => undefined,
  );

async function endChildren(): Promise<void> {
  const all = [...children];
  const ended = Promise.all(all.map((child) => new Promise((resolve) => child.once("exit", resolve))));
  all.forEach((child) => signalGroup(child, "SIGTERM"));
  const late = setTimeout(() => all.forEach((child) => signalGroup(child, "SIGKILL")), graceSeconds * 1000);
  await ended;
  clearTimeout(late);
  // A process may have gone before what it had started: Go's compiler outlives `go build` by a moment.
  all.forEach((child) => signalGroup(child, "SIGKILL"));
}

function signalGroup({ pid }: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (pid !== undefined) process.kill(-pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error; // all of it has ended
  }
}
