import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { InvalidInput } from "../../engine/errors";
import type { Measured, Usage } from "./measure";

/** A measurement that was kept. */
export interface UsageRecord extends Measured {
  /** What it was of: a stage, or a name that a person gave. */
  label: string;
  /** ISO 8601. */
  at: string;
  /** How long it took. */
  seconds: number;
}

/**
 * The measurements that a file has, one a line.
 * @param file need not be there
 * @throws InvalidInput when a line isn't one
 */
export function recordsOf(file: string): UsageRecord[] {
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  return lines.flatMap((line, index) => {
    if (line === "") return [];
    try {
      const { label, at, seconds, nodes, workloads } = JSON.parse(line) as UsageRecord;
      if (label && at && nodes && workloads) return [{ label, at, seconds, nodes, workloads }];
    } catch {
      // said below
    }
    throw new InvalidInput(
      `${file}, line ${index + 1} is not a measurement\n→ remove this line, or use another file: --file`,
    );
  });
}

/** Adds a measurement. */
export const keep = (file: string, record: UsageRecord): void => appendFileSync(file, `${JSON.stringify(record)}\n`);

/** Of each label the latest measurement, in the order of their times. */
export function latest(records: readonly UsageRecord[]): UsageRecord[] {
  const byLabel = new Map(records.map((record) => [record.label, record]));
  return [...byLabel.values()].sort((a, b) => (a.at < b.at ? -1 : 1));
}

/** A row of the table: what it is of, and what each measurement has of it. */
interface Row {
  name: string;
  usages: (Usage | undefined)[];
}

/**
 * The measurements beside one another, and what changed from the first to the last, as Markdown.
 * @param records in their order
 * @param namespaces whose workloads are rows of their own; of the others the sum is
 */
export function table(records: readonly UsageRecord[], namespaces: readonly string[]): string {
  const rows = [...rowsOfNodes(records), ...rowsOfWorkloads(records, namespaces), total(records)];
  const quantities = [
    {
      title: "memory, MiB (most)",
      text: (usage: Usage) => `${mib(usage.memory)} (${mib(usage.peak)})`,
      value: (usage: Usage) => usage.memory / 2 ** 20,
      digits: 0,
    },
    {
      title: "CPU, cores",
      text: (usage: Usage) => usage.cpu.toFixed(3),
      value: (usage: Usage) => usage.cpu,
      digits: 3,
    },
  ];
  return quantities
    .map(({ title, text, value, digits }) => {
      const last = records.length - 1;
      const head = [title, ...records.map(({ label }) => label), ...(last > 0 ? ["difference"] : [])];
      const body = rows.map(({ name, usages }) => {
        const [from, to] = [usages[0], usages[last]].map((usage) => (usage ? value(usage) : 0));
        const change = to - from;
        return [
          name,
          ...usages.map((usage) => (usage ? text(usage) : "–")),
          ...(last > 0 ? [`${change < 0 ? "−" : "+"}${grouped(Math.abs(change), digits)}`] : []),
        ];
      });
      return markdown([head, ...body]);
    })
    .join("\n\n");
}

const grouped = (n: number, digits: number) =>
  n.toLocaleString("en-GB", { minimumFractionDigits: digits, maximumFractionDigits: digits });

const mib = (bytes: number) => grouped(bytes / 2 ** 20, 0);

function rowsOfNodes(records: readonly UsageRecord[]): Row[] {
  return namesOf(records.map(({ nodes }) => nodes)).map((node) => ({
    name: `node ${node}`,
    usages: records.map(({ nodes }) => nodes[node]),
  }));
}

function rowsOfWorkloads(records: readonly UsageRecord[], namespaces: readonly string[]): Row[] {
  const own = namespaces.flatMap((namespace) =>
    namesOf(records.map(({ workloads }) => workloads[namespace] ?? {})).map((workload) => ({
      name: `${namespace}: ${workload}`,
      usages: records.map(({ workloads }) => workloads[namespace]?.[workload]),
    })),
  );
  const sums = namespaces.map((namespace) => ({
    name: `all of ${namespace}`,
    usages: records.map(({ workloads }) => sum(Object.values(workloads[namespace] ?? {}))),
  }));
  const others = {
    name: "other namespaces",
    usages: records.map(({ workloads }) =>
      sum(Object.entries(workloads).flatMap(([name, each]) => (namespaces.includes(name) ? [] : Object.values(each)))),
    ),
  };
  return [...own, ...sums, others];
}

const total = (records: readonly UsageRecord[]): Row => ({
  name: "all nodes",
  usages: records.map(({ nodes }) => sum(Object.values(nodes))),
});

const namesOf = (objects: readonly object[]) => [...new Set(objects.flatMap((each) => Object.keys(each)))].sort();

const sum = (usages: readonly Usage[]): Usage =>
  usages.reduce((a, b) => ({ memory: a.memory + b.memory, peak: a.peak + b.peak, cpu: a.cpu + b.cpu }), {
    memory: 0,
    peak: 0,
    cpu: 0,
  });

function markdown(rows: readonly string[][]): string {
  const widths = rows[0].map((_, i) => Math.max(3, ...rows.map((row) => row[i].length)));
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => `${"-".repeat(width + 1)}${i === 0 ? "-" : ":"}`).join("|")}|`;
  return [line(rows[0]), rule, ...rows.slice(1).map(line)].join("\n");
}
