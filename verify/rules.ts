import { externalLabels } from "../components/alloy/unsupported";
import { seconds } from "../config/units";
import { count, fail, pass, type Context, type Outcome } from "./check";
import { inTurn } from "./in-turn";
import { sourceOf } from "./logs";
import { firstSample } from "./mimir";
import { ownPrometheus } from "./monitors";
import { instant, type Series } from "./queries";
import { exprOf, meaning, nameOf, ruleGroups, rulerGroups, type WrittenGroup } from "./rule-groups";

/** A rule as an evaluator tells of it. */
interface EvaluatedRule {
  name: string;
  health: string;
  lastError?: string;
}

/** A group as an evaluator tells of it. */
interface EvaluatedGroup {
  name: string;
  file: string;
  /** Seconds between two evaluations. */
  interval: number;
  lastEvaluation: string;
  rules: EvaluatedRule[];
}

/**
 * What an evaluator of rules tells of them.
 * @param url base URL of its Prometheus API
 */
async function evaluated({ reach }: Context, url: string): Promise<EvaluatedGroup[]> {
  const { data } = JSON.parse(await reach.url(url, "/api/v1/rules")) as { data: { groups: EvaluatedGroup[] } };
  return data.groups;
}

/** Mimir's ruler has the rules of the cluster's PrometheusRules and no others, evaluates all of them, and none fails. */
export async function rulesInRuler(context: Context): Promise<Outcome> {
  const { subject, reach, now } = context;
  const url = sourceOf(subject, "mimir");
  const [wanted, found, running] = await Promise.all([
    ruleGroups(reach),
    rulerGroups(reach, url),
    evaluated(context, url),
  ]);
  const [missing, further] = [without(wanted, found), without(found, wanted)];
  const [changed, absent] = split(missing, ({ name }) => further.some((group) => group.name === name));
  const unknown = further.filter(({ name }) => !changed.some((group) => group.name === name));
  const place = ({ from, name }: WrittenGroup) => `${from} › ${name}`;
  const problems = [
    ...absent.map((group) => `${place(group)} is not in the ruler`),
    ...changed.map((group) => `${place(group)} is another in the ruler: ${differing(group, further)}`),
    ...unknown.map((group) => `${place(group)} is in the ruler, and no PrometheusRule has it`),
    ...found
      .filter(({ from, name }) => !running.some((group) => group.file === from && group.name === name))
      .map((group) => `${place(group)} is kept by the ruler and not evaluated`),
    ...running.flatMap((group) => troubles(group, now)),
  ];
  const rules = found.reduce((sum, group) => sum + group.rules.length, 0);
  const said = `${count(rules, "rule")} in ${count(found.length, "group")}`;
  if (wanted.length === 0) return fail("the cluster has no PrometheusRule, not even the stack's own");
  if (problems.length === 0) return pass(`${said}, as in the cluster, all evaluated lately`);
  const outcome = fail(problems[0] + more(problems.length - 1), { notes: problems });
  return found.length === 0 ? { ...outcome, detail: "Mimir's ruler has no rule", untouched: true } : outcome;
}

