/** Facts of the chart kube-prometheus-stack (88.5.3) that lie outside its values. */

/** Repository of both charts. */
export const repository = "https://prometheus-community.github.io/helm-charts";

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
 * The name of its Prometheus, from which the operator makes those of StatefulSet (`prometheus-…`), pods and claims: its template
 * `kube-prometheus-stack.prometheus.crname`. The Service that the chart makes for it is called otherwise.
 * @param release name of the release
 * @param values the release's values, of which `cleanPrometheusOperatorObjectNames` counts too
 */
export const prometheusName = (release: string, values: Record<string, unknown>): string =>
  values.cleanPrometheusOperatorObjectNames ? fullname(release, values) : `${fullname(release, values)}-prometheus`;

const stringOr = (value: unknown, otherwise: string) => (typeof value === "string" && value !== "" ? value : otherwise);
