import { randomUUID } from "node:crypto";
import { setTimeout as pause } from "node:timers/promises";
import {
  asideFile,
  backupSteps,
  bucketsFile,
  folderOf,
  incomingOf,
  indexDelay,
  type Step,
} from "../../components/backup/copying";
import { InvalidInput } from "../../engine/errors";
import { count, mebibytes } from "../shared/words";
import type { Part, PartName } from "./files";
import { flush, type Writer } from "./flush";
import { asText, filesFile, lookAt, savedFile, type SavedFile } from "./manifest";
import { McFailed, type Mc, type Usage } from "./mc";
import { targetAlias, type Place } from "./place";
import { planSamples, saveSamples } from "./samples";
import type { Bucket, Stores } from "./stores";
import { inTurn, refuseOther } from "./turn";
import type { VictoriaMetrics } from "./victoria-metrics";

/** What {@link backup} takes. */
export interface BackupArgs {
  stack: string;
  to: Place;
  stores: Stores;
  mc: Mc;
  /** What is flushed before. */
  writers: readonly Writer[];
  /** Seconds between the flush and what counts; at least Loki's `indexDelay`, so that every earlier line is in the backup. */
  settle: number;
  parts: Partial<Record<PartName, Part>>;
  /** Whose samples are copied; default: none's. */
  victoriaMetrics?: VictoriaMetrics;
  /** Refuses while the schedule's Job makes the same backup; default: there is none. */
  refuseSchedule?: () => Promise<void>;
  /** Takes it that much of the last backup is no longer in the stack. */
  acceptLoss: boolean;
  signal: AbortSignal;
  tell(line: string): void;
}

/**
 * Copies what a fire takes.
 * @returns what is not in it, and needs a person
 * @throws InvalidInput before anything is written, when something is in the way of it; later, when something could not be copied
 */
export async function backup(args: BackupArgs): Promise<string[]> {
  const { stack, to, stores, mc, parts, tell } = args;
  const before = await lookAt(to);
  refuseOther(to, before.holder);
  const usages = await sourceUsages(stores.buckets, mc);
  await refuseOwn(args);
  if (before.buckets && before.buckets.stack !== stack)
    throw new InvalidInput(
      `${to.shown} has the backup of stack ${before.buckets.stack}, which this one would replace\n→ choose a separate folder or prefix for each stack with --to`,
    );
  refuseLoss(args, before.buckets?.buckets ?? {}, usages);
  await refuseFull(to, stores.buckets, usages);
  const { victoriaMetrics, acceptLoss } = args;
  const plan = victoriaMetrics && (await planSamples(victoriaMetrics, before.samples, acceptLoss));
  // Nothing is copied that a part's absence would make useless: they are small, and taken first.
  const taken = await takeAll(parts);
  const copied = await inTurn(args, (began) => copyAll(args, { began, plan, taken }));
  for (const [{ name }, { objects, size }] of copied)
    tell(`bucket ${name}: ${count(objects, "object")} of ${mebibytes(size)}`);
  for (const [name, { what }] of taken) tell(`${name}: ${what}`);
  return taken.flatMap(([, { left }]) => left);
}

/** What is copied beside the buckets, and when it began. */
interface Prepared {
  began: string;
  plan?: Awaited<ReturnType<typeof planSamples>>;
  taken: Awaited<ReturnType<typeof takeAll>>;
}

async function copyAll(args: BackupArgs, { began, plan, taken }: Prepared): Promise<[Bucket, Usage][]> {
  const { stack, to, stores, tell } = args;
  if (args.writers.length > 0) {
    tell(`flushing ${args.writers.map(({ name }) => name).join(", ")}`);
    await flush(args.writers, args.signal);
  }
  const flushed = Date.now();
  const steps = stores.buckets.map((bucket) => ({ bucket, ...backupSteps(bucket.use) }));
  for (const { bucket, first } of steps) await copy(args, bucket, first);
  if (plan) await saveSamples({ ...args, victoriaMetrics: args.victoriaMetrics!, plan });
  await settled(args, flushed);
  for (const { bucket, then } of steps) for (const step of then) await copy(args, bucket, step);

  const copied: [Bucket, Usage][] = [];
  for (const bucket of stores.buckets) copied.push([bucket, await to.usage(folderOf(bucket.use))]);
  const finished = new Date().toISOString();
  const buckets = Object.fromEntries(copied.map(([{ use, name }, usage]) => [use, { name, ...usage }]));
  const files: SavedFile[] = [];
  for (const [name, { text, what }] of taken) {
    await to.write(`${name}.json`, text);
    files.push(savedFile(`${name}.json`, what, text));
  }
  if (files.length > 0) await to.write(filesFile, asText({ version: 1, stack, finished, files }));
  await to.write(bucketsFile, asText({ version: 1, stack, began, finished, buckets }));
  return copied;
}

