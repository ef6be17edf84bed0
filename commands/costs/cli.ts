import { stackOf } from "../../engine/project";
import { workloadsOf, type Workload } from "../shared/capacity/workloads";
import { formatLimit, inCores, inMebibytes } from "../shared/format";
import { writePart, type GeneratedPart } from "../shared/page";
import type { Preview } from "../shared/preview";
import { stagePreviews } from "../shared/stage-previews";

/** The part of docs/fit.md that is computed from stacks. */
export const costsPart: GeneratedPart = { page: "docs/fit.md", name: "costs", script: "costs" };

/**
 * What each stage costs, as tables in Markdown.
 * @param previews of each stack, one for each stage, in their order
 */
export const costs = (previews: readonly (readonly Preview[])[]): string =>
  [stageTable(previews.flat()), ...previews.map(workloadTable)].join("\n\n");

/** A row for each stack and stage. */
function stageTable(previews: readonly Preview[]): string {
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
function workloadTable(previews: readonly Preview[]): string {
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

/** npm run costs, which names the files of the stacks */
async function main(): Promise<void> {
  const stacks = await Promise.all(process.argv.slice(2).map((file) => stagePreviews(stackOf(file))));
  writePart(costsPart, costs(stacks.map(({ previews }) => previews)));
}

if (require.main === module)
  void main().catch((error: Error) => {
    console.error(error.message);
    process.exitCode = 2;
  });
