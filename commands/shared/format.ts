import { nameOf, typeOf } from "../../engine/urn";
import { Violation } from "../../engine/analyzer";
import { Diagnostic } from "../../engine/engine";
import { Fit, Missing } from "./capacity/fit";
import { Preview, PreviewResource } from "./preview";
import { Rendered } from "./render";
import { ArchitectureRequests } from "./capacity/requests";

/** The preview for a person: the tree, what the program logged, requests by architecture, the fit, the findings. */
export function formatPreview(preview: Preview): string {
  const stage = preview.stage === null ? "" : `, stage ${preview.stage}`;
  return [
    [`Stack ${preview.stack}${stage}: ${preview.resources.length} resources`],
    formatTree(preview.resources),
    formatDiagnostics(preview.diagnostics),
    formatRequests(preview.requests),
    formatFit(preview.fit),
    [formatViolations(preview)],
  ]
    .filter((section) => section.length > 0)
    .map((section) => section.join("\n"))
    .join("\n\n");
}

/** The findings, the graver first, and how many there are. */
export function formatViolations({ violations }: Preview): string {
  const levels = ["mandatory", "remediate", "advisory"] as const;
  const byLevel = levels.map((level) => violations.filter((violation) => violation.level === level));
  const counts = levels.map((level, index) => `${byLevel[index].length} ${level}`).join(", ");
  return [...byLevel.flat().map(formatViolation), `Policy findings: ${counts}`].join("\n");
}

/** What a render wrote, and what it left out. */
export function formatRendered({ resources, diagnostics }: Rendered, files: string[], folder: string): string {
  const left = resources.filter(({ custom, read, object, release }) => custom && !read && !object && !release);
  const types = [...new Set(left.map(({ type }) => type))].sort();
  return [
    ...formatDiagnostics(diagnostics),
    `${files.length} files in ${folder}`,
    ...(types.length > 0 ? [`Not Kubernetes objects, not rendered: ${types.join(", ")}`] : []),
  ].join("\n");
}

function formatTree(resources: PreviewResource[]): string[] {
  const depth = new Map<string | null, number>([[null, -1]]);
  return resources.map((resource) => {
    const level = (depth.get(resource.parent) ?? -1) + 1;
    depth.set(resource.urn, level);
    return `${"   ".repeat(level)}${formatResource(resource)}`;
  });
}

function formatResource({ type, name, options, read }: PreviewResource): string {
  const marks = [
    read && "read",
    options.import !== null && `import ${options.import}`,
    options.protect && "protect",
    options.retainOnDelete && "retain on delete",
  ].filter(Boolean);
  return `${type} ${name}${marks.length > 0 ? `  [${marks.join(", ")}]` : ""}`;
}

const formatDiagnostics = (diagnostics: Diagnostic[]): string[] =>
  diagnostics.map(({ severity, message, urn }) => `${severity}: ${urn === undefined ? "" : `${urn}: `}${message}`);

function formatRequests(requests: ArchitectureRequests[]): string[] {
  const rows = requests.map(({ architecture, pods, cpu, memory, limits, unlimited }) => [
    ...[architecture, String(pods), inCores(cpu), inMebibytes(memory)],
    formatLimit(inMebibytes(limits.memory), unlimited.memory, pods),
    formatLimit(`${inCores(limits.cpu)} cores`, unlimited.cpu, pods),
  ]);
  return formatTable([["Requests on", "pods", "cores", "memory", "memory limit", "CPU limit"], ...rows]);
}

/**
 * A sum of limits for a person: it says how many pods have none, as those may take all that they find.
 * @param limit the sum
 * @param unlimited how many of the pods have no limit
 */
export function formatLimit(limit: string, unlimited: number, pods: number): string {
  return unlimited === 0 ? limit : unlimited === pods ? "none" : `${limit}, ${unlimited} without`;
}

/** Whether a stack fits, for a person: a line each. */
export function formatFit({ fits, reason, nodes, missing, notSeen }: Fit): string[] {
  const rows = nodes.map(({ name, arch, count, room, free, memoryLimits }) => [
    ...[`${name} (${arch})`, String(count), inCores(free.cpu), inMebibytes(free.memory)],
    `${inMebibytes(memoryLimits)} of ${inMebibytes(room.memory)}`,
  ]);
  const verdict = {
    yes: "The stack fits its nodes. Free is what is left of the allocatable amounts after cluster.headroom, cluster.nodes[].reserved and this stack; other workloads are not counted.",
    tight:
      "The stack fits its nodes only if pods are packed tightly. Kubernetes spreads them, so some may stay Pending: leave more room.",
    no: "The stack does not fit its nodes:",
    unknown: `Whether the stack fits its nodes is not known: ${reason}.`,
  };
  const over = nodes.filter(({ room, memoryLimits }) => memoryLimits > room.memory).map(({ name }) => name);
  return [
    ...(rows.length > 0
      ? formatTable([["Free on", "nodes", "cores", "memory", "memory limits on the fullest node"], ...rows])
      : []),
    verdict[fits],
    ...missing.map(formatMissing),
    ...(over.length > 0
      ? [
          `Memory limits add up to more than a node has (${over.join(", ")}): if all pods there use what they may, one is killed. Lower ….resources.limits.memory.`,
        ]
      : []),
    ...notSeen.map((release) => `What the Helm release ${release} starts is not counted: its chart is not known here.`),
  ];
}

function formatMissing({ workload, pods, requests, node, lacks }: Missing): string {
  const lacking = [
    ...(lacks.cpu > 0 ? [`${inCores(lacks.cpu)} cores`] : []),
    ...(lacks.memory > 0 ? [inMebibytes(lacks.memory)] : []),
  ].join(" and ");
  const asks = `each asks for ${inCores(requests.cpu)} cores and ${inMebibytes(requests.memory)}`;
  const why =
    node === null
      ? "no kind of node has the labels that it selects"
      : `even ${node}, which has the most room, lacks ${lacking}`;
  return `    ${workload}: ${pods} ${pods === 1 ? "pod has" : "pods have"} no node; ${asks}; ${why}`;
}

/** The first column to the left, the others to the right. */
export function formatTable(table: string[][]): string[] {
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join("  "),
  );
}

/** CPU for a person, in cores. */
export const inCores = (cpu: number): string => cpu.toFixed(2);

/** Memory for a person. */
export const inMebibytes = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} Mi`;

const formatViolation = ({ policy, level, urn, message }: Violation): string =>
  `[${level}] ${policy}: ${urn === null ? "the whole stack" : `${typeOf(urn)} ${nameOf(urn)}`}\n${message.replace(/^(?=.)/gm, "    ")}`;
