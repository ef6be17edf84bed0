import type { Variable } from "../config/placeholders";
import { objectIn } from "../objects";
import type { Resource } from "../resource";
import { at, isBlock } from "../unknown";
import { readersOf } from "./readers";

/**
 * The variables that the pods have which read a file: what `${VAR}` in the file stands for.
 *
 * @param file the ConfigMap or Secret
 * @param resources the stack's resources
 * @returns undefined for a variable that they don't have, or that isn't the same in all of them
 */
export function variablesOf(file: Resource, resources: readonly Resource[]): (name: string) => Variable | undefined {
  const containers = readersOf(file, resources).flatMap(({ spec }) => listOf(spec.containers));
  const valueIn = (configMap: unknown, key: unknown): Variable | undefined => {
    const data = objectIn(resources, "ConfigMap", file.namespace, configMap)?.props.data;
    const value = isBlock(data) && typeof key === "string" ? data[key] : undefined;
    return typeof value === "string" ? { value } : undefined;
  };
  return (name) => {
    const found = containers
      .map((container) => variableOf(container, name, valueIn))
      .filter((each) => each !== undefined);
    const [first] = found;
    return first && found.every((each) => JSON.stringify(each) === JSON.stringify(first)) ? first : undefined;
  };
}

/** The ConfigMaps that a pod has variables from. */
export function configMapsOf(spec: unknown): unknown[] {
  return listOf(at(spec, "containers"))
    .flatMap((container) => [
      ...listOf(at(container, "env")).map((each) => at(each, "valueFrom.configMapKeyRef.name")),
      ...listOf(at(container, "envFrom")).map((each) => at(each, "configMapRef.name")),
    ])
    .filter((name) => name !== undefined);
}

type Lookup = (configMap: unknown, key: unknown) => Variable | undefined;

// A Secret's value stays there.
function variableOf(container: unknown, name: string, valueIn: Lookup): Variable | undefined {
  const entry = listOf(at(container, "env")).find((each) => at(each, "name") === name);
  if (entry) {
    const value = at(entry, "value");
    if (typeof value === "string") return { value };
    const from = at(entry, "valueFrom");
    const there = valueIn(at(from, "configMapKeyRef.name"), at(from, "configMapKeyRef.key"));
    return there ?? (isBlock(from) ? { origin: JSON.stringify(from) } : undefined);
  }
  const all = listOf(at(container, "envFrom"));
  if (all.length !== 1) return undefined;
  return valueIn(at(all[0], "configMapRef.name"), name) ?? { origin: `${JSON.stringify(all[0])} ${name}` };
}

function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}
