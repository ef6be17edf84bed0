import { resolve } from "node:path";
import { startAnalyzer, Violation } from "../../engine/analyzer";
import { previewAnswers } from "../../engine/answers";
import { Diagnostic } from "../../engine/engine";
import { Fit, fitOf } from "./capacity/fit";
import { Graph, Resource } from "../../engine/graph";
import { nodeKinds } from "./capacity/nodes";
import { PolicySettings } from "../../engine/policy-config";
import type { runProgram } from "../../engine/program";
import { Configuration, ownProgram, Project, readConfiguration, readProject } from "../../engine/project";
import { ArchitectureRequests, requestsByArchitecture } from "./capacity/requests";
import { run } from "../../engine/run";
import { Loader } from "../../engine/runtime";
import { inTreeOrder } from "../../engine/tree";
import { providerUrn } from "../../engine/urn";
import { present, Value } from "../../engine/values";
import { encrypted } from "../../settings/plain-secrets";
import { workloadsOf } from "./capacity/workloads";

/** One resource of a preview, as in the JSON contract. */
export interface PreviewResource {
  urn: string;
  type: string;
  name: string;
  custom: boolean;
  /** URN; null only for the stack */
  parent: string | null;
  /** URN; null for a component and for a resource of its package's default provider */
  provider: string | null;
  /** `{ secret: true }` and `{ unknown: true }` stand where a value is secret or unknown */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the inputs of any resource type
  inputs: Record<string, any>;
  options: {
    protect: boolean;
    retainOnDelete: boolean;
    deleteBeforeReplace: boolean;
    ignoreChanges: string[];
    /** URNs: what `dependsOn` names and what the inputs use */
    dependsOn: string[];
    aliases: string[];
    /** id of the object that is taken over, or null */
    import: string | null;
  };
  /** true when the program only reads the object (`Type.get`) */
  read?: true;
}

/** What an offline preview shows: the JSON contract of `preview:offline`. */
export interface Preview {
  stack: string;
  /** the program's output `stage`, or the setting of that name; null where there is neither */
  stage: string | null;
  /** parents before their children, siblings by type and name */
  resources: PreviewResource[];
  violations: Violation[];
  /** the stack's outputs, secrets and unknowns marked as in inputs */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the outputs of any program
  outputs: Record<string, any>;
  /** what pods ask of nodes, by the architecture that they are bound to */
  requests: ArchitectureRequests[];
  /** whether the nodes of the settings have room for that */
  fit: Fit;
  /** what the program and its runtime logged */
  diagnostics: Diagnostic[];
}

/** What to preview. */
export interface PreviewOptions {
  /** name of the stack */
  stack: string;
  /** file of its settings, as in Pulumi's own option `--config-file`; by default Pulumi.<stack>.yaml of the program */
  configFile?: string;
  /** sets `<project>:stage`; by default the stack's own counts */
  stage?: string;
  /** the stage that the stack is in: sets `<project>:migration.from` */
  from?: string;
  /** `key=value` with Pulumi's path syntax, with or without the project's prefix */
  config?: readonly string[];
  /** folder of the program, with its Pulumi.yaml; by default this repository's */
  program?: string;
  /** folder of a policy pack; by default none */
  policyPack?: string;
  /** levels and properties of policies, as in the file of `--policy-pack-config` */
  policyConfig?: PolicySettings;
  /** how TypeScript is loaded; default `tsx` */
  loader?: Loader;
  /** starts the program; by default in a process of its own */
  start?: typeof runProgram;
  /** starts the policy pack; by default in a process of its own */
  startPack?: typeof startAnalyzer;
}

/**
 * Shows what a stack would register, with every policy finding, without Pulumi's CLI, a cluster or credentials: runs the
 * program under the real language runtime and answers the resource-monitor protocol. Calls may run in parallel.
 *
 * @throws {InvalidInput} for a stack or setting that does not exist
 * @throws {ProgramFailed} when the program ends with an error
 * @throws {PolicyPackFailed} when the policy pack does
 */
export async function offlinePreview(options: PreviewOptions): Promise<Preview> {
  return (await previewWithGraph(options)).preview;
}

/** A preview and the graph that it shows, in which secrets are in clear. */
export interface Previewed {
  preview: Preview;
  graph: Graph;
}

/** The same, with the graph. */
export async function previewWithGraph(options: PreviewOptions): Promise<Previewed> {
  const { project, configuration } = settingsOf(options);
  const deployment = { project: project.name, stack: options.stack, organization: "organization", dryRun: true };
  const { loader = "tsx", start, startPack = startAnalyzer } = options;
  const pack =
    options.policyPack === undefined
      ? undefined
      : startPack(options.policyPack, deployment, configuration, options.policyConfig ?? {}, loader);
  try {
    const result = await run(
      { project, deployment, configuration, loader, answers: previewAnswers, start },
      pack?.ready,
    );
    const resources = inTreeOrder(result.graph);
    const nodes = nodeKinds(configuration, project.name);
    const { workloads, notSeen } = workloadsOf(resources);
    const position = new Map(resources.map(({ urn }, index) => [urn, index]));
    const preview = {
      stack: options.stack,
      stage: textOf(result.outputs.stage) ?? configuration.values[`${project.name}:stage`] ?? null,
      resources: resources.map(presentResource),
      violations: result.violations.sort(
        (a, b) =>
          (position.get(a.urn ?? "") ?? -1) - (position.get(b.urn ?? "") ?? -1) || a.policy.localeCompare(b.policy),
      ),
      outputs: present(result.outputs) as Record<string, unknown>,
      requests: requestsByArchitecture(workloads, nodes),
      fit: fitOf(workloads, nodes, notSeen),
      diagnostics: result.diagnostics,
    };
    return { preview, graph: result.graph };
  } finally {
    pack?.stop();
  }
}

const textOf = (value: Value | undefined): string | undefined => (typeof value === "string" ? value : undefined);

function presentResource(resource: Resource): PreviewResource {
  const { options } = resource;
  return {
    urn: resource.urn,
    type: resource.type,
    name: resource.name,
    custom: resource.custom,
    parent: resource.parent ?? null,
    provider: resource.provider === undefined ? null : providerUrn(resource.provider),
    inputs: present(resource.inputs) as Record<string, unknown>,
    options: {
      protect: options.protect ?? false,
      retainOnDelete: options.retainOnDelete ?? false,
      deleteBeforeReplace: options.deleteBeforeReplace ?? false,
      ignoreChanges: options.ignoreChanges,
      dependsOn: options.dependsOn,
      aliases: options.aliases,
      import: options.import ?? null,
    },
    ...(resource.read ? { read: true } : {}),
  };
}

/** The project and the stack's configuration with the command line's settings on top. */
export function settingsOf(options: PreviewOptions): { project: Project; configuration: Configuration } {
  const project = readProject(resolve(options.program ?? ownProgram));
  const overrides = [
    ...(options.config ?? []),
    ...(options.stage === undefined ? [] : [`stage=${options.stage}`]),
    ...(options.from === undefined ? [] : [`migration.from=${options.from}`]),
  ];
  const configuration = readConfiguration(project, options.stack, overrides, {
    configFile: options.configFile,
    encrypted,
  });
  return { project, configuration };
}
