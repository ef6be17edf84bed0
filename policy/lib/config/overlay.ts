import { isBlock, type Block } from "../unknown";
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

/** The configuration that arguments are by themselves; undefined where they set nothing that a policy reads. */
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
