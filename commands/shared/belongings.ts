import { parse } from "yaml";
import { labels } from "../../components/kubernetes/labels";
import type { Settings } from "../../settings/schema";
import type { Backend } from "../../stages";
import { textsOf } from "./data-source-files";
import { groupBy } from "./group-by";

/** What a cluster's monitoring has, by name: recorded before a step, compared after it. */

/** Kinds of things that people rely on; why one may be gone, and the way out. */
export const belongingKinds = {
  alert: {
    why: "no PrometheusRule has it now",
    way: "write it into your own PrometheusRule, or do without",
  },
  "recorded series": {
    why: "no PrometheusRule records it now",
    way: "write it into your own PrometheusRule, if a query uses it",
  },
  dashboard: {
    why: "no ConfigMap that Grafana reads has it now",
    way: "put its JSON into your own ConfigMap with the label grafana_dashboard",
  },
  "data source": {
    why: "no ConfigMap that Grafana reads has it now",
    way: "add it to Grafana again, or let its dashboards use the stack's",
  },
  receiver: {
    why: "the stack's Alertmanager doesn't have it",
    way: "write it as one of alertmanager.receivers, or keep the old configuration (alertmanager.existingConfigSecret)",
  },
  ScrapeConfig: {
    why: "nothing scrapes it now",
    way: "apply it again, and from stage kps-removed on write it into metrics.scrapeConfigs (`npm run adopt` prints it)",
  },
  AlertmanagerConfig: {
    why: "the object is gone, or Alertmanager lacks its receivers",
    way: "write its receivers and routes as alertmanager.receivers and alertmanager.routes (`npm run adopt` does where it can), or keep your own configuration (alertmanager.existingConfigSecret)",
  },
  ThanosRuler: {
    why: "only the operator runs it, which is deleted with the release",
    way: "its rules can be PrometheusRules, which Mimir's ruler evaluates",
  },
  PrometheusAgent: {
    why: "only the operator runs it, which is deleted with the release",
    way: "alloy-metrics scrapes the same monitors and writes to Mimir; to write elsewhere, install your own agent",
  },
  Ingress: {
    why: "it belonged to the release",
    way: "create your own for the stack's Service (metrics, alertmanager, grafana)",
  },
  HTTPRoute: {
    why: "it belonged to the release",
    way: "set grafana.route or alertmanager.httpRoute, or create your own for the stack's Service metrics",
  },
} as const satisfies Record<string, { why: string; way: string }>;

/** A kind of thing that people rely on. */
export type BelongingKind = keyof typeof belongingKinds;

/** Names by kind, sorted, each once. A kind that could not be asked for is not there. */
export type Belongings = Partial<Record<BelongingKind, string[]>>;

/** A thing by its name. */
export interface Belonging {
  kind: BelongingKind;
  name: string;
}

/** The steps that end something: the release's import, the end of its Grafana (`adopt.kps.keepGrafana: false`), and its removal. */
export const endingSteps = ["import", "keepGrafana", "kps-removed"] as const;

/** One of them. */
export type EndingStep = (typeof endingSteps)[number];

/** Something that will not be there after a step. */
export interface Ending extends Belonging {
  why: string;
  /** The way out. */
  how: string;
  /** Which step; a record of an earlier version doesn't say. */
  step?: EndingStep;
}

