import { resolve } from "node:path";
import { Analyzer, startAnalyzer, Violation } from "./analyzer";
import { Answers, previewAnswers } from "./answers";
import { Diagnostic } from "./engine";
import { Graph, Resource } from "./graph";
import { Deployment, Monitor, startMonitor } from "./monitor";
import { PolicySettings } from "./policy-config";
import { runProgram } from "./program";
import { Configuration, Project, readConfiguration, readProject } from "./project";
import { redactor } from "./redact";
import { ArchitectureRequests, nodeKinds, requestsByArchitecture } from "./requests";
import { inTreeOrder } from "./tree";
import { providerUrn } from "./urn";
import { present, Properties } from "./values";

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
  /** the value of `<project>:stage`, or null where the stack has none */
  stage: string | null;
  /** parents before their children, siblings by type and name */
  resources: PreviewResource[];
  violations: Violation[];
  /** the stack's outputs, secrets and unknowns marked as in inputs */
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the outputs of any program
  outputs: Record<string, any>;
  /** what pods ask of nodes, by the architecture that they are bound to */
  requests: ArchitectureRequests[];
  /** what the program and its runtime logged */
  diagnostics: Diagnostic[];
}

/** What to preview. */
export interface PreviewOptions {
  /** name of the stack: Pulumi.<stack>.yaml is read */
  stack: string;
  /** sets `<project>:stage`; by default the stack's own counts */
  stage?: string;
  /** the stage that the stack is in: sets `<project>:migration.from` */
  from?: string;
  /** `key=value` with Pulumi's path syntax, with or without the project's prefix */
  config?: string[];
  /** folder of the program, with its Pulumi.yaml; by default this repository's */
  program?: string;
  /** folder of a policy pack; by default none */
  policyPack?: string;
  /** levels and properties of policies, as in the file of `--policy-pack-config` */
  policyConfig?: PolicySettings;
}

/** This repository's own program. */
export const ownProgram = resolve(__dirname, "..");

/**
 * Shows what a stack would register, with every policy finding, without Pulumi's CLI, a cluster or credentials: runs the
 * program under the real language runtime and answers the resource-monitor protocol. Calls may run in parallel.
 *
 * @throws {InvalidInput} for a stack or setting that does not exist
 * @throws {ProgramFailed} when the program ends with an error
 * @throws {PolicyPackFailed} when the policy pack does
 */
export async function offlinePreview(options: PreviewOptions): Promise<Preview> {
  const { project, configuration } = settingsOf(options);
  const deployment = { project: project.name, stack: options.stack, organization: "organization", dryRun: true };
  const pack =
    options.policyPack === undefined
      ? undefined
      : startAnalyzer(options.policyPack, deployment, configuration, options.policyConfig ?? {});
  try {
    const result = await run(project, deployment, configuration, previewAnswers, pack?.ready);
    const resources = inTreeOrder(result.graph);
    const position = new Map(resources.map(({ urn }, index) => [urn, index]));
    return {
      stack: options.stack,
      stage: configuration.values[`${project.name}:stage`] ?? null,
      resources: resources.map(presentResource),
      violations: result.violations.sort(
        (a, b) =>
          (position.get(a.urn ?? "") ?? -1) - (position.get(b.urn ?? "") ?? -1) || a.policy.localeCompare(b.policy),
      ),
      outputs: present(result.outputs) as Record<string, unknown>,
      requests: requestsByArchitecture(resources, nodeKinds(configuration, project.name)),
      diagnostics: result.diagnostics,
    };
  } finally {
    pack?.stop();
  }
}

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
  const configuration = readConfiguration(project, options.stack, [
    ...(options.config ?? []),
    ...(options.stage === undefined ? [] : [`stage=${options.stage}`]),
    ...(options.from === undefined ? [] : [`migration.from=${options.from}`]),
  ]);
  return { project, configuration };
}

/** What a run of the program registered, and what policies say to it. */
export interface RunResult {
  graph: Graph;
  outputs: Properties;
  diagnostics: Diagnostic[];
  violations: Violation[];
}

/**
 * Runs the program, with the policy pack starting up beside it. Only where a policy changes a resource does the program
 * run once more, each answer now waiting for the policies, as the engine always does.
 */
export async function run(
  project: Project,
  deployment: Deployment,
  configuration: Configuration,
  answers: Answers,
  pack?: Promise<Analyzer>,
): Promise<RunResult> {
  const once = async (inspect: (resource: Resource, graph: Graph) => Promise<Properties>) => {
    const monitor: Monitor = await startMonitor(deployment, answers, (resource) => inspect(resource, monitor.graph));
    const program = runProgram(project, deployment, configuration, monitor.address, monitor.diagnostics);
    try {
      await Promise.race([Promise.all([program.finished, pack]), monitor.refused]);
      const redact = redactor(monitor.graph);
      const diagnostics = monitor.diagnostics.map((said) => ({ ...said, message: redact(said.message) }));
      return { graph: monitor.graph, outputs: monitor.outputs(), diagnostics };
    } finally {
      program.stop();
      monitor.stop();
    }
  };

  const first = await once(async (resource) => resource.inputs);
  const analyzer = await pack;
  if (!analyzer) {
    return { ...first, violations: [] };
  }
  const remediations = analyzer.remediates() ? await remediateAll(analyzer, first.graph) : [];
  const changed = remediations.some(({ level }) => level === "remediate");
  const final = changed
    ? await once(async (resource, graph) => (await analyzer.remediate(resource, graph)).inputs)
    : first;
  const found = await Promise.all([
    ...managed(final.graph).map((resource) => analyzer.analyze(resource, final.graph)),
    analyzer.analyzeStack(final.graph),
  ]);
  const redact = redactor(final.graph);
  const violations = [...remediations, ...found.flat()].map((found) => ({ ...found, message: redact(found.message) }));
  return { ...final, violations };
}

async function remediateAll(analyzer: Analyzer, graph: Graph): Promise<Violation[]> {
  const answers = await Promise.all(managed(graph).map((resource) => analyzer.remediate(resource, graph)));
  return answers.flatMap(({ violations }) => violations);
}

/** The engine shows a policy every resource that the program declares, and none that it only reads. */
const managed = (graph: Graph): Resource[] => [...graph.values()].filter(({ read }) => !read);
