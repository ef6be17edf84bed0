import { isBlock, Later, type Block } from "../unknown";
import type { Arguments, Config } from "./config";
import { noEnvironment } from "./environment";
import { isFalse, rawFlagOf } from "./flags";
import type { Program } from "./program";

/**
 * A configuration with arguments laid over it, as Loki and Mimir read both: the file first, then the flags.
 *
 * @returns the configuration itself where the arguments override nothing of it
 */
export function overlaid(config: Config, { path, words }: Arguments, program: Program): Config {
  const flags = new Map(config.flags);
  let { content } = config;
  for (const { flag, setting, isSwitch } of program.flags) {
    const raw = rawFlagOf(words, flag, isSwitch);
    if (raw === undefined) continue;
    content = put(content, setting.split("."), isSwitch ? !isFalse(raw) : valueOf(raw, program));
    flags.set(setting, `${path}: -${flag}`);
  }
  return content === config.content ? config : { ...config, content, flags };
}

/** A file's content with a {@link Later} for each setting that an argument of who reads the file may set: the file alone doesn't show it. */
export function untilOverlaid(content: Block, { flags }: Program): Block {
  return flags
    .map(({ setting }) => setting.split("."))
    .reduce((all, keys) => (mayPut(all, keys) ? put(all, keys, new Later()) : all), content);
}

/** The configuration that arguments alone make; undefined where they set nothing that a policy reads. */
export function ofArguments(list: Arguments, program: Program): Config | undefined {
  const nothing: Config = { content: {}, path: list.path, pathOf: (block) => `${list.path}: -${block}` };
  const config = overlaid(nothing, list, program);
  return config === nothing ? undefined : config;
}

// A variable that the container doesn't show becomes the mark that an unset one in the file is.
function valueOf(raw: string, program: Program): string {
  return program.expand(raw.replace(/\$[({]([^)}]+)[)}]/g, "${$1}"), noEnvironment);
}

function put(block: Block, [key, ...rest]: string[], value: unknown): Block {
  if (rest.length === 0) return { ...block, [key]: value };
  const within = block[key];
  return { ...block, [key]: put(isBlock(within) ? within : {}, rest, value) };
}

// What stands in the place of a block is a mistake of the file's, whatever the arguments say.
function mayPut(block: Block, [key, ...rest]: string[]): boolean {
  const within = block[key];
  return rest.length === 0 || within === undefined || (isBlock(within) && mayPut(within, rest));
}
