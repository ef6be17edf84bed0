/** What the values of a release of the chart kube-prometheus-stack (88.5.3) say: a setting is checked against them, and components follow them. */

import type { Settings } from "./schema";

/**
 * The name that the chart's objects begin with: its template `kube-prometheus-stack.fullname`.
 * @param release name of the release
 * @param values the release's values, of which `fullnameOverride` and `nameOverride` count
 */
export function fullname(release: string, values: Record<string, unknown>): string {
  const name = stringOr(values.nameOverride, "kube-prometheus-stack");
  const full = stringOr(values.fullnameOverride, release.includes(name) ? release : `${release}-${name}`);
  return full.slice(0, 26).replace(/-$/, "");
}

/**
 * The name that the chart gives itself in labels: its template `kube-prometheus-stack.name`.
 * @param values the release's values, of which `nameOverride` counts
 */
export const chartName = ({ nameOverride }: Record<string, unknown> = {}): string =>
  stringOr(nameOverride, "kube-prometheus-stack").slice(0, 50).replace(/-$/, "");

/**
 * The name of its Prometheus, from which the operator makes those of StatefulSet (`prometheus-…`), pods and claims: its template
 * `kube-prometheus-stack.prometheus.crname`. The Service that the chart makes for it is called otherwise.
 * @param release name of the release
 * @param values the release's values, of which `cleanPrometheusOperatorObjectNames` counts too
 */
export const prometheusName = (release: string, values: Record<string, unknown>): string =>
  values.cleanPrometheusOperatorObjectNames ? fullname(release, values) : `${fullname(release, values)}-prometheus`;

const stringOr = (value: unknown, otherwise: string) => (typeof value === "string" && value !== "" ? value : otherwise);

/**
 * The entries of a list in `prometheusSpec` to which this program adds its own.
 * @param list its name
 * @param values values of the chart
 */
export function prometheusEntries(
  list: "remoteWrite" | "additionalArgs",
  values: Record<string, unknown> = {},
): { name?: string }[] {
  const { prometheus } = values as { prometheus?: { prometheusSpec?: Record<string, { name?: string }[]> } };
  const there = prometheus?.prometheusSpec?.[list];
  return Array.isArray(there) ? there : [];
}

/** Name of the release that has only upstream's rules and dashboards; it is of the same chart. */
export const upstreamRelease = "upstream-rules";

/**
 * Whether a stack has that release: it also carries rules of the settings, where upstream's are off.
 * @param rules the section of the settings
 */
export const hasUpstreamRelease = ({ upstream, additionalPrometheusRulesMap }: Settings["rules"]): boolean =>
  upstream.enabled || Object.keys(additionalPrometheusRulesMap).length > 0;

/**
 * Whether a release of the chart runs something: operator and Prometheus. One that has only rules and dashboards does not.
 * @param values values of the chart
 */
export const runsOperator = (values: Record<string, unknown> = {}): boolean =>
  (values.prometheusOperator as { enabled?: unknown } | undefined)?.enabled !== false;
