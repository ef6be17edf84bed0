import { isFile } from "./config/find";
import { keyOf } from "./objects";
import { once } from "./once";
import { mountsOf } from "./pods/readers";
import { podSpecOf } from "./pods/find";
import { variableSources } from "./pods/variables";
import type { Resource } from "./resource";
import { isBlock } from "./unknown";

/** Files of configuration that are judged, and the resources among which those who read them are. */
export interface Read {
  files: readonly Resource[];
  resources: readonly Resource[];
}

// Of this preview or update.
const registered = new Map<string, Resource>();
/**
 * A workload with the files that it reads, of those that were registered before it: enough to judge them together, before the workload is created.
 * None where its variables come from a ConfigMap that is registered later: the check of the whole stack sees that.
 */
export const readBy: (resource: Resource) => Read = once(lookedUp);

/** A whole stack, all files of which are judged: with it a preview or update ends, and so what was registered in it. */
export function readIn(resources: readonly Resource[]): Read {
  registered.clear();
  return { files: resources.filter(isFile), resources };
}

function lookedUp(resource: Resource): Read {
  if (isFile(resource)) registered.set(keyOf(resource.kind, resource.namespace, resource.objectName), resource);
  const spec = isBlock(resource.props) ? podSpecOf(resource.props)?.spec : undefined;
  const mounts = spec ? mountsOf(spec).filter(({ name }) => typeof name === "string") : [];
  if (mounts.length === 0) return { files: [], resources: [] };
  const at = (kind: string, name: unknown) => registered.get(keyOf(kind, resource.namespace, name));
  const files = mounts.flatMap(({ kind, name }) => at(kind, name) ?? []);
  const sources = variableSources(spec).map(({ kind, name }) => ({ kind, object: at(kind, name) }));
  if (sources.some(({ kind, object }) => kind === "ConfigMap" && !object)) return { files: [], resources: [] };
  const variables = sources.map(({ object }) => object);
  return { files: [...new Set(files)], resources: [resource, ...files, ...variables.flatMap((each) => each ?? [])] };
}
