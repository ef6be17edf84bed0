import { createHash } from "node:crypto";
import { folderOf, indexFolder, isSeed, restoreSteps } from "../../components/backup/copying";
import { InvalidInput } from "../../engine/errors";
import { count, mebibytes } from "../shared/words";
import type { Part, PartName } from "./files";
import { lookAt, type BucketsManifest, type Found, type SavedFile } from "./manifest";
import { McFailed, type Mc } from "./mc";
import type { Place } from "./place";
import { bringSamples, refuseSamples } from "./samples";
import type { Bucket, Stores } from "./stores";
import type { VictoriaMetrics } from "./victoria-metrics";

/** What {@link restore} takes. */
export interface RestoreArgs {
  from: Place;
  stores: Stores;
  mc: Mc;
  parts: Partial<Record<PartName, Part>>;
  /** Buckets that have data already get the backup's beside it. */
  intoExisting: boolean;
  /** What gets the samples; default: nothing. */
  victoriaMetrics?: VictoriaMetrics;
  tell(line: string): void;
}

/**
 * Brings a backup into a stack.
 * @returns what needs a person
 * @throws InvalidInput before anything is written, when something is in the way; later, when something could not be brought
 */
export async function restore(args: RestoreArgs): Promise<string[]> {
  const { from, stores, mc, parts, tell } = args;
  const found = await lookAt(from);
  const { buckets, unfinished } = found;
  if (!buckets)
    throw new InvalidInput(
      unfinished === undefined
        ? `${from.shown} has no backup\n→ --from must be the --to of the backup`
        : `${from.shown} has no backup: one was started at ${unfinished} but not finished\n→ another --from; this one may be incomplete`,
    );
  tell(
    `the backup of stack ${buckets.stack}, made from ${buckets.began} to ${buckets.finished}` +
      (unfinished === undefined ? "" : `, and a later one, started at ${unfinished} but not finished, which has more`),
  );
  const wanted = matched(stores.buckets, buckets);
  const files = await readFiles(from, found, parts);
  await refuseDamaged(args, wanted, buckets, unfinished !== undefined);
  await refuseTarget(args, wanted);
  const samples = samplesOf(args, found);
  if (samples) await refuseSamples(samples);

  for (const bucket of wanted) {
    const { alias, name, use } = bucket;
    if (buckets.buckets[use]!.objects === 0) continue;
    for (const { what, flags } of restoreSteps(use)) {
      tell(`bucket ${name}: ${what}`);
      await mc.mirror(flags, from.at(folderOf(use)), `${alias}/${name}`).catch((error: unknown) => {
        if (!(error instanceof McFailed)) throw error;
        throw new InvalidInput(
          `bucket ${name} could not be restored: ${error.message}\n→ run it again, with --into-existing: what is there is not copied again`,
        );
      });
    }
  }
  const open: string[] = [];
  for (const bucket of wanted) {
    const { objects, size } = await mc.usage(`${bucket.alias}/${bucket.name}`);
    const had = await from.usage(folderOf(bucket.use));
    const all = objects >= had.objects && size >= had.size;
    tell(
      `bucket ${bucket.name}: ${count(objects, "object")} of ${mebibytes(size)}; the backup has ${count(had.objects, "object")}`,
    );
    if (!all) open.push(`bucket ${bucket.name} lacks objects: run it again with --into-existing`);
  }
  if (samples) open.push(...(await bringSamples(samples)));
  for (const [name, part, text] of files) {
    const { done, open: left } = await part.bring(text);
    tell(`${name}: ${done}`);
    open.push(...left);
  }
  return open;
}

/** The stack's buckets that the backup has. Uses that share a bucket in one and not in the other have other names in it. */
function matched(own: readonly Bucket[], { buckets }: BucketsManifest): Bucket[] {
  const missing = Object.keys(buckets).filter((use) => !own.some((each) => each.use === use));
  const lacking = own.filter(({ use }) => !buckets[use]).map(({ use }) => use);
  const problems = [
    ...missing.map((use) => `the backup has a bucket ${use}, but the stack doesn't`),
    ...(missing.length > 0 || lacking.some((use) => use === "loki")
      ? lacking.map((use) => `the stack has a bucket ${use}, but the backup doesn't`)
      : []),
  ];
  if (problems.length > 0)
    throw new InvalidInput(
      `${problems.join("\n")}\n→ metrics.backend, and which buckets share a name (buckets), must be the same as when the backup was made`,
    );
  return own.filter(({ use }) => buckets[use]);
}

