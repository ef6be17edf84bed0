import { readersOf, type Reader } from "../pods/readers";
import type { Refusal } from "../finding";
import { once } from "../once";
import type { Read } from "../registered";
import type { Resource } from "../resource";
import { Unknown } from "../unknown";
import { configReadBy } from "./by-reader";
import type { Arguments, Config, Overrides } from "./config";
import { environmentOfPod } from "../pods/variables";
import { noEnvironment, type Environment } from "./environment";
import { isFile, settingsOf } from "./find";
import { ofArguments, overlaid } from "./overlay";
import type { Program } from "./program";
import { imageVersion } from "./version";

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

// Nearly every policy asks for them.
const known = once((resources: readonly Resource[]) =>
  once((program: Program) => once((source: Resource) => together(source, program, resources))),
);

/** The configurations of a ConfigMap or Secret, once for each workload of the stack that mounts it; those of any other resource as they are. */
export function inForce(source: Resource, program: Program, resources: readonly Resource[]): readonly InForce[] {
  return known(resources)(program)(source);
}

function together(source: Resource, program: Program, resources: readonly Resource[]): InForce[] {
  const { configs } = settingsOf(source, program);
  const all = readersOf(source, resources);
  const known = configs.map((file) => ({ file, readers: all }));
  const byReader = all.flatMap((reader) => {
    const file = configReadBy(source, reader, program);
    return file && !configs.some(({ path }) => path === file.path) ? [{ file, readers: [reader] }] : [];
  });
  return [...known, ...byReader].flatMap(({ file, readers }): InForce[] => {
    const { read, awaitsReader } = file;
    const readWith = (environment: Environment, version?: string): Config => ({
      ...file,
      ...(read && { content: read(environment), read: undefined }),
      // The file by itself where its version is named: nothing more is known of it.
      ...(awaitsReader && { version, awaitsReader: false }),
    });
    if (readers.length === 0) return [{ config: read ? readWith(noEnvironment) : file, file, lists: [] }];
    return readers.map((reader) => {
      const environment = environmentOfPod(reader.containers, source.namespace, resources);
      const lists = settingsOf(reader.resource, program).arguments.map((list) => ({ ...list, environment }));
      const under = readWith(environment, imageVersion(reader.resource, program));
      return { config: lists.reduce((config, list) => overlaid(config, list, program), under), file, reader, lists };
    });
  });
}

/** What a check finds, whatever else it says of it. */
type Judged = Pick<Refusal, "path" | "found">;

/**
 * What only a file and who mounts it show together: the arguments over it and the version that reads it. These are
 * findings that neither the file nor the arguments show alone, as those are reported for each resource.
 *
 * @param check what is reported for each resource
 */
export function* eachOverridden<Found extends Judged>(
  { files, resources }: Read,
  program: Program,
  check: (config: Config, source: Resource) => Iterable<Found | Unknown>,
): Iterable<(Found & { resource: Resource }) | Unknown> {
  for (const source of files) {
    for (const { config, file, reader, lists } of inForce(source, program, resources)) {
      if (config === file) continue;
      const keysOf = (each: Config) => [...check(each, source)].map(keyOf);
      const ofFile = new Set(file.isByReader ? [] : keysOf(file));
      const ofLists = new Set(lists.flatMap((list) => ofArguments(list, program) ?? []).flatMap(keysOf));
      for (const finding of check(config, source)) {
        if (ofFile.has(keyOf(finding))) continue;
        if (finding instanceof Unknown) {
          yield finding;
          continue;
        }
        if (ofLists.has(keyOf(finding))) continue;
        const isArgument = lists.some(({ path }) => finding.path.startsWith(`${path}: -`));
        yield { ...finding, resource: (isArgument && reader?.resource) || source };
      }
    }
  }
}

/**
 * Settings by tenant in the files of a stack, each with the version that the file names by itself (`alone`), and that which reads it: once for each
 * version that the workloads have which mount the file.
 */
export function* overridesInForce(
  resources: readonly Resource[],
  program: Program,
): Iterable<{ overrides: Overrides; alone?: string; version?: string; resource: Resource }> {
  for (const resource of resources.filter(isFile)) {
    const { overrides: all, configs } = settingsOf(resource, program);
    if (all.length === 0) continue;
    const alone = configs[0]?.version;
    const read = readersOf(resource, resources).map((reader) => alone ?? imageVersion(reader.resource, program));
    const versions = new Set(read.length > 0 ? read : [alone]);
    for (const version of versions) for (const overrides of all) yield { overrides, alone, version, resource };
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

// The version that refuses it may be another than the file by itself is judged by.
function keyOf(finding: Judged | Unknown): string {
  if (finding instanceof Unknown) return String(finding.error);
  return `${finding.path} ${finding.found.replace(/(Loki|Mimir) \d+\.\d+/, "$1")}`;
}
