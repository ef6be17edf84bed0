import { Command } from "commander";
import { duration, gigabytes, minutes, numbers, share } from "./arguments";
import { measure, type Load, type Result } from "./measure";
import { tables } from "./report";
import { within } from "./workspace";

/** What starting, restarting and compacting may take beside the minutes of load, at each size. */
const minutesBeside = 15;

interface Arguments {
  series: number[];
  minutes: number;
  interval: string;
  churn: number;
  gbPerDay: number[];
  json?: boolean;
}

new Command("bench:sizing")
  .description(
    "Measures memory, CPU, disk and queries of Mimir with Alloy, of a Prometheus that writes to it, and of VictoriaMetrics with vmagent and vmalert, by number of series; and of Loki with a log collector on each node",
  )
  .option("--series <numbers>", "numbers of series, one after the other", numbers, [10_000, 100_000, 400_000])
  .option("--minutes <n>", "minutes of load for each; the second half is measured", minutes, 12)
  .option("--interval <duration>", "time between two scrapes", duration, "15s")
  .option("--churn <share>", "share of the pods replaced in ten minutes", share, 0.01)
  .option(
    "--gb-per-day <numbers>",
    "gigabytes of lines that pods write in a day: one number, or one for each of --series; 0: no lines, and no Loki",
    gigabytes,
    [0],
  )
  .option("--json", "print the results as JSON")
  .action((args: Arguments) => bench(args))
  .parse();

async function bench({ series, gbPerDay, json, ...load }: Arguments): Promise<void> {
  if (gbPerDay.length !== 1 && gbPerDay.length !== series.length) {
    const counts = `${series.length} numbers of series and ${gbPerDay.length} of gigabytes`;
    console.error(`--gb-per-day: give one number, or one for each of --series: there are ${counts}.`);
    return process.exit(1);
  }
  const results: Result[] = [];
  let code = 0;
  try {
    for (const [i, each] of series.entries())
      results.push(await one({ ...load, series: each, gbPerDay: gbPerDay[i] ?? gbPerDay[0] }));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    code = 1;
  }
  // What was measured before something failed is worth having.
  if (results.length > 0) console.log(json ? JSON.stringify(results, null, 2) : tables(results));
  process.exit(code);
}

function one(load: Load): Promise<Result> {
  return within(`${load.series} series`, load.minutes + minutesBeside, (workspace) =>
    measure(workspace, load, (line) => console.error(line)),
  );
}
