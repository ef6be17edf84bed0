import { lokiWriters, mimirWriters, type Writers } from "./lib/charts/writers";
import type { Config } from "./lib/config/config";
import { settingsOf } from "./lib/config/find";
import { inForce, type InForce } from "./lib/config/in-force";
import type { Program } from "./lib/config/program";
import { count, type Setting } from "./lib/config/read";
import { show, unknownOf } from "./lib/config/show";
import { loki } from "./lib/loki/program";
import { mimir } from "./lib/mimir/program";
import { usesIngestStorage } from "./lib/mimir/storage";
import { targetOf } from "./lib/pods/readers";
import { definePolicy, type Finding, type StackFinding } from "./lib/policy";
import { factorOf, quorum, type Factor } from "./lib/replication";
import type { Resource } from "./lib/resource";

const programs = [loki, mimir];
// Processes with ingesters in them.
const writing = ["all", "write", "ingester"];

/**
 * Refuses a replication factor above the number of writers, of Loki and Mimir: with too few of them alive nothing is taken in, and every
 * push ends with "at least 2 live replicas required". Three is the default of both.
 *
 * A chart shows factor and writers; of native objects the configuration is in one and the number of pods in another, so the whole stack is
 * looked at.
 */
export const replicationFactorFitsReplicas = definePolicy({
  name: "replication-factor-fits-replicas",
  description: "Loki and Mimir have at least as many writers as their replication factor says.",
  url: "https://grafana.com/docs/loki/latest/get-started/components/#replication-factor",
  severity: "critical",
  *check(resource) {
    for (const program of programs) {
      for (const config of settingsOf(resource, program).configs) {
        const writers = writersOf(config, program);
        if (writers && !usesIngestStorage(config.content)) yield* fits(factorOf(config, program), writers, program);
      }
    }
  },
  *checkStack(resources) {
    for (const source of resources.filter(({ kind }) => kind === "ConfigMap" || kind === "Secret")) {
      for (const program of programs) {
        for (const all of byFile(inForce(source, program, resources))) yield* inStack(source, all, program);
      }
    }
  },
});

function writersOf({ chart }: Config, program: Program): Writers | undefined {
  if (!chart) return undefined;
  return program === loki ? lokiWriters(chart.values, chart.path) : mimirWriters(chart.values, chart.path);
}

function byFile(all: readonly InForce[]): InForce[][] {
  const files = [...new Set(all.map(({ file }) => file))];
  return files.map((file) => all.filter((each) => each.file === file));
}

// The writers of one file are one ring, and the factor of each must fit it.
function* inStack(source: Resource, all: readonly InForce[], program: Program): Iterable<StackFinding> {
  const writers = all.flatMap(({ config, reader }) => {
    const isWriter = reader && targetOf(reader, config.content).some((target) => writing.includes(target));
    return isWriter && !usesIngestStorage(config.content) ? [{ config, reader }] : [];
  });
  if (writers.length === 0) return;
  const replicas = sum(writers.map(({ reader }) => reader.replicas));
  const path = writers.map(({ reader }) => reader.resource.label).join(" and ");
  const told = new Set<string>();
  for (const { config, reader } of writers) {
    const factor = factorOf(config, program);
    const isArgument = [...(config.flags?.values() ?? [])].includes(factor.path);
    for (const finding of fits(factor, { replicas, path }, program)) {
      if ("error" in finding) yield finding;
      else if (isArgument || !told.has(finding.path)) {
        if (!isArgument) told.add(finding.path);
        yield { ...finding, resource: isArgument ? reader.resource : source };
      }
    }
  }
}

function* fits(
  { path, setting, isDefault }: Factor,
  { replicas, path: place }: Writers,
  program: Program,
): Iterable<Finding> {
  const unread = [setting, replicas].find((each) => !("value" in each));
  if ("value" in setting && "value" in replicas) {
    if (setting.value <= replicas.value) return;
    const needed = quorum(setting.value);
    const fix =
      replicas.value < needed
        ? `${program.name} would refuse everything: "at least ${needed} live replicas required, could only find ${replicas.value}".`
        : `With a single writer down ${program.name} would refuse what it is sent.`;
    yield {
      path,
      found: isDefault ? `missing, and so ${setting.value}` : String(setting.value),
      wanted: `at most ${replicas.value}, the writers that there are (${place})`,
      fix: `${fix} Write a factor of ${Math.max(1, replicas.value)}, or run more writers.`,
    };
  } else if (unread) {
    yield (
      unknownOf(unread) ?? {
        path: unread === setting ? path : place,
        found: show(unread),
        wanted: "a number",
        fix: "Whether the replication factor fits the writers can't be told. Write the number itself.",
      }
    );
  }
}

function sum(numbers: readonly Setting<number>[]): Setting<number> {
  return numbers.reduce((total, each) => {
    if (!("value" in total) || !("value" in each)) return "value" in total ? each : total;
    return count({ sum: total.value + each.value }, "sum");
  });
}
