/** What was found of one thing that the settings name. */
export interface Found {
  /** `unsure`: worth a look, and no reason to stop; `skipped`: it could not be asked. */
  status: "ok" | "failed" | "unsure" | "skipped";
  /** What was found; never a secret. */
  found: string;
  /** What to do about it. */
  todo?: string;
}

/** A line of the preflight's table. */
export interface Result extends Found {
  area: "secrets" | "object store" | "cluster";
  /** What was looked at. */
  what: string;
}

export const ok = (found: string): Found => ({ status: "ok", found });
export const failed = (found: string, todo: string): Found => ({ status: "failed", found, todo });
export const unsure = (found: string, todo: string): Found => ({ status: "unsure", found, todo });
export const skipped = (found: string): Found => ({ status: "skipped", found });

/** Something that a request found out; ends the look at one thing. */
export class Finding extends Error {
  /** @param result what it means for the thing that was looked at */
  constructor(readonly result: Found) {
    super(result.found);
  }
}

/**
 * The outcome of a look at one thing, with a {@link Finding} on the way taken for it.
 * @param look what is done to find out
 */
export async function outcome(look: () => Promise<Found>): Promise<Found> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof Finding) return error.result;
    throw error;
  }
}
