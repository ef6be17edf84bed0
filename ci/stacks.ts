import { readdirSync } from "node:fs";
import { offlineRender, type RenderedResource } from "../offline/render";
import { ownProgram, type PreviewOptions } from "../offline/preview";

/** How the program is started; default: in a process of its own. */
export type Start = PreviewOptions["start"];

/** Names of the repository's stacks. */
export const stackNames: readonly string[] = readdirSync(ownProgram)
  .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
  .sort();

/**
 * The resources of a stack, with placeholders for its secrets.
 * @param stack name of the stack
 * @param config settings over its own, `key=value`
 * @param start how the program is started
 */
export async function resourcesOf(stack: string, config: string[] = [], start?: Start): Promise<RenderedResource[]> {
  return (await offlineRender({ stack, config, start })).resources;
}
