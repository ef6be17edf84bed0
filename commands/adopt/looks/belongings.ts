import { dashboardOff, groupsOff, groupsOfKps, upstreamValues } from "../../../components/upstream-rules/values";
import { upstreamRules } from "../../../components/upstream-rules/names";
import { sidecarNamespaces } from "../../../components/grafana/sidecar";
import { baseRules } from "../../../components/rules/base";
import type { Settings } from "../../../settings/schema";
import type { UpstreamGroup } from "../../../settings/sections/rules";
import {
  belongingKinds,
  belongingsOf,
  within,
  type Belonging,
  type BelongingKind,
  type Belongings,
  type EndingStep,
  type Owning,
  endWithOperator,
  isStacks,
  labelsOf,
  stepThatDeletes,
} from "../../shared/belongings";
import { groupBy } from "../../shared/group-by";
import type { Findings, Look } from "../findings";
import type { Inventory } from "../inventory";
import { addedObjects } from "../manifest";
import { inWords, isInKps, kpsReleases, releaseName } from "../objects";
import { releaseReceivers } from "../release-receivers";

const runbook = "docs/adoption.md#what-a-release-has-and-the-stack-wont-have";

/** The objects of an inventory that name what monitoring has. */
const owning = ({ configMaps, ingresses, asking, custom }: Inventory) => ({
  PrometheusRule: named("PrometheusRule", custom.prometheusrules),
  ConfigMap: named("ConfigMap", configMaps),
  Ingress: named("Ingress", ingresses),
  HTTPRoute: named("HTTPRoute", asking.httproutes),
  ScrapeConfig: named("ScrapeConfig", custom.scrapeconfigs),
  AlertmanagerConfig: named("AlertmanagerConfig", custom.alertmanagerconfigs),
  ThanosRuler: named("ThanosRuler", custom.thanosrulers),
  PrometheusAgent: named("PrometheusAgent", custom.prometheusagents),
});

const named = (kind: string, objects: readonly object[]): Owning[] => objects.map((object) => ({ ...object, kind }));

/**
 * What a cluster's monitoring has, by name: `verify --before` compares with it.
 * @param inventory what the cluster has
 * @param settings which release is taken over
 */
export function belongings(inventory: Inventory, settings: Settings): Belongings {
  const [release] = kpsReleases(inventory, settings);
  const has = belongingsOf(owning(inventory), {
    ...(release && { release: releaseName(release) }),
    labels: labelsOf(settings),
  });
  return release ? { ...has, receiver: releaseReceivers(inventory, release).names } : has;
}

/** What a release has and the stack won't have by the settings as they will be, by name; ScrapeConfigs and AlertmanagerConfigs have looks of their own. */
export const lookAtBelongings: Look = (inventory, settings, found) => {
  const [release] = kpsReleases(inventory, settings);
  if (!settings.kps.enabled || !release) return;
  const objects = owning(inventory);
  const around = { release: releaseName(release), labels: labelsOf(settings) };
  const of = (kind: keyof typeof objects, whose: (object: Owning) => boolean) =>
    objects[kind].filter(whose).flatMap((object) => within(object, around));
  const inRelease = (object: Owning) => isInKps(inventory, settings, object as Inventory["ingresses"][number]);
  const others = (object: Owning) => !inRelease(object);
  const extra = new Set(
    addedObjects(release)
      .get("extraManifests")
      ?.map(({ name }) => name),
  );
  const isExtra = ({ kind, metadata }: Owning) => extra.has(`${kind} ${metadata?.namespace}/${metadata?.name}`);

  const stay = new Set([...namesOf(settings), ...of("PrometheusRule", others).map(({ name }) => name)]);
  const grafana: EndingStep = settings.adopt.kps?.keepGrafana ? "keepGrafana" : "import";
  const stepOf = (object: Owning) => {
    const step = stepThatDeletes(object);
    return step === "keepGrafana" ? grafana : step;
  };
  const ofRelease = (kind: "ConfigMap" | "Ingress" | "HTTPRoute", which: BelongingKind, why: string): End[] =>
    objects[kind]
      .filter(inRelease)
      .flatMap((object) =>
        within(object, around).flatMap((thing) =>
          thing.kind === which ? [{ ...thing, why, step: stepOf(object) }] : [],
        ),
      );
  const ofOthers = objects.ConfigMap.filter((object) => others(object) && !isStacks(object));
  const operators = (["ThanosRuler", "PrometheusAgent"] as const).flatMap((kind) =>
    of(kind, (each) => !isStacks(each)),
  );
  const ends: End[] = [
    ...notShown(ofOthers, settings).map((end) => ({ ...end, step: grafana })),
    ...objects.PrometheusRule.filter(inRelease)
      .flatMap((object) => rulesThatEnd(object, settings))
      .filter(({ name }) => !stay.has(name)),
    ...objects.ConfigMap.filter(inRelease).flatMap((object) => dashboardsThatEnd(object, settings, grafana)),
    ...of("ConfigMap", isExtra).flatMap((thing): End[] =>
      thing.kind === "dashboard" ? [{ ...thing, why: ofValues, step: "kps-removed" }] : [],
    ),
    ...ofRelease(
      "ConfigMap",
      "data source",
      "it is deleted with the release's Grafana (adopt.kps.keepGrafana: false)",
    ).filter(({ name }) => !stacksSources.includes(name)),
    ...(["Ingress", "HTTPRoute"] as const).flatMap((kind) =>
      ofRelease(kind, kind, "it is deleted with the part of the release that it leads to"),
    ),
    ...endWithOperator(operators, [], settings.metrics.backend),
  ];
  // The look at its Alertmanager asks about them.
  for (const name of releaseReceivers(inventory, release).names)
    found.end({
      ...{ kind: "receiver", name, why: "the release's Alertmanager goes" },
      ...{ how: belongingKinds.receiver.way, step: "import" },
    });
  for (const all of groupBy(ends, ({ kind, why }) => `${kind} ${why}`).values()) tell(all, found);
};

