import { Properties } from "./values";

/** A resource as the program registered it, after remediations. */
export interface Resource {
  urn: string;
  type: string;
  name: string;
  /** true for a resource of a provider, false for a component and the stack */
  custom: boolean;
  /** URN; undefined for the stack and for resources before it */
  parent?: string;
  /** the provider's reference, `<urn>::<id>`; undefined for components and for the package's default provider */
  provider?: string;
  /** the providers that children of a component inherit, by package */
  providers: Record<string, string>;
  /** true if the program read an existing object (`Type.get`) and does not manage it */
  read: boolean;
  inputs: Properties;
  outputs: Properties;
  /** empty while it is unknown */
  id: string;
  propertyDependencies: Record<string, string[]>;
  options: Options;
}

/** The resource options that the protocol carries. Lists are empty, not absent. */
export interface Options {
  protect?: boolean;
  retainOnDelete?: boolean;
  deleteBeforeReplace?: boolean;
  ignoreChanges: string[];
  replaceOnChanges: string[];
  additionalSecretOutputs: string[];
  /** URNs: what `dependsOn` names, and what the inputs use */
  dependsOn: string[];
  /** earlier URNs of the resource */
  aliases: string[];
  /** id of the existing object to take over */
  import?: string;
  deletedWith?: string;
  version?: string;
  /** as written in the program: `5m` */
  customTimeouts: { create?: string; update?: string; delete?: string; read?: string };
}

/** Everything a run of the program registered, in order of registration, by URN. */
export type Graph = Map<string, Resource>;
