import { InvalidInput } from "../../engine/errors";
import { isDuration, seconds } from "../../settings/units";
import type { LogFigures } from "./figures";
import { resultsOf, type Demand, type SizedSettings } from "./formula";

/** A question as it is on the command line. */
export interface Question {
  gbPerDay: string;
  retention?: string;
  series: string;
  streams: string;
  headroom: string;
}

/** Loki's index is kept by the day, and so is what is deleted. */
const leastRetention = 86_400;

const number = /^\d+(\.\d+)?(e\d+)?$/;

/**
 * Reads a question.
 * @param settings the stack's: the retention that isn't given is theirs
 * @returns the demand, and the share of each node that stays free, in per cent
 * @throws InvalidInput with every problem of it
 */
export function demandOf(
  { gbPerDay, retention, series, streams, headroom }: Question,
  settings: SizedSettings,
  figures: LogFigures,
): Demand & { headroom: number } {
  const { loki, mimir, victoriaMetrics, metrics } = settings;
  const problems: string[] = [];
  const read = (option: string, text: string, allowed: string, fits: (value: number) => boolean) => {
    const value = number.test(text) ? Number(text) : NaN;
    if (!fits(value)) problems.push(`${option} ${text}: expected ${allowed}`);
    return value;
  };
  const whole = (value: number) => Number.isInteger(value) && value > 0;
  const demand = {
    bytesPerDay: 1e9 * read("--gb-per-day", gbPerDay, "a number of gigabytes above 0, such as 100", (gb) => gb > 0),
    retention: 0,
    series: read("--series", series, "a whole number above 0, such as 200000", whole),
    streams: read("--streams", streams, "a whole number above 0, such as 1000", whole),
    headroom: read("--headroom", headroom, "per cent, from 0 and below 100", (percent) => percent < 100),
  };
  const kept = retention ?? loki.retention;
  if (isDuration(kept) && seconds(kept) >= leastRetention) demand.retention = seconds(kept);
  else problems.push(`--retention ${kept}: expected a duration of at least a day, such as 30d`);
  const { maxSeries } = mimir.limits;
  if (metrics.backend === "mimir" && maxSeries > 0 && demand.series > maxSeries)
    problems.push(
      `--series ${series}: Mimir refuses more than mimir.limits.maxSeries, ${maxSeries}: raise it with --config mimir.limits.maxSeries=${series}`,
    );
  const { maxHourlySeries } = victoriaMetrics.limits;
  if (metrics.backend === "victoria-metrics" && maxHourlySeries > 0 && demand.series > maxHourlySeries)
    problems.push(
      `--series ${series}: VictoriaMetrics drops the samples of more than victoriaMetrics.limits.maxHourlySeries, ${maxHourlySeries}: raise it, and the day's, with --config victoriaMetrics.limits.maxHourlySeries=${series} --config victoriaMetrics.limits.maxDailySeries=${2 * demand.series}, and in a stage that has VictoriaMetrics its memory limit with it: 2 KiB a series`,
    );
  const { maxStreams } = loki.limits;
  if (maxStreams > 0 && demand.streams > maxStreams)
    problems.push(
      `--streams ${streams}: Loki refuses more than loki.limits.maxStreams, ${maxStreams}: raise it with --config loki.limits.maxStreams=${streams}`,
    );
  if (resultsOf(loki.mode, figures).length === 0)
    problems.push(
      `loki.mode ${loki.mode}: not measured; measured ${measured(figures)} (npm run bench:logs -- --write measures)`,
    );
  if (problems.length > 0) throw new InvalidInput(problems.join("\n"));
  return demand;
}

function measured({ results }: LogFigures): string {
  const modes = new Set(
    results.map(({ variant }) => variant).filter((variant) => /^[a-z-]+$/.test(variant) && variant !== "chart"),
  );
  return modes.size === 0 ? "is nothing yet" : `are ${[...modes].join(" and ")}`;
}
