import { endsWithItsRules, endsWithPrometheus } from "../../../components/alloy/unsupported";
import { mergeValues } from "../../../components/kube-prometheus-stack/merge";
import { serviceAccountClass } from "../../../components/monitors/scrape-class";
import { isMap } from "../../../engine/json";
import { offInChart } from "../../../components/upstream-rules/values";
import { chartDefaultRules } from "../../../settings/sections/rules";
import type { Settings } from "../../../settings/schema";
import { prometheusOf } from "../../shared/release-prometheus";
import { successors } from "../../shared/scraping";
import { isStacks } from "../../shared/belongings";
import { at, textAt } from "../config-values";
import type { Findings, Look } from "../findings";
import type { Inventory } from "../inventory";
import { stayingValues } from "../kps-values";
import { ownRules } from "../own-rules";
import { addedObjects } from "../manifest";
import { allKpsReleases, called, inWords, isLeft, kpsReleases, releaseName, releaseOf } from "../objects";
import type { Release, Values } from "../release";
import { releaseReceivers } from "../release-receivers";
import { withoutSecrets } from "../secret-values";
import { lookAtExternalLabels } from "./external-labels";
import { lookAtAskers } from "./prometheus-api";
import { lookAtKpsGrafana } from "./kps-grafana";
import { lookAtUninstalled } from "./uninstalled";

const runbook = "docs/adoption.md#kube-prometheus-stack";

/** A release of kube-prometheus-stack: what is taken over, which of its values stay, and what is deleted. */
export const lookAtKps: Look = (inventory, settings, found) => {
  const { kps } = settings;
  if (!kps.enabled) return;
  const [release, ...others] = kpsReleases(inventory, settings);
  if (!release) {
    lookAtUninstalled("kps", inventory, settings, found);
    return lookForOthers(inventory, found);
  }
  if (others.length > 0)
    return found.ask(
      `several releases of kube-prometheus-stack: ${inWords([release, ...others].map(releaseName))}`,
      "set adopt.kps.release to the one whose samples you want to keep, and run this again: only then it can say what of that one ends",
    );

  const name = releaseName(release);
  const left = isTakenOver(release) ? isLeft(inventory, "kps") : true;
  if (left === false) return;
  if (left === undefined)
    return found.ask(
      `release ${name} has this program's values: created by this stack, or left by an earlier one (Pulumi doesn't say)`,
      `do nothing if this stack created it or has taken it over; otherwise set adopt.kps.release: ${name}, or the update fails with “cannot re-use a name that is still in use”`,
    );
  const beside = allKpsReleases(inventory).filter((each) => each !== release);
  if (beside.length > 0)
    found.ask(
      `besides ${name}, there is ${inWords(beside.map(releaseName))}, which is not taken over: its alerts arrive a second time, and its exporters use host port 9100`,
      "before the first update, copy what you need of its values and uninstall it, but not its CRDs; then run this again",
    );
  const said = `release ${name}, chart ${release.chartVersion}, revision ${release.revision}`;
  found.take(...inventory.deployments.filter((each) => releaseOf(each) === name));
  found.fit("adopt.kps.release", name, said);
  if (release.status !== "deployed")
    found.ask(
      `release ${name} is ${release.status}: it can't be taken over`,
      `helm -n ${release.namespace} history ${release.name}, then helm -n ${release.namespace} rollback ${release.name}`,
    );
  version(release, kps.chartVersion, found);

  const effective = mergeValues(release.defaults, release.values);
  const keep = {
    keepGrafana: at(effective, "grafana.enabled") !== false,
    keepExporters:
      at(effective, "nodeExporter.enabled") !== false || at(effective, "kubeStateMetrics.enabled") !== false,
  };
  found.fit(
    "adopt.kps.keepGrafana",
    keep.keepGrafana || undefined,
    "its Grafana is part of the release; set this to false in a later update",
  );
  found.fit(
    "adopt.kps.keepExporters",
    keep.keepExporters || undefined,
    "its exporters are part of the release and use host port 9100; set this to false in the next update",
  );
  values(release, keep, found);
  rules(release, found);
  added(release, found);
  prometheus(inventory, release, effective, found);
  endings(release, settings, found);
  alertmanager(inventory, release, effective, settings, found);
  lookAtExternalLabels(release, effective, settings, found);
  if (keep.keepGrafana) lookAtKpsGrafana(inventory, release.values, effective, found);
  lookAtAskers(inventory, settings, release, found);
  const further = inventory.custom.prometheuses.filter((object) => releaseOf(object) !== name && !isStacks(object));
  if (further.length > 0)
    found.ask(
      `in stage kps-removed the release's operator is deleted, which may also run Prometheus ${inWords(further.map(called))}: its pods would keep running, but no change would reach them`,
      "before that stage, install another operator for it, if none watches its namespace: the CRDs stay",
    );
};

