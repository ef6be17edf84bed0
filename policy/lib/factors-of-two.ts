import type { Writers } from "./charts/writers";
import type { Config } from "./config/config";
import { isFile, settingsOf } from "./config/find";
import { argumentsAlone } from "./config/in-force";
import { ofArguments } from "./config/overlay";
import type { Program } from "./config/program";
import { usesIngestStorage } from "./mimir/storage";
import { programs } from "./programs";
import { factorOf } from "./replication";
import type { Resource } from "./resource";
import { chartWriters, ringsOf } from "./rings";

/** Where a replication factor of 2 is. */
export interface Place {
  resource: Resource;
  path: string;
}

/** The replication factors of 2 in a resource that is no file: only the whole stack shows which workload mounts a file. */
export function* factorsOfTwo(resource: Resource): Iterable<Place> {
  if (isFile(resource)) return;
  for (const program of programs) {
    for (const config of settingsOf(resource, program).configs) {
      const path = pathOfTwo(config, program, chartWriters(config, program));
      if (path !== undefined) yield { resource, path };
    }
  }
}

/** The replication factors of 2 in the files of a stack, and in arguments. */
export function* factorsOfTwoInStack(resources: readonly Resource[]): Iterable<Place> {
  for (const program of programs) {
    for (const resource of resources) yield* inFiles(resource, program, resources);
    for (const { list, resource } of argumentsAlone(resources, program)) {
      const config = ofArguments(list, program);
      const path = config && pathOfTwo(config, program);
      if (path !== undefined) yield { resource, path };
    }
  }
}

function* inFiles(file: Resource, program: Program, resources: readonly Resource[]): Iterable<Place> {
  for (const { all, writers } of ringsOf(file, program, resources)) {
    for (const { config, reader } of all) {
      const path = pathOfTwo(config, program, writers);
      if (path === undefined) continue;
      const isArgument = [...(config.flags?.values() ?? [])].includes(path);
      yield { resource: (isArgument && reader?.resource) || file, path };
    }
  }
}

// A single writer is left to `replication-factor-fits-replicas`.
function pathOfTwo(config: Config, program: Program, writers?: Writers): string | undefined {
  const { path, setting } = factorOf(config, program);
  if (!("value" in setting) || setting.value !== 2 || usesIngestStorage(config.content)) return undefined;
  const isSingle = writers && "value" in writers.replicas && writers.replicas.value < 2;
  return isSingle ? undefined : path;
}
