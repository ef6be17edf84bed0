import type { Problem } from "../problem";
import { upstreamRelease } from "../release-values";
import type { Rule } from "./rule";

/** Rules of where charts come from. */
export const chartRules: readonly Rule[] = [
  {
    must: "upstream's rules are installed without a pod",
    check: ({ rules }) =>
      rules.upstream.groups.windows
        ? [
            {
              key: "rules.upstream.groups.windows",
              what: "is true, but the chart has these rules only together with its exporter, a DaemonSet that would belong to the release of rules",
              allowed:
                "false, or nothing; for Windows nodes install the chart prometheus-windows-exporter, and apply its rules as your own PrometheusRules",
            },
          ]
        : [],
  },
  {
    must: "no rule exists twice",
    check: ({ rules, adopt }) => {
      const inRelease = Object.keys((adopt.kps?.values.additionalPrometheusRulesMap as object | undefined) ?? {});
      return Object.keys(rules.additionalPrometheusRulesMap)
        .filter((name) => inRelease.includes(name))
        .map((name) => ({
          key: `adopt.kps.values.additionalPrometheusRulesMap.${name}`,
          what: "is also in rules.additionalPrometheusRulesMap: each of its alerts would be there twice",
          allowed: "one of the two; the latter stays when the release goes",
        }));
    },
  },
  {
    must: "a chart comes from one place, in the requested version",
    check: ({ kps, crds }) => [
      ...problemsOf("kps.chart", kps.chart, "kps.chartVersion", kps.chartVersion),
      ...problemsOf("crds.chart", crds.chart, "kps.crdsChartVersion", kps.crdsChartVersion),
    ],
  },
  {
    must: "two releases have two names",
    check: ({ kps: { releaseName }, adopt }) => [
      ...(releaseName === upstreamRelease ? [taken("kps.releaseName", releaseName)] : []),
      ...(adopt.kps?.release?.split("/")[1] === upstreamRelease ? [taken("adopt.kps.release", adopt.kps.release)] : []),
    ],
  },
];

const taken = (key: string, value: string): Problem => ({
  key,
  what: `"${value}" is already the name of the release with upstream's rules and dashboards`,
  allowed: `any name but ${upstreamRelease}`,
  example: "kube-prometheus-stack",
});

function problemsOf(key: string, source: object & { path?: string }, versionKey: string, version: string): Problem[] {
  const given = Object.entries(source).filter(([, value]) => value !== undefined);
  const several: Problem = {
    key,
    what: `${given.map(([name]) => name).join(" and ")} are set: the chart comes from one place`,
    allowed: "one of repository, oci, path; none: upstream's repository",
  };
  const [, archived] = /-(\d[^/]*)\.tgz$/.exec(source.path ?? "") ?? [];
  const other: Problem = {
    key: `${key}.path`,
    what: `"${source.path}" is version ${archived}, and ${versionKey} is ${version}`,
    allowed: `the archive of ${version}, or ${versionKey}: ${archived}`,
  };
  return [...(given.length > 1 ? [several] : []), ...(archived !== undefined && archived !== version ? [other] : [])];
}
