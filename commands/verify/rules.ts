import { externalLabels } from "../../components/alloy/unsupported";
import { ownGroup } from "../../components/vmalert/rule-files";
import { upstreamFullname } from "../../components/upstream-rules/values";
import { seconds } from "../../settings/units";
import { backendTitles, type Backend } from "../../stages";
import { fail, pass, type Context, type Outcome } from "./check";
import { count } from "../shared/words";
import { inTurn } from "./in-turn";
import { sourceOf } from "./logs";
import { firstSample } from "./mimir";
import { ownPrometheus } from "./monitors";
import { instant, type Series } from "./queries";
import { exprOf, meaning, nameOf, prometheusRules, ruleGroups, rulerGroups, type WrittenGroup } from "./rule-groups";

/** A rule as an evaluator reports it. */
interface EvaluatedRule {
  name: string;
  health: string;
  lastError?: string;
  type: "alerting" | "recording";
  query: string;
  /** Seconds. */
  duration?: number;
  keep_firing_for?: number;
  labels?: Record<string, string>;
}

/** A group as an evaluator reports it. */
interface EvaluatedGroup {
  name: string;
  file: string;
  /** Seconds between two evaluations. */
  interval: number;
  lastEvaluation: string;
  rules: EvaluatedRule[];
}

/**
 * What an evaluator of rules reports about them.
 * @param url base URL of its Prometheus API
 */
async function evaluated({ reach }: Context, url: string): Promise<EvaluatedGroup[]> {
  const { data } = JSON.parse(await reach.url(url, "/api/v1/rules")) as { data: { groups: EvaluatedGroup[] } };
  return data.groups;
}

/** Who evaluates rules for a backend: what it is called, and the groups that it has. */
const evaluators: Readonly<
  Record<
    Backend,
    {
      title: string;
      called: string;
      groups(reach: Context["reach"], url: string, running: EvaluatedGroup[]): Promise<WrittenGroup[]>;
    }
  >
> = {
  mimir: { title: "Mimir's ruler", called: "the ruler", groups: (reach, url) => rulerGroups(reach, url) },
  // It shows only what it evaluates; one group is its own, of the script that brings its files.
  "victoria-metrics": {
    ...{ title: "vmalert", called: "vmalert" },
    groups: (_, __, running) => Promise.resolve(running.filter(({ name }) => name !== ownGroup).map(writtenBy)),
  },
};

/** A group of vmalert's as it was written; the group's labels are on each rule. */
const writtenBy = ({ file, name, rules }: EvaluatedGroup): WrittenGroup => ({
  from: file,
  name,
  rules: rules.map(({ name, type, query, duration = 0, keep_firing_for: keep = 0, labels }) => ({
    ...(type === "alerting" ? { alert: name, for: `${duration}s`, keep_firing_for: `${keep}s` } : { record: name }),
    ...{ expr: query, labels },
  })),
});

/** The evaluator has the rules of the cluster's PrometheusRules and no others, evaluates all of them, and none fails. */
export async function rulesEvaluated(context: Context, backend: Backend): Promise<Outcome> {
  const { subject, reach, now } = context;
  const url = sourceOf(subject, backend);
  const { title, called, groups } = evaluators[backend];
  const [wanted, running] = await Promise.all([ruleGroups(reach), evaluated(context, url)]);
  const found = await groups(reach, url, running);
  const [missing, further] = [without(wanted, found), without(found, wanted)];
  const [changed, absent] = split(missing, ({ name }) => further.some((group) => group.name === name));
  const unknown = further.filter(({ name }) => !changed.some((group) => group.name === name));
  const place = ({ from, name }: WrittenGroup) => `${from} › ${name}`;
  const problems = [
    ...absent.map((group) => `${place(group)} is not in ${called}`),
    ...changed.map((group) => `${place(group)} differs in ${called}: ${differing(group, further)}`),
    ...unknown.map((group) => `${place(group)} is in ${called}, but in no PrometheusRule`),
    ...found
      .filter(({ from, name }) => !running.some((group) => group.file === from && group.name === name))
      .map((group) => `${place(group)} is in ${called}, but not evaluated`),
    ...running.flatMap((group) => troubles(group, now)),
  ];
  const rules = found.reduce((sum, group) => sum + group.rules.length, 0);
  const said = `${count(rules, "rule")} in ${count(found.length, "group")}`;
  if (wanted.length === 0) return fail("the cluster has no PrometheusRules, not even the stack's own");
  if (problems.length === 0) return pass(`${said}, as in the cluster, all recently evaluated`);
  const outcome = fail(problems[0] + more(problems.length - 1), { notes: problems });
  return found.length === 0 ? { ...outcome, detail: `${title} has no rules`, untouched: true } : outcome;
}

