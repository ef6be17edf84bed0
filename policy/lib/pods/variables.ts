import { agreed, variableOf, type Environment, type Variable } from "../config/environment";
import { objectIn } from "../objects";
import type { Resource } from "../resource";
import { at, isBlock, listOf, Unknown, type Block } from "../unknown";

/**
 * The variables of containers: what `${VAR}` in a file stands for that they read. Of one that has another value in another container, it is known only
 * that it is set.
 *
 * @param containers of one pod
 * @param namespace that of the pod
 * @param resources the stack's resources, for the ConfigMaps and Secrets that variables are from
 */
export function environmentOfPod(
  containers: readonly Block[],
  namespace: string | undefined,
  resources: readonly Resource[],
): Environment {
  return {
    get(name) {
      const found = containers.flatMap((container) => ofContainer(container, name, namespace, resources) ?? []);
      return found.length > 0 ? found.reduce(agreed) : undefined;
    },
  };
}

/** The ConfigMaps that a pod has variables from, and the Secrets that it has all variables from. */
export function variableSources(spec: unknown): { kind: "ConfigMap" | "Secret"; name: unknown }[] {
  return listOf(at(spec, "containers"))
    .flatMap((container) => [
      ...listOf(at(container, "env")).map((each) => ofConfigMap(at(each, "valueFrom.configMapKeyRef"))),
      ...listOf(at(container, "envFrom")).flatMap((each) => [
        ofConfigMap(at(each, "configMapRef")),
        { kind: "Secret" as const, name: at(each, "secretRef.name") },
      ]),
    ])
    .filter(({ name }) => name !== undefined);
}

const ofConfigMap = (reference: unknown) => ({ kind: "ConfigMap" as const, name: at(reference, "name") });

// Of two entries with the same name the last one counts, and `env` before `envFrom`.
function ofContainer(
  { env, envFrom }: Block,
  name: string,
  namespace: string | undefined,
  resources: readonly Resource[],
): Variable | undefined {
  const entry = listOf(env).findLast((each) => at(each, "name") === name);
  if (isBlock(entry)) {
    return variableOf(entry, (configMap, key) => {
      const value = valuesOf("ConfigMap", configMap, namespace, resources);
      return value instanceof Unknown || typeof key !== "string" ? undefined : known(value?.[key]);
    });
  }
  const unknown = [env, envFrom, ...listOf(env), ...listOf(env).map((each) => at(each, "name"))];
  const all = listOf(envFrom).toReversed();
  const found = all.flatMap((source) => ofSource(source, name, namespace, resources) ?? []);
  const isSure = (each: Variable) => typeof each === "string" || !("mayBeUnset" in each);
  return found.find(isSure) ?? unknown.find((each) => each instanceof Unknown) ?? found[0];
}

function ofSource(
  source: unknown,
  name: string,
  namespace: string | undefined,
  resources: readonly Resource[],
): Variable | undefined {
  if (source instanceof Unknown) return source;
  const prefix = String(at(source, "prefix") ?? "");
  if (!name.startsWith(prefix)) return undefined;
  const key = name.slice(prefix.length);
  const origin = `${JSON.stringify(source)} ${name}`;
  for (const kind of ["ConfigMap", "Secret"]) {
    const object = at(source, `${kind === "Secret" ? "secret" : "configMap"}Ref.name`);
    if (object === undefined) continue;
    if (object instanceof Unknown) return object;
    const values = valuesOf(kind, object, namespace, resources);
    if (values instanceof Unknown && kind === "ConfigMap") return values;
    if (values === undefined || values instanceof Unknown) return { origin, mayBeUnset: true };
    if (!(key in values)) return undefined;
    // A Secret's value stays there.
    return kind === "Secret" ? { origin } : known(values[key]);
  }
  return { origin, mayBeUnset: true };
}

function valuesOf(
  kind: string,
  name: unknown,
  namespace: string | undefined,
  resources: readonly Resource[],
): Block | Unknown | undefined {
  const props = objectIn(resources, kind, namespace, name)?.props;
  const all = [props?.data, kind === "Secret" ? props?.stringData : undefined];
  return all.find((each) => each instanceof Unknown) ?? (props && Object.assign({}, ...all.filter(isBlock)));
}

const known = (value: unknown): Variable | undefined =>
  typeof value === "string" || value instanceof Unknown ? value : undefined;
