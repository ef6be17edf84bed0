import type { Problem } from "../problem";
import type { ParsedSettings } from "../schema";

/** Something that one setting alone doesn't show. */
export interface Rule {
  /** What must hold, as a sentence. */
  must: string;
  /**
   * @param settings settings that are each valid; read only what the rule is about, as a rule whose
   *   settings are invalid is not heard
   * @param now today, for dates in the settings
   * @returns what doesn't hold
   */
  check(settings: ParsedSettings, now: Date): Problem[];
}
