import { Violation } from "./analyzer";
import { Preview, PreviewResource } from "./preview";

/** The preview for a person: the tree, the findings, what the program logged. */
export function formatPreview(preview: Preview): string {
  const depth = new Map<string | null, number>([[null, -1]]);
  const lines = preview.resources.map((resource) => {
    const level = (depth.get(resource.parent) ?? -1) + 1;
    depth.set(resource.urn, level);
    return `${"   ".repeat(level)}${formatResource(resource)}`;
  });
  const logged = preview.diagnostics.map(({ severity, message }) => `${severity}: ${message}`);
  return [
    `Stack ${preview.stack}${preview.stage === null ? "" : `, stage ${preview.stage}`}: ${preview.resources.length} resources`,
    "",
    ...lines,
    "",
    ...(logged.length > 0 ? [...logged, ""] : []),
    formatViolations(preview),
  ].join("\n");
}

/** The findings, the graver first, with a count. */
export function formatViolations({ violations }: Preview): string {
  const lines = (["mandatory", "remediate", "advisory"] as const).flatMap((level) =>
    violations.filter((violation) => violation.level === level).map(formatViolation),
  );
  return [...lines, `${violations.length === 0 ? "No" : violations.length} policy findings`].join("\n");
}

const formatViolation = ({ policy, level, urn, message }: Violation): string =>
  `[${level}] ${policy}: ${urn ?? "the whole stack"}\n${message.replace(/^/gm, "    ")}`;

function formatResource({ type, name, options, read }: PreviewResource): string {
  const marks = [
    read && "read",
    options.import !== null && `import ${options.import}`,
    options.protect && "protect",
    options.retainOnDelete && "retain on delete",
  ].filter(Boolean);
  return `${type} ${name}${marks.length > 0 ? `  [${marks.join(", ")}]` : ""}`;
}
