import type { Flow, Node, Picture } from "./picture";

/** Most characters in a line of a box; longer lists are wrapped after a comma. */
const lineLength = 40;

/**
 * A picture in Mermaid's language, which GitHub draws.
 * @see https://mermaid.js.org/syntax/flowchart.html
 */
export function mermaid({ nodes, flows }: Picture): string {
  const groups = [...new Set(nodes.flatMap(({ group }) => group ?? []))];
  return [
    "flowchart LR",
    ...groups.flatMap((group, i) => [
      `  subgraph group_${i + 1}["${text(group)}"]`,
      ...nodes.filter((node) => node.group === group).map((node) => `    ${box(node)}`),
      "  end",
    ]),
    ...nodes.filter(({ group }) => group === undefined).map((node) => `  ${box(node)}`),
    ...flows.map((flow) => `  ${arrow(flow)}`),
  ].join("\n");
}

const shapes = { source: ["[/", "/]"], part: ["[", "]"], bucket: ["[(", ")]"], outside: ["([", "])"] } as const;

function box({ id, title, details, kind }: Node): string {
  const [open, close] = shapes[kind];
  const lines = [title, ...details].flatMap((line) => broken(line)).map(text);
  return `${id}${open}"${lines.join("<br/>")}"${close}`;
}

function arrow({ from, to, what, byDefault }: Flow): string {
  return `${from} ${byDefault ? "==>" : "-->"}${what && `|"${text(what)}"|`} ${to}`;
}

function broken(line: string): string[] {
  const lines: string[] = [];
  for (const part of line.split(/(?<=,) /)) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + part.length < lineLength) lines[lines.length - 1] = `${last} ${part}`;
    else lines.push(part);
  }
  return lines;
}

/** Characters that would end the text or have a meaning in Mermaid, as Mermaid's entities. */
const text = (raw: string): string => raw.replaceAll(/["#<>`\\;]/g, (letter) => `#${letter.charCodeAt(0)};`);