/** Groups of one list that the other doesn't have; duplicates must be duplicates in both. */
function without(some: readonly WrittenGroup[], others: readonly WrittenGroup[]): WrittenGroup[] {
  const left = others.map(meaning);
  return some.filter((group) => {
    const at = left.indexOf(meaning(group));
    if (at !== -1) left.splice(at, 1);
    return at === -1;
  });
}

/** Names of a group's rules that the ruler's group with that name doesn't have, or has differently. */
function differing(group: WrittenGroup, found: readonly WrittenGroup[]): string {
  const single = (rule: WrittenGroup["rules"][number]) => meaning({ from: "", name: "", rules: [rule] });
  const there = found.filter(({ name }) => name === group.name).flatMap(({ rules }) => rules.map(single));
  const names = group.rules.filter((rule) => !there.includes(single(rule))).map(nameOf);
  return names.length > 0 ? [...new Set(names)].join(", ") : "it has more rules, or a different order";
}

function split<T>(items: readonly T[], belongs: (item: T) => boolean): [those: T[], others: T[]] {
  return [items.filter(belongs), items.filter((item) => !belongs(item))];
}

/** What is wrong with a group's evaluation. The ruler loads changes once a minute, and may skip an evaluation while it starts. */
function troubles({ file, name, interval, lastEvaluation, rules }: EvaluatedGroup, now: number): string[] {
  const place = `${file} › ${name}`;
  const failing = rules
    .filter(({ health }) => health === "err")
    .map((rule) => `${place} › ${rule.name} fails: ${rule.lastError ?? "it doesn't say why"}`);
  const age = now - Date.parse(lastEvaluation) / 1000;
  const late = 3 * interval + 60;
  if (!(age > late)) return failing;
  const never = Date.parse(lastEvaluation) <= 0;
  return [...failing, `${place} was ${never ? "never evaluated" : `last evaluated ${Math.round(age)} s ago`}`];
}

const more = (n: number) => (n > 0 ? `, and ${n} more` : "");

/** Prometheus must not evaluate rules once another does: each alert would be sent twice, each series recorded twice. */
export async function prometheusSilent(context: Context): Promise<Outcome> {
  const groups = await evaluated(context, sourceOf(context.subject, "prometheus"));
  if (groups.length === 0) return pass("it has no rule groups");
  return fail(
    `Prometheus still evaluates ${count(groups.length, "group")}: ${groups.map(({ name }) => name).join(", ")}`,
  );
}

/** The release of upstream's rules has created them. How many there are depends on the settings and the chart's version. */
export async function upstreamThere({ reach, subject: { namespace } }: Context): Promise<Outcome> {
  const found = (await prometheusRules(reach)).filter(
    ({ metadata }) => metadata.namespace === namespace && metadata.name.startsWith(`${upstreamFullname}-`),
  );
  return found.length > 0
    ? pass(`${count(found.length, "PrometheusRule")} ${upstreamFullname}-…`)
    : fail(`no PrometheusRule ${upstreamFullname}-… in namespace ${namespace}`);
}

/** How far behind Mimir may be before a check counts it as a loss, in seconds. */
const settled = 60;

/** Rules at a time: each is sent to both. */
const atOnce = 3;

/** A rule, and its result in both. */
interface Compared {
  alert: string;
  expr: string;
  prometheus: string[] | Error;
  other: string[] | Error;
}

/**
 * Each alert's expression, sent to both for the same instant, returns series with the same labels, except for Prometheus's external ones. Those that differ are sent once more: some samples
 * with their own timestamps get to Mimir half a minute late.
 */
