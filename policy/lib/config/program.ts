import type { Block } from "../unknown";
import type { Config, Unreadable } from "./config";
import type { Environment } from "./environment";

/** A flag that sets what a setting of the file does, and overrides it. */
export interface Flag {
  /** Its name without dashes. */
  flag: string;
  /** Dotted keys of the setting. */
  setting: string;
  /** Whether it is one of true or false, which takes no following word. */
  isSwitch?: true;
}

/** What the reader of configurations must know of a program. */
export interface Program {
  /** Its name in messages. */
  name: "Loki" | "Mimir";
  /** The key of chart values under which its configuration stands. */
  key: string;
  /** The settings of a tenant by which a file of overrides is known to be its own: how long it keeps everything, and single streams. */
  tenantSettings: readonly string[];
  /** The flags of which policies must know that they override a setting of the file. */
  flags: readonly Flag[];
  /** The file that its image reads without arguments. */
  file?: string;
  /** The command that says what is the matter with a configuration. */
  validation: string;
  /** Expands environment placeholders as it does; what the environment doesn't have becomes a mark. */
  expand(text: string, environment: Environment): string;
  /** Whether a value called {@link key}, in the values of a chart that isn't known, is what such a chart makes its configuration of. */
  isValue(value: Block): boolean;
  /** The configuration that a chart makes of that value. */
  ofChart(value: Block, context: ChartContext): FromChart;
}

/** In a chart's value, the keys of the configuration, as text or block, and of what is merged over it. */
export interface ConfigKeys {
  config: string;
  over: string;
}

/** What stands around the value {@link Program.key} in the values of a chart. */
export interface ChartContext {
  /** Path of the value. */
  path: string;
  /** The values of the chart whose configuration it is: what stands beside it. */
  values: Block;
  /** Path of those values. */
  valuesPath: string;
  /** The chart whose values they are, as far as it is known. */
  chart?: Omit<NonNullable<Config["chart"]>, "values" | "path">;
  /** What its value has in place of `config` and `structuredConfig`. */
  keys?: ConfigKeys;
  environment: Environment;
}

/** What chart values say. */
export interface FromChart {
  config?: Config;
  unreadable: Unreadable[];
  /** Settings by tenant, which the chart writes into a file of their own. */
  overrides?: { path: string; content: unknown };
}
