import { isBlock, type Block, type Unknown } from "../unknown";

/** A Loki configuration that a resource carries. */
export interface LokiConfig {
  /** The configuration, as far as Loki would get it. */
  content: Block;
  /** Where the configuration is in the resource, such as `data["config.yaml"]`. */
  path: string;
  /** Where one of its top-level blocks is, such as `values.loki.compactor`. */
  pathOf(block: string): string;
}

/** Something that must be read to know Loki's settings, and can't be. */
export interface UnreadableConfig {
  path: string;
  /** What is the matter with it. */
  problem: string | Unknown;
}

/** Arguments of a container, or of a chart that passes them on to one. */
export interface Arguments {
  path: string;
  words: string[];
}

/** What a resource says about Loki. */
export interface LokiSettings {
  configs: LokiConfig[];
  unreadable: UnreadableConfig[];
  arguments: Arguments[];
}

// A configuration names one of these blocks. `compactor` alone is Mimir's or Tempo's too.
const blocks = ["schema_config", "limits_config", "storage_config"];
const compactorSettings = ["retention_enabled", "delete_request_store"];

/** Whether a mapping is a configuration of Loki. */
export function isLokiConfig(value: unknown): value is Block {
  return isBlock(value) && (blocks.some((block) => block in value) || isLokiCompactor(value.compactor));
}

/** Whether a block named `compactor` is Loki's settings, and not a chart's set of pods or another program's compactor. */
export function isLokiCompactor(value: unknown): value is Block {
  return isBlock(value) && compactorSettings.some((setting) => setting in value);
}
