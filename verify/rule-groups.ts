import { parse } from "yaml";
import { rulesOff } from "../components/alloy/metrics-config";
import { seconds } from "../config/units";
import type { Reach } from "./reach";

/** Groups of rules as they are written: the PrometheusRules of a cluster, and what Mimir's ruler keeps. */

/** A rule as it is written. */
export interface WrittenRule {
  alert?: string;
  record?: string;
  /** A number is a text to a PrometheusRule, and may be one here. */
  expr: string | number;
  for?: string;
  keep_firing_for?: string;
  labels?: Record<string, string>;
}

/** A group of rules, and where it is from. */
export interface WrittenGroup {
  /** `namespace/name` of a PrometheusRule, or the ruler's namespace. */
  from: string;
  name: string;
  rules: WrittenRule[];
}

interface PrometheusRules {
  items: {
    metadata: { name: string; namespace: string; labels?: Record<string, string> };
    spec: { groups?: Omit<WrittenGroup, "from">[] };
  }[];
}

/** Groups of the PrometheusRules of all namespaces, but for those whose label keeps them out of the ruler. */
export async function ruleGroups(reach: Reach): Promise<WrittenGroup[]> {
  const list = await reach.object<PrometheusRules>("/apis/monitoring.coreos.com/v1/prometheusrules");
  const meant = (list?.items ?? []).filter(({ metadata }) => metadata.labels?.[rulesOff.key] !== rulesOff.value);
  return meant.flatMap(({ metadata, spec }) =>
    (spec.groups ?? []).map((group) => ({
      ...group,
      rules: group.rules ?? [],
      from: `${metadata.namespace}/${metadata.name}`,
    })),
  );
}

/**
 * Groups that Mimir's ruler keeps.
 * @param url base URL of Mimir's Prometheus API
 * @see https://grafana.com/docs/mimir/latest/references/http-api/#list-rule-groups
 */
export async function rulerGroups(reach: Reach, url: string): Promise<WrittenGroup[]> {
  const text = await reach.urlOrNothing(url, "/config/v1/rules");
  const byNamespace = (parse(text ?? "") ?? {}) as Record<string, Omit<WrittenGroup, "from">[]>;
  return Object.entries(byNamespace).flatMap(([from, groups]) =>
    groups.map((group) => ({ ...group, rules: group.rules ?? [], from })),
  );
}

/** Name of an alert or of a recorded series. */
export const nameOf = ({ alert, record }: WrittenRule): string => alert ?? record ?? "";

/**
 * What a group does, as one text: the same for two that differ only in white space, in the way a duration is written, or in the label
 * `cluster`, which whoever brings rules to the ruler may add.
 */
export function meaning({ name, rules }: WrittenGroup): string {
  const meant = rules.map(({ alert, record, expr, for: wait, keep_firing_for: keep, labels = {} }) => [
    ...[alert ?? null, record ?? null, exprOf({ expr }), duration(wait), duration(keep)],
    Object.entries(labels)
      .filter(([label]) => label !== "cluster")
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
  return JSON.stringify([name, meant]);
}

/** The expression of a rule, in one line. */
export const exprOf = ({ expr }: Pick<WrittenRule, "expr">): string => String(expr).replace(/\s+/g, " ").trim();

/** In seconds; none is zero. What is no duration stays as it is. */
function duration(text = ""): number | string {
  if (text === "" || text === "0") return 0;
  try {
    return seconds(text);
  } catch {
    return text;
  }
}
