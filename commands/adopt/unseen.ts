/** A kind that could not be listed. */
export interface Unseen {
  /** Such as `secrets`. */
  what: string;
  why: string;
}
