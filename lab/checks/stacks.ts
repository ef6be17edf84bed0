import { readdirSync } from "node:fs";
import { offlineRender, type RenderedResource } from "../../commands/shared/render";
import { type PreviewOptions } from "../../commands/shared/preview";
import { ownProgram } from "../../engine/project";

/** How the program is started; default: in a process of its own. */
export type Start = PreviewOptions["start"];

/** A stack, and where its settings are. */
export type StackOptions = Pick<PreviewOptions, "stack" | "configFile">;

/** The repository's stacks. */
export const stacks: readonly StackOptions[] = readdirSync(ownProgram)
  .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
  .sort()
  .map((stack) => ({ stack }));

/**
 * The resources of a stack, with placeholders for its secrets.
 * @param stack which
 * @param config settings over its own, `key=value`
 * @param start how the program is started
 */
export async function resourcesOf(
  stack: StackOptions,
  config: string[] = [],
  start?: Start,
): Promise<RenderedResource[]> {
  return (await offlineRender({ ...stack, config, start })).resources;
}
