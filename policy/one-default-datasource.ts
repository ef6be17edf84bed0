import { unknownOf } from "./lib/config/show";
import type { StackFinding } from "./lib/finding";
import { dataSourcesOf, type DataSource } from "./lib/grafana/data-sources";
import { secondDefaultsIn, secondDefaultsOver } from "./lib/grafana/defaults";
import { definePolicy } from "./lib/policy";
import { Unknown } from "./lib/unknown";

/**
 * Refuses two default data sources in one Grafana, which then doesn't start: `Only one datasource per organization can be marked as default`.
 * They may be in different files. By default, the Prometheus of kube-prometheus-stack is one of them.
 *
 * Follows `validateDefaultUniqueness` in pkg/services/provisioning/datasources of Grafana.
 */
export const oneDefaultDatasource = definePolicy({
  name: "one-default-datasource",
  description: "A Grafana has at most one default data source in each organisation, across all of its files.",
  url: "https://grafana.com/docs/grafana/latest/administration/provisioning/#data-sources",
  severity: "critical",
  *check(resource) {
    const { sources, unreadable } = dataSourcesOf(resource);
    for (const { path, problem } of unreadable) {
      if (problem instanceof Unknown) yield problem;
      else {
        yield {
          path,
          found: `a file of data sources that can't be read (${problem})`,
          wanted: "one YAML document that Grafana accepts",
          why: "Grafana doesn't start with it, and its default data sources can't be counted.",
          fix: "Correct it.",
        };
      }
    }
    for (const [source, other] of secondDefaultsIn(sources)) yield refusalOf(source, other);
  },
  *checkStack(resources) {
    for (const [source, other] of secondDefaultsOver(resources)) yield refusalOf(source, other);
  },
});

function refusalOf(source: DataSource, other: DataSource): StackFinding {
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
      : `possibly the default data source (${name}), and so is ${other.name} (${place}): one of them can't be read`,
    wanted: "one default data source for each organisation",
    why: `Grafana doesn't start with two: "Only one datasource per organization can be marked as default".`,
    fix: `Write ${remedy} for this one or for the other.`,
  };
}
