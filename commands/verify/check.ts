import type { Asker } from "../shared/askers";
import type { Belonging, Belongings, Ending } from "../shared/belongings";
import type { Recorded } from "../shared/record";
import type { Stage } from "../../stages";
import type { Reach } from "./reach";
import type { Part, Subject } from "./subject";

/** What a check found. */
export interface Outcome {
  ok: boolean;
  /** What was found, in one line; never a secret. */
  detail: string;
  /** What to do, if the check's own advice doesn't fit. */
  todo?: string;
  /** Nothing was found at all: this is not a failure if the part that produces it can't run here. */
  untouched?: boolean;
  /** Notes, with any result. */
  notes?: string[];
  /** Measures for the whole report. */
  measures?: Measures;
}

/** Measures for the whole report. */
export interface Measures {
  /** Age of the oldest sample in Mimir, in days. */
  oldestSampleDays?: number;
  /** Whole days up to now in which Mimir has what Prometheus has. */
  daysWithoutGap?: number;
  /** What the cluster's monitoring has, by kind and name: for `--before` of a later report. */
  has?: Belongings;
  /** What of it ends in a later step, as far as that is known now. */
  ends?: Ending[];
  /** What of it only the stack's own objects have: whether it stays is for the stages to say. */
  own?: Belonging[];
  /** Who asks Prometheus by the names of the release's Services. */
  askers?: Asker[];
  /** How many of them have samples that `npm run backfill` brought. */
  backfilledDays?: number;
}

/** What a check can use. */
export interface Context {
  subject: Subject;
  reach: Reach;
  /** Start of the report, in seconds since 1970: the same “now” for all checks. */
  now: number;
  /** What was recorded before a step; undefined where none was given. */
  before?: Recorded;
}

/** A row of the checklist. */
export interface Check {
  /** Stable: other programs read it. */
  id: string;
  /** What is true when it passes. */
  title: string;
  /** Parts that it is about. A stack without one of them has no such row; if one can't run, the check isn't run either. */
  needs: readonly Part[];
  /** Parts that produce what is checked. If one can't run, the check still runs, because something may stand in for it. */
  restsOn?: readonly Part[];
  /** What the stage must have; default: every stage has the row. */
  on?: Partial<Stage>;
  /** Which system is asked, and for what. */
  asks: string;
  /** What to do when it fails. */
  todo: string;
  /** How long it may take, in seconds; default: the command's deadline. */
  seconds?: number;
  look(context: Context): Promise<Outcome>;
}

export const pass = (detail: string, more: Partial<Outcome> = {}): Outcome => ({ ok: true, detail, ...more });
export const fail = (detail: string, more: Partial<Outcome> = {}): Outcome => ({ ok: false, detail, ...more });
