import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { RunError } from "@pulumi/pulumi";
import { parse } from "yaml";
import type { ChartSource } from "../../settings/values";
import { repository } from "./chart";

/** Where a Release finds its chart. */
export interface ChartArgs {
  chart: string;
  version: string;
  repositoryOpts?: { repo: string };
}

/**
 * Where Helm gets a chart from: the setting's place, or upstream's repository.
 * @param name of the chart
 * @param version the one that is asked for
 * @param source the setting; none: upstream's repository
 * @throws RunError for a folder that is not there, is another chart or version, or lacks a dependency: Helm would say so in the update only
 */
export function chartArgs(name: string, version: string, source: ChartSource = {}): ChartArgs {
  if (source.oci) return { chart: source.oci, version };
  if (!source.path) return { chart: name, version, repositoryOpts: { repo: source.repository ?? repository } };
  const wrong = problemOf(source.path, name, version);
  if (wrong) throw new RunError(`${source.path}, where the chart ${name} ${version} shall come from, ${wrong}`);
  return { chart: source.path, version };
}

/** What `Chart.yaml` says, as far as it is read here. */
interface Metadata {
  name?: string;
  version?: string;
  dependencies?: { name: string }[];
}

function problemOf(path: string, name: string, version: string): string | undefined {
  if (!existsSync(path))
    return `is not there: helm pull ${name} --repo ${repository} --version ${version}, or correct the path`;
  // An archive says its version by its name, which the settings' rules compare.
  if (!statSync(path).isDirectory()) return undefined;
  const file = join(path, "Chart.yaml");
  if (!existsSync(file)) return "is no chart: it has no Chart.yaml";
  const { dependencies = [], ...found } = parse(readFileSync(file, "utf8")) as Metadata;
  if (found.name !== name || found.version !== version)
    return `is ${found.name} ${found.version}: put that version there, or name the folder's own in the settings`;
  const bundled = existsSync(join(path, "charts")) ? readdirSync(join(path, "charts")) : [];
  // A folder or an archive each; Helm wants those too that are switched off.
  const missing = dependencies.filter(
    (each) => !bundled.some((file) => file === each.name || file.startsWith(`${each.name}-`)),
  );
  if (missing.length === 0) return undefined;
  return `lacks its dependencies ${missing.map((each) => each.name).join(", ")}: helm dependency build ${path}`;
}
