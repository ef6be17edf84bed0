import type { Part } from "./blocks";

/** What was brought of a part. */
export interface Brought {
  samples: number;
  /** As they were sent. */
  bytes: number;
  /** Chunks that were left out, by reason. */
  left: ReadonlyMap<string, number>;
}

/** What takes a block's days: Mimir or VictoriaMetrics. Every request is tried again while it is away. */
export interface Destination {
  /** Milliseconds since 1970: what ended before that, it would delete at once. */
  readonly oldest: number;
  /** Whether it has a part whole. */
  has(part: Part): Promise<boolean>;
  /**
   * Opens a block.
   * @param folder with its index and chunks
   * @returns brings a part of the block
   */
  open(folder: string): (part: Part) => Promise<Brought>;
  /**
   * Makes sure of what was brought.
   * @returns false: some of it was lost, so {@link has} says again what is to be brought
   */
  settle(): Promise<boolean>;
}