/** Groups of one list that the other doesn't have; one that is there twice has to be there twice. */
function without(some: readonly WrittenGroup[], others: readonly WrittenGroup[]): WrittenGroup[] {
  const left = others.map(meaning);
  return some.filter((group) => {
    const at = left.indexOf(meaning(group));
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}

/** Names of a group's rules that the ruler's group of that name hasn't, or has otherwise. */
function differing(group: WrittenGroup, found: readonly WrittenGroup[]): string {
  const single = (rule: WrittenGroup["rules"][number]) => meaning({ from: "", name: "", rules: [rule] });
  const there = found.filter(({ name }) => name === group.name).flatMap(({ rules }) => rules.map(single));
  const names = group.rules.filter((rule) => !there.includes(single(rule))).map(nameOf);
  return names.length > 0 ? [...new Set(names)].join(", ") : "it has more rules, or has them in another order";
}

function split<T>(items: readonly T[], belongs: (item: T) => boolean): [those: T[], others: T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}

/** What is wrong with a group's evaluation. The ruler takes in changes once a minute, and may miss a turn while it starts. */
function troubles({ file, name, interval, lastEvaluation, rules }: EvaluatedGroup, now: number): string[] {
  const place = `${file} › ${name}`;
  const failing = rules
    .filter(({ health }) => health === "err")
    .map((rule) => `${place} › ${rule.name} fails: ${rule.lastError ?? "the ruler doesn't say why"}`);
  const age = now - Date.parse(lastEvaluation) / 1000;
  const late = 3 * interval + 60;
  if (!(age > late)) return failing;
  const never = Date.parse(lastEvaluation) <= 0;
  return [...failing, `${place} was ${never ? "never evaluated" : `evaluated ${Math.round(age)} s ago the last time`}`];
}

const more = (n: number) => (n > 0 ? `, and ${n} more` : "");

/** Prometheus evaluates nothing once Mimir's ruler does: each alert would be sent twice, each series recorded twice. */
export async function prometheusSilent(context: Context): Promise<Outcome> {
  const groups = await evaluated(context, sourceOf(context.subject, "prometheus"));
  if (groups.length === 0) return pass("Prometheus evaluates no rule");
  return fail(
    `Prometheus still evaluates ${count(groups.length, "group")}: ${groups.map(({ name }) => name).join(", ")}`,
  );
}

/** How far behind Mimir may be without a check taking it for a loss, in seconds. */
const settled = 60;

/** Rules at a time: each is asked of both. */
const atOnce = 3;

/** A rule, and what came of it on either side. */
interface Compared {
  alert: string;
  expr: string;
  prometheus: string[] | Error;
  mimir: string[] | Error;
}

/**
 * Each alert's expression, asked of both at one instant, gives series with the same labels, but for Prometheus's external ones. What differs is asked once more: of samples
 * that bear times of their own, some come to Mimir half a minute late.
 */
export async function alertsEqual(context: Context): Promise<Outcome> {
  const { reach, now } = context;
  const at = now - settled;
  const [groups, prometheus] = await Promise.all([ruleGroups(reach), ownPrometheus(context)]);
  const rules = groups.flatMap((group) => group.rules.filter(({ alert }) => alert !== undefined));
  const external = prometheus.flatMap(({ spec }) => externalLabels(spec));
  const questions = [
    ...new Map(rules.map((rule) => [exprOf(rule), { alert: nameOf(rule), expr: exprOf(rule) }])).values(),
  ];
  if (questions.length === 0) return fail("the cluster has no alert, not even the stack's own");
  const ask = (these: readonly Pick<Compared, "alert" | "expr">[]) =>
    inTurn(these, atOnce, (question) => compare(context, question, at, ["cluster", ...external]));
  const first = await ask(questions);
  const again = await ask(first.filter(differs));
  const different = again.filter(differs);
  const begun = different.length > 0 ? await firstSample(context) : undefined;
  const [young, unlike] = split(different, ({ expr }) => begun === undefined || at - longestLook(expr) < begun);
  const refused = [...first.filter((each) => !differs(each)), ...again.filter((each) => !differs(each))].filter(
    ({ mimir }) => mimir instanceof Error,
  );
  const firing = first.filter(({ prometheus }) => Array.isArray(prometheus) && prometheus.length > 0).length;
  const notes = [
    ...unlike.flatMap(describe),
    ...young.flatMap((each) => [
      `${each.alert} looks back further than Mimir has samples, and can't be the same yet:`,
      ...describe(each),
    ]),
    ...refused.map(({ alert, mimir }) => `${alert} fails in both: ${(mimir as Error).message}`),
    ...(external.length > 0
      ? [
          `not compared: ${external.join(", ")}, which Prometheus adds to all that it sends. An alert of Mimir's ruler has them only where its expression keeps them, and in stage kps-removed nothing has`,
        ]
      : []),
  ];
  const said = `${count(questions.length, "alert")} asked of both, ${firing} with a result`;
  const waits = young.length > 0 ? `; ${young.length} can't be the same yet` : "";
  // One that is not valid would keep the rules of everybody else out of Mimir.
  const wrong = [
    ...(unlike.length > 0 ? [`${unlike.map(({ alert }) => alert).join(", ")} differ`] : []),
    ...(refused.length > 0 ? [`${refused.map(({ alert }) => alert).join(", ")} can be asked of neither`] : []),
  ];
  return wrong.length > 0
    ? fail(`${said}: ${wrong.join("; ")}${waits}`, { notes })
    : pass(`${said}, the same in both${waits}`, { notes });
}

async function compare(
  { subject, reach }: Context,
  { alert, expr }: Pick<Compared, "alert" | "expr">,
  at: number,
  external: readonly string[],
): Promise<Compared> {
  const ask = (source: "prometheus" | "mimir") =>
    instant(reach, sourceOf(subject, source), expr, at).then(
      (series) => labelSets(series, external),
      (error: Error) => error,
    );
  const [prometheus, mimir] = await Promise.all([ask("prometheus"), ask("mimir")]);
  return { alert, expr, prometheus, mimir };
}

/** Their labels as texts, in one order. A Prometheus has external labels on none of its own series, Mimir on every one. */
const labelSets = (series: readonly Series[], external: readonly string[]): string[] =>
  series
    .map(({ metric }) =>
      Object.entries(metric)
        .filter(([label]) => !external.includes(label))
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([label, value]) => `${label}="${value}"`)
        .join(", "),
    )
    .sort();

function differs({ prometheus, mimir }: Compared): boolean {
  if (prometheus instanceof Error || mimir instanceof Error)
    return !(prometheus instanceof Error && mimir instanceof Error);
  return prometheus.join("\n") !== mimir.join("\n");
}

/** Both sides of a difference, a line each. */
const describe = ({ alert, prometheus, mimir }: Compared): string[] => {
  const only = (mine: string[] | Error, other: string[] | Error) => {
    if (mine instanceof Error) return mine.message;
    const own = Array.isArray(other) ? mine.filter((labels) => !other.includes(labels)) : mine;
    return own.length === 0 ? "nothing" : own.map((labels) => `{${labels}}`).join(" ");
  };
  return [
    `${alert}, only in Prometheus: ${only(prometheus, mimir)}`,
    `${alert}, only in Mimir: ${only(mimir, prometheus)}`,
  ];
};

/** How far back an expression looks, in seconds: its longest range or subquery, and its longest offset. */
function longestLook(expr: string): number {
  const longest = (pattern: RegExp) => Math.max(0, ...[...expr.matchAll(pattern)].map(([, text]) => seconds(text)));
  return longest(/\[\s*((?:\d+(?:ms|[ywdhms]))+)\s*[\]:]/g) + longest(/\boffset\s+((?:\d+(?:ms|[ywdhms]))+)/g);
}
