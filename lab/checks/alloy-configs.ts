import type { KubernetesObject } from "../../commands/shared/objects";

/** A configuration of Alloy, and how the stack runs it. */
export interface AlloyConfig {
  /** Namespace and name of its ConfigMap. */
  name: string;
  /** Its text. */
  text: string;
  /** Image that reads it. */
  image: string;
  /** Least stable features that it may use: the argument of that name, whole. */
  stability: string;
  /** Every flag that Alloy is run with, without its value. */
  flags: string[];
}

/** Key of the ConfigMaps; also the name of the file. */
const configFile = "config.alloy";

interface Workload extends KubernetesObject {
  spec?: { template?: { spec?: { containers: Container[]; volumes?: { configMap?: { name?: string } }[] } } };
}

interface Container {
  image: string;
  args?: string[];
}

/**
 * The configurations of Alloy among a stack's objects, each with what runs it.
 * @param objects the stack's objects
 * @throws Error if one of them is not mounted
 */
export function alloyConfigs(objects: readonly KubernetesObject[]): AlloyConfig[] {
  return objects
    .filter(({ kind, data }) => kind === "ConfigMap" && data && configFile in (data as object))
    .map(({ metadata, data }) => {
      const name = `${metadata.namespace}/${metadata.name}`;
      const pods = objects.map((object) => (object as Workload).spec?.template?.spec);
      const pod = pods.find((spec) => spec?.volumes?.some(({ configMap }) => configMap?.name === metadata.name));
      const [container] = pod?.containers ?? [];
      if (!container) throw new Error(`no pod mounts the ConfigMap ${name}, so it is unknown which Alloy reads it`);
      const stability = container.args?.find((arg) => arg.startsWith("--stability.level="));
      return {
        name,
        text: (data as Record<string, string>)[configFile],
        image: container.image,
        stability: stability ?? "--stability.level=generally-available",
        flags: (container.args ?? []).filter((arg) => arg.startsWith("--")).map((arg) => arg.split("=")[0]),
      };
    });
}
