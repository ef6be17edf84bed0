import type { Arguments, Config } from "../config/config";
import { flagOf } from "../config/flags";
import { isBlock, type Block } from "../unknown";

// By the start of a flag, the block that it sets.
const prefixes: Readonly<Record<string, string>> = {
  "blocks-storage": "blocks_storage",
  "ruler-storage": "ruler_storage",
  "alertmanager-storage": "alertmanager_storage",
  "common.storage": "common.storage",
};
const settings = [
  "backend",
  "storage_prefix",
  "s3.bucket_name",
  "gcs.bucket_name",
  "azure.container_name",
  "azure.account_name",
  "filesystem.dir",
];

/**
 * The stores that a list of arguments names by itself, as a configuration.
 *
 * @returns undefined where it names none, or where a file beside it (`-config.file`) may name the blocks' or the other: that isn't seen
 * from here
 */
export function flagsOfStorage({ path, words }: Arguments): Config | undefined {
  const content: Block = {};
  for (const [prefix, block] of Object.entries(prefixes)) {
    for (const setting of settings) {
      const flag = flagOf(words, `${prefix}.${setting.replaceAll("_", "-")}`);
      if ("value" in flag) put(content, [...block.split("."), ...setting.split(".")], flag.value);
    }
  }
  const isWhole = "missing" in flagOf(words, "config.file");
  const named = Object.keys(content).length;
  if (named === 0 || (!isWhole && (named < 2 || !("blocks_storage" in content)))) return undefined;
  const target = flagOf(words, "target");
  if ("value" in target) content.target = target.value;
  return { content, path, pathOf: (block) => `${path}: -${block}` };
}

function put(block: Block, [key, ...rest]: string[], value: string): void {
  if (rest.length === 0) block[key] = value;
  else {
    const within = block[key];
    const next = isBlock(within) ? within : {};
    block[key] = next;
    put(next, rest, value);
  }
}
