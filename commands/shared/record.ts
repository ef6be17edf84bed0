import { readFileSync } from "node:fs";
import { z } from "zod";
import { InvalidInput } from "../../engine/errors";
import { wants, type Asker } from "./askers";
import {
  belongingKinds,
  endingSteps,
  type Belonging,
  type BelongingKind,
  type Belongings,
  type Ending,
} from "./belongings";

/** What a report of `adopt` or `verify` recorded. */
export interface Recorded {
  has: Belongings;
  /** What was said to end. */
  ends: Ending[];
  /** What of it was the stack's own; only `verify` knows it. */
  own?: Belonging[];
  /** Who asked Prometheus by the names of the release's Services; undefined where nobody looked. */
  askers?: Asker[];
}

const kind = z.enum(Object.keys(belongingKinds) as [BelongingKind, ...BelongingKind[]]);
const record = z.object({
  has: z.partialRecord(kind, z.array(z.string())),
  ends: z
    .array(z.object({ kind, name: z.string(), why: z.string(), how: z.string(), step: z.enum(endingSteps).optional() }))
    .default([]),
  own: z.array(z.object({ kind, name: z.string() })).default([]),
  askers: z
    .array(z.object({ who: z.string(), asks: z.string(), wants: z.enum(wants), byLabels: z.literal(true).optional() }))
    .optional(),
});

/**
 * Reads what an earlier `verify --json` or `adopt --json` wrote.
 * @throws {InvalidInput} where it can't be read, or has no record
 */
export function recordIn(file: string): Recorded {
  const todo = "→ give a file that `npm run adopt -- --json FILE` or `npm run verify -- --json FILE` wrote";
  try {
    const parsed = record.safeParse(JSON.parse(readFileSync(file, "utf8")));
    if (parsed.success) return parsed.data;
  } catch (error) {
    throw new InvalidInput(`--before ${file}: ${(error as Error).message}\n${todo}`);
  }
  throw new InvalidInput(`--before ${file}: it has no list of what was there (“has”)\n${todo}`);
}