/** Whether it has this program's values: this program created it or took it over. */
export const isTakenOver = ({ values }: Release): boolean =>
  JSON.stringify(at(values, "prometheus.prometheusSpec.scrapeClasses") ?? "").includes(`"${serviceAccountClass.name}"`);

/** The values are written for one major version of the chart. */
function version({ chartVersion, ...release }: Release, wanted: string, found: Findings): void {
  const major = (text: string) => text.split(".")[0];
  if (major(chartVersion) === major(wanted))
    return found.fit("kps.chartVersion", chartVersion, "the installed chart; raise it later in a separate update");
  found.ask(
    `the chart of the release is ${chartVersion}; this program's values are written for ${wanted} (kps.chartVersion)`,
    Number(major(chartVersion)) < Number(major(wanted))
      ? `first upgrade it by hand to ${major(wanted)}.x, following its upgrade notes: helm -n ${release.namespace} upgrade ${release.name}`
      : `try kps.chartVersion: ${chartVersion} with the kps.crdsChartVersion of the same operator, and read the preview`,
  );
}

function values(release: Release, keep: Parameters<typeof stayingValues>[1], found: Findings): void {
  const { kept, withheld } = withoutSecrets(stayingValues(ownRules(release.values).rest, keep));
  found.fit(
    "adopt.kps.values",
    Object.keys(kept).length > 0 ? kept : undefined,
    "the release's values that keep their effect (helm get values); check them",
  );
  if (withheld.length > 0)
    found.ask(
      `values of the release that may be secrets were left out: ${withheld.join(", ")}`,
      "put each secret into a Kubernetes Secret and refer to it in adopt.kps.values (grafana.admin.existingSecret, remoteWrite[].basicAuth …); copy what is not a secret there",
    );
}

