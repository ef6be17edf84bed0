import { once } from "./once";
import type { Resource } from "./resource";

/** The object of a stack that is called so; the first of several. */
export function objectIn(
  resources: readonly Resource[],
  kind: string,
  namespace: string | undefined,
  name: unknown,
): Resource | undefined {
  return objectsOf(resources).get(keyOf(kind, namespace, name));
}

/** One text for what an object is called. */
export function keyOf(kind: string, namespace: string | undefined, name: unknown): string {
  return JSON.stringify([kind, namespace, name]);
}

const objectsOf = once((resources: readonly Resource[]): ReadonlyMap<string, Resource> => {
  const objects = new Map<string, Resource>();
  for (const resource of resources) {
    const key = keyOf(resource.kind, resource.namespace, resource.objectName);
    if (!objects.has(key)) objects.set(key, resource);
  }
  return objects;
});
