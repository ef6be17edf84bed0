import type { Config } from "../config/config";
import type { Refusal } from "../finding";
import { inner } from "../paths";
import { at, isBlock, type Block } from "../unknown";

// `applyStorageConfig` in pkg/loki/config_wrapper.go of Loki 3.6.
const kinds = ["azure", "alibabacloud", "bos", "cos", "filesystem", "gcs", "s3", "swift"];

/** Two kinds of store in `common.storage`, such as that of an example beside one's own: Loki takes one. */
export function* secondStores({ content, pathOf, chart }: Config): Iterable<Refusal> {
  const emptied = emptiedStores(content);
  const given = [...commonStores(content), ...emptied, ...(chart && emptied.length > 0 ? ["the chart's own"] : [])];
  if (given.length < 2) return;
  yield {
    path: inner(pathOf("common"), "storage"),
    found: `several stores: ${given.join(" and ")}`,
    wanted: "one of them",
    why: 'Loki refuses to start: "too many storage configs provided in the common config".',
    fix: "Remove the one that isn't used. A further store belongs in storage_config.",
  };
}

/** The kinds of store that a configuration has in `common.storage`. */
export function commonStores(content: Block): string[] {
  const storage = at(content, "common.storage");
  return isBlock(storage) ? kinds.filter((kind) => isGiven(storage[kind])) : [];
}

// Of one of which only the key is there Loki zeroes the defaults, and takes it for given.
function emptiedStores(content: Block): string[] {
  const storage = at(content, "common.storage");
  return isBlock(storage) ? kinds.filter((kind) => kind !== "filesystem" && storage[kind] === null) : [];
}

// What is null or empty in it is as it is by default.
function isGiven(block: unknown): boolean {
  return isBlock(block) && Object.values(block).some((value) => value !== null && value !== "" && value !== false);
}
