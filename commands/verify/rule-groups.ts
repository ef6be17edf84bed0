import { parse } from "yaml";
import { rulesOff } from "../../components/alloy/metrics-config";
import { seconds } from "../../settings/units";
import type { Reach } from "./reach";

/** Groups of rules as they are written: the PrometheusRules of a cluster, and what Mimir's ruler keeps. */

/** A rule as it is written. */
export interface WrittenRule {
  alert?: string;
  record?: string;
  /** A number is a text in a PrometheusRule, and may be a number here. */
  expr: string | number;
  for?: string;
  keep_firing_for?: string;
  labels?: Record<string, string>;
}

/** A group of rules, and where it comes from. */
export interface WrittenGroup {
  /** `namespace/name` of a PrometheusRule, or the ruler's namespace. */
  from: string;
  name: string;
  rules: WrittenRule[];
  /** Labels that each of its rules gets which has none of that name. */
  labels?: Record<string, string>;
}

interface PrometheusRules {
  items: {
    metadata: { name: string; namespace: string; labels?: Record<string, string> };
    spec: { groups?: Omit<WrittenGroup, "from">[] };
  }[];
}

/** PrometheusRules of all namespaces, without those whose label keeps them out of the ruler. */
export async function prometheusRules(reach: Reach): Promise<PrometheusRules["items"]> {
  const list = await reach.object<PrometheusRules>("/apis/monitoring.coreos.com/v1/prometheusrules");
  return (list?.items ?? []).filter(({ metadata }) => metadata.labels?.[rulesOff.key] !== rulesOff.value);
}

/** Groups of {@link prometheusRules}. One without rules doesn't count: no ruler keeps it, and the chart has one where each of its alerts is switched off. */
export async function ruleGroups(reach: Reach): Promise<WrittenGroup[]> {
  return (await prometheusRules(reach)).flatMap(({ metadata, spec }) =>
    (spec.groups ?? [])
      .map((group) => ({ ...group, rules: group.rules ?? [], from: `${metadata.namespace}/${metadata.name}` }))
      .filter(({ rules }) => rules.length > 0),
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
 * What a group does, as one text: the same for two groups that differ only in white space and comments, in how a duration is written, or in the label
 * `cluster`, which may be added on the way to the ruler.
 */
export function meaning({ name, rules, labels: all = {} }: WrittenGroup): string {
  const meant = rules.map(({ alert, record, expr, for: wait, keep_firing_for: keep, labels = {} }) => [
    ...[alert ?? null, record ?? null, exprOf({ expr }), duration(wait), duration(keep)],
    Object.entries({ ...all, ...labels })
      .filter(([label]) => label !== "cluster")
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  ]);
  return JSON.stringify([name, meant]);
}

/** The expression of a rule, in one line: without comments, as one at its beginning would make all of it a comment. */
export const exprOf = ({ expr }: Pick<WrittenRule, "expr">): string =>
  String(expr)
    .replace(textOrGap, (_, text?: string) => text ?? " ")
    .trim();

/** A text in quotes, which stays as it is; or white space with comments. */
const textOrGap = /("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`]*`)|(?:\s|#.*)+/g;

/** In seconds; none is zero. A text that is not a duration is returned unchanged. */
function duration(text = ""): number | string {
  if (text === "" || text === "0") return 0;
  try {
    return seconds(text);
  } catch {
    return text;
  }
}
