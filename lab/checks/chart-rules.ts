import { upstreamRules } from "../../components/upstream-rules/names";
import { dashboardOff, offInChart } from "../../components/upstream-rules/values";
import type { ChartObject } from "./chart-objects";

/** Rules and dashboards by name. */
export interface Named {
  /** Alert or recorded series → the groups that have it. */
  rules: Map<string, string[]>;
  /** Files of dashboards. */
  dashboards: string[];
  /** What expressions of rules and dashboards select: a value, or a regular expression after `~`. */
  selected: Record<Label, Set<string>>;
  /** Dashboards that select by a variable that they don't have, each as a sentence. */
  unset: string[];
}

/** Labels that say whose series it is: where no series has the value, an expression is silently empty. */
const labels = ["job", "namespace", "cluster"] as const;
type Label = (typeof labels)[number];

/** What a stack has in the place of the chart's defaults, in one stage. */
export interface Compared {
  /** What the chart has with its default values. */
  defaults: Named;
  /** What the stack has, by where it comes from. */
  sources: Readonly<Record<string, Named>>;
  /** What there is of each label: jobs that are scraped, namespaces of what the stack runs, the cluster's name. */
  there: Readonly<Record<Label, readonly string[]>>;
  /** Values of the release of upstream's rules. */
  values: Readonly<Record<string, unknown>>;
  /** Alerts that the settings switch off. */
  disabled: readonly string[];
  /** kube-prometheus-stack itself is there. */
  kps: boolean;
}

interface Rule {
  alert?: string;
  record?: string;
  expr?: unknown;
}

/**
 * Names in objects.
 * @param objects of a chart, or of the program
 */
export function named(objects: readonly ChartObject[]): Named {
  const found: Named = {
    ...{ rules: new Map(), dashboards: [], unset: [] },
    selected: { job: new Set(), namespace: new Set(), cluster: new Set() },
  };
  for (const object of objects) {
    if (object.kind === "ConfigMap")
      for (const [file, text] of Object.entries((object.data ?? {}) as Record<string, string>))
        if (file.endsWith(".json")) {
          found.dashboards.push(file);
          selectedIn(file, text, found);
        }
    if (object.kind !== "PrometheusRule") continue;
    const { groups } = object.spec as { groups: { name: string; rules?: Rule[] | null }[] };
    for (const { name, rules } of groups)
      for (const { alert, record, expr } of rules ?? []) {
        const rule = alert ?? record ?? "";
        found.rules.set(rule, [...new Set([...(found.rules.get(rule) ?? []), name])]);
        for (const [label, value] of selectors(String(expr))) found.selected[label].add(value);
      }
  }
  return found;
}

const selectors = (text: string): [label: Label, value: string][] =>
  [...text.matchAll(/\b(job|namespace|cluster)=(~?)"([^"]*)"/g)].map(([, label, regex, value]) => [
    label as Label,
    regex + value,
  ]);

