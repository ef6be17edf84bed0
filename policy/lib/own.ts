/** What a table has of its own under a key that somebody else wrote: it may be `constructor`, which every object has. */
export function own<Value>(table: Readonly<Record<string, Value>>, key: string): Value | undefined {
  return Object.hasOwn(table, key) ? table[key] : undefined;
}