export async function alertsEqual(context: Context, backend: Backend): Promise<Outcome> {
  const { reach, now } = context;
  const at = now - settled;
  const title = backendTitles[backend];
  const [groups, prometheus] = await Promise.all([ruleGroups(reach), ownPrometheus(context)]);
  const rules = groups.flatMap((group) => group.rules.filter(({ alert }) => alert !== undefined));
  const external = prometheus.flatMap(({ spec }) => externalLabels(spec));
  const questions = [
    ...new Map(rules.map((rule) => [exprOf(rule), { alert: nameOf(rule), expr: exprOf(rule) }])).values(),
  ];
  if (questions.length === 0) return fail("the cluster has no alerts, not even the stack's own");
  const ask = (these: readonly Pick<Compared, "alert" | "expr">[]) =>
    inTurn(these, atOnce, (question) => compare(context, backend, question, at, ["cluster", ...external]));
  const first = await ask(questions);
  const again = await ask(first.filter(differs));
  const different = again.filter(differs);
  const begun = different.length > 0 ? await firstSample(context, backend) : undefined;
  const [young, unlike] = split(different, ({ expr }) => begun === undefined || at - longestLook(expr) < begun);
  const refused = [...first.filter((each) => !differs(each)), ...again.filter((each) => !differs(each))].filter(
    ({ other }) => other instanceof Error,
  );
  const firing = first.filter(({ prometheus }) => Array.isArray(prometheus) && prometheus.length > 0).length;
  const notes = [
    ...unlike.flatMap((each) => describe(each, title)),
    ...young.flatMap((each) => [
      `${each.alert} looks back further than ${title} has samples, so it can't be the same yet:`,
      ...describe(each, title),
    ]),
    ...refused.map(({ alert, other }) => `${alert} fails in both: ${(other as Error).message}`),
    ...(external.length > 0
      ? [
          `not compared: ${external.join(", ")}, which Prometheus adds to everything it sends. When ${title} evaluates the rules, alerts only have them if the expression keeps them; in stage kps-removed nothing has them`,
        ]
      : []),
  ];
  const said = `${count(questions.length, "alert")} compared, ${firing} with a result`;
  const waits = young.length > 0 ? `; ${young.length} can't be the same yet` : "";
  // An invalid one would keep all other rules out of Mimir.
  const wrong = [
    ...(unlike.length > 0 ? [`${unlike.map(({ alert }) => alert).join(", ")} differ`] : []),
    ...(refused.length > 0 ? [`${refused.map(({ alert }) => alert).join(", ")} can't be evaluated by either`] : []),
  ];
  return wrong.length > 0
    ? fail(`${said}: ${wrong.join("; ")}${waits}`, { notes })
    : pass(`${said}, the same in both${waits}`, { notes });
}

async function compare(
  { subject, reach }: Context,
  backend: Backend,
  { alert, expr }: Pick<Compared, "alert" | "expr">,
  at: number,
  external: readonly string[],
): Promise<Compared> {
  const ask = (source: "prometheus" | Backend) =>
    instant(reach, sourceOf(subject, source), expr, at).then(
      (series) => labelSets(series, external),
      (error: Error) => error,
    );
  const [prometheus, other] = await Promise.all([ask("prometheus"), ask(backend)]);
  return { alert, expr, prometheus, other };
}

/** Their labels as sorted texts. Prometheus's own series don't have external labels, Mimir's do. */
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

function differs({ prometheus, other }: Compared): boolean {
  if (prometheus instanceof Error || other instanceof Error)
    return !(prometheus instanceof Error && other instanceof Error);
  return prometheus.join("\n") !== other.join("\n");
}

/** Both sides of a difference, one line each. */
const describe = ({ alert, prometheus, other: backend }: Compared, title: string): string[] => {
  const only = (mine: string[] | Error, other: string[] | Error) => {
    if (mine instanceof Error) return mine.message;
    const own = Array.isArray(other) ? mine.filter((labels) => !other.includes(labels)) : mine;
    return own.length === 0 ? "nothing" : own.map((labels) => `{${labels}}`).join(" ");
  };
  return [
    `${alert}, only in Prometheus: ${only(prometheus, backend)}`,
    `${alert}, only in ${title}: ${only(backend, prometheus)}`,
  ];
};

/** How far back an expression looks, in seconds: its longest range or subquery plus its longest offset. */
function longestLook(expr: string): number {
  const longest = (pattern: RegExp) => Math.max(0, ...[...expr.matchAll(pattern)].map(([, text]) => seconds(text)));
  return longest(/\[\s*((?:\d+(?:ms|[ywdhms]))+)\s*[\]:]/g) + longest(/\boffset\s+((?:\d+(?:ms|[ywdhms]))+)/g);
}
