import { quantityValue } from "../../../settings/units";
import { isMap } from "../../../engine/json";
import type { Configuration } from "../../../engine/project";
import { architectureLabel } from "./workloads";
import type { Amounts } from "./pod-spec";

/** A kind of node, as the settings list them: `<project>:cluster`, `nodes`. */
export interface NodeKind {
  name: string;
  /** its `kubernetes.io/arch` */
  arch: string;
  /** how many there are */
  count: number;
  /** what one has for this stack: allocatable, less the headroom and what is reserved; undefined where the settings don't say */
  room?: Amounts;
  /** its labels, as far as they are known */
  labels: Record<string, string>;
}

/** A kind of node as it is written. */
interface Written {
  name?: string;
  arch: string;
  count?: number;
  cpu?: string | number;
  memory?: string | number;
  reserved?: { cpu?: string | number; memory?: string | number };
  labels?: Record<string, string>;
}

/** The kinds of node in a stack's settings; none where they are not listed. */
export function nodeKinds(configuration: Configuration, project: string): NodeKind[] {
  const text = configuration.values[`${project}:cluster`];
  const settings: unknown = text?.startsWith("{") ? JSON.parse(text) : undefined;
  const { nodes = [], headroom = 0 } = isMap<unknown>(settings)
    ? (settings as { nodes?: Written[]; headroom?: number })
    : {};
  if (!Array.isArray(nodes)) return [];
  return nodes.map(({ name, arch, count = 1, labels, ...node }) => ({
    ...{ name: name ?? arch, arch, count, room: roomOf(node, headroom) },
    labels: { ...labels, [architectureLabel]: arch, "kubernetes.io/os": "linux" },
  }));
}

function roomOf(
  { cpu, memory, reserved = {} }: Pick<Written, "cpu" | "memory" | "reserved">,
  headroom: number,
): Amounts | undefined {
  if (cpu === undefined || memory === undefined) {
    return undefined;
  }
  const left = (all: string | number, kept: string | number = 0) =>
    Math.max(0, quantityValue(String(all)) * (1 - headroom / 100) - quantityValue(String(kept)));
  return { cpu: left(cpu, reserved.cpu), memory: left(memory, reserved.memory) };
}
