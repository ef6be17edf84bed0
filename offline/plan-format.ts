import { formatViolations } from "./format";
import { called, count, Plan } from "./plan";
import { Operation, Step, usualReason } from "./plan-steps";
import { Volume } from "./plan-volumes";

/** The graver first; what stays the same is only counted. */
const groups: readonly [Operation, string][] = [
  ["blocked", "blocked"],
  ["delete", "to delete"],
  ["replace", "to replace"],
  ["update", "to update"],
  ["create", "to create"],
];

/** Paths that are printed of one resource; JSON has them all. */
const shownPaths = 6;

/** The plan for a person: the steps by what they do, the volumes, the findings, and at the end what to make of it. */
export function formatPlan(plan: Plan): string {
  const { stack, from, stage, route, steps, volumes, beside, refusals, diagnostics, summary } = plan;
  const sections = [
    [`Stack ${stack}: ${from} → ${route.at(-1) ?? stage}`],
    ...groups.map(([op, title]) => formatGroup(steps, op, title)),
    [`${count(steps, "same")} stay as they are`],
    formatVolumes(volumes),
    beside.length === 0 ? [] : ["Beside the steps", ...beside.map((sentence) => `   ${sentence}`)],
    diagnostics.map(({ severity, message, urn }) => `${severity}: ${urn === undefined ? "" : `${urn}: `}${message}`),
    [formatViolations(plan)],
    refusals.length === 0 ? [] : ["Don't make this move as it is:", ...refusals.map((refusal) => `   ${refusal}`)],
    [summary],
  ];
  return sections
    .filter((section) => section.length > 0)
    .map((section) => section.join("\n"))
    .join("\n\n");
}

function formatGroup(steps: Step[], op: Operation, title: string): string[] {
  const own = steps.filter((step) => step.op === op);
  return own.length === 0 ? [] : [`${own.length} ${title}`, ...own.map(formatStep)];
}

function formatStep(step: Step): string {
  const { op, changes, why } = step;
  const more = changes.length > shownPaths ? ` and ${changes.length - shownPaths} more` : "";
  const paths = changes.length === 0 ? "" : `: ${changes.slice(0, shownPaths).join(", ")}${more}`;
  return `   ${called(step)}${paths}${why === usualReason[op] ? "" : `\n      ${why}`}`;
}

function formatVolumes(volumes: Volume[]): string[] {
  const said = volumes.filter(({ fate, why }) => fate !== "stays" || why !== "");
  const rows = said.map(({ namespace, claims, fate, lost, why }) => {
    const [first, last] = [claims[0], claims.at(-1)];
    const claim = claims.length > 1 ? `${first} … ${last}` : first;
    return `   ${lost ? "LOST" : fate}: ${namespace}/${claim}${why === "" ? "" : ` (${why})`}`;
  });
  const silent = volumes.length - said.length;
  const rest =
    silent === 0
      ? []
      : [
          `   ${silent === 1 ? "1 more stays as it is" : `${silent} ${rows.length === 0 ? "" : "more "}stay as they are`}`,
        ];
  return volumes.length === 0 ? [] : ["Volumes", ...rows, ...rest];
}
