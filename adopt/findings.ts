import type { Settings } from "../config/schema";
import type { Inventory, PlainObject } from "./inventory";

/** A setting that fits what is there. */
export interface Fit {
  /** Path below the project, such as `adopt.kps.release`. */
  key: string;
  value: unknown;
  /** What was seen. */
  why: string;
}

/** What only a person can decide. */
export interface Question {
  /** What was seen, and why that is not enough; never a secret. */
  what: string;
  /** How to decide it. */
  how: string;
  /** Settings that one answer would need, to be completed by hand. */
  settings?: Record<string, unknown>;
}

/** What the looks find, in their order. */
export class Findings {
  readonly fits: Fit[] = [];
  readonly questions: Question[] = [];
  /** Objects that would be used or taken over: their owners are looked for. */
  readonly taken: PlainObject[] = [];

  /** @param today for dates in what is proposed */
  constructor(readonly today: Date) {}

  /** A setting that fits; a value of undefined is none. */
  fit(key: string, value: unknown, why: string): void {
    if (value !== undefined) this.fits.push({ key, value, why });
  }

  /** Something to decide. */
  ask(what: string, how: string, settings?: Record<string, unknown>): void {
    this.questions.push({ what, how, ...(settings && { settings }) });
  }

  /** An object that would be used or taken over. */
  take(...objects: PlainObject[]): void {
    this.taken.push(...objects);
  }
}

/**
 * Looks at one thing that may be there already.
 * @param inventory what the cluster has
 * @param settings what the stack's file says so far, with the defaults of all else
 * @param found where it tells what it found
 */
export type Look = (inventory: Inventory, settings: Settings, found: Findings) => void;
