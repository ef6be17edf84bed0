import type { Finding } from "../policy";
import type { Config, ProgramSettings } from "./config";
import type { Program } from "./program";
import { cannotBeRead } from "./show";

/** Looks at every configuration of a program that a resource carries; what can't be read is a finding, never passed over. */
export function* eachConfig(
  { configs, unreadable }: ProgramSettings,
  program: Program,
  check: (config: Config) => Iterable<Finding>,
): Iterable<Finding> {
  for (const each of unreadable) yield cannotBeRead(each, program);
  for (const config of configs) yield* check(config);
}
