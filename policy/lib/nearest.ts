/**
 * The name that somebody may have meant who wrote one that isn't in the list: a letter left out, added, changed, or two that
 * changed places; in a name of eight letters and more, twice that; or one that lost its last two letters (`grafa`).
 *
 * @returns undefined where none is near, or two are equally near
 */
export function nearest(name: string, names: Iterable<string>): string | undefined {
  const most = name.length >= 8 ? 2 : name.length >= 4 ? 1 : 0;
  let found: { name: string; distance: number }[] = [];
  for (const each of names) {
    if (Math.abs(each.length - name.length) > 2) continue;
    const distance = distanceOf(name, each);
    const isCut = name.length >= 5 && each.startsWith(name);
    if (distance <= (isCut ? 2 : most)) found.push({ name: each, distance });
  }
  const least = Math.min(...found.map(({ distance }) => distance));
  found = found.filter(({ distance }) => distance === least);
  return found.length === 1 ? found[0].name : undefined;
}

// Optimal string alignment: https://en.wikipedia.org/wiki/Damerau-Levenshtein_distance
function distanceOf(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const isSame = a[i - 1] === b[j - 1];
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (isSame ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        row[j] = Math.min(row[j], before[j - 2] + 1);
    }
    [before, last] = [last, row];
  }
  return last[b.length];
}
