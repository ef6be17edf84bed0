import { unknownOf } from "./lib/config/show";
import { dataSourcesOf, type DataSource } from "./lib/grafana/data-sources";
import { grafanasOf } from "./lib/grafana/instances";
import { definePolicy, type StackFinding } from "./lib/policy";
import { Unknown } from "./lib/unknown";

/**
 * Refuses two default data sources of one Grafana, with which it doesn't start: `Only one datasource per organization can be marked as
 * default`. Each may be in a file of its own; kube-prometheus-stack's own Prometheus is one unless it is told otherwise.
 *
 * Follows `validateDefaultUniqueness` in pkg/services/provisioning/datasources of Grafana.
 */
export const oneDefaultDatasource = definePolicy({
  name: "one-default-datasource",
  description: "A Grafana has at most one default data source in each organisation, over all of its files.",
  url: "https://grafana.com/docs/grafana/latest/administration/provisioning/#data-sources",
  severity: "critical",
  *check(resource) {
    const { sources, unreadable } = dataSourcesOf(resource);
    for (const { path, problem } of unreadable) {
      yield problem instanceof Unknown
        ? problem
        : {
            path,
            found: `a file of data sources that can't be read (${problem})`,
            wanted: "one YAML document that Grafana accepts",
            fix: "Grafana doesn't start with it, and how many default data sources it has can't be told. Correct it.",
          };
    }
    yield* each(sources, () => true);
  },
  *checkStack(resources) {
    // Of one resource alone, check has told already.
    for (const sources of grafanasOf(resources)) yield* each(sources, (one, two) => one.resource !== two.resource);
  },
});

function* each(
  sources: readonly DataSource[],
  isPair: (one: DataSource, two: DataSource) => boolean,
): Iterable<StackFinding> {
  const candidates = sources.filter(
    ({ isDefault }) => "unreadable" in isDefault || ("value" in isDefault && isDefault.value),
  );
  for (const [index, source] of candidates.entries()) {
    const others = candidates.slice(0, index).filter(({ organisation }) => organisation === source.organisation);
    const other = others.find((each) => isPair(each, source));
    if (other) yield second(source, other);
  }
}

function second(source: DataSource, other: DataSource): StackFinding {
  const { resource, path, name } = source;
  const unknown = unknownOf(source.isDefault) ?? unknownOf(other.isDefault);
  if (unknown) return unknown;
  const isFixed = [source, other].every(({ isDefault }) => "value" in isDefault);
  const place = other.resource === resource ? other.path : `${other.resource.label}, ${other.path}`;
  const remedy = path.endsWith("sidecar.datasources") ? "isDefaultDatasource: false" : "isDefault: false";
  return {
    resource,
    path,
    found: isFixed
      ? `the default data source (${name}), and so is ${other.name} (${place})`
      : `the default data source (${name}) or not, and so is ${other.name} (${place}): one of them can't be told`,
    wanted: "one default data source for each organisation",
    fix: `Grafana doesn't start with two: "Only one datasource per organization can be marked as default". Write ${remedy} for this one, or take the other's.`,
  };
}
