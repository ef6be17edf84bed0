import { lokiWriters, mimirWriters, type Writers } from "./charts/writers";
import type { Config } from "./config/config";
import { isFile } from "./config/find";
import { inForce, type InForce } from "./config/in-force";
import type { Program } from "./config/program";
import { count, type Setting } from "./config/read";
import { loki } from "./loki/program";
import { usesIngestStorage } from "./mimir/storage";
import { targetOf, type Reader } from "./pods/readers";
import type { Resource } from "./resource";

/** A file of a stack, and who runs it: the writers of one file are one ring. */
export interface Ring {
  /** The file with the arguments of each workload that mounts it. */
  all: InForce[];
  /** Those whose workload takes lines or samples in. */
  writing: (InForce & { reader: Reader })[];
  /** The pods of these together; none where nothing is seen to write, they can't be counted, or Kafka takes what is written. */
  writers?: Writers;
}

// Processes with ingesters in them.
const targets = ["all", "write", "ingester"];

/** The files of a program in a ConfigMap or Secret, each with who mounts it; none in any other resource. */
export function ringsOf(source: Resource, program: Program, resources: readonly Resource[]): Ring[] {
  if (!isFile(source)) return [];
  const all = inForce(source, program, resources);
  return [...new Set(all.map(({ file }) => file))].map((file) => ringOf(all.filter((each) => each.file === file)));
}

function ringOf(all: InForce[]): Ring {
  const writing = all.flatMap((each) => {
    const { config, reader } = each;
    const isWriter = reader && targetOf(reader, config.content).some((target) => targets.includes(target));
    return isWriter && !usesIngestStorage(config.content) ? [{ ...each, reader }] : [];
  });
  const numbers = writing.flatMap(({ reader }) => reader.replicas ?? []);
  if (numbers.length === 0 || numbers.length < writing.length) return { all, writing };
  const replicas = sum(numbers);
  return {
    all,
    writing,
    writers: { replicas, path: writing.map(({ reader }) => reader.resource.label).join(" and ") },
  };
}

/** The writers that a chart runs with its values; undefined for what is no chart, what is unknown, and where Kafka takes what is written. */
export function chartWriters({ chart, content }: Config, program: Program): Writers | undefined {
  if (!chart || usesIngestStorage(content)) return undefined;
  const { name, values, path, version } = chart;
  return program === loki ? lokiWriters(values, path, version, name) : mimirWriters(values, path);
}

function sum(numbers: readonly Setting<number>[]): Setting<number> {
  return numbers.reduce((total, each) => {
    if (!("value" in total) || !("value" in each)) return "value" in total ? each : total;
    return count({ sum: total.value + each.value }, "sum");
  });
}
