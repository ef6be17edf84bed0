import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { samplesFile, samplesFolder as folder } from "../../components/backup/copying";
import { InvalidInput } from "../../engine/errors";
import { count, mebibytes } from "../shared/words";
import { asText, type SamplesManifest, type Week } from "./manifest";
import { isWholeExport } from "./native";
import type { Place } from "./place";
import { day, dayOf, startOf, type Days, type VictoriaMetrics } from "./victoria-metrics";

/**
 * VictoriaMetrics' samples in a backup: a file for each week, so that only those weeks are exported again that have got samples since.
 */

/** Seconds of a week, which begins on a Monday, as the days of ISO 8601 do. 1970 began on a Thursday. */
const week = 7 * day;
const weekOf = (time: number) => Math.floor((time - 4 * day) / week) * week + 4 * day;

const fileOf = (start: number) => `${folder}/${dayOf(start)}.native`;

const sum = (days: Days) => Object.values(days).reduce((all, samples) => all + samples, 0);

/** What a stack has, and what its backup has. */
export interface SamplesPlan {
  /** Samples before this time are copied, in seconds since 1970. */
  until: number;
  there: Days;
  /** What the last backup has. */
  saved: readonly Week[];
  /** What of it counts. */
  kept: readonly Week[];
}

/**
 * Looks at what there is to copy, before anything is written.
 * @param victoriaMetrics the stack's
 * @param before what the last backup has
 * @param acceptLoss whether days of which most is gone replace those of the backup
 * @throws InvalidInput when most of a day is gone that the backup has
 */
export async function planSamples(
  victoriaMetrics: VictoriaMetrics,
  before: SamplesManifest | undefined,
  acceptLoss: boolean,
): Promise<SamplesPlan> {
  const until = Math.floor(Date.now() / 1000);
  const whole = victoriaMetrics.firstWholeDay;
  const there = await victoriaMetrics.count(whole - day, until);
  const saved = before?.weeks ?? [];
  const lost = saved
    .flatMap(({ days }) => Object.entries(days))
    .filter(([name, had]) => startOf(name) >= whole && (there[name] ?? 0) < had / 2)
    .map(([name, had]) => `${name} (${there[name] ?? 0} of ${had})`);
  if (lost.length > 0 && !acceptLoss)
    throw new InvalidInput(
      `VictoriaMetrics has less than half of the backup's samples of ${some(lost)}\n` +
        "→ npm run restore, if they should still exist; another --to; or --accept-loss (the backup then contains what VictoriaMetrics has now)",
    );
  // With consent, what the backup has of a week that has less now counts as nothing; retention is no loss.
  const shrunk = ({ start, days }: Week) => startOf(start) >= whole && lacks(days, there);
  return { until, there, saved, kept: acceptLoss ? saved.filter((one) => !shrunk(one)) : saved };
}

const lacks = (saved: Days, there: Days) => Object.entries(saved).some(([name, had]) => (there[name] ?? 0) < had);

const some = (names: readonly string[]) => `${names.slice(0, 4).join(", ")}${names.length > 4 ? " …" : ""}`;

/** What {@link saveSamples} takes. */
export interface SaveSamplesArgs {
  stack: string;
  to: Place;
  victoriaMetrics: VictoriaMetrics;
  plan: SamplesPlan;
  tell(line: string): void;
}

/**
 * Copies what is new. What the backup has is written down after each week, so that a run that was killed is continued.
 * A week that retention shortens stays as it is, until all of it is too old.
 */
export async function saveSamples({ stack, to, victoriaMetrics, plan, tell }: SaveSamplesArgs): Promise<void> {
  const { until, there, saved } = plan;
  const { version } = await victoriaMetrics.about();
  const oldest = victoriaMetrics.firstWholeDay - day;
  const starts = Object.keys(there).map((name) => weekOf(startOf(name)));
  const kept = new Map(plan.kept.map((one) => [one.start, one]));
  const note = () => to.write(samplesFile, asText({ version: 1, stack, weeks: [...kept.values()].sort(byStart) }));
  for (const start of [...new Set(starts)].sort((a, b) => a - b)) {
    const days = Object.fromEntries(Object.entries(there).filter(([name]) => weekOf(startOf(name)) === start));
    if (!lacks(days, kept.get(dayOf(start))?.days ?? {})) continue;
    const size = await inTemporaryFile(async (file) => {
      const size = await victoriaMetrics.export(start, Math.min(start + week, until), file);
      await to.put(file, fileOf(start));
      return size;
    });
    tell(`samples of the week from ${dayOf(start)}: ${count(sum(days), "sample")}, ${mebibytes(size)}`);
    kept.set(dayOf(start), { start: dayOf(start), days, size, made: version });
    await note();
  }
  for (const name of [...kept.keys()]) if (startOf(name) + week <= oldest) kept.delete(name);
  await note();
  for (const { start } of saved) if (!kept.has(start)) await to.remove(fileOf(startOf(start)));
  const all = [...kept.values()];
  const samples = all.reduce((total, { days }) => total + sum(days), 0);
  tell(`samples: ${count(samples, "sample")} of ${count(all.length, "week")}`);
}

