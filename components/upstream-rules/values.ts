import { upstreamGroups, type UpstreamGroup } from "../../settings/sections/rules";
import type { Settings } from "../../settings/schema";
import type { Values } from "../kube-prometheus-stack/merge";
import type { Environment } from "../kubernetes/environment";
import { isScraped } from "../monitors/control-plane";
import { remoteWriteAlerts, replaced } from "./own";
import { withCluster, withClusterGroups } from "./with-cluster";

/** What upstream's rules depend on. */
export interface UpstreamArgs {
  environment: Pick<Environment, "cluster">;
  settings: Settings["rules"];
  /** What of the cluster is scraped. */
  monitors: Settings["monitors"];
  /** The API server's histogram buckets are dropped. */
  dropApiserverHistograms: boolean;
  /** The label by which Grafana finds dashboards; default: the chart's. */
  grafana?: Pick<Settings["grafana"], "dashboardLabel" | "labelValue">;
}

/** Beginning of the names of the release's objects: stays the same in every stage, so no rule is removed and created again. */
export const upstreamFullname = "upstream";

/** Groups about kube-prometheus-stack itself, each with why it ends: they are in its release, under its job names, and go with it. */
export const groupsOfKps: Partial<Record<UpstreamGroup, string>> = {
  prometheus: "they are about the release's Prometheus, and go with it in stage kps-removed",
  prometheusOperator: "they are about the release's operator, and go with it in stage kps-removed",
};

/** Groups that only record series: their rules must keep the labels of the series from which they are computed. */
export const recording: ReadonlySet<UpstreamGroup> = new Set([
  ...upstreamGroups.filter((group) => group.startsWith("k8s")),
  "kubeApiserverAvailability",
  "kubeApiserverBurnrate",
  "kubeApiserverHistogram",
  "kubelet",
  "kubePrometheusGeneral",
  "kubePrometheusNodeRecording",
  "kubeSchedulerRecording",
  "node",
  "nodeExporterRecording",
  "windows",
]);

/** Groups that the chart has for other tools, and about which its values.yaml is silent: off unless asked for. */
export const offInChart: ReadonlySet<string> = new Set<UpstreamGroup>([
  "k8sContainerCpuLimits",
  "k8sContainerCpuRequests",
  "k8sContainerMemoryLimits",
  "k8sContainerMemoryRequests",
]);

/**
 * Why groups of upstream are off in a stack; `rules.upstream.groups` can switch each on or off.
 * @param args what the stack scrapes
 */
export function groupsOff({
  monitors,
  dropApiserverHistograms,
}: Pick<UpstreamArgs, "monitors" | "dropApiserverHistograms">): Partial<Record<UpstreamGroup, string>> {
  const unless = (scraped: boolean, setting: string, ...groups: UpstreamGroup[]) =>
    scraped ? {} : Object.fromEntries(groups.map((group) => [group, `not scraped (${setting})`]));
  const buckets = "its histogram buckets are dropped (kps.dropApiserverHistograms)";
  const apiServer = [
    "kubeApiserverAvailability",
    "kubeApiserverBurnrate",
    "kubeApiserverHistogram",
    "kubeApiserverSlos",
  ] as const;
  return {
    alertmanager:
      "they expect a cluster of the operator's Alertmanagers; this stack has a single one, with its own alerts",
    configReloaders: "its only alert is this program's own as well",
    ...Object.fromEntries([...offInChart].map((group) => [group, "off in the chart"])),
    windows: "the chart has them only together with its exporter of Windows",
    ...(dropApiserverHistograms && Object.fromEntries(apiServer.map((group) => [group, buckets]))),
    ...unless(monitors.apiServer, "monitors.apiServer", ...apiServer),
    ...unless(monitors.kubelet, "monitors.kubelet", "kubelet"),
    ...unless(isScraped(monitors.etcd), "monitors.etcd", "etcd"),
    ...unless(isScraped(monitors.scheduler), "monitors.scheduler", "kubeSchedulerAlerting", "kubeSchedulerRecording"),
    ...unless(isScraped(monitors.controllerManager), "monitors.controllerManager", "kubeControllerManager"),
    ...unless(isScraped(monitors.proxy), "monitors.proxy", "kubeProxy"),
  };
}

