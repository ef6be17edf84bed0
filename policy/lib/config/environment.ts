import { isBlock } from "../unknown";

/** Variables whose value a resource shows. */
export type Environment = ReadonlyMap<string, string>;

/** No variable is known: a ConfigMap doesn't show the environment of who reads it. */
export const noEnvironment: Environment = new Map();

const lists = /^(env|extraEnv|extraEnvs|extraEnvVars|globalExtraEnv)$/;

/**
 * The variables that a resource gives to its containers: `env` of a pod's container, `extraEnv` and its like in chart values, as a list of
 * name and value or as a mapping.
 *
 * A variable that comes from elsewhere (`valueFrom`), or that has another value in another container, isn't known.
 *
 * @param props a resource's properties, or chart values
 */
export function environmentOf(props: unknown): Environment {
  const found = new Map<string, string | undefined>();
  const add = (name: unknown, value: unknown) => {
    if (typeof name !== "string") return;
    const text = ["string", "number", "boolean"].includes(typeof value) ? String(value) : undefined;
    found.set(name, found.has(name) && found.get(name) !== text ? undefined : text);
  };
  const visit = (value: unknown, key: string): void => {
    if (Array.isArray(value)) {
      value.forEach((each) => {
        if (lists.test(key) && isBlock(each)) add(each.name, each.value);
        else visit(each, "");
      });
    } else if (isBlock(value)) {
      const isList = lists.test(key);
      for (const name of Object.keys(value)) {
        if (isList) add(name, value[name]);
        else visit(value[name], name);
      }
    }
  };
  visit(props, "");
  return new Map([...found].flatMap(([name, value]) => (value === undefined ? [] : [[name, value] as const])));
}

/** Expands `$(VAR)` in arguments as the kubelet does: of the container's own variables, and `$$(` stands for itself. */
export function expandArgument(word: string, environment: Environment): string {
  return word.replace(/\$(\$|\(([^()]+)\))/g, (all, after: string, name: string) =>
    after === "$" ? "$" : (environment.get(name) ?? all),
  );
}
