/** What the keys of a configuration are, as main.go prints them: a kind of scalar, a list of such, or a block. */
export type Fields = string | [Fields] | { [key: string]: Fields };

/**
 * Lays the fields of several versions over each other. A key that only some of the versions have says which: `shared_store@2.9`,
 * `bloom_build@3.3-3.7`, with commas between runs.
 *
 * @param versions by version, from the oldest, its fields
 */
export function merged(versions: ReadonlyMap<string, Fields>): Fields {
  return laid([...versions.keys()], versions);
}

function laid(all: readonly string[], given: ReadonlyMap<string, Fields>): Fields {
  const kinds = [...given.values()];
  const [first] = kinds;
  if (kinds.every((each) => Array.isArray(each)))
    return [
      laid(
        all,
        mapped(given, (each) => (each as [Fields])[0]),
      ),
    ];
  if (kinds.every((each) => typeof each === "object" && !Array.isArray(each))) return blocks(all, given);
  if (kinds.every((each) => each === "int" || each === "uint")) return kinds.includes("int") ? "int" : first;
  return kinds.every((each) => each === first) ? first : "any";
}

function blocks(all: readonly string[], given: ReadonlyMap<string, Fields>): Fields {
  const keys = [...new Set([...given.values()].flatMap((each) => Object.keys(each)))].sort();
  const entries = keys.map((key) => {
    const having = new Map(
      [...given].flatMap(([version, each]) => pair(version, (each as Record<string, Fields>)[key])),
    );
    const isEverywhere = having.size === given.size;
    return [isEverywhere ? key : `${key}@${runs(all, [...having.keys()])}`, laid(all, having)] as const;
  });
  return Object.fromEntries(entries);
}

const pair = (version: string, value: Fields | undefined) => (value === undefined ? [] : [[version, value] as const]);

const mapped = <T>(given: ReadonlyMap<string, T>, change: (each: T) => Fields) =>
  new Map([...given].map(([version, each]) => [version, change(each)]));

function runs(all: readonly string[], some: readonly string[]): string {
  const parts: string[][] = [];
  for (const version of all.filter((each) => some.includes(each))) {
    const last = parts.at(-1);
    if (last && all.indexOf(version) === all.indexOf(last.at(-1)!) + 1) last.push(version);
    else parts.push([version]);
  }
  return parts.map((part) => (part.length > 1 ? `${part[0]}-${part.at(-1)}` : part[0])).join(",");
}

/** The flags of a program: the kind of each by its name. */
export type Flags = Readonly<Record<string, string>>;

/**
 * Lays flags out by the parts of their names between dots, so that those that are registered for several users stand together. One that is also the
 * beginning of others, in any of the versions, has the key "." there.
 *
 * @param versions by version, its flags
 */
export function byParts(versions: ReadonlyMap<string, Flags>): Map<string, Fields> {
  const beginnings = new Set(
    [...versions.values()].flatMap(Object.keys).flatMap((flag) => {
      const parts = flag.split(".");
      return parts.map((_, index) => parts.slice(0, index).join("."));
    }),
  );
  return mapped(versions, (flags) => {
    const all: Record<string, Fields> = {};
    for (const [flag, kind] of Object.entries(flags)) {
      const parts = [...flag.split("."), ...(beginnings.has(flag) ? ["."] : [])];
      const last = parts.pop()!;
      let block = all;
      for (const part of parts) block = (block[part] ??= {}) as Record<string, Fields>;
      block[last] = kind;
    }
    return all;
  });
}

/** Blocks that stand in several places, each once by a name; `=name` stands for it, also within another one. */
export interface Shared {
  blocks: Record<string, Fields>;
  fields: Fields;
}

// Shorter ones are easier to read where they are.
const shortest = 150;

/** Takes out the blocks that stand in several places, such as the settings of a ring's store. */
export function shared(fields: Fields): Shared {
  const places = new Map<string, string[]>();
  count(fields, "", places);
  const names = new Map<string, string>();
  for (const [text, keys] of places) {
    if (keys.length < 2 || text.length < shortest) continue;
    const key = keys[0].split("@")[0];
    const taken = [...names.values()].filter((name) => name.replace(/-\d+$/, "") === key).length;
    names.set(text, taken === 0 ? key : `${key}-${taken + 1}`);
  }
  const placed = (each: Fields, isDefinition = false): Fields => {
    const name = isDefinition ? undefined : names.get(JSON.stringify(each));
    if (name !== undefined) return `=${name}`;
    if (Array.isArray(each)) return [placed(each[0])];
    if (typeof each === "string") return each;
    return Object.fromEntries(Object.entries(each).map(([key, inner]) => [key, placed(inner)]));
  };
  const blocks = [...names].map(([text, name]) => [name, placed(JSON.parse(text) as Fields, true)] as const);
  return { blocks: Object.fromEntries(blocks.sort(([a], [b]) => a.localeCompare(b, "en"))), fields: placed(fields) };
}

function count(fields: Fields, key: string, places: Map<string, string[]>): void {
  if (Array.isArray(fields)) count(fields[0], key, places);
  if (typeof fields === "string" || Array.isArray(fields)) return;
  const text = JSON.stringify(fields);
  places.set(text, [...(places.get(text) ?? []), key]);
  // Keys of somebody's own give no name.
  for (const [name, inner] of Object.entries(fields)) count(inner, name.startsWith("*") ? key : name, places);
}