/**
 * Values of the chart kube-prometheus-stack (88.5) that make it rules and dashboards only: no pod, no Service, no monitor. Where upstream's are off,
 * only the rules of the settings are left.
 * @param args settings, and what the stack scrapes
 * @see https://github.com/prometheus-community/helm-charts/blob/main/charts/kube-prometheus-stack/values.yaml
 */
export function upstreamValues(args: UpstreamArgs): Values {
  const { settings, monitors } = args;
  const on = groupsOn(args);
  const own = {
    ...settings.additionalPrometheusRulesMap,
    // Without the label, upstream's are right.
    ...(args.environment.cluster && withClusterGroups(on)),
  };
  const dashboards = settings.upstream.enabled && settings.upstream.dashboards;
  const any = (...groups: UpstreamGroup[]) => ({ enabled: groups.some((group) => on[group]) });
  const off = { enabled: false };
  return {
    fullnameOverride: upstreamFullname,
    crds: off,
    prometheusOperator: off,
    prometheus: off,
    alertmanager: { ...off, forceDeployDashboards: true },
    grafana: {
      ...off,
      forceDeployDashboards: dashboards,
      defaultDashboardsEnabled: dashboards,
      ...labelled(args.grafana),
    },
    nodeExporter: {
      ...off,
      forceDeployDashboards: true,
      operatingSystems: { linux: { enabled: true }, aix: off, darwin: off },
    },
    kubeStateMetrics: off,
    kubernetesServiceMonitors: off,
    global: { rbac: { create: false } },

    // With the monitors off, these decide only over rules and dashboards.
    kubeApiServer: { enabled: monitors.apiServer },
    kubelet: { enabled: monitors.kubelet },
    coreDns: { enabled: monitors.coreDns },
    kubeEtcd: any("etcd"),
    kubeScheduler: any("kubeSchedulerAlerting", "kubeSchedulerRecording"),
    kubeControllerManager: any("kubeControllerManager"),
    kubeProxy: any("kubeProxy"),
    // With its rules the chart would install its exporter, too: a DaemonSet.
    windowsMonitoring: off,

    ...ruleValues(args, args.environment.cluster ? { ...on, ...offIn(withCluster) } : on),
    ...(Object.keys(own).length > 0 && { additionalPrometheusRulesMap: own }),
  };
}

/** Values for a label that is not the chart's own. */
function labelled(grafana: UpstreamArgs["grafana"]): Values {
  const { dashboardLabel: label, labelValue } = grafana ?? { dashboardLabel: chartLabel, labelValue: "1" };
  const value = labelValue || "1";
  return label === chartLabel && value === "1" ? {} : { sidecar: { dashboards: { label, labelValue: value } } };
}

const chartLabel = "grafana_dashboard";

const offIn = (groups: readonly UpstreamGroup[]) => Object.fromEntries(groups.map((group) => [group, false]));

/**
 * The part of kube-prometheus-stack's own values by which its release has upstream's rules about Prometheus and the operator, under the job
 * names that its own Services give them.
 * @param args settings; `writes`: this program has alerts about remote_write to the stack's backend
 */
export function kpsRuleValues(args: UpstreamArgs & { writes: boolean }): Values {
  if (!args.settings.upstream.enabled) return { defaultRules: { create: false } };
  const own = Object.fromEntries(
    (Object.keys(groupsOfKps) as UpstreamGroup[]).map((group) => [group, args.settings.upstream.groups[group] ?? true]),
  );
  return {
    ...ruleValues(args, { ...mapGroups(() => false), ...own }, args.writes ? [] : remoteWriteAlerts),
    // A Grafana that is kept inside finds those of the other release: its sidecar reads every namespace.
    grafana: { defaultDashboardsEnabled: false },
  };
}

