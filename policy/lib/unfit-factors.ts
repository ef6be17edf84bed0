import type { Writers } from "./charts/writers";
import { settingsOf } from "./config/find";
import type { Program } from "./config/program";
import type { Setting } from "./config/read";
import { unknownOf } from "./config/show";
import { programs } from "./programs";
import { factorOf, type Factor } from "./replication";
import type { Resource } from "./resource";
import { chartWriters, ringsOf, type Ring } from "./rings";
import type { Unknown } from "./unknown";

/** A replication factor that its writers don't fit, or one of the two numbers that can't be read. */
export type UnfitFactor = { resource: Resource; program: Program; path: string } & (TooHigh | Unread);

/** A factor above the number of writers. */
export interface TooHigh {
  factor: number;
  /** Whether it is the program's default. */
  isDefault: boolean;
  writers: number;
  /** Where the number of writers is. */
  place: string;
}

interface Unread {
  unread: Setting<number>;
}

/** The factors in a chart's values that the chart's own writers don't fit. */
export function* unfitInChart(resource: Resource): Iterable<UnfitFactor | Unknown> {
  for (const program of programs) {
    for (const config of settingsOf(resource, program).configs) {
      const [writers, factor] = [chartWriters(config, program), factorOf(config, program)];
      const mayBeElsewhere = factor.isDefault && config.chart?.isPartial;
      if (writers && !mayBeElsewhere) yield* unfit(resource, program, factor, writers);
    }
  }
}

/** The factors in the files of a stack that the workloads which mount them don't fit. */
export function* unfitInStack(resources: readonly Resource[]): Iterable<UnfitFactor | Unknown> {
  for (const source of resources) {
    for (const program of programs) {
      for (const ring of ringsOf(source, program, resources)) yield* unfitInRing(source, ring, program);
    }
  }
}

// The factor of each writer must fit them all: that of the file is reported once, that of an argument for each workload.
function* unfitInRing(source: Resource, { writing, writers }: Ring, program: Program): Iterable<UnfitFactor | Unknown> {
  if (!writers) return;
  const seen = new Set<string>();
  for (const { config, reader } of writing) {
    const factor = factorOf(config, program);
    const isArgument = [...(config.flags?.values() ?? [])].includes(factor.path);
    for (const each of unfit(isArgument ? reader.resource : source, program, factor, writers)) {
      if ("error" in each || isArgument) yield each;
      else if (!seen.has(each.path)) {
        seen.add(each.path);
        yield each;
      }
    }
  }
}

function* unfit(
  resource: Resource,
  program: Program,
  { path, setting, isDefault }: Factor,
  { replicas, path: place }: Writers,
): Iterable<UnfitFactor | Unknown> {
  if (!("value" in setting)) {
    yield unknownOf(setting) ?? { resource, program, path, unread: setting };
  } else if (!("value" in replicas)) {
    yield unknownOf(replicas) ?? { resource, program, path: place, unread: replicas };
  } else if (setting.value > replicas.value) {
    yield { resource, program, path, factor: setting.value, isDefault, writers: replicas.value, place };
  }
}
