import type { Config, Unreadable } from "../config/config";
import type { ChartContext, FromChart, Program } from "../config/program";
import { replaced } from "../config/placeholders";
import { kindOf } from "../config/recognise";
import { expandValues, readYaml } from "../config/yaml";
import { along, inner } from "../paths";
import { at, isBlock, Unknown, type Block } from "../unknown";
import { decided } from "./conditions";
import { merge } from "./release";

/** How a chart of Grafana's makes a configuration of its values. */
export interface ChartLayout {
  program: Program;
  /** The configuration that the chart's own template makes, before what the values lay over it. */
  base(value: Block, context: ChartContext): Block;
  /** By block of the configuration, the value that the chart's template copies it from. */
  valueOf(block: string): string | undefined;
  /** Keys of the value that must be known to know the configuration. */
  read: readonly string[];
}

/**
 * The configuration that a chart makes of the value `loki` or `mimir`, as the templates `loki.calculatedConfig` and
 * `mimir.calculatedConfig` do: the text `config` (a template; by default one that copies the other values), over which
 * `structuredConfig` is laid. In the chart `loki` before version 3, which `loki-stack` has, `config` is the configuration itself.
 */
export function configOfValue(value: Block, context: ChartContext, layout: ChartLayout): FromChart {
  const { path, values, valuesPath, chart, keys = grafanas, environment } = context;
  if (isElsewhere(value, values)) return { unreadable: [] };
  const unknown = [...layout.read, keys.config, keys.over].filter((key) => value[key] instanceof Unknown);
  if (unknown.length > 0) {
    const places = [...new Set(unknown)];
    return { unreadable: places.map((key) => ({ path: inner(path, key), problem: value[key] as Unknown })) };
  }
  const { config, unreadable } = underneath(value, context, layout);
  const own = value[keys.over];
  const over = isBlock(own) ? own : {};
  // Every one of these charts runs the whole as a template.
  const content = replaced(merge(config.content, over), (text) => (text.includes("{{") ? decided(text, values) : text));
  return {
    unreadable,
    overrides: inValue(chart) ? overridesOf(value, path) : overridesOf(values, valuesPath),
    config: {
      content: expandValues(content as Block, layout.program, environment),
      path: config.path,
      pathOf: (block) => (block in over ? along(path, `${keys.over}.${block}`) : config.pathOf(block)),
      chart: { ...chart, values, path: valuesPath },
    },
  };
}

// Where the values name the object that holds it.
const named = ["existingSecretForConfig", "existingConfigmap", "config.existingSecret"];
const ownName = '{{ include "loki.name" . }}';

/** Whether the pods mount somebody's own file, and what the chart would make of its values doesn't reach them. */
function isElsewhere(value: Block, values: Block): boolean {
  const { configObjectName: mounted = ownName, generatedConfigObjectName: written = ownName } = value;
  const isOthers = mounted !== written && [mounted, written].some((name) => name !== ownName && name !== "loki");
  return values.useExternalConfig === true || isOthers || named.some((key) => isName(at(value, key)));
}

const isName = (name: unknown): boolean => typeof name === "string" && name !== "";

// The chart `loki` has them in its value `loki`; mimir-distributed, loki-distributed and loki-simple-scalable have them beside it.
const inValue = (chart: ChartContext["chart"]): boolean => (chart?.name ?? "loki") === "loki";

function overridesOf(block: Block, path: string): FromChart["overrides"] {
  const content = at(block, "runtimeConfig.overrides");
  return content === undefined ? undefined : { path: along(path, "runtimeConfig.overrides"), content };
}

const grafanas = { config: "config", over: "structuredConfig" };

type Base = { config: Config; unreadable: Unreadable[] };

function underneath(value: Block, context: ChartContext, layout: ChartLayout): Base {
  const { path, chart, keys = grafanas } = context;
  const given = value[keys.config];
  if (typeof given === "string") return ofText(value, given, context, layout);
  if (isBlock(given) && (chart || kindOf(given) === layout.program.name)) {
    const place = inner(path, keys.config);
    return { config: { content: given, path: place, pathOf: (block) => inner(place, block) }, unreadable: [] };
  }
  const pathOf = (block: string) => along(path, layout.valueOf(block) ?? `${keys.over}.${block}`);
  return { config: { content: layout.base(value, context), path, pathOf }, unreadable: [] };
}

// A text of one's own replaces the chart's template; where it copies a value as that does, the value counts.
function ofText(value: Block, text: string, context: ChartContext, layout: ChartLayout): Base {
  const { program } = layout;
  const place = inner(context.path, (context.keys ?? grafanas).config);
  const { content, problem } = readYaml(decided(text, context.values), program, context.environment);
  const copies = (block: string) => {
    const from = layout.valueOf(block);
    return from !== undefined && new RegExp(`\\.Values\\.${program.key}\\.${from}\\b`).test(text);
  };
  const own = Object.entries(isBlock(content) ? content : {}).filter(([block]) => !copies(block));
  const copied = Object.entries(layout.base(value, context)).filter(([block]) => copies(block));
  return {
    config: {
      content: Object.fromEntries([...own, ...copied]),
      path: place,
      pathOf: (block) => (copies(block) ? inner(context.path, layout.valueOf(block) ?? block) : `${place}: ${block}`),
    },
    unreadable: problem ? [{ path: place, problem }] : [],
  };
}
