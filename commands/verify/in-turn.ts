/**
 * Calls a function for each item, a few at a time.
 * @param most how many at a time
 * @returns results in the items' order
 */
export async function inTurn<T, R>(items: readonly T[], most: number, work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  const rest = items.entries();
  const worker = async () => {
    for (const [i, item] of rest) results[i] = await work(item);
  };
  await Promise.all(Array.from({ length: most }, worker));
  return results;
}
