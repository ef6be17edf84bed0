import { inner } from "../paths";
import type { Block, Unknown } from "../unknown";
import type { Environment } from "./environment";

/** A configuration that a resource carries. */
export interface Config {
  /** The configuration, as far as the program would get it. */
  content: Block;
  /** Where it is in the resource, such as `data["config.yaml"]`. */
  path: string;
  /** Where one of its top-level blocks is, such as `values.loki.compactor`. */
  pathOf(block: string): string;
  /** The values of the chart that it is made from, where it is; with the name and version of the chart, where they are known. */
  chart?: { values: Block; path: string; name?: string; version?: string; around?: AroundChart; isPartial?: true };
  /** The minor version of the program that reads it, such as `3.6`, where something names it. */
  version?: string;
  /** Whether the version is that of whoever mounts the file, which only the whole stack shows. */
  awaitsReader?: boolean;
  /** Of a file that only who reads it shows to be one: no check of the file alone has seen it. */
  isByReader?: true;
  /** Of a file with placeholders: the first variable in it. */
  variable?: string;
  /** Of a file of Loki: the beginning of the first placeholder that it can't read. */
  foreignPlaceholder?: string;
  /** Of a file of Loki that isn't YAML once it is expanded, which halves backslashes: what is the matter with it then. */
  brokenByExpansion?: string;
  /** Of a file: its content as a program reads it that has these variables. What depends on the reader is a {@link Later} in `content`. */
  read?(environment: Environment): Block;
  /** Whether it is a block of chart values that only looks like one: the chart may have keys of its own in it. */
  isGuess?: true;
  /** By dotted keys of a setting that an argument sets, over that of the file: where the argument is. */
  flags?: ReadonlyMap<string, string>;
}

/** A known chart that has another as its sub-chart, and says which version of it. */
export interface AroundChart {
  name: string;
  version?: string;
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
  /** Whether it may as well be something else: the reader failed before it could see. */
  isUncertain?: true;
  /** Whether it is values for Helm, of which the configuration would be made. */
  isValues?: true;
}

/** Arguments of a container, or of a chart that passes them on to one; variables of the container's environment are expanded. */
export interface Arguments {
  path: string;
  words: string[];
  /** The variables of its container, for those that aren't expanded. */
  environment?: Environment;
  /** A word that isn't known yet, which may be any flag. */
  unknown?: Unknown;
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
