import type { Problem } from "./explain";
import type { ParsedSettings } from "./schema";

/**
 * Problems that one setting alone doesn't show.
 * @param settings settings that are each valid by themselves
 */
export function crossFieldProblems(settings: ParsedSettings): Problem[] {
  void settings;
  return [];
}
