import { isBlock, type Block, type Unknown } from "../unknown";
import type { Arguments, Config } from "./config";
import { noEnvironment } from "./environment";
import { isFalse, rawFlagOf } from "./flags";
import { unreadable, withUnknowns } from "./placeholders";
import type { Program } from "./program";

/**
 * A configuration with arguments laid over it, as Loki and Mimir read both: the file first, then the flags.
 *
 * @returns the configuration itself where the arguments override nothing of it
 */
export function overlaid(config: Config, { path, words, unknown, environment }: Arguments, program: Program): Config {
  const flags = new Map(config.flags);
  let content = unknown ? mayBeOverlaid(config.content, program, unknown) : config.content;
  for (const { flag, setting, isSwitch } of program.flags) {
    const raw = rawFlagOf(words, flag, isSwitch);
    if (raw === undefined) continue;
    content = put(content, setting.split("."), valueOf(raw, program, environment, isSwitch));
    flags.set(setting, `${path}: -${flag}`);
  }
  return content === config.content ? config : { ...config, content, flags };
}

/**
 * A content with something unknown for each setting that an argument may set.
 *
 * @param unknown the argument that isn't known yet; or a {@link Later} for a file, which doesn't show those of who reads it
 */
export function mayBeOverlaid(content: Block, { flags }: Program, unknown: Unknown): Block {
  return flags
    .map(({ setting }) => setting.split("."))
    .reduce((all, keys) => (mayPut(all, keys) ? put(all, keys, unknown) : all), content);
}

/** The configuration that arguments alone make; undefined where they set nothing that a policy reads. */
export function ofArguments(list: Arguments, program: Program): Config | undefined {
  const nothing: Config = { content: {}, path: list.path, pathOf: (block) => `${list.path}: -${block}` };
  const config = overlaid(nothing, { ...list, unknown: undefined }, program);
  return config === nothing ? undefined : config;
}

// A variable that the container doesn't show becomes the mark that an unset one in the file is.
function valueOf(raw: string, program: Program, environment = noEnvironment, isSwitch = false): unknown {
  const expanded = program.expand(raw.replace(/\$[({]([^)}]+)[)}]/g, "${$1}"), environment);
  const value = withUnknowns<unknown>(expanded, environment);
  return isSwitch && typeof value === "string" && unreadable(value) === undefined ? !isFalse(value) : value;
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
