import { isBlock, Unknown, type Block } from "../unknown";
import { merge } from "../charts/release";
import { inner } from "../paths";
import { isLokiCompactor, isLokiConfig, type LokiConfig, type UnreadableConfig } from "./config";
import { readYaml } from "./yaml";

// Where the charts `loki` (5 and later), `loki-distributed` and `loki-simple-scalable` keep the blocks that policies read.
const valueOf: Record<string, string> = {
  compactor: "compactor",
  limits_config: "limits_config",
  schema_config: "schemaConfig",
  storage_config: "storage_config",
};
const signs = ["config", "structuredConfig", "schemaConfig", "limits_config", "commonConfig", "storage_config"];

/**
 * Reads the value `loki` of a chart: the configuration that the chart would make of it.
 *
 * The template `loki.calculatedConfig` of the chart is followed: the text `config` (a template; by default one that copies the other
 * values), over which `structuredConfig` is merged. In the chart `loki-stack`, `config` is the configuration itself.
 *
 * @param value the mapping under the key `loki`
 * @param path where it is
 * @returns undefined where it isn't that value, but the values of a sub-chart named `loki`, or something else by that name
 */
export function ofChart(
  value: Block,
  path: string,
): { config?: LokiConfig; unreadable: UnreadableConfig[] } | undefined {
  if (!signs.some((sign) => sign in value) && !isLokiCompactor(value.compactor)) return undefined;
  const unknown = [...signs, "compactor"].filter((key) => value[key] instanceof Unknown);
  if (unknown.length > 0) {
    return { unreadable: unknown.map((key) => ({ path: inner(path, key), problem: value[key] as Unknown })) };
  }
  const base = typeof value.config === "string" ? fromText(value, value.config, path) : fromValues(value, path);
  const { structuredConfig } = value;
  if (!isBlock(structuredConfig)) return base;
  const over = inner(path, "structuredConfig");
  return {
    unreadable: base.unreadable,
    config: {
      content: merge(base.config.content, structuredConfig),
      path: base.config.path,
      pathOf: (block) => (block in structuredConfig ? inner(over, block) : base.config.pathOf(block)),
    },
  };
}

type Base = { config: LokiConfig; unreadable: UnreadableConfig[] };

function fromValues(value: Block, path: string): Base {
  if (isLokiConfig(value.config)) {
    const at = inner(path, "config");
    return { config: { content: value.config, path: at, pathOf: (block) => inner(at, block) }, unreadable: [] };
  }
  return {
    config: { content: templated(value), path, pathOf: (block) => inner(path, valueOf[block] ?? block) },
    unreadable: [],
  };
}

// A text of one's own replaces the chart's template; where it copies a value as that does, the value counts.
function fromText(value: Block, text: string, path: string): Base {
  const at = inner(path, "config");
  const { content, problem } = readYaml(text);
  const isCopied = (block: string) => text.includes(`.Values.loki.${valueOf[block] ?? block}`);
  const own = Object.entries(isBlock(content) ? content : {}).filter(([block]) => !isCopied(block));
  const copied = Object.entries(templated(value)).filter(([block]) => isCopied(block));
  return {
    config: {
      content: Object.fromEntries([...own, ...copied]),
      path: at,
      pathOf: (block) => (isCopied(block) ? inner(path, valueOf[block] ?? block) : `${at}: ${block}`),
    },
    unreadable: problem ? [{ path: at, problem }] : [],
  };
}

// The chart leaves out what is empty (`with`), so an empty block doesn't reach Loki.
function templated(value: Block): Block {
  const blocks = Object.entries(valueOf).map(([block, key]) => [block, value[key]] as const);
  const schema = value.useTestSchema === true ? { schema_config: value.testSchemaConfig ?? testSchema } : {};
  return { ...Object.fromEntries(blocks.filter(([, content]) => !isEmpty(content))), ...schema };
}

// `loki.testSchemaConfig`: s3 with the chart's own MinIO, else filesystem.
const testSchema = { configs: [{ object_store: "s3" }, { object_store: "filesystem" }] };

function isEmpty(content: unknown): boolean {
  return !content || (typeof content === "object" && Object.keys(content).length === 0);
}
