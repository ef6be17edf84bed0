import { ofStack } from "../../settings/of-stack";
import { formatViolations } from "../shared/format";
import { groupBy } from "../shared/group-by";
import { called, count, Counted, countedAs, Plan } from "./plan";
import { recordOnly, Step, usualReason } from "./steps";
import { Volume } from "./volumes";

/** The most serious first; unchanged resources are only counted. What is blocked is among the refusals already, but without the paths that change. */
const groups: readonly [Counted, string, verboseOnly?: boolean][] = [
  ["blocked", "blocked", true],
  ["delete", "to delete"],
  ["forget", "only forgotten by Pulumi; they stay in the cluster"],
  ["replace", "to replace"],
  ["update", "to update"],
  ["create", "to create"],
];

/** Paths that are printed of one resource; JSON has them all. */
const shownPaths = 6;

/**
 * The plan for a person: the summary, what needs a decision, then the steps by operation.
 * @param plan the plan
 * @param verbose print every changed path, also of what is blocked, and components of which only Pulumi's record changes
 * @param configFile the stack's file, if the command was given one
 */
export function formatPlan(plan: Plan, verbose = false, configFile?: string): string {
  const { stack, steps, volumes, beside, refusals, diagnostics, summary } = plan;
  const sections = [
    [`Stack ${stack}, ${summary}`],
    refusals.length === 0 ? [] : ["Don't make this change as it is:", ...formatRefusals(refusals)],
    [formatViolations(plan)],
    diagnostics.map(({ severity, message, urn }) => `${severity}: ${urn === undefined ? "" : `${urn}: `}${message}`),
    formatVolumes(volumes),
    beside.length === 0 ? [] : ["What the steps don't show", ...beside.map((sentence) => `   ${sentence}`)],
    ...groups
      .filter(([, , verboseOnly = false]) => verbose || !verboseOnly)
      .map(([kind, title]) => formatGroup(steps, kind, title, verbose)),
    formatUnchanged(steps),
  ];
  const text = sections.filter((section) => section.length > 0).map((section) => section.join("\n"));
  return ofStack(text.join("\n\n"), stack, configFile);
}

/** Protection is no input, and what it keeps from being deleted may go in the next update. */
function formatUnchanged(steps: Step[]): string[] {
  const changed = steps.filter(({ op, why }) => op === "same" && /\bprotected\b/.test(why));
  const title = `${count(steps, "same")} unchanged`;
  return changed.length === 0 ? [title] : [`${title}; only the protection changes of`, ...formatSteps(changed, false)];
}

/** The refusals; a reason of several resources is printed once, below them. */
function formatRefusals(refusals: readonly string[]): string[] {
  const byReason = groupBy(refusals, (refusal) => refusal.slice(refusal.indexOf(": ") + 2));
  return [...byReason].flatMap(([reason, alike]) =>
    alike.length === 1
      ? [`   ${alike[0]}`]
      : [...alike.map((refusal) => `   ${refusal.slice(0, refusal.indexOf(": "))}`), `      ${reason}`],
  );
}

function formatGroup(steps: Step[], kind: Counted, title: string, verbose: boolean): string[] {
  const own = steps.filter((step) => countedAs(step) === kind);
  const shown = verbose ? own : own.filter(({ why }) => why !== recordOnly);
  const records = own.length - shown.length;
  const rest = `   ${records} ${records === 1 ? "component" : "components"}: only the arguments in Pulumi's state change (--verbose)`;
  return own.length === 0
    ? []
    : [`${own.length} ${title}`, ...formatSteps(shown, verbose), ...(records === 0 ? [] : [rest])];
}

/** The steps; a reason that follows several of them is printed once, below the last. */
function formatSteps(steps: Step[], verbose: boolean): string[] {
  const reason = ({ op, why }: Step) => (why === usualReason[op] ? "" : why);
  return steps.flatMap((step, i) => {
    const why = reason(step);
    const again = i + 1 < steps.length && reason(steps[i + 1]) === why;
    return [formatStep(step, verbose), ...(why === "" || again ? [] : [`      ${why}`])];
  });
}

function formatStep(step: Step, verbose: boolean): string {
  const { changes } = step;
  const printed = verbose ? changes : changes.slice(0, shownPaths);
  const more = changes.length > printed.length ? ` and ${changes.length - printed.length} more (--verbose)` : "";
  const paths = changes.length === 0 ? "" : `: ${printed.join(", ")}${more}`;
  return `   ${called(step)}${paths}`;
}

function formatVolumes(volumes: Volume[]): string[] {
  const said = volumes.filter(({ fate, why }) => fate !== "stays" || why !== "");
  const rows = said.map(({ namespace, claims, fate, lost, why }) => {
    const [first, last] = [claims[0], claims.at(-1)];
    const claim = claims.length > 1 ? `${first} … ${last}` : first;
    return `   ${lost ? "LOST" : fate}: ${namespace}/${claim}${why === "" ? "" : ` (${why})`}`;
  });
  const silent = volumes.length - said.length;
  const rest = silent === 0 ? [] : [`   ${silent} ${rows.length === 0 ? "" : "more "}unchanged`];
  return volumes.length === 0 ? [] : ["Volumes", ...rows, ...rest];
}