/** What its values say of the chart's rules stays valid for the same rules, which then come from a separate release. */
function rules({ values }: Release, found: Findings): void {
  const as = "as it is (defaultRules)";
  const map = (path: string) => Object.entries((at(values, path) ?? {}) as Record<string, unknown>);
  const some = <T>(entries: [string, T][]) => (entries.length > 0 ? Object.fromEntries(entries) : undefined);
  // The chart's own defaults are true, but for groups that its values.yaml doesn't name.
  const groups = map("defaultRules.rules").filter(
    ([group, on]) => on === false || (on === true && offInChart.has(group)),
  );
  const groupLabels = map("defaultRules.additionalRuleGroupLabels").filter(
    ([, labels]) => Object.keys(labels ?? {}).length > 0,
  );
  const others = map("defaultRules").filter(([key, value]) => chartDefaultRules.includes(key) && isSaid(value));
  const disabled = map("defaultRules.disabled").flatMap(([alert, off]) => (off ? [alert] : []));
  found.fit("rules.upstream.enabled", at(values, "defaultRules.create") === false ? false : undefined, as);
  const dashboards = at(values, "grafana.defaultDashboardsEnabled") === false ? false : undefined;
  found.fit("rules.upstream.dashboards", dashboards, "as it is (grafana.defaultDashboardsEnabled)");
  found.fit("rules.upstream.groups", some(groups), as);
  found.fit("rules.upstream.groupLabels", some(groupLabels), as);
  found.fit("rules.upstream.namespaces", textAt(values, "defaultRules.appNamespacesTarget"), as);
  found.fit("rules.upstream.defaultRules", some(others), as);
  found.fit("rules.disabled", disabled.length > 0 ? disabled : undefined, as);
  found.fit("rules.labels", some(map("defaultRules.additionalRuleLabels")), as);
  found.fit("rules.overrides", some(map("customRules")), "as it is (customRules)");
  if (at(values, "windowsMonitoring.enabled") === true)
    found.ask(
      "the release has rules and dashboards of Windows nodes, which this program does not install, and their exporter, which is deleted with it in stage kps-removed",
      "before, install the chart prometheus-windows-exporter, and copy these rules and dashboards into objects of your own",
    );
  const { carried, left } = ownRules(values);
  found.fit(
    "rules.additionalPrometheusRulesMap",
    some(Object.entries(carried)),
    "rules of the release's own values, as they are: a release that stays in every stage has them from then on",
  );
  if (left.length > 0)
    found.ask(
      `rules in the release's own values (additionalPrometheusRulesMap) are deleted with it in stage kps-removed: ${inWords(left)}; they have a field that no PrometheusRule has, or something that may be a secret`,
      "create a PrometheusRule for each before that stage; until then adopt.kps.values keeps them",
    );
}

/** Charts write nothing as an empty text, list or map. */
const isSaid = (value: unknown) =>
  typeof value === "object" ? Object.values(value ?? {}).some(Boolean) : value !== "" && value !== undefined;

/** Objects that no other look names. */
function added(release: Release, found: Findings): void {
  for (const [values, [one, ...more]] of addedObjects(release))
    found.ask(
      `deleted ${one.first ? "by the first update" : "with the release in stage kps-removed"}: ${inWords([one, ...more].map(({ name }) => name))} (its values ${values})`,
      `${one.how}: ${runbook}`,
    );
}

/** What only its Prometheus does, which `verify` and `plan` say as well. */
function endings({ name, namespace, values }: Release, { metrics }: Settings, found: Findings): void {
  const { backend, ...readable } = metrics;
  const object = prometheusOf(name, namespace, values);
  const ends = [
    ...endsWithItsRules(object, backend),
    ...successors[backend].cannotScrape(object, readable),
    ...endsWithPrometheus(object, backend),
  ];
  if (ends.length > 0)
    found.ask(
      `what only the release's Prometheus does ends by stage kps-removed: ${ends.join(" ")}`,
      "nothing now: `npm run verify` repeats this in every stage before; docs/kps-removed.md#what-alloy-cant-scrape",
    );
}

