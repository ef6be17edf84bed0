import type { Refusal } from "./finding";

/** The most characters of a message's first paragraph. */
export const mostAtFirst = 300;

// No part of it is cut below this; four such parts leave room for a sentence that says what to do.
const leastOfPart = 40;
const mostOfSentence = 110;

/**
 * What a person reads of a refusal. What fits is one paragraph. Of a longer one the first paragraph says what is wrong, where, what is wanted
 * and, on a line of its own, what to do; after an empty line comes why, and whatever else did not fit.
 *
 * @param label what the resource is called
 * @param refusal what is refused
 */
export function messageOf(label: string, { path, found, wanted, why = "", fix }: Refusal): string {
  const parts = [label, path, found, wanted];
  const head = headOf(parts);
  const whole = joined(head, why, fix);
  if (whole.length <= mostAtFirst) return whole;

  const todo = sentencesOf(fix);
  const first: string[] = todo[0].length <= mostOfSentence ? todo.splice(0, 1) : [];
  const short = headOf(cut(parts, mostAtFirst - 1 - joined(...first).length));
  const fits = () => joined(short, ...first, todo[0]).length <= mostAtFirst;
  while (todo.length > 0 && fits()) first.push(...todo.splice(0, 1));
  const lines = (...each: string[]) => each.filter(Boolean).join("\n");
  const inFull = short === head ? "" : `In full: ${head}`;
  return `${lines(short, joined(...first))}\n\n${lines(why, joined(...todo), inFull)}`;
}

const headOf = ([label, path, found, wanted]: readonly string[]): string =>
  `${label}: ${path} is ${found}; wanted ${wanted}.`.replace(/\s+/g, " ");

const joined = (...sentences: readonly string[]): string => sentences.filter(Boolean).join(" ");

const sentencesOf = (text: string): string[] => text.split(/(?<=[.!?]) +(?=[A-Z])/);

// Takes what is too much from the middle of the longest parts: both ends of a name or a path say more.
function cut(parts: readonly string[], room: number): string[] {
  const short = [...parts];
  for (;;) {
    const tooMuch = headOf(short).length - room;
    const longest = short.reduce((most, part, index) => (part.length > short[most].length ? index : most), 0);
    const { length } = short[longest];
    if (tooMuch <= 0 || length <= leastOfPart) return short;
    const half = (Math.max(leastOfPart, length - tooMuch) - 1) / 2;
    short[longest] = `${short[longest].slice(0, Math.ceil(half))}…${short[longest].slice(-Math.floor(half))}`;
  }
}
