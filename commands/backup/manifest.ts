import { createHash } from "node:crypto";
import { z } from "zod";
import { usesWith } from "../../components/object-storage/applications";
import { bucketsFile, samplesFile, unfinishedFile } from "../../components/backup/copying";
import { InvalidInput } from "../../engine/errors";
import type { Place } from "./place";

/** The lists of what is in a backup. They are written last: an interrupted backup has none, or still the previous ones. */

const time = z.iso.datetime();

const bucket = z.object({
  /** Name that it had; the stack that gets it back may call it otherwise. */
  name: z.string().min(1),
  objects: z.int().min(0),
  size: z.int().min(0).describe("bytes"),
});

const bucketsManifest = z.object({
  version: z.literal(1),
  stack: z.string().min(1),
  began: time,
  finished: time,
  buckets: z.partialRecord(z.enum(usesWith("mimir")), bucket),
});

const file = z.object({
  name: z.string().regex(/^[a-z-]+\.json$/),
  what: z.string(),
  bytes: z.int().min(0),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

const filesManifest = z.object({
  version: z.literal(1),
  stack: z.string().min(1),
  finished: time,
  files: z.array(file),
});

const weekDay = z.iso.date();

const week = z.object({
  /** Its Monday, in UTC. */
  start: weekDay,
  /** Samples by day. */
  days: z.record(weekDay, z.int().positive()),
  size: z.int().min(0).describe("bytes of its file"),
  /** Version of VictoriaMetrics that exported it. */
  made: z.string(),
});

const samplesManifest = z.object({
  version: z.literal(1),
  stack: z.string().min(1),
  weeks: z.array(week),
});

/** The script `begin.sh` reads it, too. */
const holder = z.object({
  began: time,
  /** The machine, and the process on it. */
  host: z.string(),
  pid: z.int(),
  alive: z.int().describe("when it was last heard of, in seconds since 1970"),
});

/** A `npm run backup` that is at it, or was killed. */
export type Holder = z.output<typeof holder>;

/** What is in a backup of the buckets. */
export type BucketsManifest = z.output<typeof bucketsManifest>;

/** What else is in a backup. */
export type FilesManifest = z.output<typeof filesManifest>;

/** What is in a backup of VictoriaMetrics' samples. */
export type SamplesManifest = z.output<typeof samplesManifest>;

/** A week of samples. */
export type Week = z.output<typeof week>;

/** A file of a backup. */
export type SavedFile = z.output<typeof file>;

/** Name of the manifest of files. */
export const filesFile = "files.json";

/** What a place has of a backup. */
export interface Found {
  buckets?: BucketsManifest;
  files?: FilesManifest;
  samples?: SamplesManifest;
  /** When a run began that did not come to its end, or has not yet. */
  unfinished?: string;
  /** Who makes that one; undefined also for the schedule's Job. */
  holder?: Holder;
}

/**
 * Reads what a place has.
 * @throws InvalidInput for a manifest that this program doesn't read
 */
export async function lookAt(place: Place): Promise<Found> {
  const unfinished = await place.read(unfinishedFile);
  return {
    buckets: await read(place, bucketsFile, bucketsManifest),
    files: await read(place, filesFile, filesManifest),
    samples: await read(place, samplesFile, samplesManifest),
    ...(unfinished !== undefined && {
      unfinished: /"began": ?"([^"]+)"/.exec(unfinished)?.[1] ?? "at some time",
      holder: holderIn(unfinished),
    }),
  };
}

function holderIn(text: string): Holder | undefined {
  try {
    return holder.safeParse(JSON.parse(text)).data;
  } catch {
    // It has been written halfway.
    return undefined;
  }
}

async function read<T>(place: Place, name: string, schema: z.ZodType<T>): Promise<T | undefined> {
  const text = await place.read(name);
  if (text === undefined) return undefined;
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch (error) {
    throw new InvalidInput(
      `${name} of ${place.shown} is not JSON: ${(error as Error).message}\n→ npm run backup writes it again`,
    );
  }
  const parsed = schema.safeParse(json);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new InvalidInput(
    `${name} of ${place.shown} can't be read by this version:\n${problems.join("\n")}\n→ use the version of this program that made the backup, or make a new backup`,
  );
}

/** A manifest as text. */
export const asText = (manifest: BucketsManifest | FilesManifest | SamplesManifest): string =>
  `${JSON.stringify(manifest, undefined, 2)}\n`;

/** What a file's manifest says of it. */
export const savedFile = (name: string, what: string, text: string): SavedFile => ({
  ...{ name, what, bytes: Buffer.byteLength(text) },
  sha256: createHash("sha256").update(text).digest("hex"),
});
