import { readdirSync } from "node:fs";
import { offlineRender, type RenderedResource } from "../offline/render";
import { ownProgram } from "../offline/preview";

/** Names of the repository's stacks. */
export const stackNames: readonly string[] = readdirSync(ownProgram)
  .flatMap((file) => /^Pulumi\.(.+)\.yaml$/.exec(file)?.[1] ?? [])
  .sort();

/**
 * The resources of a stack, with placeholders for its secrets.
 * @param stack name of the stack
 * @param config settings over its own, `key=value`
 */
export async function resourcesOf(stack: string, config: string[] = []): Promise<RenderedResource[]> {
  return (await offlineRender({ stack, config })).resources;
}
