import { statfsSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { Command, InvalidArgumentError } from "commander";
import { writePart } from "../../commands/shared/page";
import { logFigures, withRun, type LogFigures, type LogRun } from "../../commands/size/figures";
import { ownProgram } from "../../engine/project";
import { programRelease } from "../cluster/programs";
import { within } from "../sizing/workspace";
import { chart } from "./chart";
import { variants, type Variant } from "./loki";
import { measure, type Case } from "./measure";
import { figuresOf, logsPart, page } from "./report";

interface Arguments {
  steps: number[];
  rounds: number;
  variants: readonly Variant[];
  write?: boolean;
  page?: boolean;
  json?: boolean;
}

/** Bytes of disk that a byte of lines may take: all of them in the write-ahead log, and less than half as much in the bucket. */
const diskOfLine = 1.6;

/** A case is given up after so many minutes, and so many a gigabyte. */
const [minutesOfCase, minutesOfGigabyte] = [15, 12];

new Command("bench:logs")
  .description(
    "Measures Loki with this program's configuration and with that of the loki chart: ingesting a day of lines, and queries over it",
  )
  .option("--steps <gigabytes>", "volumes of a day, one after the other", steps, [2.5, 5, 10])
  .option("--rounds <n>", "how often Loki is started for each group of queries", rounds, 3)
  .option("--variants <names>", variants.join(","), variantsOf, [...variants])
  .option(
    "--write",
    "write commands/size/measured-logs.json, which npm run size counts with, and docs/logs-benchmark.md; configurations that weren't measured stay as they are there",
  )
  .option(
    "--page",
    "don't measure: write docs/logs-benchmark.md from the recorded figures, after a change of the calculation",
  )
  .option("--json", "print the figures as JSON")
  .action((args: Arguments) => (args.page ? writePart(logsPart, page(logFigures)) : bench(args)))
  .parse();

async function bench({ steps, rounds, variants, write, json }: Arguments): Promise<void> {
  const { bavail, bsize } = statfsSync(tmpdir());
  const needed = Math.max(...steps) * 1e9 * diskOfLine;
  if (bavail * bsize < needed) {
    const largest = ((bavail * bsize) / diskOfLine / 1e9).toFixed(1);
    console.error(
      `The folder for temporary files has room for a step of ${largest} GB: give smaller --steps, or another TMPDIR.`,
    );
    return process.exit(1);
  }
  const [load] = loadavg();
  const results: LogFigures["results"] = [];
  let complete = true;
  try {
    for (const step of steps)
      for (const variant of variants) results.push(await one({ variant, bytes: step * 1e9, rounds }));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    complete = false;
  }
  const run: LogRun = {
    day: new Date().toISOString().slice(0, 10),
    machine: `${cpus().length} cores (${cpus()[0]?.model.trim()}), ${Math.round(totalmem() / 2 ** 30)} GiB, shared by Loki, MinIO and the sender; other work before it began: a load of ${load.toFixed(1)}.`,
    cores: cpus().length,
    load,
    versions: { loki: programRelease("loki"), minio: programRelease("minio"), chart: chart.version },
  };
  const figures: LogFigures = { runs: [run], results };
  if (results.length > 0) console.log(json ? JSON.stringify(figures, null, 2) : page(figures));
  // What is missing would be missing in both: the files stay as they are.
  if (write && complete) {
    const all = withRun(logFigures, figures);
    writeFileSync(join(ownProgram, "commands/size/measured-logs.json"), `${JSON.stringify(all, null, 2)}\n`);
    writePart(logsPart, page(all));
  }
  process.exit(complete ? 0 : 1);
}

function one(what: Case): Promise<LogFigures["results"][number]> {
  const gigabytes = what.bytes / 1e9;
  const minutes = Math.ceil(minutesOfCase + minutesOfGigabyte * gigabytes);
  return within(`${what.variant}, ${gigabytes} GB`, minutes, async (workspace) =>
    figuresOf(await measure(workspace, what, (line) => console.error(line))),
  );
}

function steps(text: string): number[] {
  const all = text.split(",").map(Number);
  if (all.every((n) => n > 0 && n <= 100) && new Set(all).size === all.length) return all;
  throw new InvalidArgumentError("Give numbers of gigabytes above 0 and up to 100, separated by commas: 0.25,0.5,1");
}

function rounds(text: string): number {
  const number = Number(text);
  if (Number.isInteger(number) && number > 0) return number;
  throw new InvalidArgumentError("Give a whole number above 0: 3");
}

function variantsOf(text: string): Variant[] {
  const all = text.split(",");
  const unknown = all.filter((name) => !(variants as readonly string[]).includes(name));
  if (unknown.length === 0) return all as Variant[];
  throw new InvalidArgumentError(`There is no ${unknown.join(", no ")}; there are ${variants.join(", ")}`);
}