function samplesOf(args: RestoreArgs, { samples: saved, unfinished }: Found) {
  const { victoriaMetrics } = args;
  if (!victoriaMetrics) return undefined;
  if (saved) return { ...args, victoriaMetrics, saved, unfinished: unfinished !== undefined };
  throw new InvalidInput(
    `${args.from.shown}:\nsamples are not in this backup; to restore without them: --without samples`,
  );
}

async function readFiles(
  from: Place,
  { files: manifest }: Found,
  parts: RestoreArgs["parts"],
): Promise<[PartName, Part, string][]> {
  const problems: string[] = [];
  const all: [PartName, Part, string][] = [];
  for (const [name, part] of Object.entries(parts) as [PartName, Part][]) {
    const saved = manifest?.files.find((file) => file.name === `${name}.json`);
    const text = saved && (await from.read(saved.name));
    if (!saved) problems.push(`${name} are not in this backup; to restore without them: --without ${name}`);
    else if (text === undefined || !isWhole(text, saved))
      problems.push(
        `${saved.name} is not what was saved: its SHA-256 differs; to restore without it: --without ${name}`,
      );
    else all.push([name, part, text]);
  }
  if (problems.length > 0) throw new InvalidInput(`${from.shown}:\n${problems.join("\n")}`);
  return all;
}

const isWhole = (text: string, { sha256 }: SavedFile) => createHash("sha256").update(text).digest("hex") === sha256;

/** As many objects and bytes as the manifest says; after a later run that did not end, others. */
async function refuseDamaged(
  { from }: RestoreArgs,
  wanted: readonly Bucket[],
  { buckets }: BucketsManifest,
  unfinished: boolean,
): Promise<void> {
  const problems: string[] = [];
  for (const { use } of unfinished ? [] : wanted) {
    const { objects, size } = buckets[use]!;
    const there = await from.usage(folderOf(use));
    if (there.objects !== objects || there.size !== size)
      problems.push(
        `${folderOf(use)} has ${count(there.objects, "object")} of ${there.size} bytes; its manifest says ${objects} of ${size}`,
      );
  }
  if (problems.length > 0)
    throw new InvalidInput(
      `${from.shown} is damaged, or a backup is running:\n${problems.join("\n")}\n→ use another copy; or, while the stack still has the data, npm run backup`,
    );
}

const probe = "restore-probe";

/** What is at the top of a bucket, and in Loki's index. */
async function entriesOf(mc: Mc, bucket: string): Promise<string[]> {
  const top = await mc.list(bucket);
  if (!top.includes(indexFolder)) return top;
  const below = await mc.list(`${bucket}/${indexFolder.slice(0, -1)}`);
  return [...top.filter((entry) => entry !== indexFolder), ...below.map((entry) => indexFolder + entry)];
}

/** Everything that would stop it halfway: a bucket that has data, that isn't there, or that can't be written to; one that is the backup's own. */
async function refuseTarget(args: RestoreArgs, wanted: readonly Bucket[]): Promise<void> {
  const { from, mc, intoExisting, stores } = args;
  const problems: string[] = [];
  const todos = new Set<string>();
  for (const { alias, name } of wanted) {
    if (
      from.bucket?.name === name &&
      new URL(from.bucket.server).host === stores.hosts[alias].replace(/^.*@|\/$/g, "")
    ) {
      problems.push(`${from.shown} is the stack's own bucket ${name}`);
      todos.add("a backup needs a separate bucket");
      continue;
    }
    try {
      const entries = (await entriesOf(mc, `${alias}/${name}`)).filter((entry) => !isSeed(entry) && entry !== probe);
      if (entries.length > 0 && !intoExisting) {
        problems.push(`bucket ${name} has data: ${entries.slice(0, 4).join(", ")}${entries.length > 4 ? " …" : ""}`);
        todos.add(
          "use an empty bucket (buckets); or --into-existing: the backup's objects are added, and replace objects of the same name",
        );
        continue;
      }
      await mc.write(`${alias}/${name}/${probe}`, "");
      await mc.remove(`${alias}/${name}/${probe}`);
    } catch (error) {
      if (!(error instanceof McFailed)) throw error;
      problems.push(`bucket ${name} can't be written to: ${error.message}`);
      todos.add("npm run up creates buckets and keys; npm run preflight checks the store");
    }
  }
  if (problems.length > 0) throw new InvalidInput(`${problems.join("\n")}\n→ ${[...todos].join("\n→ ")}`);
}
