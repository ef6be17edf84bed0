import { parseAllDocuments } from "yaml";
import { run } from "../cluster/run";
import type { HelmRelease } from "../offline/objects";
import { toYaml } from "../offline/yaml";
import { crdProblems, kpsProblems, type ChartObject, type Kept } from "./chart-objects";
import { report } from "./check";
import { resourcesOf, stackNames, type Start } from "./stacks";

/**
 * `npm run chart:check`: what the charts make of this program's values, which a preview of a Release doesn't show. Each stack as it is, and
 * as it would take over a release that runs already. Needs helm and the chart repository.
 */

/** A version in `Capabilities.KubeVersion`: without a cluster, helm takes the one that it was built with. */
const kubeVersion = "1.36.0";

const helm = {
  name: "helm",
  proof: ["version", "--short"],
  install: "Install Helm (https://helm.sh/docs/intro/install/) and run it again.",
};

const ways: { title: string; config: string[]; kept: Kept }[] = [
  { title: "", config: [], kept: {} },
  {
    title: ", adopted",
    config: ["release=monitoring/kps", "keepGrafana=true", "keepExporters=true"].map((set) => `adopt.kps.${set}`),
    kept: { grafana: true, exporters: true },
  },
];

/** A release to look at. */
export interface Case {
  /** Stack, whether it is adopted, release and chart. */
  title: string;
  release: HelmRelease;
  kept: Kept;
}

/**
 * The releases of stacks, as they are and as an adoption would make them.
 * @param stacks names of the stacks
 * @param start how the program is started
 */
export async function casesOf(stacks: readonly string[], start?: Start): Promise<Case[]> {
  const cases: Case[] = [];
  for (const stack of stacks)
    for (const { title, config, kept } of ways)
      for (const { release } of await resourcesOf(stack, config, start))
        if (release) cases.push({ title: `${stack}${title}: ${describe(release)}`, release, kept });
  return cases;
}

const describe = ({ namespace, name, chart, version }: HelmRelease) =>
  `release ${namespace}/${name}, ${chart} ${version}`;

/**
 * Checks what charts make of releases' values.
 * @param cases the releases; not asked for where helm is missing
 * @param say takes the lines
 * @returns exit code: 0 all is well, 1 something is wrong or could not be checked
 */
export function checkCharts(cases: () => Promise<Case[]>, say?: (line: string) => void): Promise<number> {
  return report(helm, cases, look, say);
}

async function look({ release, kept }: Case): Promise<string[]> {
  const { name, namespace, chart, version, repository, values } = release;
  if (!version || !repository) return ["its chart has no exact version or no repository"];
  const where = ["--repo", repository, "--version", version, "--namespace", namespace, "--kube-version", kubeVersion];
  const text = await run("helm", ["template", name, chart, ...where, "--values", "-"], { input: toYaml(values) });
  const objects = parseAllDocuments(text)
    .map((document) => document.toJS() as ChartObject | null)
    .filter((object) => object !== null);
  if (objects.length === 0) return ["the chart makes no object"];
  return chart === "prometheus-operator-crds" ? crdProblems(objects) : kpsProblems(values, objects, kept);
}

if (require.main === module) void checkCharts(() => casesOf(stackNames)).then((code) => (process.exitCode = code));
