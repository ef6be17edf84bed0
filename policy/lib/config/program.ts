import type { Chart } from "../charts/release";
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
  /** Top-level blocks by which a text is taken for its configuration, even where it doesn't parse. */
  signs: readonly string[];
  /** The settings of a tenant by which a file of overrides is known to be its own: how long it keeps everything, and single streams. */
  tenantSettings: readonly string[];
  /** The flags of which policies must know that they override a setting of the file. */
  flags: readonly Flag[];
  /** The command that says what is the matter with a configuration. */
  validation: string;
  /** Whether a mapping is its configuration. */
  isConfig(value: unknown): value is Block;
  /** Expands environment placeholders as it does; what the environment doesn't have becomes a mark. */
  expand(text: string, environment: Environment): string;
  /**
   * The configuration that a chart makes of its values.
   *
   * @returns undefined where the value is something else by that name, such as the values of a sub-chart
   */
  ofChart(value: Block, context: ChartContext): FromChart | undefined;
}

/** What stands around the value {@link Program.key} in the values of a chart. */
export interface ChartContext {
  /** Path of the value. */
  path: string;
  /** The values of the chart whose configuration it is: what stands beside it. */
  values: Block;
  /** Path of those values. */
  valuesPath: string;
  /** The chart that the resource installs; the chart itself, or one that has it as a sub-chart. */
  chart?: Chart;
  environment: Environment;
}

/** What chart values say. */
export interface FromChart {
  config?: Config;
  unreadable: Unreadable[];
  /** Settings by tenant, which the chart writes into a file of their own. */
  overrides?: { path: string; content: unknown };
}
