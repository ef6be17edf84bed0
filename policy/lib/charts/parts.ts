import type { Field } from "../fields/list";
import { inner } from "../paths";
import { isBlock, type Block } from "../unknown";
import { keysIn } from "./misspelt";

/** A setting of a program's in the values of a set of pods that runs it. */
export interface SettingInPart {
  /** The part of the chart, such as `queryFrontend`. */
  part: string;
  /** The block of the program's configuration that the part runs, such as `frontend`. */
  block: string;
  /** The setting in that block; undefined where the key holds settings of the whole block. */
  setting?: string;
  path: string;
  value: unknown;
}

// What people write in a part for the settings of its program.
const wholes = ["config", "structuredConfig"];

/**
 * Settings of a program's that stand in the values of a chart's parts, the sets of pods that run it: the chart reads only what concerns the pods there.
 *
 * @param chart the chart's name
 * @param values its values
 * @param path where they are
 * @param parts by the key of a part, the block of the configuration
 * @param root the configuration's settings
 */
export function* settingsInParts(
  chart: string,
  values: Block,
  path: string,
  parts: Readonly<Record<string, string>>,
  root: Field,
): Iterable<SettingInPart> {
  for (const [part, block] of Object.entries(parts)) {
    const content = values[part];
    if (!isBlock(content)) continue;
    const own = keysIn(chart, part) ?? [];
    const place = { part, block };
    for (const [key, value] of Object.entries(content)) {
      const where = inner(inner(path, part), key);
      if (own.includes(key)) continue;
      if (wholes.includes(key) && isBlock(value)) yield { ...place, path: where, value };
      else if (root.keys?.get(block)?.keys?.has(key)) yield { ...place, setting: key, path: where, value };
    }
  }
}
