import type { Config } from "../config/config";
import type { Refusal } from "../finding";

// By `loki -verify-config` of Loki 3.6.3 with each of its blocks: with the others it starts. With an empty server it ends without a word.
const needed = [
  "common",
  "compactor",
  "distributor",
  "frontend_worker",
  "index_gateway",
  "ingester",
  "limits_config",
  "pattern_ingester",
  "query_scheduler",
  "ruler",
  "server",
  "storage_config",
];

/** The blocks of a Loki configuration of which only the key is there, often because every setting in it is a comment. */
export function* emptiedBlocks({ content, pathOf }: Config): Iterable<Refusal> {
  for (const block of needed.filter((each) => content[each] === null)) {
    yield {
      path: pathOf(block),
      found: "empty",
      wanted: "a block of settings, or the key removed",
      why: "An empty block zeroes all of its defaults, and Loki refuses to start.",
      fix: "Remove the key, or write the settings there.",
    };
  }
}