/** What ends, when, and why; where nothing else is said, the way out is that of its kind, or the setting which is the reason. */
type End = Belonging & { why: string; how?: string; step: EndingStep };

/** The chart's groups that can be off in a stack, by the names that they have in PrometheusRules (templates/prometheus/rules-1.14 of 88.5.3). */
const groups: Readonly<Record<string, UpstreamGroup>> = {
  "alertmanager.rules": "alertmanager",
  "config-reloaders": "configReloaders",
  etcd: "etcd",
  "k8s.rules.container_cpu_limits": "k8sContainerCpuLimits",
  "k8s.rules.container_cpu_requests": "k8sContainerCpuRequests",
  "k8s.rules.container_memory_limits": "k8sContainerMemoryLimits",
  "k8s.rules.container_memory_requests": "k8sContainerMemoryRequests",
  "kube-apiserver-availability.rules": "kubeApiserverAvailability",
  "kube-apiserver-burnrate.rules": "kubeApiserverBurnrate",
  "kube-apiserver-histogram.rules": "kubeApiserverHistogram",
  "kube-apiserver-slos": "kubeApiserverSlos",
  "kube-scheduler.rules": "kubeSchedulerRecording",
  "kubelet.rules": "kubelet",
  "kubernetes-system-controller-manager": "kubeControllerManager",
  "kubernetes-system-kube-proxy": "kubeProxy",
  "kubernetes-system-scheduler": "kubeSchedulerAlerting",
  prometheus: "prometheus",
  "prometheus-operator": "prometheusOperator",
  "windows.node.rules": "windows",
  "windows.pod.rules": "windows",
};

/** What the release's own values brought. */
const ofValues = "upstream has none with this name: it is deleted with the release in stage kps-removed";

/** Upstream's rules with the chart's defaults. */
const ofChart = new Set(Object.values(upstreamRules({})).flat());

/** The rules of an object of the release that upstream's release doesn't bring back, each with why. */
function rulesThatEnd(object: Owning, { rules: { upstream }, monitors, kps }: Settings): End[] {
  const off = { ...groupsOff({ monitors, dropApiserverHistograms: kps.dropApiserverHistograms }), ...groupsOfKps };
  const { groups: written = [] } = (object.spec ?? {}) as { groups?: { name?: string }[] };
  return written.flatMap((group) => {
    const key = groups[group.name ?? ""] as UpstreamGroup | undefined;
    const chosen = key && upstream.groups[key];
    const why = !upstream.enabled
      ? "upstream's rules are off (rules.upstream.enabled)"
      : key && (chosen !== true || key in groupsOfKps)
        ? (off[key] ?? (chosen === false ? `rules.upstream.groups.${key} is false` : undefined))
        : undefined;
    const step = upstream.enabled && key && key in groupsOfKps && chosen !== false ? "kps-removed" : "import";
    const inGroup = within({ ...object, spec: { groups: [group] } });
    return why === undefined
      ? inGroup.flatMap((rule): End[] =>
          key === undefined && !ofChart.has(rule.name) ? [{ ...rule, why: ofValues, step: "kps-removed" }] : [],
        )
      : inGroup.map((rule): End => ({ ...rule, why, step }));
  });
}