/** Dashboards that the chart (88.5.3) has by default and a stack may lack, by file: the value whose `enabled` decides, and why it is off. */
const dashboardsThatMayLack: Readonly<Record<string, { key?: string; why: string }>> = {
  "nodes-aix.json": { why: "the stack has no such nodes" },
  "nodes-darwin.json": { why: "the stack has no such nodes" },
  "apiserver.json": { key: "kubeApiServer", why: "not scraped (monitors.apiServer)" },
  "k8s-coredns.json": { key: "coreDns", why: "not scraped (monitors.coreDns)" },
  "kubelet.json": { key: "kubelet", why: "not scraped (monitors.kubelet)" },
  "etcd.json": { key: "kubeEtcd", why: "not scraped (monitors.etcd)" },
  "scheduler.json": { key: "kubeScheduler", why: "not scraped (monitors.scheduler)" },
  "controller-manager.json": { key: "kubeControllerManager", why: "not scraped (monitors.controllerManager)" },
  "proxy.json": { key: "kubeProxy", why: "not scraped (monitors.proxy)" },
  ...Object.fromEntries(
    [
      "resources-windows-cluster",
      "resources-windows-namespace",
      "resources-windows-pod",
      "windows-cluster-rsrc-use",
      "windows-node-rsrc-use",
    ].map((name) => [
      `k8s-${name}.json`,
      { key: "windowsMonitoring", why: "the chart has it only together with its exporter of Windows" },
    ]),
  ),
};

/**
 * Why a dashboard of the chart is not in the release of upstream's rules.
 * @param file its name in the chart, such as `etcd.json`
 * @param values of that release
 * @returns undefined where it is there, or isn't the chart's
 */
export function dashboardOff(file: string, values: Values): string | undefined {
  const { grafana } = values as { grafana?: { defaultDashboardsEnabled?: boolean } };
  if (grafana?.defaultDashboardsEnabled === false) return "upstream's are off (rules.upstream.dashboards)";
  const { key, why } = dashboardsThatMayLack[file] ?? {};
  return key === undefined || (values[key] as { enabled?: boolean } | undefined)?.enabled === false ? why : undefined;
}

type Switches = Record<UpstreamGroup, boolean>;

const mapGroups = (of: (group: UpstreamGroup) => boolean): Switches =>
  Object.fromEntries(upstreamGroups.map((group) => [group, of(group)])) as Switches;

function groupsOn(args: UpstreamArgs): Switches {
  const off = groupsOff(args);
  return mapGroups(
    (group) =>
      args.settings.upstream.enabled &&
      !(group in groupsOfKps) &&
      (args.settings.upstream.groups[group] ?? off[group] === undefined),
  );
}

function ruleValues(
  { environment, settings, monitors }: UpstreamArgs,
  on: Switches,
  notOurs: readonly string[] = [],
): Values {
  const common = { ...(environment.cluster && { cluster: environment.cluster }), ...settings.labels };
  const labels = upstreamGroups
    .filter((group) => on[group] && !recording.has(group))
    .map((group) => [group, { ...common, ...settings.upstream.groupLabels[group] }] as const)
    .filter(([, added]) => Object.keys(added).length > 0);
  const ours = Object.keys(replaced).filter((alert) => on[replaced[alert].group] && !notOurs.includes(alert));
  const disabled = [...ours, ...settings.disabled, ...silent(monitors)];
  return {
    defaultRules: {
      create: settings.upstream.enabled,
      rules: on,
      disabled: Object.fromEntries([...new Set(disabled)].sort().map((alert) => [alert, true])),
      // Not `additionalRuleLabels`, which recorded series would get too: what they are joined with lacks them inside a Prometheus.
      additionalRuleGroupLabels: Object.fromEntries(labels),
      appNamespacesTarget: settings.upstream.namespaces,
      ...settings.upstream.defaultRules,
    },
    customRules: settings.overrides,
  };
}

/**
 * Alerts that fire where nothing is scraped: `absent()` of a job which the settings leave out.
 * @param monitors what of the cluster is scraped
 */
export const silent = ({ apiServer, kubelet }: UpstreamArgs["monitors"]): string[] => [
  ...(apiServer ? [] : ["KubeAPIDown"]),
  ...(kubelet ? [] : ["KubeletDown"]),
];