async function copy({ to, mc, tell }: BackupArgs, bucket: Bucket, { what, flags, ...ways }: Step): Promise<void> {
  const { alias, name, use } = bucket;
  const places = { stack: `${alias}/${name}`, backup: to.at(folderOf(use)), incoming: to.at(incomingOf(use)) };
  tell(`bucket ${name}: ${what}`);
  // What the application deletes while it is copied is an error to mc; looked at again, it is no longer there.
  for (let attempt = 1; ; attempt++) {
    try {
      if (ways.to === "incoming") await to.write(`${incomingOf(use)}/${asideFile}`, "");
      return await mc.mirror(flags, places[ways.from], places[ways.to]);
    } catch (error) {
      if (!(error instanceof McFailed)) throw error;
      if (attempt === 3)
        throw new InvalidInput(
          `bucket ${name} could not be copied: ${error.message}\n→ run it again: what is in ${to.shown} is not copied again, and the previous backup stays valid`,
        );
      tell(`bucket ${name}: ${error.message}; once more`);
    }
  }
}

async function settled({ settle, writers, signal, tell }: BackupArgs, flushed: number): Promise<void> {
  const rest = flushed + settle * 1000 - Date.now();
  if (writers.length === 0 || rest <= 0) return;
  tell(`waiting ${Math.ceil(rest / 1000)} s until the index of what was flushed is in the bucket`);
  await pause(rest, undefined, { signal });
  if (settle < indexDelay)
    tell(`Loki's index may take ${indexDelay} s: the newest lines from before the flush may be missing`);
}

/** A backup in what it saves burns with it, and is saved in the next one. */
async function refuseOwn({ to, stores, mc }: BackupArgs): Promise<void> {
  for (const bucket of stores.buckets.filter(({ name }) => name === to.bucket?.name))
    if (await isSame(to, bucket, mc))
      throw new InvalidInput(
        `${to.shown} is the stack's own bucket (${bucket.use}): it can't also hold a backup\n→ a bucket on another server, or a folder on another disk`,
      );
}

/** A server has many addresses: whether one bucket is behind both shows when something is written to the one, and is in the other. */
async function isSame(to: Place, { alias }: Bucket, mc: Mc): Promise<boolean> {
  const mark = `is-own-${randomUUID()}`;
  await to.write(mark, "");
  const found = await mc.read(to.at(mark).replace(targetAlias, alias)).finally(() => to.remove(mark));
  return found !== undefined;
}

async function sourceUsages(buckets: readonly Bucket[], mc: Mc): Promise<Map<Bucket, Usage>> {
  const problems: string[] = [];
  const found = new Map<Bucket, Usage>();
  for (const bucket of buckets) {
    const usage = await mc.usage(`${bucket.alias}/${bucket.name}`).catch((error: unknown) => {
      if (!(error instanceof McFailed)) throw error;
      problems.push(`bucket ${bucket.name} can't be read: ${error.message}`);
    });
    if (usage) found.set(bucket, usage);
  }
  if (problems.length > 0)
    throw new InvalidInput(
      `${problems.join("\n")}\n→ npm run preflight checks the store; --store sets another address`,
    );
  return found;
}

/** After a fire, a schedule would replace the backup by what the new and empty stack has. */
function refuseLoss(
  { acceptLoss, to }: BackupArgs,
  before: Partial<Record<string, { name: string; size: number }>>,
  usages: ReadonlyMap<Bucket, Usage>,
): void {
  const lost = [...usages].flatMap(([{ use, name }, { size }]) => {
    const had = before[use]?.size ?? 0;
    // Rules and silences are a few kilobytes, and come and go.
    return had > 2 ** 20 && size < had / 2
      ? [`bucket ${name} has ${mebibytes(size)}, and the backup ${mebibytes(had)}`]
      : [];
  });
  if (lost.length > 0 && !acceptLoss)
    throw new InvalidInput(
      `${lost.join("\n")}: what is gone would be removed from the backup\n→ npm run restore, if it should still exist; another --to; or --accept-loss (${to.shown} then contains what the stack has now)`,
    );
}

async function refuseFull(to: Place, buckets: readonly Bucket[], usages: ReadonlyMap<Bucket, Usage>): Promise<void> {
  const free = to.free();
  if (free === undefined) return;
  let needed = 0;
  for (const bucket of buckets) {
    const { size } = await to.usage(folderOf(bucket.use));
    needed += Math.max(0, usages.get(bucket)!.size - size);
  }
  if (needed > free)
    throw new InvalidInput(
      `${to.shown} has ${mebibytes(free)} free, but ${mebibytes(needed)} have to be copied\n→ make room, or choose another disk with --to`,
    );
}

async function takeAll(parts: BackupArgs["parts"]) {
  const problems: string[] = [];
  const taken: [PartName, Awaited<ReturnType<Part["take"]>>][] = [];
  for (const [name, part] of Object.entries(parts) as [PartName, Part][]) {
    try {
      taken.push([name, await part.take()]);
    } catch (error) {
      if (!(error instanceof InvalidInput)) throw error;
      problems.push(error.message);
    }
  }
  if (problems.length > 0) throw new InvalidInput(problems.join("\n"));
  return taken;
}
