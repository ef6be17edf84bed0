import { resolve } from "node:path";
import { InvalidArgumentError, Option } from "commander";
import { InvalidInput } from "../../engine/errors";
import type { Settings } from "../../settings/schema";
import { seconds as secondsOf, sizeBytes } from "../../settings/units";
import { apiOf, programAt, programBehind } from "../shared/api/api-server";
import {
  exitCode,
  runCommand,
  seconds,
  stackCommand,
  start,
  type StackArguments,
  type Terminal,
} from "../shared/command-line";
import { onlyOne } from "../shared/only-one";
import { loadStackSettings } from "../shared/settings";
import { count, mebibytes } from "../shared/words";
import { compare, formatDays, selectorOf } from "./compare";
import { filesIn, importedFiles, lacking, type Folder, type FoundFile } from "./files";
import { importLines } from "./import";
import { Journal } from "./journal";
import { layouts } from "./layout";
import { Loki } from "./loki";

interface Arguments extends StackArguments {
  from: string;
  layout: string;
  namespace: string;
  journal?: string;
  loki?: string;
  rate: number;
  patience: number;
  settle: number;
  dryRun?: true;
}

/**
 * The command `import-logs`: old log files go to Loki.
 * @param words its command line
 * @param terminal where its words go
 * @returns exit code: 0 Loki has everything, 1 something was left out or is missing, 2 it could not be done to the end
 */
export function run(words: readonly string[], terminal: Terminal): Promise<number> {
  const command = stackCommand(
    "import-logs",
    "Imports an application's old log files into Loki with their original timestamps, and compares both; may be repeated",
  )
    .requiredOption("--from <folder>", "the folder with the files: the volume mounted here, or a copy")
    .addOption(new Option("--layout <name>", "whose files they are").choices(Object.keys(layouts)).default("airflow"))
    .option("--namespace <name>", "the label `namespace` of the lines", "airflow")
    .option("--journal <file>", "records the progress; keep it (default: import-logs.<stack>.jsonl)")
    .option("--loki <url>", "Loki's address, such as http://127.0.0.1:3100; default: its gateway's Service")
    .addOption(
      new Option("--rate <size>", "how much to send per second, such as 500KB")
        .argParser(rate)
        .default(sizeBytes("2MB"), "2MB"),
    )
    .option("--patience <seconds>", "how long Loki or the cluster may be down or busy", seconds, 900)
    .option("--settle <seconds>", "how long Loki may take to show what was sent", seconds, 3600)
    .option("--dry-run", "only show what would be imported, and any problems");
  return runCommand(command, words, terminal, (args: Arguments) => go(args, terminal));
}

function rate(text: string): number {
  try {
    return sizeBytes(text);
  } catch (error) {
    throw new InvalidArgumentError((error as Error).message);
  }
}

async function go(args: Arguments, terminal: Terminal): Promise<number> {
  const { settings } = loadStackSettings(args);
  const signal = terminal.interrupt?.() ?? new AbortController().signal;
  const tell = (line: string) => terminal.out(`${line}\n`);
  const todo = "run it again later: it continues where it stopped";
  try {
    const program = args.loki === undefined ? await gateway(settings) : programAt(args.loki);
    const loki = new Loki({ name: "Loki", program, patience: args.patience, todo, signal, tell });
    const journal = args.journal ?? `import-logs.${args.stack}.jsonl`;
    const act = () => bring({ args, journal, settings, loki, signal, tell });
    return await (args.dryRun ? act() : onlyOne(`${journal}.running`, "npm run import-logs", act));
  } catch (error) {
    if (signal.aborted) throw new InvalidInput("stopped\n→ run it again: it continues where it stopped");
    throw error;
  }
}

async function gateway({ kubernetes, namespace, cluster }: Settings) {
  const url = `http://loki-gateway.${namespace.name}.svc.${cluster.dnsDomain}`;
  return programBehind(await apiOf(kubernetes, { milliseconds: 120_000 }), url);
}

interface Bring {
  args: Arguments;
  /** Its file. */
  journal: string;
  settings: Settings;
  loki: Loki;
  signal: AbortSignal;
  tell(line: string): void;
}

