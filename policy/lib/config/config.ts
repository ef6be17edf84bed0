import { inner } from "../paths";
import type { Block, Unknown } from "../unknown";

/** A configuration that a resource carries. */
export interface Config {
  /** The configuration, as far as the program would get it. */
  content: Block;
  /** Where it is in the resource, such as `data["config.yaml"]`. */
  path: string;
  /** Where one of its top-level blocks is, such as `values.loki.compactor`. */
  pathOf(block: string): string;
  /** The values of the chart that it is made from, where it is. */
  chart?: { values: Block; path: string };
  /** By dotted keys of a setting that an argument sets, over that of the file: where the argument is. */
  flags?: ReadonlyMap<string, string>;
}

/** Where a setting of a configuration is, by its dotted keys: the argument that sets it, or its place in the file. */
export function placeOf({ flags, pathOf }: Config, setting: string): string {
  const [block, ...rest] = setting.split(".");
  return flags?.get(setting) ?? rest.reduce(inner, pathOf(block));
}

/** Something that must be read to know a program's settings, and can't be. */
export interface Unreadable {
  path: string;
  /** What is the matter with it. */
  problem: string | Unknown;
}

/** Arguments of a container, or of a chart that passes them on to one; variables of the container's environment are expanded. */
export interface Arguments {
  path: string;
  words: string[];
}

/** Settings by tenant, out of a file that a program reads again while it runs. */
export interface Overrides {
  /** Where the tenants are. */
  path: string;
  tenants: Block;
}

/** What a resource says about a program. */
export interface ProgramSettings {
  configs: Config[];
  overrides: Overrides[];
  unreadable: Unreadable[];
  arguments: Arguments[];
}
