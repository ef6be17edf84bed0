import { existsSync } from "node:fs";
import { resolve } from "node:path";
import { cpuSecondsOf, memoryOf } from "../sizing/procfs";
import { startAnalyzer } from "../../engine/analyzer";
import { formatTable } from "../../commands/shared/format";
import type { Graph, Resource } from "../../engine/graph";
import { previewWithGraph } from "../../commands/shared/preview";
import { readConfiguration, readProject, ownProgram } from "../../engine/project";
import type { Properties } from "../../engine/values";

/**
 * Measures the policy pack's process, asked over the analyzer protocol as the engine asks it: start-up, time per resource, the whole stack, memory.
 * Beside it a pack of the same policies with nothing in them (`bench-policy-empty`): what the protocol and @pulumi/policy alone take.
 * The resources are those of a stack of this program, several times over, each time in namespaces of their own. The sizes and packs take turns, each
 * in a process of its own, and the least of the rounds counts: what else the machine does only ever adds.
 *
 * `npm run bench:policy [-- <stack> [<rounds> [<resources>,…]]]`
 */
const [stack = "production", rounds = "3", sizes = "100,1000"] = process.argv.slice(2);

const packs = { pack: "policy", empty: "lab/bench/policy-empty" };

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

/** The least of each pack. */
type Both = Partial<Record<keyof typeof packs, Measured>>;

async function main(): Promise<void> {
  const { graph } = await previewWithGraph({ stack });
  const best = new Map(sizes.split(",").map((count): [number, Both] => [Number(count), {}]));
  for (let round = 0; round < Number(rounds); round++) {
    for (const [count, both] of best) {
      for (const pack of ["empty", "pack"] as const) {
        both[pack] = least(both[pack], await measure(repeated(graph, count), packs[pack]));
      }
    }
  }
  console.log(report(best).join("\n"));
}

async function measure(graph: Graph, pack: string): Promise<Measured> {
  const project = readProject(ownProgram);
  const deployment = { project: project.name, stack, organization: "organization", dryRun: true };
  const configuration = readConfiguration(project, stack, []);
  const clock = stopwatch(() => 0);
  const { ready, pid, stop } = startAnalyzer(resolve(ownProgram, pack), deployment, configuration, {}, "tsx");
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

function report(measured: ReadonlyMap<number, Both>): string[] {
  const time = (wall: number, cpu: number, digits: number) => `${wall.toFixed(digits)} (${cpu.toFixed(digits)})`;
  const against = (pack: number, empty: number, digits: number) =>
    `${empty.toFixed(digits)} + ${(pack - empty).toFixed(digits)} (${(pack / empty).toFixed(2)} of it)`;
  const rows = [...measured].map(([count, { pack, empty }]) => [
    ...[String(count), time(pack!.startUp, pack!.startUpCpu, 0), time(pack!.each, pack!.eachCpu, 2)],
    ...[against(pack!.eachCpu, empty!.eachCpu, 2), time(pack!.whole, pack!.wholeCpu, 0)],
    ...[against(pack!.wholeCpu, empty!.wholeCpu, 0), (pack!.peak / 2 ** 20).toFixed(0)],
  ]);
  const head = [
    ...["resources", "start-up, ms (CPU)", "each resource, ms (CPU)", "CPU: empty pack + policies"],
    ...["whole stack, ms (CPU)", "CPU: empty pack + policies", "peak, MiB"],
  ];
  const [[few, { pack: first }], ...others] = measured;
  const ratios = others.map(([many, { pack }]) => {
    const each = (pack!.eachCpu / first!.eachCpu).toFixed(2);
    const whole = (pack!.wholeCpu / many / (first!.wholeCpu / few)).toFixed(2);
    return `${many} resources against ${few}, CPU for each: ${each} as it is registered, ${whole} in the check of the whole stack`;
  });
  return [...formatTable([head, ...rows]), ...ratios];
}

void main();
