import type { Settings } from "../../settings/schema";
import type { PreviewOptions } from "../shared/preview";
import { loadStackSettings, type StackOptions } from "../shared/settings";
import { offlineRender, type RenderedResource } from "../shared/render";

/** A stack as in its files. */
export interface LoadedStack {
  stack: string;
  settings: Settings;
  /** Its graph as rendered, without real secrets. */
  resources: RenderedResource[];
}

/**
 * Reads a stack's settings, and renders it.
 * @throws as {@link loadStackSettings}, and {ProgramFailed} if the program ends with an error
 */
export async function loadStack(options: StackOptions & Pick<PreviewOptions, "start">): Promise<LoadedStack> {
  const settings = loadStackSettings(options).settings;
  const { resources } = await offlineRender(options);
  return { stack: options.stack, settings, resources };
}
