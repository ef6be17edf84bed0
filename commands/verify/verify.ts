import { backendOf, backends, type Stage } from "../../stages";
import type { Api } from "../shared/api/api-server";
import { kept } from "./belongings";
import type { Recorded } from "../shared/record";
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
  /** What was found, or why it can't be checked here. */
  detail: string;
  /** What to do about it; only if it failed. */
  todo?: string;
  /** Notes, such as panels without data. */
  notes?: string[];
}

/** The result of a stack's checklist. */
export interface Report extends Measures {
  stack: string;
  stage: string;
  /** Its start, as ISO 8601. */
  at: string;
  checks: Row[];
}

/** Options of {@link verify}. */
export interface VerifyOptions {
  /** Days without a gap that Mimir must have; default: not checked. */
  requireDays?: number;
  /** What was recorded before a step: all of it must be there, and what is there now is recorded. Default: not looked at. */
  before?: Recorded;
  /** How long a check may take if it has no deadline itself, in seconds; default 30. */
  deadline?: number;
  /** Called for each row when it is done. */
  progress?: (row: Row, done: number, of: number) => void;
}

/**
 * Checks a stack on its cluster, all rows at the same time. Nothing is written.
 * @param subject what the stack should have
 * @param api the cluster's API server; everything else is reached through it
 * @returns a row for each check, in the checklist's order; a check without an answer has failed
 */
export async function verify(subject: Subject, api: Api, options: VerifyOptions = {}): Promise<Report> {
  const { requireDays, before, deadline = 30, progress = () => undefined } = options;
  const begun = new Date();
  const list = [
    // A CronJob has pods at times only: its row is one of the checklist.
    ...subject.workloads
      .filter(({ kind }) => kind !== "CronJob")
      .map((workload) => ({ check: workloadCheck(workload), notRun: workload.notRun })),
    ...checks
      .filter((check) => belongs(check, subject))
      .map((check) => ({ check, notRun: reasonOf(subject, check.needs) })),
    ...(requireDays === undefined
      ? []
      : [{ check: gate(requireDays, backendOf(subject.on) ?? "mimir"), notRun: undefined }]),
    ...(before === undefined ? [] : [{ check: kept(before), notRun: undefined }]),
  ];
  let done = 0;
  const results = await Promise.all(
    list.map(async ({ check, notRun }) => {
      const result =
        notRun === undefined
          ? await carryOut(check, { subject, before }, api, begun, deadline)
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

/** Whether a stack has a row: its stage has it, and the stack has the row's parts. */
const belongs = ({ needs, on = {} }: Check, { parts, on: stage }: Subject): boolean =>
  needs.every((part) => parts[part]) && (Object.keys(on) as (keyof Stage)[]).every((what) => stage[what] === on[what]);

const reasonOf = ({ parts }: Subject, needs: readonly Part[] = []) =>
  needs.map((part) => parts[part]?.notRun).find((reason) => reason !== undefined);

/** A row that can't be checked here: it fails before a stage is raised if it is about what keeps metrics. */
const unknownRow = ({ id, title, needs, todo }: Check, reason: string, raising: boolean): Row =>
  raising && backends.some((backend) => needs.includes(backend))
    ? { id, title, result: "fail", detail: `can't be checked here: ${reason}`, todo }
    : notRun({ id, title }, reason);

const notRun = ({ id, title }: Pick<Row, "id" | "title">, reason: string): Row => ({
  ...{ id, title },
  result: "not-run",
  detail: reason,
});

async function carryOut(
  check: Check,
  { subject, before }: Pick<Context, "subject" | "before">,
  api: Api,
  begun: Date,
  deadline: number,
): Promise<Result> {
  const { id, title, todo, seconds = deadline } = check;
  const milliseconds = seconds * 1000;
  const reach = new Reach(api, AbortSignal.timeout(milliseconds), milliseconds);
  const outcome = await outcomeOf(check, { subject, reach, before, now: Math.floor(begun.getTime() / 1000) });
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

/** An error in one check must not hide what the others find. */
async function outcomeOf(check: Check, context: Context): Promise<Outcome> {
  try {
    return await check.look(context);
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

/** Whether no row failed; rows that can't run on the cluster don't count. */
export const isWell = ({ checks }: Report): boolean => checks.every(({ result }) => result !== "fail");
