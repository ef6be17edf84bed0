import { at, isBlock, Later, Unknown, type Block } from "../unknown";

/**
 * What a variable stands for: its value; an {@link Unknown} that an update will know; or what another object has, with the origin where it is named, and
 * whether that object may not have it.
 */
export type Variable = string | Unknown | { origin?: string; mayBeUnset?: true };

/** The variables of a program; undefined for one that isn't set. */
export interface Environment {
  get(name: string): Variable | undefined;
}

/** No variable is set. */
export const noEnvironment: Environment = new Map<string, Variable>();

/** Any variable may be set: a ConfigMap doesn't show the environment of who reads it. */
export const awaited: Environment = { get: () => new Later() };

const lists = /^(env|extraEnv|extraEnvs|extraEnvVars|globalExtraEnv)$/;

/**
 * The variables that a resource gives to its containers: `env` of a pod's container, `extraEnv` and its like in chart values, as a list of
 * name and value or as a mapping.
 *
 * Of a variable that has another value in another container, it is known only that it is set.
 *
 * @param props a resource's properties, or chart values
 */
export function environmentOf(props: unknown): Environment {
  const found = new Map<string, Variable>();
  const add = (name: unknown, variable: Variable) => {
    if (typeof name === "string") found.set(name, found.has(name) ? agreed(found.get(name)!, variable) : variable);
  };
  const visit = (value: unknown, key: string): void => {
    if (Array.isArray(value)) {
      value.forEach((each) => {
        if (lists.test(key) && isBlock(each)) add(each.name, variableOf(each));
        else visit(each, "");
      });
    } else if (isBlock(value)) {
      const isList = lists.test(key);
      for (const name of Object.keys(value)) {
        if (isList) add(name, variableOf({ value: value[name] }));
        else visit(value[name], name);
      }
    }
  };
  visit(props, "");
  return found;
}

/**
 * What an entry of a container's `env` stands for.
 *
 * @param valueIn the value of a ConfigMap's key, where it is known
 */
export function variableOf(
  { value, valueFrom }: Block,
  valueIn?: (configMap: unknown, key: unknown) => Variable | undefined,
): Variable {
  if (value instanceof Unknown) return value;
  // The kubelet puts other variables into it.
  if (typeof value === "string" && value.includes("$(")) return {};
  if (["string", "number", "boolean"].includes(typeof value)) return String(value);
  if (valueFrom instanceof Unknown) return valueFrom;
  if (!isBlock(valueFrom)) return value === undefined || value === null ? "" : {};
  const { configMapKeyRef: reference } = valueFrom;
  return valueIn?.(at(reference, "name"), at(reference, "key")) ?? unknownIn(valueFrom) ?? originOf(valueFrom);
}

/** What two containers give a variable together. */
export function agreed(one: Variable, two: Variable): Variable {
  if (one instanceof Unknown || two instanceof Unknown) return one instanceof Unknown ? one : two;
  return JSON.stringify(one) === JSON.stringify(two) ? one : {};
}

const originOf = (from: Block): Variable => ({ origin: JSON.stringify(from) });

// The name of the object, or its key.
function unknownIn(from: Block): Unknown | undefined {
  const parts = Object.values(from).flatMap((each) => (isBlock(each) ? Object.values(each) : [each]));
  return parts.find((part) => part instanceof Unknown);
}

/** Expands `$(VAR)` in arguments as the kubelet does: of the container's own variables, and `$$(` stands for itself. */
export function expandArgument(word: string, environment: Environment): string {
  return word.replace(/\$(\$|\(([^()]+)\))/g, (all, after: string, name: string) => {
    const variable = after === "$" ? after : environment.get(name);
    return typeof variable === "string" ? variable : all;
  });
}
