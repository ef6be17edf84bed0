import type { Preview } from "../shared/preview";
import { hostOf, Parts } from "./parts";
import { readings, type Reading } from "./readings";

/** What is drawn as one box. */
export interface Node {
  /** Made of letters, digits and '_'. */
  id: string;
  /** Its first line. */
  title: string;
  /** Its other lines. */
  details: string[];
  /** The frame around it; none for a part of the stack. */
  group?: string;
  kind: "source" | "part" | "bucket" | "outside";
}

/** What is drawn as one arrow, from the system that acts or has the data to the one that answers or gets it. */
export interface Flow {
  /** Id of a node. */
  from: string;
  /** Id of a node. */
  to: string;
  /** What flows; empty if the nodes make it clear. */
  what: string;
  /** Whether it is the default among several: Grafana's default data source. */
  byDefault: boolean;
}

/** The data flow of a stage. */
export interface Picture {
  nodes: Node[];
  flows: Flow[];
}

/**
 * The data flow of a stack, from its own configuration: only nodes with a flow are drawn.
 * @param preview the stack's graph
 */
export function pictureOf(preview: Preview): Picture {
  const parts = new Parts(preview.resources);
  const nodes = new Map<string, Node>();
  const flows: Flow[] = [];
  const add = (node: Omit<Node, "id">): string => {
    const id = idOf(node.kind === "part" ? node.title : `${node.kind} ${node.title}`);
    const known = nodes.get(id);
    const details = [...new Set([...(known?.details ?? []), ...node.details])];
    nodes.set(id, { ...node, id, details });
    return id;
  };
  const addPart = (title: string): string => add({ kind: "part", title, details: detailsOf(title, parts.runs(title)) });
  const addressed = (address: string): string => {
    const part = parts.at(address);
    return part === undefined ? add({ kind: "outside", title: hostOf(address), details: [] }) : addPart(part);
  };
  const flow = (from: string, to: string, what: string, byDefault = false) => {
    const drawn = flows.some((other) => other.from === from && other.to === to && other.what === what);
    // Flows inside a part are not drawn.
    if (from !== to && !drawn) flows.push({ from, to, what, byDefault });
  };
  const draw = (part: string, reading: Reading): void => {
    if ("sends" in reading) flow(addPart(part), addressed(reading.to), reading.sends, reading.byDefault);
    else if ("reads" in reading) {
      flow(add({ kind: "source", title: reading.reads, details: [reading.of], group: "cluster" }), addPart(part), "");
    } else if ("bucket" in reading) {
      const group = `object store: ${parts.at(reading.at) ?? hostOf(reading.at)}`;
      flow(addPart(part), add({ kind: "bucket", title: reading.bucket, details: [], group }), "");
    } else {
      flow(addPart(part), add({ kind: "outside", title: "receivers", details: [reading.notifies] }), "");
    }
  };
  for (const resource of preview.resources)
    for (const reading of readings(resource, preview.resources)) draw(parts.of(resource), reading);
  return { nodes: [...nodes.values()], flows };
}

const idOf = (text: string): string => text.toLowerCase().replaceAll(/[^a-z0-9]+/g, "_");

const detailsOf = (title: string, runs: readonly string[]): string[] =>
  runs.length === 0 || (runs.length === 1 && runs[0] === title) ? [] : [runs.join(", ")];
