import { createHash } from "node:crypto";

/** Finds in a text what is searched for; each of it once. */
export type Search<Sought> = (text: string) => Set<Sought>;

/** Something sought, known only by its hash. */
interface Entry<Sought> {
  length: number;
  digest: string;
  sought: Sought;
}

const window = 8;
const base = 0x01000193;
const leaving = power(base, window - 1);
const lastBits = 0xffff;

/**
 * Makes a search for many texts at once. They are kept as SHA-256 hashes, so that nothing that is printed or dumped later has them.
 *
 * A rolling hash of eight characters (Rabin and Karp) says where a hash is worth taking, so that a text is gone through once, however many
 * are sought.
 *
 * @param pairs what is sought, at least eight characters each, and what the search gives back for it
 */
export function searchFor<Sought>(pairs: Iterable<readonly [text: string, sought: Sought]>): Search<Sought> {
  const entries = new Map<number, Entry<Sought>[]>();
  // The last bits of their keys: asked at each character, of which nearly none begins anything.
  const likely = new Uint8Array(lastBits + 1);
  for (const [text, sought] of pairs) {
    if (text.length < window) continue;
    let start = 0;
    for (let index = 0; index < window; index++) start = rolled(start, text, index);
    const entry = { length: text.length, digest: digest(text), sought };
    entries.set(start, [...(entries.get(start) ?? []), entry]);
    likely[start & lastBits] = 1;
  }
  return (text) => {
    const found = new Set<Sought>();
    if (entries.size === 0) return found;
    let hash = 0;
    for (let index = 0; index < text.length; index++) {
      hash = rolled(hash, text, index);
      const start = index - window + 1;
      if (start < 0 || likely[hash & lastBits] === 0) continue;
      for (const { length, digest: wanted, sought } of entries.get(hash) ?? []) {
        if (digest(text.slice(start, start + length)) === wanted) found.add(sought);
      }
    }
    return found;
  };
}

/** The hash of the eight characters that end at an index, from that of the eight before. */
function rolled(hash: number, text: string, index: number): number {
  const kept = index < window ? hash : hash - Math.imul(text.charCodeAt(index - window), leaving);
  return (Math.imul(kept, base) + text.charCodeAt(index)) | 0;
}

function power(value: number, exponent: number): number {
  return exponent === 0 ? 1 : Math.imul(value, power(value, exponent - 1));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
