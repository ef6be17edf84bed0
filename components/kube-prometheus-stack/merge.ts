/** Values of a chart, or a part of them. */
export type Values = Record<string, unknown>;

/**
 * Lays values over others: maps are merged, everything else is replaced whole, as Helm does; an empty map empties what it lies over,
 * for which Helm needs nulls.
 * @param under what stays where nothing lies over it
 * @param over what wins
 */
export function mergeValues(under: Values, over: Values): Values {
  const both = Object.entries(over).map(([key, value]) => {
    const below = under[key];
    const merges = isMap(below) && isMap(value) && Object.keys(value).length > 0;
    return [key, merges ? mergeValues(below, value) : value];
  });
  return { ...under, ...Object.fromEntries(both) };
}

const isMap = (value: unknown): value is Values => typeof value === "object" && value !== null && !Array.isArray(value);
