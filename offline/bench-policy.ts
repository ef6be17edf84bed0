import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { cpuSecondsOf, memoryOf } from "../bench/procfs";
import { startAnalyzer } from "./analyzer";
import { formatTable } from "./format";
import type { Graph, Resource } from "./graph";
import { ownProgram, previewWithGraph } from "./preview";
import { readConfiguration, readProject } from "./project";
import type { Properties } from "./values";

/**
 * Measures the policy pack's process, asked over the analyzer protocol as the engine asks it: start-up, time per resource, the whole stack, memory.
 * The resources are those of a stack of this program, several times over, each time in namespaces of their own. The sizes take turns, each in a process
 * of its own, and the least of the rounds counts: what else the machine does only ever adds.
 *
 * `npm run bench:policy [-- <stack> [<rounds> [<resources>,…]]]`
 */
const [stack = "production", rounds = "3", sizes = "100,1000"] = process.argv.slice(2);

/** What one process took, in milliseconds by the clock and of CPU, and in bytes. */
interface Measured {
  startUp: number;
  startUpCpu: number;
  each: number;
  eachCpu: number;
  whole: number;
  wholeCpu: number;
  peak: number;
}

async function main(): Promise<void> {
  const { graph } = await previewWithGraph({ stack });
  const counts = sizes.split(",").map(Number);
  const best = new Map<number, Measured>();
  for (let round = 0; round < Number(rounds); round++) {
    for (const count of counts) {
      best.set(count, least(best.get(count), await measure(repeated(graph, count))));
    }
  }
  console.log(report(best).join("\n"));
}

async function measure(graph: Graph): Promise<Measured> {
  const project = readProject(ownProgram);
  const deployment = { project: project.name, stack, organization: "organization", dryRun: true };
  const configuration = readConfiguration(project, stack, []);
  const clock = stopwatch(() => 0);
  const { ready, pid, stop } = startAnalyzer(resolve(ownProgram, "policy"), deployment, configuration, {}, "tsx");
  const hasProc = pid !== undefined && existsSync(`/proc/${pid}/stat`);
  const cpu = () => (hasProc ? cpuSecondsOf(pid) * 1000 : NaN);
  try {
    const analyzer = await ready;
    const startUp = clock().wall;
    const startUpCpu = cpu();
    const asked = stopwatch(cpu);
    for (const resource of graph.values()) await analyzer.analyze(resource, graph);
    const each = asked();
    const all = stopwatch(cpu);
    await analyzer.analyzeStack(graph);
    const whole = all();
    return {
      ...{ startUp, startUpCpu, each: each.wall / graph.size, eachCpu: each.cpu / graph.size },
      ...{ whole: whole.wall, wholeCpu: whole.cpu, peak: hasProc ? memoryOf(pid).peak : NaN },
    };
  } finally {
    stop();
  }
}

/** Milliseconds since the call, by the clock and of CPU. */
function stopwatch(cpu: () => number): () => { wall: number; cpu: number } {
  const [wall, used] = [performance.now(), cpu()];
  return () => ({ wall: performance.now() - wall, cpu: cpu() - used });
}

/** So many resources: those of the graph again and again, with names and namespaces of each time. */
function repeated(graph: Graph, count: number): Graph {
  const once = [...graph.values()].filter(({ custom, read }) => custom && !read);
  const all = Array.from({ length: count }, (_, i): [string, Resource] => {
    const resource = once[i % once.length];
    const time = Math.floor(i / once.length);
    const copy = time === 0 ? resource : copied(resource, `-${time}`);
    return [copy.urn, copy];
  });
  return new Map(all);
}

function copied(resource: Resource, suffix: string): Resource {
  const move = (properties: Properties): Properties => {
    const { metadata, namespace } = properties as { metadata?: Properties; namespace?: string };
    return {
      ...properties,
      ...(typeof namespace === "string" && { namespace: `${namespace}${suffix}` }),
      ...(typeof metadata?.namespace === "string" && {
        metadata: { ...metadata, namespace: `${metadata.namespace}${suffix}` },
      }),
    };
  };
  const { urn, name, inputs, outputs } = resource;
  return {
    ...resource,
    ...{ urn: `${urn}${suffix}`, name: `${name}${suffix}`, inputs: move(inputs), outputs: move(outputs) },
  };
}

function least(before: Measured | undefined, now: Measured): Measured {
  if (!before) return now;
  return Object.fromEntries(
    Object.entries(now).map(([key, value]) => [key, Math.min(before[key as keyof Measured], value)]),
  ) as unknown as Measured;
}

function report(measured: ReadonlyMap<number, Measured>): string[] {
  const pair = (wall: number, cpu: number, digits: number) => `${wall.toFixed(digits)} (${cpu.toFixed(digits)})`;
  const rows = [...measured].map(([count, m]) => [
    ...[String(count), pair(m.startUp, m.startUpCpu, 0), pair(m.each, m.eachCpu, 2)],
    ...[pair(m.whole, m.wholeCpu, 0), (m.peak / 2 ** 20).toFixed(0)],
  ]);
  const head = ["resources", "start-up, ms (CPU)", "each resource, ms (CPU)", "whole stack, ms (CPU)", "peak, MiB"];
  const [[few, first], ...others] = measured;
  const ratios = others.map(([many, m]) => {
    const each = (m.eachCpu / first.eachCpu).toFixed(2);
    const whole = (m.wholeCpu / many / (first.wholeCpu / few)).toFixed(2);
    return `${many} resources against ${few}, CPU for each: ${each} as it is registered, ${whole} in the check of the whole stack`;
  });
  return [...formatTable([head, ...rows]), ...ratios];
}

void main();