/** Prometheus as it is running: what the import must not change. */
function prometheus(inventory: Inventory, release: Release, effective: Values, found: Findings): void {
  const spec = at(effective, "prometheus.prometheusSpec");
  if (!isMap<unknown>(spec)) return;
  const text = (path: string) => textAt(spec, path);
  const as = "its current value";
  found.fit("kps.retention", text("retention"), as);
  // Both count in powers of 1024: github.com/alecthomas/units.
  found.fit("kps.retentionSize", text("retentionSize")?.replace(/iB$/, "B"), as);
  found.fit("kps.scrapeInterval", text("scrapeInterval"), as);
  for (const kind of ["cpu", "memory"] as const) {
    const [request, limit] = [text(`resources.requests.${kind}`), text(`resources.limits.${kind}`)];
    found.fit(
      `kps.resources.requests.${kind}`,
      request ?? limit,
      request ? as : "the limit, which Kubernetes uses as the request",
    );
    found.fit(
      `kps.resources.limits.${kind}`,
      limit ?? (kind === "memory" ? doubled(request) : undefined),
      limit ? as : "twice the request: it has no limit, but needs one here",
    );
  }

  const claim = prometheusClaim(inventory, release);
  const template = "storageSpec.volumeClaimTemplate.spec";
  const size = claim?.spec?.resources?.requests?.storage ?? text(`${template}.resources.requests.storage`);
  const where = claim ? `as in the claim ${called(claim)}` : as;
  found.fit("kps.storage", size, `${where}; a volume can't be made smaller`);
  found.fit("kps.storageClass", claim?.spec?.storageClassName ?? text(`${template}.storageClassName`), where);
  if (!size)
    found.ask(
      "its Prometheus has no volume: the import gives it one, and the samples so far are lost with its pod",
      "do nothing if you don't need them; otherwise first copy the folder /prometheus out of its pod (kubectl cp)",
    );
  if (Number(at(spec, "replicas") ?? 1) > 1)
    found.ask(
      `its Prometheus has ${String(at(spec, "replicas"))} replicas; this program runs one`,
      "nothing to do: the volume of the first is used, the claims of the others stay until you delete them",
    );
}

const doubled = (memory: string | undefined): string | undefined => {
  const [, number, unit] = /^(\d+)([A-Za-z]*)$/.exec(memory ?? "") ?? [];
  return number && `${2 * Number(number)}${unit}`;
};

/** The claim of the first replica, by the labels that the operator gives. */
function prometheusClaim({ claims }: Inventory, { namespace }: Release) {
  const own = claims.filter(
    ({ metadata }) =>
      metadata?.namespace === namespace &&
      metadata.labels?.["operator.prometheus.io/name"] !== undefined &&
      /^prometheus-.*-0$/.test(metadata.name ?? ""),
  );
  return own.length === 1 ? own[0] : undefined;
}

function alertmanager(
  inventory: Inventory,
  release: Release,
  effective: Values,
  settings: Settings,
  found: Findings,
): void {
  if (at(effective, "alertmanager.enabled") === false) return;
  const { namespace, values } = release;
  const { names, ownSecret = "" } = releaseReceivers(inventory, release);
  const [where, existingConfigSecret] = ownSecret.split("/");
  const templates = Object.keys((at(values, "alertmanager.templateFiles") ?? {}) as object);
  found.ask(
    `the first update deletes the release's Alertmanager, with its silences${names.length > 0 ? ` and its receivers (${inWords(names)})` : ""}${templates.length > 0 ? ` and its templates (${inWords(templates)})` : ""}`,
    `first export the silences of namespace ${namespace}; then write its receivers and routes as alertmanager.receivers and alertmanager.routes, or keep its configuration in a Secret (alertmanager.existingConfigSecret): ${runbook}`,
    where === settings.namespace.name ? { alertmanager: { existingConfigSecret } } : undefined,
  );
}

/** An operator or a Prometheus that was not installed by Helm. */
function lookForOthers({ custom, deployments }: Inventory, found: Findings): void {
  const rendered = deployments.filter(({ metadata }) =>
    metadata?.labels?.["helm.sh/chart"]?.startsWith("kube-prometheus-stack-"),
  );
  if (rendered.length > 0 || custom.prometheuses.length > 0) {
    found.take(...rendered, ...custom.prometheuses);
    found.ask(
      rendered.length > 0
        ? `kube-prometheus-stack runs (${inWords(rendered.map(called))}), but has no Helm release: Argo CD and helm template don't create one`
        : `a Prometheus of the operator runs without a release of kube-prometheus-stack: ${inWords(custom.prometheuses.map(called))}`,
      "it can't be imported, and two operators must not manage one Prometheus: docs/adoption.md#flux-or-argo-cd, or kps.enabled: false",
    );
  }
}