const byStart = (a: Week, b: Week) => a.start.localeCompare(b.start);

/** What {@link refuseSamples} and {@link bringSamples} take. */
export interface BringSamplesArgs {
  from: Place;
  saved: SamplesManifest;
  victoriaMetrics: VictoriaMetrics;
  /** A VictoriaMetrics that has samples of the backup's days already gets them beside those. */
  intoExisting: boolean;
  /** Whether a later run was not finished: files may be newer than what the manifest says. */
  unfinished: boolean;
  tell(line: string): void;
}

/**
 * Everything that would stop it halfway.
 * @throws InvalidInput
 */
export async function refuseSamples(args: BringSamplesArgs): Promise<void> {
  const { from, saved, victoriaMetrics, intoExisting, unfinished, tell } = args;
  const size = saved.weeks.reduce((total, one) => total + one.size, 0);
  const there = await from.usage(folder);
  if (!unfinished && (there.objects !== saved.weeks.length || there.size !== size))
    throw new InvalidInput(
      `${from.shown}: ${folder} has ${count(there.objects, "file")} of ${there.size} bytes; ${samplesFile} says ${saved.weeks.length} of ${size}\n` +
        "→ if a backup is running, wait; otherwise use another copy; to restore without samples: --without samples",
    );
  const { version, keepsTwice } = await victoriaMetrics.about();
  const others = [...new Set(saved.weeks.map(({ made }) => made))].filter((made) => made !== version);
  if (others.length > 0)
    tell(
      `the samples were exported by VictoriaMetrics ${others.join(" and ")}, and this is ${version}: upstream doesn't promise that this works, therefore they are counted`,
    );
  const present = await countOf(args);
  if (sum(present) === 0) return;
  const what = `VictoriaMetrics has samples of ${some(Object.keys(present))}`;
  if (!intoExisting)
    throw new InvalidInput(
      `${what}\n→ use a VictoriaMetrics with an empty volume; or --into-existing: the backup's samples are added, equal ones once`,
    );
  if (keepsTwice)
    throw new InvalidInput(
      `${what}, and would keep duplicates (-dedup.minScrapeInterval)\n→ victoriaMetrics.dedupInterval: 1ms, and npm run up`,
    );
}

/**
 * Brings the samples back, and waits until as many are there.
 * @returns what needs a person
 */
export async function bringSamples(args: BringSamplesArgs): Promise<string[]> {
  const { from, saved, victoriaMetrics, tell } = args;
  const whole = victoriaMetrics.firstWholeDay;
  for (const { start, size } of saved.weeks) {
    const begin = startOf(start);
    if (begin + week <= whole) {
      tell(`samples of the week from ${start}: older than victoriaMetrics.retention`);
      continue;
    }
    tell(`samples of the week from ${start}: ${mebibytes(size)}`);
    await inTemporaryFile(async (file) => {
      await from.get(fileOf(begin), file);
      if (!(await isWholeExport(file)))
        throw new InvalidInput(
          `${fileOf(begin)} of ${from.shown} is damaged\n→ use another copy; what was restored stays: run it again with --into-existing`,
        );
      await victoriaMetrics.import(file);
    });
  }
  const wanted = saved.weeks.flatMap(({ days }) => Object.entries(days)).filter(([name]) => startOf(name) >= whole);
  const present = await settled(args, Object.fromEntries(wanted));
  tell(
    `samples: ${count(sum(present), "sample")}; the backup has ${count(sum(Object.fromEntries(wanted)), "sample")} that are not too old`,
  );
  const missing = wanted
    .filter(([name, had]) => (present[name] ?? 0) < had)
    .map(([name, had]) => `${name} (${present[name] ?? 0} of ${had})`);
  if (missing.length === 0) return [];
  return [
    `VictoriaMetrics lacks samples of ${some(missing)} → victoriaMetrics.limits may drop them (alert VictoriaMetricsSamplesDropped); then run it again with --into-existing`,
  ];
}

/** Of the backup's days. */
function countOf({ saved, victoriaMetrics }: Pick<BringSamplesArgs, "saved" | "victoriaMetrics">): Promise<Days> {
  const days = saved.weeks.flatMap((one) => Object.keys(one.days)).map(startOf);
  if (days.length === 0) return Promise.resolve({});
  const from = Math.max(Math.min(...days), victoriaMetrics.firstWholeDay - day);
  return victoriaMetrics.count(from, Math.max(...days) + day);
}

/** Samples can be asked for seconds after they were taken (`-inmemoryDataFlushInterval`): the count, once it is as wanted or stays as it is. */
async function settled(args: BringSamplesArgs, wanted: Days): Promise<Days> {
  for (let [present, quiet] = [await countOf(args), 0]; ;) {
    if (!lacks(wanted, present) || quiet === 5) return present;
    await pause(2000);
    const now = await countOf(args);
    quiet = sum(now) === sum(present) ? quiet + 1 : 0;
    present = now;
  }
}

async function inTemporaryFile<T>(use: (file: string) => Promise<T>): Promise<T> {
  const work = mkdtempSync(join(tmpdir(), "backup-"));
  try {
    return await use(join(work, "samples"));
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
