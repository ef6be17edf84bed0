import { ownProgram, readConfiguration, readProject } from "../../engine/project";
import { parseSettings, rawSettings, type LoadedSettings } from "../../settings/load";
import { encrypted } from "../../settings/plain-secrets";

/** Which stack, with which further settings. */
export interface StackOptions {
  /** name of the stack: Pulumi.<name>.yaml */
  stack: string;
  /** `key=value`, in Pulumi's path syntax */
  config?: readonly string[];
  /** another file than Pulumi.<name>.yaml */
  configFile?: string;
}

/**
 * A stack's settings, as its files have them.
 * @throws {InvalidInput} for a stack or setting that does not exist
 * @throws pulumi.RunError with every problem of the settings
 */
export function loadStackSettings({ stack, config = [], configFile }: StackOptions): LoadedSettings {
  const project = readProject(ownProgram);
  const { values, secretKeys } = readConfiguration(project, stack, [...config], { configFile, encrypted });
  const own = secretKeys.map((key) => key.replace(`${project.name}:`, ""));
  return parseSettings(rawSettings(values), { stack, secretKeys: own });
}
