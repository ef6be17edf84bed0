import { InvalidInput } from "../../engine/errors";
import { apiOf } from "../shared/api/api-server";
import {
  exitCode,
  runCommand,
  seconds,
  stackCommand,
  start,
  type StackArguments,
  type Terminal,
} from "../shared/command-line";
import { loadStackSettings } from "../shared/settings";
import { measure } from "./measure";
import { keep, latest, recordsOf, table } from "./records";

interface Arguments extends StackArguments {
  label?: string;
  seconds: number;
  file?: string;
  show?: true;
}

/** Seconds between two looks: a kubelet looks at its containers every 10 to 20. */
const step = 15;

/**
 * The command `usage`: what the cluster uses now, beside what it used before.
 * @param words its command line
 * @param terminal where its words go
 * @returns exit code: 0 measured, 2 it could not be
 */
export function run(words: readonly string[], terminal: Terminal): Promise<number> {
  const command = stackCommand(
    "usage",
    "Measures memory and CPU by node and workload, records it, and shows what changed since the first time",
  )
    .option("--label <name>", "name of the measurement, such as before; default: the stack's stage")
    .option("--seconds <seconds>", "how long to measure", seconds, 300)
    .option("--file <file>", "file of the measurements (default: usage.<stack>.jsonl)")
    .option("--show", "don't measure; show what was recorded");
  return runCommand(command, words, terminal, (args: Arguments) => go(args, terminal));
}

async function go(args: Arguments, terminal: Terminal): Promise<number> {
  const { settings } = loadStackSettings(args);
  const file = args.file ?? `usage.${args.stack}.jsonl`;
  // Read first: a file that can't be read is reported before five minutes have gone by.
  recordsOf(file);
  const tell = (line: string) => terminal.out(`${line}\n`);
  if (!args.show) {
    const signal = terminal.interrupt?.() ?? new AbortController().signal;
    const api = await apiOf(settings.kubernetes, { milliseconds: 30_000 });
    try {
      const measured = await measure({ api, seconds: args.seconds, step, signal, tell });
      const label = args.label ?? settings.stage;
      keep(file, { label, at: new Date().toISOString(), seconds: args.seconds, ...measured });
    } catch (error) {
      if (signal.aborted) throw new InvalidInput("stopped: nothing was kept");
      throw error;
    }
  }
  const records = latest(recordsOf(file));
  if (records.length === 0) throw new InvalidInput(`${file} has no measurement\n→ npm run usage -- --label before`);
  const release = settings.adopt.kps?.release.split("/")[0];
  const namespaces = [...new Set([settings.namespace.name, ...(release === undefined ? [] : [release])])];
  tell(`\n${table(records, namespaces)}`);
  return exitCode.clean;
}

if (require.main === module) start(run);