/** An object that may have some, as the API server shows it; items of a list need their kind. */
export interface Owning {
  kind: string;
  metadata?: {
    name?: string;
    namespace?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  spec?: unknown;
  data?: Record<string, string>;
  binaryData?: Record<string, string>;
}

/** The kinds of objects that are read, with the paths of all namespaces. A cluster need not have each. */
export const owningKinds = {
  PrometheusRule: "/apis/monitoring.coreos.com/v1/prometheusrules",
  ConfigMap: "/api/v1/configmaps",
  Ingress: "/apis/networking.k8s.io/v1/ingresses",
  HTTPRoute: "/apis/gateway.networking.k8s.io/v1/httproutes",
  ScrapeConfig: "/apis/monitoring.coreos.com/v1alpha1/scrapeconfigs",
  AlertmanagerConfig: "/apis/monitoring.coreos.com/v1alpha1/alertmanagerconfigs",
  ThanosRuler: "/apis/monitoring.coreos.com/v1/thanosrulers",
  PrometheusAgent: "/apis/monitoring.coreos.com/v1alpha1/prometheusagents",
} as const;

/** The kinds of things that an object of a kind can have. */
const keptIn: Readonly<Record<keyof typeof owningKinds, readonly BelongingKind[]>> = {
  PrometheusRule: ["alert", "recorded series"],
  ConfigMap: ["dashboard", "data source"],
  Ingress: ["Ingress"],
  HTTPRoute: ["HTTPRoute"],
  ScrapeConfig: ["ScrapeConfig"],
  AlertmanagerConfig: ["AlertmanagerConfig"],
  ThanosRuler: ["ThanosRuler"],
  PrometheusAgent: ["PrometheusAgent"],
};

/** What tells whose an object is, and who reads it. */
export interface Around {
  /** `namespace/name` of kube-prometheus-stack's release: of all Ingresses and HTTPRoutes, its own and the stack's count. */
  release?: string;
  /** The labels by which Grafana's sidecars find ConfigMaps; default: the chart's. */
  labels?: Readonly<Record<"dashboard" | "dataSource", string>>;
}

/** The labels of the settings. */
export const labelsOf = ({
  grafana: { dashboardLabel: dashboard, dataSourceLabel: dataSource },
}: Pick<Settings, "grafana">): Around["labels"] => ({ dashboard, dataSource });

/**
 * The names of everything in some objects.
 * @param objects by kind; a kind that was not read is left out
 * @param around whose they are
 */
export function belongingsOf(
  objects: Readonly<Partial<Record<keyof typeof owningKinds, readonly Owning[]>>>,
  around: Around = {},
): Belongings {
  const kinds = Object.entries(objects) as [keyof typeof owningKinds, readonly Owning[]][];
  const found = kinds.flatMap(([kind, all]) => all.flatMap((object) => within({ ...object, kind }, around)));
  return Object.fromEntries(
    kinds
      .flatMap(([kind]) => keptIn[kind])
      .map((kind) => [kind, sorted(found.filter((each) => each.kind === kind).map(({ name }) => name))]),
  );
}

/** What one list has and another hasn't; of a kind that the other was not asked for, nothing is known. */
export const missing = (before: Belongings, after: Belongings): Belonging[] =>
  (Object.keys(before) as BelongingKind[]).flatMap((kind) => {
    const there = after[kind];
    return there ? before[kind]!.filter((name) => !there.includes(name)).map((name) => ({ kind, name })) : [];
  });

/** A thing as a key. */
export const keyOf = ({ kind, name }: Belonging): string => `${kind} ${name}`;

/**
 * What ends, in sentences: a kind's names that have one reason and one way out stand together.
 * @param endings in any order
 */
export const endingsInWords = (endings: readonly Ending[]): string[] =>
  [...groupBy(endings, ({ kind, why, how }) => [kind, why, how].join(" ")).values()].map(
    (all) => `${all[0].kind} ${all.map(({ name }) => name).join(", ")}: ${all[0].why}; ${all[0].how}`,
  );

/**
 * What of other applications' objects ends with the operator: what only it runs, and ScrapeConfigs where Alloy scrapes, which reads only those of
 * the settings.
 * @param things of others
 * @param inSettings names of `metrics.scrapeConfigs`
 * @param backend what keeps the metrics: with VictoriaMetrics, its operator's agent reads the objects themselves
 */
export const endWithOperator = (
  things: readonly Belonging[],
  inSettings: readonly string[],
  backend: Backend,
): Required<Ending>[] =>
  things.flatMap(({ kind, name }) => {
    const unread = kind === "ScrapeConfig" && backend === "mimir" && !inSettings.includes(name);
    if (!unread && kind !== "ThanosRuler" && kind !== "PrometheusAgent") return [];
    const why = unread
      ? "from stage kps-removed on only those in metrics.scrapeConfigs are scraped"
      : belongingKinds[kind].why;
    return [{ kind, name, why, how: belongingKinds[kind].way, step: "kps-removed" as const }];
  });

/**
 * The step that deletes an object of a release: an adoption takes its Alertmanager out at once, and its Grafana in a step of its own.
 * @param object as the chart labels it (88.5.3)
 */
export function stepThatDeletes({ metadata: { labels: { app = "", ...labels } = {} } = {} }: Owning): EndingStep {
  const isOf = (part: string) => app.endsWith(`-${part}`) || labels["app.kubernetes.io/name"] === part;
  return isOf("alertmanager") ? "import" : isOf("grafana") ? "keepGrafana" : "kps-removed";
}

/** What one object has. */
export function within(object: Owning, { release, labels = usual }: Around = {}): Belonging[] {
  const { kind, metadata: { name = "", namespace = "" } = {}, spec } = object;
  switch (kind) {
    case "PrometheusRule":
      return ((spec as Rules | undefined)?.groups ?? []).flatMap(({ rules }) =>
        (rules ?? []).flatMap(({ alert, record }) => [
          ...(alert ? [{ kind: "alert" as const, name: alert }] : []),
          ...(record ? [{ kind: "recorded series" as const, name: record }] : []),
        ]),
      );
    case "ConfigMap":
      return Object.values(textsOf(object)).flatMap((text) => [
        ...(isRead(object, "grafana-dashboard", labels.dashboard) ? titled(text) : []),
        ...(isRead(object, "grafana-datasource", labels.dataSource) ? sourcesIn(text) : []),
      ]);
    case "Ingress":
    case "HTTPRoute":
      return isStacks(object) || isOfRelease(object, release) ? [{ kind, name: `${namespace}/${name}` }] : [];
    default:
      return kind in belongingKinds ? [{ kind: kind as BelongingKind, name: `${namespace}/${name}` }] : [];
  }
}

interface Rules {
  groups?: { rules?: { alert?: string; record?: string }[] }[];
}

/** An object of Kubernetes, as far as its labels go. */
interface Labelled {
  metadata?: { labels?: Record<string, string> };
}

const stacks = Object.entries(labels({ name: "" })).filter(([, value]) => value !== "");

/** Whether this program made an object. */
export const isStacks = ({ metadata }: Labelled): boolean =>
  stacks.every(([key, value]) => metadata?.labels?.[key] === value);

/**
 * Whether Helm made an object for a release, by the annotations that it sets.
 * @param release `namespace/name`; none: no object is
 */
export const isOfRelease = ({ metadata: { annotations = {} } = {} }: Owning, release?: string): boolean =>
  `${annotations["meta.helm.sh/release-namespace"]}/${annotations["meta.helm.sh/release-name"]}` === release;

const usual = { dashboard: "grafana_dashboard", dataSource: "grafana_datasource" };

/** By label, as sidecars find them; the stack's own Grafana mounts its ConfigMaps, which begin with a name. */
const isRead = (object: Owning, own: string, label: string) =>
  object.metadata?.labels?.[label] !== undefined || (isStacks(object) && (object.metadata?.name ?? "").startsWith(own));

function titled(text: string): Belonging[] {
  const title = (read(text, JSON.parse) as { title?: unknown } | null | undefined)?.title;
  return typeof title === "string" ? [{ kind: "dashboard", name: title }] : [];
}

function sourcesIn(text: string): Belonging[] {
  const { datasources } = (read(text, parse) ?? {}) as { datasources?: unknown };
  return (Array.isArray(datasources) ? datasources : []).flatMap((each: { name?: unknown } | null) =>
    typeof each?.name === "string" ? [{ kind: "data source" as const, name: each.name }] : [],
  );
}

/** What is neither a dashboard's JSON nor a data source's YAML has nothing to name. */
function read(text: string, as: (text: string) => unknown): unknown {
  try {
    return as(text);
  } catch {
    return undefined;
  }
}

const sorted = (names: readonly string[]): string[] => [...new Set(names)].sort();
