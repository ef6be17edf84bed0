import { exitCode, runCommand, stackCommand, start, type StackArguments } from "../shared/command-line";
import { print, type Around } from "../shared/preview-options";
import { offlinePreview } from "../shared/preview";
import { loadStackSettings } from "../shared/settings";
import { beside, settingsFor, withSizes } from "./beside";
import { demandOf, type Question } from "./demand";
import { logFigures } from "./figures";
import { format, type Answer } from "./format";
import { mostMeasured, resultsOf, sizesFor } from "./formula";

interface Arguments extends StackArguments, Question {
  json?: string;
}

/**
 * The command `size`: what a stack needs for what it is to take, beside what its settings give it.
 * @param words its command line
 * @param around where its words go
 * @returns exit code: 0 the nodes have room for it, or the settings don't say what they have; 1 they have not; 2 the question or the settings are invalid
 */
export function run(words: readonly string[], around: Around): Promise<number> {
  const command = stackCommand(
    "size",
    "Calculates what a stack needs for your log lines and series, from measured figures",
  )
    .requiredOption("--gb-per-day <gigabytes>", "log lines that containers write in a day, in GB (10^9 bytes)")
    .option("--retention <duration>", "how long lines are kept; default: loki.retention")
    .requiredOption("--series <number>", "series in memory: prometheus_tsdb_head_series")
    .option("--streams <number>", "active streams: about two per container", "1000")
    .option("--headroom <percent>", "percentage of each node that must stay free", "30")
    .option("--json <file>", "write JSON to a file, or to standard output: -");
  return runCommand(command, words, around, (args: Arguments) => go(args, around));
}

async function go(args: Arguments, around: Around): Promise<number> {
  const { settings } = loadStackSettings(args);
  const { headroom, ...demand } = demandOf(args, settings, logFigures);
  const sizes = sizesFor(settings, demand, logFigures);
  const needs = sizes.needs.map((need) => beside(need, settings));
  const config = [
    ...(args.config ?? []),
    ...withSizes(needs).map(([key, value]) => `${key}=${value}`),
    `cluster.headroom=${headroom}`,
  ];
  const { stack, configFile } = args;
  const { fit, stage } = await offlinePreview({ stack, configFile, config, start: around.start });
  const answer: Answer = {
    ...{ stack, stage, demand, headroom },
    needs,
    buckets: sizes.buckets,
    cached: sizes.cached,
    settings: settingsFor(needs, args.retention ?? settings.loki.retention),
    fit,
    measuredSeries: mostMeasured(settings),
    measured: logFigures.runs[resultsOf(settings.loki.mode, logFigures)[0].run],
  };
  print(answer, args.json, format, around);
  return fit.fits === "no" ? exitCode.refused : exitCode.clean;
}

if (require.main === module) start(run);
