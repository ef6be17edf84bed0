import { appendFileSync } from "node:fs";

/**
 * What a run says at its end, below its tests (`reporter.cjs`). A file that runs alone, by `npx mocha`, prints it at once.
 */

interface Note {
  text: string;
  /** Why something was left out; undefined for what was done. */
  why?: string;
}

/**
 * Says what a test found or did, such as a number of samples.
 * @param text a line
 */
export function note(text: string): void {
  write({ text });
}

/**
 * Says what was not run, checked or waited for. Nothing is left out without it.
 * @param what what it is, and in which test
 * @param why the reason; what has the same reason stands in one line
 */
export function leftOut(what: string, why: string): void {
  write({ text: what, why });
}

function write(one: Note): void {
  const file = process.env.E2E_NOTES;
  if (file) appendFileSync(file, `${JSON.stringify(one)}\n`);
  else console.log(`    ${one.why ? `left out: ${one.text}: ${one.why}` : one.text}`);
}
