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
  for (const [text, sought] of pairs) {
    if (text.length < window) continue;
    const start = rolling(text).next().value as number;
    const entry = { length: text.length, digest: digest(text), sought };
    entries.set(start, [...(entries.get(start) ?? []), entry]);
  }
  return (text) => {
    const found = new Set<Sought>();
    if (entries.size === 0) return found;
    let index = 0;
    for (const hash of rolling(text)) {
      for (const { length, digest: wanted, sought } of entries.get(hash) ?? []) {
        if (digest(text.slice(index, index + length)) === wanted) found.add(sought);
      }
      index++;
    }
    return found;
  };
}

/** The hash of every eight characters of a text, from its first. */
function* rolling(text: string): Generator<number> {
  let hash = 0;
  for (let index = 0; index < text.length; index++) {
    if (index >= window) hash = (hash - Math.imul(text.charCodeAt(index - window), leaving)) | 0;
    hash = (Math.imul(hash, base) + text.charCodeAt(index)) | 0;
    if (index >= window - 1) yield hash;
  }
}

function power(value: number, exponent: number): number {
  return exponent === 0 ? 1 : Math.imul(value, power(value, exponent - 1));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64");
}
