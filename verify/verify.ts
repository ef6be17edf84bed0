import type { Stage } from "../migration/stages";
import type { Api } from "./api";
import type { Check, Context, Measures, Outcome } from "./check";
import { checks, gate } from "./checks";
import { Reach } from "./reach";
import type { Part, Subject } from "./subject";
import { workloadCheck } from "./workloads";

/** A row of the report. */
export interface Row {
  /** Stable: `pods/statefulset/loki`, `loki/ready` … */
  id: string;
  title: string;
  result: "pass" | "fail" | "not-run";
  /** What was found, or why it can't be asked here. */
  detail: string;
  /** What to do about it; only where it failed. */
  todo?: string;
  /** Lines that are worth reading, such as panels without data. */
  notes?: string[];
}

/** What became of a stack's checklist. */
export interface Report extends Measures {
  stack: string;
  stage: string;
  /** When it was begun, as ISO 8601. */
  at: string;
  checks: Row[];
}

/** How to go about it. */
export interface VerifyOptions {
  /** Days without a gap that Mimir must have; default: not asked. */
  requireDays?: number;
  /** How long a check may take that doesn't say so itself, in seconds; default 30. */
  deadline?: number;
  /** Is told of each row as it comes. */
  progress?: (row: Row, done: number, of: number) => void;
}

/**
 * Goes through a stack's checklist on its cluster, all rows at once. Nothing is written.
 * @param subject what the stack should have
 * @param api the cluster's API server; all else is reached through it
 * @returns a row for each check, in the checklist's order; a check that gets no answer has failed
 */
export async function verify(subject: Subject, api: Api, options: VerifyOptions = {}): Promise<Report> {
  const { requireDays, deadline = 30, progress = () => undefined } = options;
  const begun = new Date();
  const list = [
    ...subject.workloads.map((workload) => ({ check: workloadCheck(workload), notRun: workload.notRun })),
    ...checks
      .filter((check) => belongs(check, subject))
      .map((check) => ({ check, notRun: reasonOf(subject, check.needs) })),
    ...(requireDays === undefined ? [] : [{ check: gate(requireDays), notRun: undefined }]),
  ];
  let done = 0;
  const results = await Promise.all(
    list.map(async ({ check, notRun }) => {
      const result =
        notRun === undefined
          ? await carryOut(check, subject, api, begun, deadline)
          : { row: unknownRow(check, notRun, requireDays !== undefined) };
      progress(result.row, ++done, list.length);
      return result;
    }),
  );
  return {
    stack: subject.stack,
    stage: subject.stage,
    at: begun.toISOString(),
    checks: results.map(({ row }) => row),
    ...Object.assign({}, ...results.map(({ measures }) => measures)),
  };
}

interface Result {
  row: Row;
  measures?: Measures;
}

/** Whether a stack has a row: its stage does, and it has the parts that the row is about. */
const belongs = ({ needs, on = {} }: Check, { parts, on: stage }: Subject): boolean =>
  needs.every((part) => parts[part]) && (Object.keys(on) as (keyof Stage)[]).every((what) => stage[what] === on[what]);

const reasonOf = ({ parts }: Subject, needs: readonly Part[] = []) =>
  needs.map((part) => parts[part]?.notRun).find((reason) => reason !== undefined);

/** A row that can't be asked here: before a stage is raised, what Mimir has must be known. */
const unknownRow = ({ id, title, needs, todo }: Check, reason: string, raising: boolean): Row =>
  raising && needs.includes("mimir")
    ? { id, title, result: "fail", detail: `can't be known here: ${reason}`, todo }
    : notRun({ id, title }, reason);

const notRun = ({ id, title }: Pick<Row, "id" | "title">, reason: string): Row => ({
  ...{ id, title },
  result: "not-run",
  detail: reason,
});

async function carryOut(check: Check, subject: Subject, api: Api, begun: Date, deadline: number): Promise<Result> {
  const { id, title, todo, seconds = deadline } = check;
  const milliseconds = seconds * 1000;
  const reach = new Reach(api, AbortSignal.timeout(milliseconds), milliseconds);
  const outcome = await outcomeOf(check, { subject, reach, now: Math.floor(begun.getTime() / 1000) });
  const { ok, detail, notes = [], measures, untouched = false } = outcome;
  const reason = reasonOf(subject, check.restsOn);
  if (!ok && untouched && reason !== undefined) return { row: notRun(check, reason), measures };
  return {
    row: {
      ...{ id, title, result: ok ? "pass" : "fail", detail },
      ...(!ok && { todo: outcome.todo ?? todo }),
      ...(notes.length > 0 && { notes }),
    },
    measures,
  };
}

/** Whatever goes wrong with one check must not hide what the others find. */
async function outcomeOf(check: Check, context: Context): Promise<Outcome> {
  try {
    return await check.look(context);
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether no row failed: what can't run on a cluster doesn't count against its stack. */
export const isWell = ({ checks }: Report): boolean => checks.every(({ result }) => result !== "fail");
