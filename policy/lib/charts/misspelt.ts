import { readFileSync } from "node:fs";
import path from "node:path";
import { nearest } from "../nearest";
import { along, inner } from "../paths";
import { at, isBlock, type Block } from "../unknown";
import type { Installed } from "./installed";
import { isOfProgram, layoutOf } from "./layouts";
import type { Chart } from "./release";

/** A value that a chart doesn't have there: a letter off one that it has, or in another block. */
export interface Misspelt {
  path: string;
  /** What was meant, where it would be. */
  meant: string;
}

/** By chart and place in its values the keys there, apart by spaces. */
type Keys = Readonly<Record<string, Readonly<Record<string, string>> | undefined>>;

// From the values.yaml of kube-prometheus-stack 88.5.3, of grafana 12.11.1, of the chart loki from 3.10 to 18.11 and their sub-charts, and of
// mimir-distributed 5.8 and 6.1.
let read: Keys | undefined;

/**
 * Values of a known chart that are misspelt: a key that the chart doesn't have, so near one that it has (see {@link nearest}) that this was
 * meant, and which isn't there itself; or a key at the top that the chart has in its blocks. Others may be a sub-chart's, or somebody's own for
 * anchors, and pass. A chart that isn't known may have a known one as its sub-chart, whose values stand under its name.
 */
export function misspeltValues(chart: Installed): Misspelt[] {
  const { name = "", values, path: place } = chart;
  const all = keysByChart();
  if (all[name] && isItself(chart)) return misspelt(all[name], values, place);
  return Object.entries(values).flatMap(([key, inside]) => {
    const keys = all[key];
    if (!keys || !isBlock(inside) || !isItself({ name: key, values: inside })) return [];
    // Other charts call by a program's name what is a setting of their own.
    const value = layoutOf({ name: key, values: inside })?.value;
    return value === undefined || isBlock(inside[value]) ? misspelt(keys, inside, inner(place, key)) : [];
  });
}

/**
 * The keys that a known chart has at a place in its values.
 *
 * @param chart the chart's name
 * @param place dotted keys of a block; empty for the top
 * @returns undefined where they aren't known
 */
export function keysIn(chart: string, place: string): readonly string[] | undefined {
  return keysByChart()[chart]?.[place]?.split(" ");
}

function keysByChart(): Keys {
  return (read ??= JSON.parse(readFileSync(path.join(__dirname, "keys.json"), "utf8")) as Keys);
}

// And not one that has it as a sub-chart, or is so old that it has other values.
function isItself(chart: Pick<Chart, "name" | "version" | "repository" | "values">): boolean {
  const { name = "", values } = chart;
  return isOfProgram(name) ? layoutOf(chart)?.value !== undefined : !isBlock(values[name]);
}

function misspelt(keys: NonNullable<Keys[string]>, values: Block, path: string): Misspelt[] {
  return Object.entries(keys).flatMap(([place, names]) => {
    const block = place === "" ? values : at(values, place);
    if (!isBlock(block)) return [];
    const known = names.split(" ");
    const around = place === "" ? path : along(path, place);
    return Object.keys(block).flatMap((key) => {
      if (known.includes(key)) return [];
      const same = known.find((each) => plain(each) === plain(key));
      const near = same ?? nearest(key, known);
      const meant = near === undefined ? place === "" && deeper(keys, key, values, path) : inner(around, near);
      const isThere = same === undefined && near !== undefined && near in block;
      return meant && !isThere ? [{ path: inner(around, key), meant }] : [];
    });
  });
}

// A key at the top that the chart has in its blocks. Where one of them has the same, it stands at the top for its anchor; and Helm itself reads `enabled`.
function deeper(keys: NonNullable<Keys[string]>, key: string, values: Block, path: string): string | undefined {
  if (key === "enabled") return undefined;
  const places = Object.keys(keys).filter((place) => place !== "" && keys[place].split(" ").includes(key));
  const given = places.filter((place) => isBlock(at(values, place)) && at(values, `${place}.replicas`) !== 0);
  const text = JSON.stringify(values[key]);
  if (given.some((place) => JSON.stringify(at(values, `${place}.${key}`)) === text)) return undefined;
  const all = [...new Set([...given, ...places])].map((place) => inner(along(path, place), key));
  return all.length > 3 ? `the same in a part of the chart, such as ${all[0]}` : all.join(" or ") || undefined;
}

// The chart `loki` writes singleBinary, mimir-distributed store_gateway and chunks-cache.
const plain = (key: string): string => key.replace(/[_-]/g, "").toLowerCase();
