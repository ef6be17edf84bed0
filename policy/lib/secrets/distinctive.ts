const shortest = 8;
// Shannon's measure of a text by its own letters. Sixteen random letters have about 60; "12341234" has 16.
const leastBits = 20;

/**
 * Whether a text is so unlike words, names and numbers that its appearance elsewhere is no accident. "admin", "true", "production-loki" and
 * "Changeme1" are none, secret or not: they would be found in every second label.
 */
export function isDistinctive(text: string): boolean {
  return text.length >= shortest && bits(text) >= leastBits && !isOfWords(text);
}

function bits(text: string): number {
  const counts = new Map<string, number>();
  for (const letter of text) counts.set(letter, (counts.get(letter) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum - count * Math.log2(count / text.length), 0);
}

// A word has one case, or begins with a capital, and may end in a number; four and more of them are a pass phrase.
function isOfWords(text: string): boolean {
  const words = text.split(/[-_. ]+/);
  return words.length < 4 && words.every((word) => word.length < 16 && /^([A-Z]?[a-z]*|[A-Z]*)\d*$/.test(word));
}
