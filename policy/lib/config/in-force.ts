import { readersOf, type Reader } from "../pods/readers";
import type { Finding, StackFinding } from "../policy";
import type { Resource } from "../resource";
import type { Arguments, Config } from "./config";
import { settingsOf } from "./find";
import { ofArguments, overlaid } from "./overlay";
import type { Program } from "./program";

/** A configuration as a program gets it: the file, and over it the arguments of a workload that mounts it. */
export interface InForce {
  config: Config;
  /** The file by itself. */
  file: Config;
  /** The workload; none where the stack shows nobody who mounts the file. */
  reader?: Reader;
  /** Its lists of arguments. */
  lists: Arguments[];
}

/** The configurations of a ConfigMap or Secret, once for each workload of the stack that mounts it; those of any other resource as they are. */
export function inForce(source: Resource, program: Program, resources: readonly Resource[]): InForce[] {
  const { configs } = settingsOf(source, program);
  if (configs.length === 0) return [];
  const readers = readersOf(source, resources);
  return configs.flatMap((file): InForce[] => {
    if (readers.length === 0) return [{ config: file, file, lists: [] }];
    return readers.map((reader) => {
      const { arguments: lists } = settingsOf(reader.resource, program);
      return { config: lists.reduce((under, list) => overlaid(under, list, program), file), file, reader, lists };
    });
  });
}

/**
 * What only a file and the arguments over it show together, of every file in a stack: findings that neither the file shows by itself nor the
 * arguments do, as those are told of each resource.
 */
export function* eachOverridden(
  resources: readonly Resource[],
  program: Program,
  check: (config: Config) => Iterable<Finding>,
): Iterable<StackFinding> {
  for (const source of resources.filter(isFile)) {
    for (const { config, file, reader, lists } of inForce(source, program, resources)) {
      if (config === file || !reader) continue;
      const alone = [file, ...lists.flatMap((list) => ofArguments(list, program) ?? [])];
      const told = new Set(alone.flatMap((each) => [...check(each)]).map(keyOf));
      for (const finding of check(config)) {
        if (told.has(keyOf(finding))) continue;
        const isArgument = "path" in finding && lists.some(({ path }) => finding.path.startsWith(`${path}: -`));
        yield "error" in finding ? finding : { ...finding, resource: isArgument ? reader.resource : source };
      }
    }
  }
}

/** The lists of arguments that override a file which the stack doesn't show, each with its resource. */
export function argumentsAlone(
  resources: readonly Resource[],
  program: Program,
): { list: Arguments; resource: Resource }[] {
  const reading = new Set(
    resources.flatMap((source) => inForce(source, program, resources).map(({ reader }) => reader?.resource ?? source)),
  );
  return resources
    .filter((resource) => !reading.has(resource))
    .flatMap((resource) => settingsOf(resource, program).arguments.map((list) => ({ list, resource })));
}

// What a workload mounts.
function isFile({ kind }: Resource): boolean {
  return kind === "ConfigMap" || kind === "Secret";
}

function keyOf(finding: Finding): string {
  return "error" in finding ? String(finding.error) : `${finding.path} ${finding.found}`;
}
