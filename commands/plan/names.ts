import { upstreamRules } from "../../components/upstream-rules/names";
import type { Graph } from "../../engine/graph";
import {
  belongingsOf,
  keyOf,
  missing,
  type Belonging,
  type BelongingKind,
  type Belongings,
  type Owning,
} from "../shared/belongings";
import { kpsReleases, valuesOf } from "./beside";
import { clear } from "./volumes";

const types = {
  "kubernetes:monitoring.coreos.com/v1:PrometheusRule": "PrometheusRule",
  "kubernetes:core/v1:ConfigMap": "ConfigMap",
} as const;

/**
 * Alerts, recorded series, dashboards and data sources of the stack, upstream's rules included, that only one side of a move has: a sentence for
 * what is new and for what ends of each kind, with every name.
 * @param source the stack before the move
 * @param target the stack after it; with nothing in it, everything is deleted, which the steps say
 * @param said what was said to end, with its reason
 */
export function changesByName(source: Graph, target: Graph, said: readonly Belonging[] = []): string[] {
  if (target.size === 0) return [];
  const [before, after] = [named(source), named(target)];
  const known = new Set(said.map(keyOf));
  return [
    ...sentences(missing(after, before), (things) => `new ${things} of the stack`),
    ...sentences(
      missing(before, after).filter((each) => !known.has(keyOf(each))),
      (things) => `${things} of the stack that end`,
    ).map((sentence) => `${sentence}: what they are about is removed, or the settings leave them out`),
  ];
}

const sentences = (all: ReturnType<typeof missing>, title: (things: string) => string): string[] =>
  [...new Set(all.map(({ kind }) => kind))].map((kind) => {
    const names = all.filter((each) => each.kind === kind).map(({ name }) => name);
    return `${title(plurals[kind] ?? kind)} (${names.length}): ${names.join(", ")}`;
  });

const plurals: Partial<Record<BelongingKind, string>> = {
  alert: "alerts",
  "recorded series": "recorded series",
  dashboard: "dashboards",
  "data source": "data sources",
};

/** Alerts, recorded series, dashboards and data sources of a graph, upstream's rules included. */
export function named(graph: Graph): Belongings {
  const of = (kind: (typeof types)[keyof typeof types]) =>
    [...graph.values()]
      .filter(({ type }) => types[type as keyof typeof types] === kind)
      .flatMap(({ inputs }): Owning[] => {
        const object = clear<Omit<Owning, "kind">>(inputs);
        return object ? [{ ...object, kind }] : [];
      });
  return belongingsOf({ PrometheusRule: [...of("PrometheusRule"), ...upstreams(graph)], ConfigMap: of("ConfigMap") });
}

/** What Helm makes is not in the graph. */
const upstreams = (graph: Graph): Owning[] =>
  kpsReleases(graph).map((release) => {
    const { alerts, records } = upstreamRules(valuesOf(release));
    const rules = [...alerts.map((alert) => ({ alert })), ...records.map((record) => ({ record }))];
    return { kind: "PrometheusRule", spec: { groups: [{ rules }] } };
  });
