import { Violation } from "./analyzer";
import { Diagnostic } from "./engine";
import { Preview, PreviewResource } from "./preview";
import { Rendered } from "./render";
import { ArchitectureRequests } from "./requests";

/** The preview for a person: the tree, what the program logged, requests by architecture, the findings. */
export function formatPreview(preview: Preview): string {
  const stage = preview.stage === null ? "" : `, stage ${preview.stage}`;
  return [
    [`Stack ${preview.stack}${stage}: ${preview.resources.length} resources`],
    formatTree(preview.resources),
    formatDiagnostics(preview.diagnostics),
    formatRequests(preview.requests),
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
    ...(types.length > 0 ? [`Not objects of Kubernetes, so not rendered: ${types.join(", ")}`] : []),
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
  const rows = requests.map(({ architecture, pods, cpu, memory }) => [
    architecture,
    String(pods),
    cpu.toFixed(2),
    `${(memory / 2 ** 20).toFixed(0)} Mi`,
  ]);
  const table = [["Requests on", "pods", "cores", "memory"], ...rows];
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  return table.map((row) =>
    row.map((cell, column) => (column === 0 ? cell.padEnd(widths[column]) : cell.padStart(widths[column]))).join("  "),
  );
}

const formatViolation = ({ policy, level, urn, message }: Violation): string =>
  `[${level}] ${policy}: ${urn ?? "the whole stack"}\n${message.replace(/^/gm, "    ")}`;