/** A variable is as good as a value, if the dashboard has it. */
function selectedIn(file: string, text: string, { selected, unset }: Named): void {
  const { templating } = JSON.parse(text) as { templating?: { list?: { name: string }[] } };
  const variables = new Set(templating?.list?.map(({ name }) => name));
  const lacking = new Set<string>();
  for (const [label, value] of selectors(text.replaceAll('\\"', '"'))) {
    const [, variable] = /\$\{?(\w+)/.exec(value) ?? [];
    if (variable === undefined) selected[label].add(value);
    else if (!variables.has(variable))
      lacking.add(`dashboard ${file} selects ${label} by $${variable}, and has no such variable`);
  }
  unset.push(...lacking);
}

/**
 * The groups of the chart's defaults that a stack may lack, by their name, with their key in `defaultRules.rules`: they may only be missing
 * where the release's values switch them off.
 */
const mayLack: Readonly<Record<string, { key: string; why: string }>> = {
  "alertmanager.rules": { key: "alertmanager", why: "about a cluster of the operator's Alertmanagers" },
  etcd: { key: "etcd", why: "monitors.etcd is not set" },
  "kube-apiserver-availability.rules": { key: "kubeApiserverAvailability", why: "buckets are dropped" },
  "kube-apiserver-burnrate.rules": { key: "kubeApiserverBurnrate", why: "buckets are dropped" },
  "kube-apiserver-histogram.rules": { key: "kubeApiserverHistogram", why: "buckets are dropped" },
  "kube-apiserver-slos": { key: "kubeApiserverSlos", why: "buckets are dropped" },
  "kube-scheduler.rules": { key: "kubeSchedulerRecording", why: "monitors.scheduler is not set" },
  "kubelet.rules": { key: "kubelet", why: "monitors.kubelet is false" },
  "kubernetes-system-scheduler": { key: "kubeSchedulerAlerting", why: "monitors.scheduler is not set" },
  "kubernetes-system-controller-manager": {
    key: "kubeControllerManager",
    why: "monitors.controllerManager is not set",
  },
  "kubernetes-system-kube-proxy": { key: "kubeProxy", why: "monitors.proxy is not set" },
};

/** Groups about kube-prometheus-stack itself, which go with it. */
const ofKps = ["prometheus", "prometheus-operator"];

/**
 * What is wrong with the names: missing without a reason, there twice, or about a job that nothing scrapes.
 * @param compared the chart's defaults, and what the stack has
 * @returns a line for each problem
 */
export function rulesProblems({ defaults, sources, there, values, disabled, kps }: Compared): string[] {
  const all = Object.entries(sources);
  const having = (name: string) => all.filter(([, { rules }]) => rules.has(name)).map(([source]) => source);
  const names = new Set(all.flatMap(([, { rules }]) => [...rules.keys()]));
  const dashboards = all.flatMap(([, { dashboards }]) => dashboards);
  // No value is no condition.
  const matches = (label: Label, value: string) =>
    value === "" || value.startsWith("~")
      ? ["", ...there[label]].some((one) => new RegExp(`^(${value.slice(1)})$`).test(one))
      : there[label].includes(value);
  return [
    ...[...defaults.rules].flatMap(([name, groups]) =>
      names.has(name) || disabled.includes(name) || groups.every((group) => isOff(group, values, kps))
        ? []
        : [`${name} (group ${groups.join(", ")} of the chart) is missing, and no reason is listed`],
    ),
    ...[...names].flatMap((name) => {
      const from = having(name);
      return from.length > 1 ? [`${name} is there twice: in ${from.join(" and ")}`] : [];
    }),
    ...defaults.dashboards
      .filter((name) => !dashboards.includes(name) && dashboardOff(name, values) === undefined)
      .map((name) => `dashboard ${name} of the chart is missing, and no reason is listed`),
    ...dashboards
      .filter((name, index) => dashboards.indexOf(name) !== index)
      .map((name) => `dashboard ${name} is there twice`),
    ...all
      .filter(([source]) => source !== own)
      .flatMap(([source, { selected, unset }]) => [
        ...labels.flatMap((label) =>
          [...selected[label]]
            .filter((value) => !matches(label, value))
            .map((value) => `${source} selects ${label} ${value}, which no target has`),
        ),
        ...unset.map((what) => `${source}: ${what}`),
      ]),
  ];
}

/**
 * How the table of upstream's names, by which a plan calls them, differs from what the chart renders.
 * @param values of the release
 * @param rendered what it gives
 * @returns a line, or none
 */
export function tableProblems(values: Values, rendered: Named): string[] {
  const { alerts, records } = upstreamRules(values);
  const listed = new Set([...alerts, ...records]);
  const lacks = [...rendered.rules.keys()].filter((name) => !listed.has(name));
  const more = [...listed].filter((name) => !rendered.rules.has(name));
  if (lacks.length + more.length === 0) return [];
  return [
    `components/upstream-rules/names.ts lacks ${lacks.join(", ") || "nothing"}, and has beside what the chart has: ${more.join(", ") || "nothing"}`,
  ];
}

/** The program's own rules, among the sources: some of them are about jobs of others, which may be there or not. */
export const own = "this program";

/**
 * What is wrong with the keys of a release's values: a chart silently drops those that it doesn't have.
 * @param values values of a release
 * @param ofChart the chart's own; below an empty map, any key is allowed
 * @returns a line for each problem
 */
export function keyProblems(values: Values, ofChart: Values, path = ""): string[] {
  if (Object.keys(ofChart).length === 0) return [];
  return Object.entries(values).flatMap(([key, value]) => {
    const there = ofChart[key];
    if (!(key in ofChart))
      return offInChart.has(key) ? [] : [`the chart has no value ${path}${key}: it drops ${JSON.stringify(value)}`];
    return isMap(value) && isMap(there) ? keyProblems(value, there, `${path}${key}.`) : [];
  });
}

type Values = Readonly<Record<string, unknown>>;

const isMap = (value: unknown): value is Values => typeof value === "object" && value !== null && !Array.isArray(value);

function isOff(group: string, { defaultRules }: Values, kps: boolean): boolean {
  if (ofKps.includes(group)) return !kps;
  const { key } = mayLack[group] ?? {};
  const { rules } = defaultRules as { rules: Record<string, boolean> };
  return key !== undefined && !rules[key];
}
