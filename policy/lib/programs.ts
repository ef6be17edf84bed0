import type { Config } from "./config/config";
import type { Program } from "./config/program";
import { loki } from "./loki/program";
import { lokiVersionOf } from "./loki/version";
import { mimir } from "./mimir/program";

/** The programs whose configurations are read and judged. */
export const programs: readonly Program[] = [mimir, loki];

/** The minor version of a program by which a configuration is judged; undefined where nothing names one, for Loki see {@link lokiVersionOf}. */
export function versionOf(config: Config, program: Program): string | undefined {
  return program === loki ? lokiVersionOf(config) : config.version;
}
