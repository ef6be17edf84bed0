import { Document, isMap, isScalar, stringify, type YAMLMap } from "yaml";
import { stackWords } from "../../settings/of-stack";
import { nested, type Adoption } from "./adopt";
import type { Fit, Question } from "./findings";
import { groupBy } from "../shared/group-by";

const project = "observability";

/** Width of a comment's line: of a terminal, and of an editor with two files side by side. */
const width = 100;

/**
 * An adoption as a stack file: as comments, the decisions that are left; then the settings with reasons, and what was not seen.
 * @param stack the stack's name
 * @param adoption what fits the cluster
 * @param configFile the stack's file, if the command was given one
 */
export function formatAdoption(stack: string, adoption: Adoption, configFile?: string): string {
  const { server, fits, already, questions, problems, unseen } = adoption;
  const counts = [`${counted(fits.length, "setting")} to copy`, `${questions.length} to decide`];
  const wrong = problems.length > 0 ? [counted(problems.length, "problem")] : [];
  const parts = [
    comment(`Stack ${stack}, and the cluster at ${server}: ${[...counts, ...wrong].join(", ")}.`),
    comment(
      `The settings match what the cluster has: merge them into Pulumi.${stack}.yaml. The cluster was only read; nothing was changed.` +
        (already > 0 ? ` ${already} more are already in the stack file.` : ""),
    ),
    ...(problems.length > 0
      ? [
          heading("Problems with all these settings together", problems.length),
          ...problems.map(({ key, what, allowed, command }) =>
            item(
              `${project}:${key}: ${what}`,
              ...(allowed ? [`allowed: ${allowed}`] : []),
              ...(command ? [`set it: ${command} ${stackWords(stack, configFile)}`] : []),
            ),
          ),
        ]
      : []),
    heading("To decide", questions.length),
    ...questions.map(question),
    "",
    settings(fits),
    ...(unseen.length > 0 ? [heading("Not checked", unseen.length), ...notSeen(adoption)] : []),
  ];
  return `${parts.join("\n")}\n`;
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

function settings(fits: readonly Fit[]): string {
  if (fits.length === 0) return "config: {}";
  const sections = Object.entries(nested(fits)).map(([key, value]) => [`${project}:${key}`, value]);
  const document = new Document({ config: Object.fromEntries(sections) });
  for (const { key, why } of fits) {
    const [section, ...below] = key.split(".");
    explainAt(document, ["config", `${project}:${section}`, ...below], why);
  }
  return document.toString({ lineWidth: 0 }).trimEnd();
}

/** Puts a comment above a key. */
function explainAt(document: Document, path: readonly string[], why: string): void {
  const parent = document.getIn(path.slice(0, -1)) as YAMLMap;
  const pair = parent.items.find(({ key }) => (isScalar(key) ? key.value : key) === path.at(-1));
  if (pair && isScalar(pair.key))
    pair.key.commentBefore = wrapped(why, width - 2 * path.length)
      .map((line) => ` ${line}`)
      .join("\n");
  if (pair && isMap(pair.value) && pair.value.items.length === 0) pair.value.flow = true;
}

const heading = (text: string, count: number) => `\n# ${text}: ${count === 0 ? "nothing" : count}`;

const item = (what: string, ...how: string[]): string =>
  [comment(what, "#   - ", "#     "), ...how.map((each) => comment(each, "#     → ", "#       "))].join("\n");

function question({ what, how, settings }: Question): string {
  const example = Object.entries(settings ?? {}).map(([key, value]) => stringify({ [`${project}:${key}`]: value }));
  const lines = example.flatMap((text) => text.trimEnd().split("\n")).map((line) => `#         ${line}`);
  return [item(what, how), ...lines].join("\n");
}

function notSeen({ unseen }: Adoption): string[] {
  const reasons = groupBy(unseen, ({ why }) => why);
  return [...reasons].map(([why, kinds]) => item(`${kinds.map(({ what }) => what).join(", ")}: ${why}`));
}

const comment = (text: string, first = "# ", rest = "# "): string =>
  wrapped(text, width - first.length)
    .map((line, i) => `${i === 0 ? first : rest}${line}`)
    .join("\n");

/** A text in lines; what comes from the cluster can't end a comment. */
function wrapped(text: string, longest: number): string[] {
  const lines: string[] = [""];
  for (const word of text.split(/\s+/)) {
    const last = lines.length - 1;
    if (lines[last] !== "" && lines[last].length + word.length >= longest) lines.push(word);
    else lines[last] += lines[last] === "" ? word : ` ${word}`;
  }
  return lines;
}
