import type { StackRefusal } from "../finding";
import { loki } from "../loki/program";
import { joined } from "../paths";
import { programs } from "../programs";
import type { Read } from "../registered";
import type { Resource } from "../resource";
import { at, type Block } from "../unknown";
import { settingsOf } from "./find";
import { isFalse, rawFlagOf } from "./flags";
import { inForce } from "./in-force";
import { foreignPlaceholderIn, variableIn } from "./placeholders";

// Of Grafana's, those that don't give the flag by themselves, as mimir-distributed does: https://github.com/grafana/helm-charts/issues/406
const withoutFlag = ["loki", "loki-distributed", "loki-simple-scalable"];
// What rewrites the file before the program starts.
const rewriting = /envsubst|gomplate|\bsed\b/;

/** Configurations of charts with variables that no list of arguments in the values has expanded, or with placeholders that Loki can't read. */
export function* placeholderMistakesInCharts(resource: Resource): Iterable<StackRefusal> {
  const { configs, arguments: lists, unreadable } = settingsOf(resource, loki);
  if (unreadable.some(({ isValues }) => isValues) || isChangedLater(resource.props)) return;
  for (const { chart } of configs) {
    if (!chart?.name || !withoutFlag.includes(chart.name) || chart.isPartial) continue;
    // Before version 3, the value `config` of the chart `loki` is the file.
    const [key, value] = [loki.key, "config"].map((each) => [each, chart.values[each]] as const).find(isGiven) ?? [];
    const variable = variableIn(value);
    const own = lists.filter(({ path }) => path.startsWith(chart.path));
    if (key === undefined || variable === undefined) continue;
    const [path, foreign] = [joined(chart.path, key), foreignPlaceholderIn(JSON.stringify(value))];
    if (!own.some(({ words }) => isExpanded(words))) yield refusal(path, variable, loki.name, "the chart's extraArgs");
    else if (foreign) yield unreadableBy(path, foreign);
  }
}

const isGiven = ([, value]: readonly [string, unknown]) => value !== undefined;

// Of Pulumi and of Flux, what changes the objects that the chart makes.
function isChangedLater({ postrender, spec }: Block): boolean {
  const renderers = at(spec, "postRenderers");
  return postrender !== undefined || (Array.isArray(renderers) && renderers.length > 0);
}

/** Files with variables, once for each workload that reads them without having them expanded; or with placeholders that it can't read. */
export function* placeholderMistakes({ files, resources }: Read): Iterable<StackRefusal> {
  for (const source of files) {
    for (const program of programs) {
      for (const { file, reader } of inForce(source, program, resources)) {
        const { path, variable, foreignPlaceholder: foreign, brokenByExpansion: broken } = file;
        // Who names no file may only pass it on.
        if (!(variable ?? foreign ?? broken) || !reader || rawFlagOf(reader.words, "config.file") === undefined)
          continue;
        if (rewriting.test(JSON.stringify(reader.spec.initContainers ?? ""))) continue;
        const where = `the arguments of ${reader.resource.label}`;
        const isRead = isExpanded(reader.words);
        if (isRead && foreign) yield { ...unreadableBy(path, foreign), resource: source };
        else if (isRead && broken) yield { ...halved(path, broken), resource: source };
        else if (!isRead && variable) yield { ...refusal(path, variable, program.name, where), resource: source };
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

// The rest of the placeholder may be a password.
function unreadableBy(path: string, foreign: string): StackRefusal {
  return {
    path,
    found: `a configuration with a placeholder that begins with ${foreign}, which Loki can't read`,
    wanted: "${VAR} or ${VAR:-default}",
    why: 'Loki refuses to start: "failed parsing config". That holds for comments, too.',
    fix: "Correct the placeholder; $${ stands for the text itself.",
  };
}

function halved(path: string, broken: string): StackRefusal {
  return {
    path,
    found: `a configuration that isn't YAML once -config.expand-env has halved its backslashes (${broken})`,
    wanted: "texts with backslashes in single quotes, or twice as many",
    why: 'Loki refuses to start: "failed parsing config".',
    fix: "Write '\\\\d' or \"\\\\\\\\d\" for what is to become \\d, or leave out -config.expand-env.",
  };
}
