import { chartOf } from "../charts/release";
import type { StackRefusal } from "../finding";
import { loki } from "../loki/program";
import { joined } from "../paths";
import { programs } from "../programs";
import type { Resource } from "../resource";
import { at } from "../unknown";
import { isFile, settingsOf } from "./find";
import { isFalse, rawFlagOf } from "./flags";
import { inForce } from "./in-force";
import { variableIn } from "./placeholders";

// Of Grafana's, those that don't give the flag by themselves, as mimir-distributed does: https://github.com/grafana/helm-charts/issues/406
const withoutFlag = ["loki", "loki-distributed", "loki-simple-scalable"];
// What writes the file anew before the program starts.
const rewriting = /envsubst|gomplate|\bsed\b/;

/** Configurations of a chart with variables, where no list of arguments in the values has them expanded. */
export function* unexpandedInChart(resource: Resource): Iterable<StackRefusal> {
  const installed = chartOf(resource);
  if (!installed || installed.unreadable.length > 0 || resource.props.postrender !== undefined) return;
  const { configs, arguments: lists } = settingsOf(resource, loki);
  for (const { chart } of configs) {
    if (!chart?.name || !withoutFlag.includes(chart.name)) continue;
    const variable = variableIn(at(chart.values, loki.key));
    const own = lists.filter(({ path }) => path.startsWith(chart.path));
    if (variable === undefined || own.some(({ words }) => isExpanded(words))) continue;
    yield refusal(joined(chart.path, loki.key), variable, loki.name, "the chart's extraArgs");
  }
}

/** Files with variables, once for each workload that reads them without having them expanded. */
export function* unexpandedInStack(resources: readonly Resource[]): Iterable<StackRefusal> {
  for (const source of resources.filter(isFile)) {
    for (const program of programs) {
      for (const { file, reader } of inForce(source, program, resources)) {
        // Who names no file may only pass it on.
        if (!file.variable || !reader || rawFlagOf(reader.words, "config.file") === undefined) continue;
        if (isExpanded(reader.words) || rewriting.test(JSON.stringify(reader.spec.initContainers ?? ""))) continue;
        const where = `the arguments of ${reader.resource.label}`;
        yield { ...refusal(file.path, file.variable, program.name, where), resource: source };
      }
    }
  }
}

function isExpanded(words: readonly string[]): boolean {
  const given = rawFlagOf(words, "config.expand-env", true);
  return given !== undefined && !isFalse(given);
}

function refusal(path: string, variable: string, program: string, where: string): StackRefusal {
  return {
    path,
    found: `a configuration with \${${variable}}, which isn't expanded`,
    wanted: `-config.expand-env=true in ${where}`,
    why: `Without this argument, ${program} takes the text of the placeholder for the value.`,
    fix: "Add the argument, or write the value itself.",
  };
}
