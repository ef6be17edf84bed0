import type { Look } from "../findings";
import { called, containersOf, inWords, isInKps, running, type Workload } from "../objects";

const runbook = "docs/adoption.md#grafana";

/** The label value that this program gives its ConfigMaps: `components/grafana/existing.ts`. */
const labelValue = "1";

/** A Grafana outside a release of kube-prometheus-stack; the one inside goes with the release. */
export const lookAtGrafana: Look = (inventory, { namespace: { name } }, found) => {
  const all = running(inventory, /(^|\/)grafana(-oss|-enterprise)?$/).filter((each) => !isInKps(inventory, each));
  const [grafana, ...others] = all;
  if (!grafana) return;
  found.take(...all);
  if (others.length > 0)
    return found.ask(
      `several Grafanas: ${inWords(all.map(called))}`,
      `the stack's own comes beside them; to serve one of them instead: ${runbook}`,
    );
  const dataSources = sidecar(grafana, "datasources");
  const dashboards = sidecar(grafana, "dashboard");
  if (!dataSources || !dashboards)
    return found.ask(
      `the Grafana ${called(grafana)} has no sidecars for data sources and dashboards`,
      `the stack's own comes beside it; or switch its sidecars on and run this again: ${runbook}`,
    );
  found.fit("grafana.create", false, `the Grafana ${called(grafana)} is there, with sidecars`);
  found.fit("grafana.dataSourceLabel", dataSources.LABEL, "as its sidecar looks for data sources");
  found.fit("grafana.dashboardLabel", dashboards.LABEL, "as its sidecar looks for dashboards");
  for (const [what, { NAMESPACE = grafana.metadata?.namespace ?? "", LABEL_VALUE = "" }] of [
    ["datasources", dataSources],
    ["dashboards", dashboards],
  ] as const) {
    if (NAMESPACE !== "ALL" && !NAMESPACE.split(",").includes(name))
      found.ask(
        `its sidecar looks for ${what} in ${NAMESPACE} only, and the stack's are in ${name}`,
        `add ${name} to sidecar.${what}.searchNamespace of its values`,
      );
    if (LABEL_VALUE !== "" && LABEL_VALUE !== labelValue)
      found.ask(
        `its sidecar wants the label of ${what} to be "${LABEL_VALUE}"; the stack's is "${labelValue}"`,
        `set sidecar.${what}.labelValue: "${labelValue}" in its values`,
      );
  }
  const defaults = inventory.configMaps.filter(
    ({ metadata, data }) =>
      metadata?.labels?.[dataSources.LABEL ?? ""] !== undefined &&
      Object.values(data ?? {}).some((text) =>
        /isDefault:\s*true|name:\s*["']?(Prometheus|Loki|Alertmanager)\b/.test(text),
      ),
  );
  if (defaults.length > 0)
    found.ask(
      `data sources in ${inWords(defaults.map(called))} are the default, or are called as the stack's (Prometheus, Loki, Alertmanager)`,
      `of two with one name the file that is read last counts, and with two defaults Grafana doesn't start: remove or rename those before grafana.claimDefault: true: ${runbook}`,
    );
};

/** The environment of a sidecar of Grafana's chart; undefined: it has none. */
function sidecar(grafana: Workload, what: string): Record<string, string | undefined> | undefined {
  const container = containersOf(grafana).find(({ name }) => name.endsWith(`-sc-${what}`));
  return container && Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value]));
}
