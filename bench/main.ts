import { Command } from "commander";
import { duration, minutes, numbers, share } from "./arguments";
import { measure, type Result } from "./measure";
import { tables } from "./report";
import { Workspace } from "./workspace";

/** What starting, restarting and compacting may take beside the minutes of load, at each size. */
const minutesBeside = 15;

interface Arguments {
  series: number[];
  minutes: number;
  interval: string;
  churn: number;
  json?: boolean;
}

new Command("bench:sizing")
  .description("Measures memory, CPU and disk of Mimir beside a Prometheus that writes to it, by number of series")
  .option("--series <numbers>", "numbers of series, one after the other", numbers, [10_000, 100_000, 400_000])
  .option("--minutes <n>", "minutes of load at each; the second half is measured", minutes, 12)
  .option("--interval <duration>", "how often is scraped", duration, "15s")
  .option("--churn <share>", "share of the pods replaced in ten minutes", share, 0.01)
  .option("--json", "print the results as JSON")
  .action((args: Arguments) => bench(args))
  .parse();

async function bench({ series, json, ...load }: Arguments): Promise<void> {
  const results: Result[] = [];
  let code = 0;
  try {
    for (const each of series) results.push(await within({ ...load, series: each }));
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    code = 1;
  }
  // What was measured before something failed is worth having.
  if (results.length > 0) console.log(json ? JSON.stringify(results, null, 2) : tables(results));
  process.exit(code);
}

/** One size, given up at the deadline and at Ctrl-C; what it started is gone afterwards in every case. */
async function within(load: Parameters<typeof measure>[1]): Promise<Result> {
  const workspace = new Workspace();
  const limit = load.minutes + minutesBeside;
  const stopped = new Promise<never>((_, reject) => {
    const stop = (why: string) => () => reject(new Error(`${load.series} series: ${why}`));
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, stop(`ended by ${signal}`));
    setTimeout(
      stop(`not done within ${limit} minutes: the machine is too slow for it, or busy`),
      limit * 60_000,
    ).unref();
  });
  stopped.catch(() => undefined); // measured before
  try {
    return await Promise.race([measure(workspace, load, (line) => console.error(line)), stopped]);
  } finally {
    await workspace.end();
  }
}
