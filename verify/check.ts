import type { Stage } from "../migration/stages";
import type { Reach } from "./reach";
import type { Part, Subject } from "./subject";

/** What a check found out. */
export interface Outcome {
  ok: boolean;
  /** What was found, in one line; never a secret. */
  detail: string;
  /** What to do, where the check's own advice doesn't fit. */
  todo?: string;
  /** Nothing of what is looked for is there: where what brings it about can't run, that is no failure. */
  untouched?: boolean;
  /** Lines that are worth reading, whatever the result. */
  notes?: string[];
  /** Measures that the whole report has. */
  measures?: Measures;
}

/** Measures that the whole report has. */
export interface Measures {
  /** Age of the oldest sample in Mimir, in days. */
  oldestSampleDays?: number;
  /** Whole days up to now in which Mimir has what Prometheus has. */
  daysWithoutGap?: number;
}

/** What a check has to go by. */
export interface Context {
  subject: Subject;
  reach: Reach;
  /** When the report was begun, in seconds since 1970: all checks mean the same now. */
  now: number;
}

/** A row of the checklist. */
export interface Check {
  /** Stable: other programs read it. */
  id: string;
  /** What is well when it passes. */
  title: string;
  /** Parts that it is about. A stack that lacks one has no such row; where one can't run, neither does the check. */
  needs: readonly Part[];
  /** Parts that bring about what is looked for. Where one can't run, the row is looked at all the same, as something may stand in for it. */
  restsOn?: readonly Part[];
  /** What of a stage has to be so; default: every stage has the row. */
  on?: Partial<Stage>;
  /** What is asked, and of whom. */
  asks: string;
  /** What to do when it fails. */
  todo: string;
  /** How long it may take, in seconds; default: that of the command. */
  seconds?: number;
  look(context: Context): Promise<Outcome>;
}

export const pass = (detail: string, more: Partial<Outcome> = {}): Outcome => ({ ok: true, detail, ...more });
export const fail = (detail: string, more: Partial<Outcome> = {}): Outcome => ({ ok: false, detail, ...more });

/** `1 pod`, `2 pods`. */
export const count = (n: number, what: string): string => `${n.toLocaleString("en-GB")} ${what}${n === 1 ? "" : "s"}`;
