import { isMap } from "../../engine/json";
import { additionalPrometheusRules } from "../../settings/sections/rules";
import { objectName } from "../../settings/values";
import type { Values } from "./release";
import { withoutSecrets } from "./secret-values";

/** Rules that a release of kube-prometheus-stack has by its own values. */
export interface OwnRules {
  /** For `rules.additionalPrometheusRulesMap`: name → groups, as they are. */
  carried: Record<string, unknown>;
  /** Names of those that the setting can't say, or that may have a secret: they stay in the release. */
  left: string[];
  /** The release's values without those that are carried. */
  rest: Values;
}

/**
 * Tells the rules of a release's own values apart. Where the chart has both of its values for them, it reads the map and no list.
 * @param values what was given to the release
 */
export function ownRules(values: Values): OwnRules {
  const { additionalPrometheusRulesMap, additionalPrometheusRules: listed, ...others } = values;
  const inMap = isMap<unknown>(additionalPrometheusRulesMap) ? Object.entries(additionalPrometheusRulesMap) : [];
  const inList = (Array.isArray(listed) ? listed : []).flatMap((each): [string, unknown][] => {
    const { name, ...entry } = (each ?? {}) as { name?: string };
    return name ? [[name, entry]] : [];
  });
  const all = (inMap.length > 0 ? inMap : inList).filter(([, entry]) => entry !== null);
  const carried = all.filter(([name, entry]) => canBeCarried(name, entry));
  const left = all.filter((each) => !carried.includes(each));
  return {
    carried: Object.fromEntries(carried),
    left: left.map(([name]) => name),
    rest: { ...others, ...(left.length > 0 && { additionalPrometheusRulesMap: Object.fromEntries(left) }) },
  };
}

const canBeCarried = (name: string, entry: unknown): boolean =>
  objectName.safeParse(name).success &&
  additionalPrometheusRules.safeParse(entry).success &&
  withoutSecrets({ rules: entry }).withheld.length === 0;
