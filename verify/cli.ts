import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { RunError } from "@pulumi/pulumi";
import { Command, CommanderError, InvalidArgumentError } from "commander";
import type { Settings } from "../config/schema";
import { InvalidInput, ProgramFailed } from "../offline/errors";
import { whyNot } from "../preflight/network";
import { Finding } from "../preflight/result";
import { apiOf, type Api } from "./api";
import { loadStack, settingsOf } from "./load";
import { subjectOf } from "./subject";
import { changes, headline, table } from "./table";
import { unavailableOn } from "./unavailable";
import { isWell, verify, type Report } from "./verify";

const exitCode = { well: 0, failed: 1, invalid: 2 };

/** Seconds between two rounds of `--watch`. */
const usualInterval = 30;

interface Options {
  stack: string;
  config: string[];
  deadline: number;
  json?: string;
  watch?: number | true;
  requireDays?: number;
}

/** Where the command's words go. */
export interface Terminal {
  out(text: string): void;
  error(text: string): void;
  /** Lets Ctrl-C end a watch rather than the process; aborted by it. */
  interrupt(): AbortSignal;
}

/** The cluster doesn't answer, so nothing can be said of what is on it. */
class Unreachable extends Error {}

/**
 * The command `verify`: the checklist of a stack's stage against its cluster.
 * @param args words of the command line
 * @param terminal where its words go
 * @param load reads and renders the stack
 * @returns exit code: 0 no ✗, 1 some, 2 invalid settings, a wrong command line, or a cluster that doesn't answer
 */
export async function run(args: readonly string[], terminal: Terminal, load = loadStack): Promise<number> {
  const command = new Command("verify")
    .description("Goes through the checklist of a stack's stage on its cluster; writes nothing")
    .requiredOption("--stack <name>", "the stack: Pulumi.<name>.yaml")
    .option("--config <key=value>", "a setting, in Pulumi's path syntax; may be repeated", collect, [])
    .option("--json <file>", "write JSON to a file, or to standard output: -")
    .option("--watch [seconds]", `repeat until Ctrl-C, and tell what changed (default: ${usualInterval})`, positive)
    .option("--require-days <n>", "the gate before a stage is raised: so many days without a gap in Mimir", whole)
    .option("--deadline <seconds>", "how long each check may take", positive, 30)
    .configureOutput({ writeOut: (text) => terminal.out(text), writeErr: (text) => terminal.error(text) })
    .exitOverride();
  try {
    return await go(command.parse(args, { from: "user" }).opts<Options>(), terminal, load);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCode.well : exitCode.invalid;
    terminal.error(`${inWords(error)}\n`);
    return exitCode.invalid;
  }
}

/** What a person can act on; a fault of the program is thrown on. */
function inWords(error: unknown): string {
  if (error instanceof Finding) return [error.message, error.result.todo].filter(Boolean).join("\n→ ");
  const expected = [InvalidInput, ProgramFailed, Unreachable].some((kind) => error instanceof kind);
  if (expected || RunError.isInstance(error)) return (error as Error).message;
  throw error;
}

async function go(options: Options, terminal: Terminal, load: typeof loadStack): Promise<number> {
  const { stack, config, json, watch, deadline, requireDays } = options;
  const settings = settingsOf({ stack, config });
  await reachable(settings, deadline);
  const loaded = { ...(await load({ stack, config })), settings };
  const once = async () => {
    // Each round anew: a login may have run out, and a sandbox may have come.
    const api = await reachable(settings, deadline);
    const unavailable = await unavailableOn(api, settings.namespace.name);
    return verify(subjectOf({ ...loaded, unavailable }), api, {
      ...{ requireDays, deadline },
      progress: (row, done, of) => terminal.error(`[${done}/${of}] ${headline(row)}\n`),
    });
  };
  let report = await once();
  tell(report, json, terminal);
  const interrupted = watch === undefined ? undefined : terminal.interrupt();
  while (interrupted) {
    const seconds = watch === true || watch === undefined ? usualInterval : watch;
    await pause(seconds * 1000, undefined, { signal: interrupted }).catch(() => undefined);
    if (interrupted.aborted) break;
    const before = report;
    report = await once();
    writeJson(report, json, terminal);
    const lines = changes(before, report);
    if (json !== "-" && lines.length > 0) terminal.out(`\n${report.at}\n${lines.join("\n")}\n`);
  }
  return isWell(report) ? exitCode.well : exitCode.failed;
}

async function reachable({ kubernetes }: Settings, deadline: number): Promise<Api> {
  const milliseconds = deadline * 1000;
  const api = await apiOf(kubernetes, { milliseconds });
  const todo = "check the kubeconfig, its context, and the way there";
  const { status } = await api.request("/version").catch((error: unknown) => {
    throw new Unreachable(`the API server ${api.server} ${whyNot(error, { milliseconds })}\n→ ${todo}`);
  });
  if (status !== 200) throw new Unreachable(`the API server ${api.server} answers ${status}\n→ ${todo}`);
  return api;
}

function tell(report: Report, json: string | undefined, terminal: Terminal): void {
  writeJson(report, json, terminal);
  if (json !== "-") terminal.out(`${table(report)}\n`);
}

function writeJson(report: Report, file: string | undefined, terminal: Terminal): void {
  if (file === undefined) return;
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (file === "-") terminal.out(text);
  else writeFileSync(file, text);
}

function positive(text: string): number {
  const value = Number(text);
  if (!(value > 0)) throw new InvalidArgumentError("expected a number of seconds above 0.");
  return value;
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("expected a whole number of days, at least 1.");
  return value;
}

const collect = (value: string, all: string[]) => [...all, value];