/** Upstream's are ConfigMaps, too. */
const hidden = "the stack's Grafana doesn't look for them (grafana.sidecar.enabled)";

/** The dashboards of a ConfigMap of the release that upstream's release doesn't bring back or nobody shows, each with why. */
function dashboardsThatEnd(object: Owning, settings: Settings, grafana: EndingStep): End[] {
  const { rules, monitors, kps, grafana: shown } = settings;
  const values = upstreamValues({
    ...{ environment: {}, settings: rules, monitors },
    dropApiserverHistograms: kps.dropApiserverHistograms,
  });
  // With upstream's, the release has none of its own from the import on, even where its Grafana stays.
  const stepFor = (why: string) => (rules.upstream.enabled && why !== hidden ? "import" : grafana);
  return Object.entries(object.data ?? {}).flatMap(([file, text]) => {
    const why = rules.upstream.enabled
      ? (dashboardOff(file, values) ?? (shown.create && !shown.sidecar.enabled ? hidden : undefined))
      : "upstream's rules and dashboards are off (rules.upstream.enabled)";
    const there =
      why === undefined ? [] : within({ ...object, data: { [file]: text } }, { labels: labelsOf(settings) });
    return there.flatMap((each): End[] =>
      each.kind === "dashboard" ? [{ ...each, why: why!, step: stepFor(why!) }] : [],
    );
  });
}

/** Where a setting is the reason, it is the way out. */
function wayOut(why: string): string | undefined {
  const [, setting] = /\(([a-zA-Z]+(?:\.[a-zA-Z]+)+)\)$/.exec(why) ?? [];
  return setting && `change ${setting}, or do without`;
}

/** What other applications bring in ConfigMaps that the stack's own Grafana doesn't read, by why. An existing Grafana reads what it read. */
function notShown(configMaps: readonly Owning[], settings: Settings): (Belonging & { why: string; how: string })[] {
  const { create, sidecar, dashboardLabel, dataSourceLabel, labelValue } = settings.grafana;
  if (!create) return [];
  const namespaces = sidecarNamespaces(sidecar, settings.namespace.name);
  const whyNot = (label: string, { namespace = "", labels = {} }: NonNullable<Owning["metadata"]>) => {
    if (!sidecar.enabled) return ["the stack's Grafana has no sidecar", "set grafana.sidecar.enabled: true"];
    if (namespaces?.includes(namespace) === false)
      return [
        `the sidecar of the stack's Grafana doesn't look into namespace ${namespace}`,
        `add ${namespace} to grafana.sidecar.namespaces`,
      ];
    const wanted = labelValue ? `${label}: "${labelValue}"` : label;
    return labels[label] !== undefined && (!labelValue || labels[label] === labelValue)
      ? []
      : [`the stack's Grafana reads ConfigMaps with the label ${wanted}`, `give its ConfigMap the label ${wanted}`];
  };
  const found = configMaps.flatMap((object) =>
    within(object, { labels: labelsOf(settings) }).map(({ kind, name }) => {
      const [why, how] = whyNot(kind === "dashboard" ? dashboardLabel : dataSourceLabel, object.metadata ?? {});
      return { kind, name, why, how };
    }),
  );
  const shown = (which: Belonging) =>
    found.some(({ kind, name, why }) => !why && kind === which.kind && name === which.name);
  return found.flatMap((each) => {
    const { why, how } = each;
    return why && how && !shown(each) ? [{ ...each, why, how }] : [];
  });
}

/** Names of the stack's own data sources: they take the place of the release's. */
const stacksSources = ["Prometheus", "Alertmanager", "Loki", "Mimir"];

/** The stack's own alerts that may have upstream's names, and the rules that its settings have. */
const namesOf = (settings: Settings): string[] => [
  ...Object.values(baseRules(settings))
    .flat()
    .flatMap(({ rules }) => rules.map(({ alert }) => alert)),
  ...Object.values(settings.rules.additionalPrometheusRulesMap)
    .flatMap(({ groups }) => groups)
    .flatMap(({ rules = [] }) => rules.map(({ alert, record }) => alert ?? record ?? "")),
];

/** Ends of one kind for one reason. */
function tell(all: readonly End[], found: Findings): void {
  const [{ kind, why, how = wayOut(why) ?? belongingKinds[kind].way }] = all;
  const things = [...new Map(all.map((each) => [each.name, each])).values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  for (const { name, step } of things) found.end({ kind, name, why, how, step });
  found.ask(
    `${kind}: the release has ${things.length} that the stack won't have: ${inWords(things.map(({ name }) => name))}; reason: ${why}`,
    `${how}: ${runbook}`,
  );
}
