import type { types } from "@pulumi/kubernetes";
import type { Environment } from "./environment";

/** What runs: pods of one template. */
export interface Program {
  /** Name of its workload. */
  name: string;
  labels: Readonly<Record<string, string>>;
  /** The ports that it listens on. */
  ports: readonly { name?: string; containerPort: number; protocol?: string }[];
  /** Whether it has the node's network, in which no policy counts. */
  onHost: boolean;
  /** Arguments and environment, and what {@link Connections.asks} added: addresses are in them. */
  texts: string[];
  /** Names of the ConfigMaps that it reads. */
  reads: readonly string[];
}

/** Under which name, and at which ports, programs are reached. */
export interface ServiceName {
  name: string;
  selector: Readonly<Record<string, string>>;
  ports: readonly { name?: string; port: number; targetPort?: number | string }[];
}

/** What is scraped: ports, by their names, of the Services of a selector. */
export interface Scraped {
  selector: Readonly<Record<string, string>>;
  ports: readonly string[];
}

/**
 * What the programs of a stack say of themselves while they are registered: where they listen, and which addresses their configurations name. What may
 * connect to what follows from it.
 */
export class Connections {
  readonly programs: Program[] = [];
  readonly services: ServiceName[] = [];
  readonly scraped: Scraped[] = [];
  /** Text of each ConfigMap, by its name. */
  readonly configMaps = new Map<string, string>();

  /**
   * Notes pods.
   * @param name of their workload
   * @param template theirs
   */
  run(name: string, { metadata, spec }: types.input.core.v1.PodTemplateSpec): void {
    const { containers = [], volumes = [], hostNetwork } = plain<types.input.core.v1.PodSpec>(spec);
    const all = containers as types.input.core.v1.Container[];
    this.programs.push({
      name,
      labels: plain<{ labels: Record<string, string> }>(metadata).labels,
      ports: all.flatMap(({ ports }) => (ports ?? []) as Program["ports"]),
      onHost: hostNetwork === true,
      texts: all.flatMap(({ args, command, env }) => textsIn([args, command, env])),
      reads: configMapsIn(volumes),
    });
  }

  /**
   * Notes addresses that are neither in a program's pods nor in its ConfigMaps, such as what a `Probe` has it ask.
   * @param name of its workload, which ran before
   * @param texts with the addresses
   */
  asks(name: string, texts: readonly string[]): void {
    for (const program of this.programs) if (program.name === name) program.texts.push(...texts);
  }
}

/** The same environment is given to every component of a stack, and to no other. */
const known = new WeakMap<Environment, Connections>();

/**
 * The connections of the stack that has an environment.
 * @param environment what each of its components got
 */
export function connectionsOf(environment: Environment): Connections {
  const connections = known.get(environment) ?? new Connections();
  known.set(environment, connections);
  return connections;
}

// What a template is made of is plain, but for values of Secrets, which name no address.
const plain = <T>(value: unknown) => (value ?? {}) as T;

/** ConfigMaps in volumes, projected ones among them. */
function configMapsIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(configMapsIn);
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === "configMap" ? textsIn((inner as { name?: unknown }).name) : configMapsIn(inner),
  );
}

/** Every text in a value; what is only known later is left out. */
export function textsIn(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) return value.flatMap(textsIn);
  const isPlain = typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
  return isPlain ? Object.values(value).flatMap(textsIn) : [];
}