async function bring({ args, journal: file, settings, loki, signal, tell }: Bring): Promise<number> {
  const folder = resolve(args.from);
  const journal = Journal.open(file, folder);
  const now = new Date();
  const ns = BigInt(now.getTime()) * 1_000_000n;
  const longest = sizeBytes(settings.loki.limits.maxLineSize);
  const read = { folder, layout: layouts[args.layout], journal, now: ns, longest };
  const found = await filesIn(read);
  const labels = {
    ...(settings.cluster.name !== undefined && { cluster: settings.cluster.name }),
    ...{ namespace: args.namespace, app: args.layout, job: "import-logs" },
  };
  const { maxAge, from, maxQuery } = await loki.accepted();
  const oldest = firstDay(now, settings.loki.retention, from);
  tell(describe(found, oldest));
  if (!settings.loki.structuredMetadata)
    throw new InvalidInput(
      "Loki accepts no structured metadata, which holds each line's run and attempt\n→ set loki.structuredMetadata to true, and npm run up",
    );
  const first = found.files.reduce((least, each) => (each.first < least ? each.first : least), ns);
  refuseTooOld(first > oldest ? first : oldest, now, maxAge);
  if (!journal.begun && (await loki.has(selectorOf(labels), oldest, ns, maxQuery)))
    throw new InvalidInput(
      `Loki has lines of an earlier import, and its journal ${file} isn't here: they would all be stored twice\n` +
        "→ --journal with that file; if it is lost, delete these lines first (docs/airflow.md)",
    );
  if (args.dryRun) return exitCode.clean;
  // What is older than what an unfinished run had come to can't go into that run's streams: it is another run.
  const older = ({ first }: FoundFile) => first < journal.newest;
  for (const files of [found.files.filter((file) => !older(file)), found.files.filter(older)]) {
    if (files.length === 0) continue;
    const run = journal.start(folder, new Date().toISOString().slice(0, 19));
    const sent = await importLines({
      ...{ files, journal, loki, oldest, rate: args.rate, signal, tell },
      labels: { ...labels, import: run },
    });
    journal.finish(now.toISOString());
    const left = sent.tooOld > 0 ? `; ${count(sent.tooOld, "line")} from before ${dayOf(oldest)} left out` : "";
    tell(`${count(sent.lines, "line")} sent${left}`);
  }
  const files = await importedFiles(read);
  const days = await compare({ files, loki, labels, oldest, settle: args.settle, signal, tell });
  tell(days.length === 0 ? "not compared: every line is older than Loki's retention" : formatDays(days));
  const missing = days.filter((day) => day.missing.length > 0).length;
  tell(missing === 0 ? "Loki has every line" : `Loki lacks lines of ${count(missing, "day")}`);
  return missing > 0 || lacking.some((reason) => found.left.has(reason)) ? exitCode.refused : exitCode.clean;
}

/** The first whole day that Loki's schema and retention cover, in nanoseconds since 1970. */
function firstDay(now: Date, retention: string, from = "1970-01-01"): bigint {
  const kept = Math.ceil((now.getTime() / 1000 - secondsOf(retention)) / 86_400) * 86_400_000;
  return BigInt(Math.max(kept, Date.parse(from))) * 1_000_000n;
}

const dayOf = (at: bigint) => new Date(Number(at / 1_000_000n)).toISOString().slice(0, 10);

function refuseTooOld(first: bigint, now: Date, maxAge: number | undefined): void {
  const age = (now.getTime() - Number(first / 1_000_000n)) / 1000;
  if (maxAge === undefined || age < maxAge) return;
  const days = Math.ceil(age / 86_400) + 2;
  throw new InvalidInput(
    `the oldest line is of ${dayOf(first)}, and Loki refuses lines that are older than ${Math.floor(maxAge / 3600)} hours\n` +
      `→ set loki.limits.rejectOldSamplesMaxAge to ${days}d, and npm run up; set it back when everything is imported`,
  );
}

function describe({ files, done, left }: Folder, oldest: bigint): string {
  const bytes = files.reduce((sum, { size, from }) => sum + size - from.offset, 0);
  const first = files.reduce<bigint | undefined>(
    (least, each) => (least === undefined || each.first < least ? each.first : least),
    undefined,
  );
  return [
    `${count(files.length, "file")} with ${mebibytes(bytes)} to import${first === undefined ? "" : `, from ${dayOf(first)} on`}; ${count(done, "file")} imported already`,
    ...(first !== undefined && first < oldest
      ? [`lines from before ${dayOf(oldest)} are left out: Loki would delete them, or has no index for them`]
      : []),
    ...[...left].map(
      ([reason, paths]) =>
        `${lacking.includes(reason) ? "✗ " : ""}${count(paths.length, "file")} left out, ${reason}: ${paths.slice(0, 3).join(", ")}${paths.length > 3 ? ` and ${paths.length - 3} more` : ""}`,
    ),
  ].join("\n");
}

if (require.main === module) start(run);
