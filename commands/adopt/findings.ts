import type { Settings } from "../../settings/schema";
import type { Asker } from "../shared/askers";
import type { Ending } from "../shared/belongings";
import type { Inventory, PlainObject } from "./inventory";

/** A setting that fits the cluster. */
export interface Fit {
  /** Path below the project, such as `adopt.kps.release`. */
  key: string;
  value: unknown;
  /** What was seen. */
  why: string;
}

/** A decision that only a person can make. */
export interface Question {
  /** What was found, and why that is not enough; never a secret. */
  what: string;
  /** What to do. */
  how: string;
  /** Settings for one of the answers, to be completed by hand. */
  settings?: Record<string, unknown>;
}

/** What the looks find, in their order. */
export class Findings {
  readonly fits: Fit[] = [];
  readonly questions: Question[] = [];
  readonly ends: Ending[] = [];
  /** Who asks the release's Prometheus by its names; undefined where there is none. */
  askers?: Asker[];
  /** Objects that would be used or taken over: their owners are checked. */
  readonly taken: PlainObject[] = [];

  /** @param today for dates in what is proposed */
  constructor(readonly today: Date) {}

  /** A setting that fits; one with the value undefined isn't. */
  fit(key: string, value: unknown, why: string): void {
    if (value !== undefined) this.fits.push({ key, value, why });
  }

  /** Something to decide. */
  ask(what: string, how: string, settings?: Record<string, unknown>): void {
    this.questions.push({ what, how, ...(settings && { settings }) });
  }

  /** Something that the stack won't have. */
  end(ending: Ending): void {
    this.ends.push(ending);
  }

  /** An object that would be used or taken over. */
  take(...objects: PlainObject[]): void {
    this.taken.push(...objects);
  }
}

/**
 * Looks at one thing that may exist already.
 * @param inventory what the cluster has
 * @param settings what the stack's file says so far, with the defaults of all else
 * @param found receives what it found
 */
export type Look = (inventory: Inventory, settings: Settings, found: Findings) => void;
