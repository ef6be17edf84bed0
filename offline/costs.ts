import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stageNames } from "../config/sections/migration";
import { formatLimit, inCores, inMebibytes } from "./format";
import { offlinePreview, ownProgram, type Preview } from "./preview";
import { workloadsOf, type Workload } from "./workloads";

/**
 * Writes what each stage costs into docs/fit.md, between its markers.
 * Usage: npm run costs
 */

/** The page, from the root. */
export const page = "docs/fit.md";

/** The stacks that the page tells of. */
export const stacks = ["production", "sandbox"] as const;

const markers = { begin: "<!-- costs: begin (npm run costs) -->", end: "<!-- costs: end -->" };

/**
 * The page with its tables written anew.
 * @param text the page
 * @param previews of each stack, one for each stage, in their order
 * @throws Error when it has no markers
 */
export function withCosts(text: string, previews: readonly Preview[][]): string {
  const [begin, end] = [text.indexOf(markers.begin), text.indexOf(markers.end)];
  if (begin === -1 || end < begin)
    throw new Error(`${page}: put ${markers.begin} and ${markers.end} where the tables are to stand.`);
  const tables = [stageTable(previews.flat()), ...previews.map(workloadTable)];
  return [text.slice(0, begin + markers.begin.length), ...tables, text.slice(end)].join("\n\n");
}

/** A row for each stack and stage. */
function stageTable(previews: Preview[]): string {
  const rows = previews.map(({ stack, stage, requests, fit }) => {
    const sum = (of: (one: Preview["requests"][number]) => number) => requests.reduce((all, one) => all + of(one), 0);
    const pods = sum((one) => one.pods);
    const amounts = [
      inCores(sum(({ cpu }) => cpu)),
      inMebibytes(sum(({ memory }) => memory)),
      formatLimit(
        inMebibytes(sum(({ limits }) => limits.memory)),
        sum(({ unlimited }) => unlimited.memory),
        pods,
      ),
      formatLimit(
        inCores(sum(({ limits }) => limits.cpu)),
        sum(({ unlimited }) => unlimited.cpu),
        pods,
      ),
    ];
    return [`\`${stack}\``, `\`${stage}\``, String(pods), ...amounts, fit.fits];
  });
  return markdown(
    [
      "stack",
      "stage",
      "pods",
      "CPU requests, cores",
      "memory requests",
      "memory limits",
      "CPU limits",
      "fits its nodes",
    ],
    rows,
  );
}

/** A row for each workload of a stack, with the stages that it runs in; one whose amounts differ by stage has a row for each. */
function workloadTable(previews: Preview[]): string {
  const byCells = new Map<string, { cells: string[]; stages: string[] }>();
  for (const { stage, resources } of previews) {
    for (const cells of workloadsOf(resources).workloads.map(cellsOf)) {
      const known = byCells.get(cells.join("|"));
      byCells.set(cells.join("|"), { cells, stages: [...(known?.stages ?? []), `\`${stage}\``] });
    }
  }
  const rows = [...byCells.values()].map(({ cells, stages }) => [...cells, stages.join(", ")]);
  const stack = previews[0].stack;
  return markdown(
    [`pods of \`${stack}\``, "how many", "CPU request", "memory request", "memory limit", "stages"],
    rows,
  );
}

const cellsOf = ({ name, pods, requests, limits }: Workload): string[] => [
  name.replace(/-[0-9a-f]{8}$/, ""), // a Job is called by a checksum of what it does
  String(pods),
  `${Math.round(requests.cpu * 1000)}m`,
  inMebibytes(requests.memory),
  limits.memory === undefined ? "none" : inMebibytes(limits.memory),
];

const markdown = (heading: string[], rows: string[][]): string =>
  [row(heading), `|${"---|".repeat(heading.length)}`, ...rows.map(row)].join("\n");

const row = (cells: string[]): string => `| ${cells.join(" | ")} |`;

async function main(): Promise<void> {
  const previews = await Promise.all(
    stacks.map((stack) => Promise.all(stageNames.map((stage) => offlinePreview({ stack, stage, from: stage })))),
  );
  const file = join(ownProgram, page);
  writeFileSync(file, withCosts(readFileSync(file, "utf8"), previews));
}

if (require.main === module) {
  void main();
}
