import { inspect } from "node:util";
import { RunError } from "@pulumi/pulumi/errors";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import { InvalidInput, PolicyPackFailed, ProgramFailed } from "../../engine/errors";
import { configFileOption } from "../../engine/project";
import { ofStack } from "../../settings/of-stack";
import { Finding } from "./api/result";
import { wrap } from "./wrap";

/** Exit codes of the commands that have a stack. `refused`: a policy, a plan or a check says no. `invalid`: there is no result. */
export const exitCode = { clean: 0, refused: 1, invalid: 2 } as const;

/** Where a command's words go. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  /** width of the terminal; undefined if the output isn't one: no line is broken */
  columns?: number;
  /** lets Ctrl-C, and the other signals to end, end what the command repeats or has to clean up rather than the process; aborted by it */
  interrupt?(): AbortSignal;
}

/**
 * A command, as its folder's `cli.ts` exports it.
 * @param words its command line
 * @param terminal where its words go
 * @returns its exit code
 */
export type Run = (words: readonly string[], terminal: Terminal) => Promise<number>;

/** The options of {@link stackCommand}. */
export interface StackArguments {
  stack: string;
  config?: string[];
  configFile?: string;
}

/**
 * A command of a stack, with the options that all of them have.
 * @param name as npm calls it
 * @param description for `--help`
 * @param stack description of `--stack`
 */
export const stackCommand = (name: string, description: string, stack = "the stack: Pulumi.<name>.yaml"): Command =>
  new Command(name)
    .description(description)
    .requiredOption("--stack <name>", stack)
    .option(...configFileOption)
    .option("--config <key=value>", "a setting, in Pulumi's path syntax; may be repeated", collect);

/** For an option that may be repeated. */
export const collect = (value: string, all: string[] = []): string[] => [...all, value];

/** For an option in seconds. */
export function seconds(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("expected a number of seconds above 0.");
  return value;
}

/**
 * Reads a command line and runs the command. An error that a person can act on is printed without its stack trace.
 * @param command its options
 * @param words the command line
 * @param terminal where its words go
 * @param act the command itself
 * @param failed is given the message of an error
 * @returns the exit code of `act`; `invalid` after an error or a wrong command line, `clean` after `--help`
 */
export async function runCommand<Arguments>(
  command: Command,
  words: readonly string[],
  terminal: Terminal,
  act: (args: Arguments) => Promise<number>,
  failed: (message: string) => void = () => undefined,
): Promise<number> {
  command.configureHelp({ commandUsage: (one) => `npm run ${one.name()} -- ${one.usage()}` });
  command.configureOutput({ writeOut: terminal.out, writeErr: terminal.error }).exitOverride();
  let stack: Partial<StackArguments> = {};
  try {
    const args = command.parse(words, { from: "user" }).opts() as Arguments & Partial<StackArguments>;
    stack = args;
    return await act(args);
  } catch (error) {
    // Commander has printed it. A mistake on the command line is no finding of a policy (exit code 1).
    if (error instanceof CommanderError) {
      if (error.message.includes("'--stack ")) terminal.error(`${throughNpm(command.name())}\n`);
      return error.exitCode === 0 ? exitCode.clean : exitCode.invalid;
    }
    const message = messageOf(error, stack);
    terminal.error(`${message === undefined ? inspect(error) : wrap(message, terminal.columns)}\n`);
    failed(message ?? String(error));
    return exitCode.invalid;
  }
}

/** Without `--`, npm keeps the options for itself. */
const throughNpm = (name: string) =>
  `npm passes on only what follows --, for example: npm run ${name} -- --stack production`;

/** The message of an error that a person can act on, with commands of the stack, if there is one; undefined for a fault of the program. */
function messageOf(error: unknown, { stack, configFile }: Partial<StackArguments>): string | undefined {
  const message = wordsOf(error);
  return message === undefined || stack === undefined ? message : ofStack(message, stack, configFile);
}

function wordsOf(error: unknown): string | undefined {
  if (error instanceof Finding) return [error.message, error.result.todo].filter(Boolean).join("\n→ ");
  const kinds = [InvalidInput, ProgramFailed, PolicyPackFailed];
  if (isFileError(error)) return fileMessage(error);
  const expected = kinds.some((kind) => error instanceof kind) || RunError.isInstance(error);
  return expected ? (error as Error).message : undefined;
}

/** What the operating system says of a file that can't be read or written; of one that is open it doesn't name it. */
const isFileError = (error: unknown): error is NodeJS.ErrnoException =>
  error instanceof Error && "syscall" in error && ("path" in error || ("code" in error && String(error.code) in wrong));

/** What is wrong with a file, by the operating system's name for it, and what to do. */
const wrong: Readonly<Partial<Record<string, [what: string, todo: string]>>> = {
  ENOENT: ["is not there", "check the path, and whether its volume is mounted on this machine"],
  ENOTDIR: ["is not a folder, or is below something that isn't one", "check the path"],
  EISDIR: ["is a folder, and not a file", "give a file"],
  EACCES: ["may not be read or written by you", "use a user who may, or change its permissions"],
  EPERM: ["may not be read or written by you", "use a user who may, or change its permissions"],
  EEXIST: ["exists already", "move it away; it is not overwritten"],
  ENOSPC: ["can't be written: its disk is full", "make room, or choose another disk"],
  EROFS: ["can't be written: its disk is read-only", "choose another disk"],
};

function fileMessage({ code = "", path = "a file of this command line", message }: NodeJS.ErrnoException): string {
  const [what, todo] = wrong[code] ?? [];
  return what === undefined ? message : `${path} ${what} (${code})\n→ ${todo}`;
}

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs a command as this process.
 * @param run the command
 * @param ends whether a signal ends the process at once; false: the command handles signals itself
 */
export function start(run: Run, ends = true): void {
  // An exit, unlike the end by a signal, ends the program and the policy pack too (engine/runtime.ts).
  const end = () => process.exit(exitCode.invalid);
  if (ends) signals.forEach((signal) => process.on(signal, end));
  // What reads the output may have enough of it (`| head`).
  process.stdout.on("error", end);
  const terminal: Terminal = {
    out: (text) => process.stdout.write(text),
    error: (text) => process.stderr.write(text),
    columns: process.stdout.columns,
    interrupt: () => {
      const controller = new AbortController();
      for (const signal of signals) process.off(signal, end).once(signal, () => controller.abort());
      return controller.signal;
    },
  };
  void run(process.argv.slice(2), terminal).then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
      console.error(error);
      process.exitCode = exitCode.invalid;
    },
  );
}
