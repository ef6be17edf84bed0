import { join } from "node:path";
import { parseSettings, rawSettings } from "../config/load";
import type { Settings } from "../config/schema";
import type { PreviewOptions } from "../offline/preview";
import { readConfiguration, readProject } from "../offline/project";
import { offlineRender, type RenderedResource } from "../offline/render";

/** A stack as its files have it. */
export interface LoadedStack {
  stack: string;
  settings: Settings;
  /** Its graph as rendered, without a secret that counts. */
  resources: RenderedResource[];
}

/** Which stack, with which further settings. */
export type StackOptions = Pick<PreviewOptions, "stack" | "config">;

/**
 * A stack's settings, as its files have them.
 * @throws {InvalidInput} for a stack or setting that does not exist
 * @throws pulumi.RunError with every problem of the settings
 */
export function settingsOf({ stack, config = [] }: StackOptions): Settings {
  const project = readProject(join(__dirname, ".."));
  const { values, secretKeys } = readConfiguration(project, stack, config);
  const own = secretKeys.map((key) => key.replace(`${project.name}:`, ""));
  return parseSettings(rawSettings(values), { stack, secretKeys: own }).settings;
}

/**
 * Reads a stack's settings, and renders it.
 * @throws as {@link settingsOf}, and {ProgramFailed} when the program ends with an error
 */
export async function loadStack(options: StackOptions): Promise<LoadedStack> {
  const settings = settingsOf(options);
  const { resources } = await offlineRender(options);
  return { stack: options.stack, settings, resources };
}
