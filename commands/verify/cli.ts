import { writeFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { InvalidArgumentError } from "commander";
import { InvalidInput } from "../../engine/errors";
import type { Settings } from "../../settings/schema";
import { apiOf, type Api } from "../shared/api/api-server";
import { whyNot } from "../shared/api/network";
import {
  exitCode,
  runCommand,
  seconds,
  stackCommand,
  start,
  type StackArguments,
  type Terminal,
} from "../shared/command-line";
import { recordIn } from "../shared/record";
import { loadStackSettings } from "../shared/settings";
import { loadStack } from "./load";
import { subjectOf } from "./subject";
import { changes, headline, table } from "./table";
import { unavailableOn } from "./unavailable";
import { isWell, verify, type Report } from "./verify";

/** Seconds between two rounds of `--watch`. */
const usualInterval = 30;

interface Arguments extends StackArguments {
  deadline: number;
  json?: string;
  watch?: number | true;
  requireDays?: number;
  before?: string;
}

/**
 * The command `verify`: the checklist of a stack's stage against its cluster.
 * @param words its command line
 * @param terminal where its words go
 * @param load reads and renders the stack
 * @returns exit code: 0 no ✗, 1 some, 2 invalid settings, a wrong command line, or a cluster that doesn't answer
 */
export function run(words: readonly string[], terminal: Terminal, load = loadStack): Promise<number> {
  const command = stackCommand(
    "verify",
    "Checks whether the cluster has what the stack's stage promises; writes nothing",
  )
    .option("--json <file>", "write JSON to a file, or to standard output: -")
    .option("--watch [seconds]", `repeat until Ctrl-C, and print what changed (default: ${usualInterval})`, seconds)
    .option(
      "--require-days <n>",
      "the gate before the next stage: this many days in Mimir without a gap, backfilled days included",
      whole,
    )
    .option(
      "--before <file>",
      "JSON of an earlier verify or adopt: alerts, recorded series, dashboards … that have disappeared since then are ✗",
    )
    .option("--deadline <seconds>", "how long each check may take", seconds, 30);
  return runCommand(command, words, terminal, (args: Arguments) => go(args, terminal, load));
}

async function go(options: Arguments, terminal: Terminal, load: typeof loadStack): Promise<number> {
  const { stack, config, configFile, json, watch, deadline, requireDays } = options;
  const nothing = json === undefined ? undefined : { has: {}, ends: [] };
  const before = options.before === undefined ? nothing : recordIn(options.before);
  const settings = loadStackSettings({ stack, config, configFile }).settings;
  await reachable(settings, deadline);
  const loaded = { ...(await load({ stack, config, configFile })), settings };
  const once = async () => {
    // Anew in each round: a login may have expired, and a sandbox may have been started.
    const api = await reachable(settings, deadline);
    const unavailable = await unavailableOn(api);
    return verify(subjectOf({ ...loaded, unavailable }), api, {
      ...{ requireDays, before, deadline },
      progress: (row, done, of) => terminal.error(`[${done}/${of}] ${headline(row)}\n`),
    });
  };
  let report = await once();
  writeJson(report, json, terminal);
  if (json !== "-") terminal.out(`${table(report, { columns: terminal.columns, configFile })}\n`);
  const interrupted = watch === undefined ? undefined : terminal.interrupt?.();
  while (interrupted) {
    const seconds = watch === true || watch === undefined ? usualInterval : watch;
    await pause(seconds * 1000, undefined, { signal: interrupted }).catch(() => undefined);
    if (interrupted.aborted) break;
    const last = report;
    report = await once();
    writeJson(report, json, terminal);
    const lines = changes(last, report, configFile);
    if (json !== "-" && lines.length > 0) terminal.out(`\n${report.at}\n${lines.join("\n")}\n`);
  }
  return isWell(report) ? exitCode.clean : exitCode.refused;
}

async function reachable({ kubernetes }: Settings, deadline: number): Promise<Api> {
  const milliseconds = deadline * 1000;
  const api = await apiOf(kubernetes, { milliseconds });
  const todo = "check the kubeconfig, its context, and the network";
  const { status } = await api.request("/version").catch((error: unknown) => {
    throw new InvalidInput(`the API server ${api.server} ${whyNot(error, { milliseconds })}\n→ ${todo}`);
  });
  if (status !== 200) throw new InvalidInput(`the API server ${api.server} answers ${status}\n→ ${todo}`);
  return api;
}

function writeJson(report: Report, file: string | undefined, terminal: Terminal): void {
  if (file === undefined) return;
  const text = `${JSON.stringify(report, null, 2)}\n`;
  if (file === "-") terminal.out(text);
  else writeFileSync(file, text);
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError("expected a whole number of days, at least 1.");
  return value;
}

if (require.main === module) start(run);
