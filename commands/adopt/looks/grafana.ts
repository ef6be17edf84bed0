import type { Look } from "../findings";
import { called, containersOf, inWords, isInKps, running, type Workload } from "../objects";

const runbook = "docs/adoption.md#grafana";

/** A Grafana outside a release of kube-prometheus-stack; one inside is deleted with the release. */
export const lookAtGrafana: Look = (inventory, settings, found) => {
  const { name } = settings.namespace;
  const all = running(inventory, /(^|\/)grafana(-oss|-enterprise)?$/).filter(
    (each) => !isInKps(inventory, settings, each),
  );
  const [grafana, ...others] = all;
  if (!grafana) return;
  found.take(...all);
  if (others.length > 0)
    return found.ask(
      `several Grafanas: ${inWords(all.map(called))}`,
      `the stack installs its own beside them; to use one of them instead: ${runbook}`,
    );
  const dataSources = sidecar(grafana, "datasources");
  const dashboards = sidecar(grafana, "dashboard");
  if (!dataSources || !dashboards)
    return found.ask(
      `the Grafana ${called(grafana)} has no sidecars for data sources and dashboards`,
      `the stack installs its own beside it; or turn its sidecars on and run this again: ${runbook}`,
    );
  found.fit("grafana.create", false, `the Grafana ${called(grafana)} exists, with sidecars`);
  found.fit("grafana.dataSourceLabel", dataSources.LABEL, "the label that its sidecar looks for");
  found.fit("grafana.dashboardLabel", dashboards.LABEL, "the label that its sidecar looks for");
  // Grafana's chart leaves the variable out where any value will do.
  const value = [dataSources, dashboards].map(({ LABEL_VALUE }) => LABEL_VALUE).find(Boolean);
  found.fit("grafana.labelValue", value && value !== "1" ? value : undefined, "the value that its sidecar looks for");
  for (const [what, { NAMESPACE = grafana.metadata?.namespace ?? "", LABEL_VALUE = "" }] of [
    ["datasources", dataSources],
    ["dashboards", dashboards],
  ] as const) {
    if (NAMESPACE !== "ALL" && !NAMESPACE.split(",").includes(name))
      found.ask(
        `its sidecar looks for ${what} only in ${NAMESPACE}, and the stack's are in ${name}`,
        `add ${name} to sidecar.${what}.searchNamespace of its values`,
      );
    const labelValue = value ?? "1";
    if (LABEL_VALUE !== "" && LABEL_VALUE !== labelValue)
      found.ask(
        `its sidecar needs the label value "${LABEL_VALUE}" for ${what}; the stack has one for both, "${labelValue}"`,
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
      `data sources in ${inWords(defaults.map(called))} are the default, or have the stack's names (Prometheus, Loki, Alertmanager)`,
      `if two have the same name, the file read last wins; with two defaults Grafana doesn't start. Remove or rename them before you set grafana.claimDefault: true: ${runbook}`,
    );
};

/** The environment of a sidecar from Grafana's chart; undefined if there is none. */
function sidecar(grafana: Workload, what: string): Record<string, string | undefined> | undefined {
  const container = containersOf(grafana).find(({ name }) => name.endsWith(`-sc-${what}`));
  return container && Object.fromEntries((container.env ?? []).map(({ name, value }) => [name, value]));
}
