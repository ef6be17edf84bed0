import { Analyzer, Violation } from "./analyzer";
import { Answers } from "./answers";
import { Diagnostic } from "./engine";
import { Graph, Resource } from "./graph";
import { Deployment, Monitor, startMonitor } from "./monitor";
import { runProgram } from "./program";
import { Configuration, Project } from "./project";
import { redactor } from "./redact";
import { Loader } from "./runtime";
import { Properties } from "./values";

/** A program, its stack and project, and the answers for it. */
export interface RunOptions {
  project: Project;
  deployment: Deployment;
  configuration: Configuration;
  loader: Loader;
  answers: Answers;
  /** starts the program; by default in a separate process */
  start?: typeof runProgram;
}

/** What a run of the program registered, and what policies found. */
export interface RunResult {
  graph: Graph;
  outputs: Properties;
  diagnostics: Diagnostic[];
  violations: Violation[];
}

/**
 * Runs the program while the policy pack starts up. Only if a policy changes a resource, the program
 * runs again, and each answer then waits for the policies, as always in the engine.
 */
export async function run(
  { project, deployment, configuration, loader, answers, start = runProgram }: RunOptions,
  pack?: Promise<Analyzer>,
): Promise<RunResult> {
  const once = async (inspect: (resource: Resource, graph: Graph) => Promise<Properties>) => {
    const monitor: Monitor = await startMonitor(deployment, answers, (resource) => inspect(resource, monitor.graph));
    const program = start(project, deployment, configuration, loader, monitor);
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
