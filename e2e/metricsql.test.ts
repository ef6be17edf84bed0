import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { RemoteWriteRequests } from "../commands/backfill/remote-write";
import { loadStack } from "../commands/verify/load";
import { subjectOf } from "../commands/verify/subject";
import type { RuleGroup } from "../components/rules/types";
import { groupsOfKps, upstreamFullname } from "../components/upstream-rules/values";
import { dataDirectory, victoriaMetricsArguments } from "../components/victoria-metrics/arguments";
import { freePort } from "../lab/cluster/server";
import { hostTool } from "../lab/cluster/tools";
import { upstreamShaped } from "../lab/sandbox/upstream";
import { Workspace } from "../lab/sizing/workspace";
import { until } from "../lab/until";
import { upstreamGroups } from "../settings/sections/rules";
import { settingsSchema } from "../settings/schema";
import { testStack } from "../test/stacks/stacks";
import { note } from "./support/note";
import { exposition, selectorsOf } from "./support/promql";

// Two hours of made-up samples, the same bits in a real Prometheus and a real VictoriaMetrics, with all that happens to series; and every expression of every
// rule and panel, asked of both for each minute.

const minute = 60;
/** Seconds between samples. */
const interval = 30;
const length = 110 * minute;
/** What happens to series, by a number that a target's series share: from when to when they have no sample, in minutes, and whether staleness markers say so. */
const events: readonly { of(i: number): boolean; from: number; to: number; marked: boolean }[] = [
  { of: (i) => i % 4 === 1, from: 0, to: 15, marked: false }, // the target comes later
  { of: (i) => i % 4 === 2, from: 100, to: Infinity, marked: true }, // the target goes
  { of: (i) => i % 4 === 3, from: 30, to: 33, marked: true }, // the target can't be scraped
  { of: () => true, from: 45, to: 48, marked: false }, // the sender is away, for less and for more than Prometheus's lookback
  { of: () => true, from: 60, to: 70, marked: false },
];

/** Whether a series has a sample so many seconds after the beginning; `ends`: a staleness marker. */
function happens(i: number, at: number): boolean | "ends" {
  const event = events.find(({ of, from, to }) => of(i) && at >= from * minute && at < to * minute);
  return event === undefined || (event.marked && at === event.from * minute && "ends");
}

/** In seconds after the beginning: counters begin again. */
const restarted = 85 * minute;

/** When something happens that a window of samples may see, in seconds after the beginning. */
const edges = [0, restarted, length, ...events.flatMap(({ from, to }) => [from * minute, to * minute])];

/**
 * Functions that look at several samples, and give other values where something happens to these: components/victoria-metrics/README.md, section “MetricsQL”.
 * What is made of them by others differs, too.
 */
const differing = ["changes", "deriv", "increase", "rate"];

/** Seconds without a sample after which a series is gone, if no marker says so sooner. */
const lookback = 5 * minute;

type Labels = Record<string, string>;

interface Matrix {
  metric: Labels;
  values: [time: number, value: string][];
}

interface Vector {
  metric: Labels;
  value: [time: number, value: string];
}

/** Of Prometheus's API. */
interface Answer<T> {
  status: string;
  error?: string;
  data?: { result: T[] };
}

describe("MetricsQL beside PromQL", function () {
  this.timeout("20m"); // the first time, the programs are built
  const workspace = new Workspace();
  const begin = (Math.floor(Date.now() / 1000 / 300) - 2) * 300 - length;
  const urls = { prometheus: "", victoriaMetrics: "" };
  let [rules, expressions]: string[][] = [[], []];

  before(async () => {
    [rules, expressions] = await everyExpression();
    const lines = (at: number) =>
      exposition(selectorsOf(expressions), at >= restarted ? at - restarted : at)
        .trim()
        .split("\n");
    const targets = [...new Set(lines(0).map((line) => line.replace(/,le="[^"]*"| .*$/g, "")))];
    await startBoth();
    // In slices of time, as Prometheus takes nothing that is an hour older than its newest sample.
    for (let from = 0; from < length; from += 20 * minute) {
      const sent: Buffer[] = [];
      const requests = new RemoteWriteRequests((request) => sent.push(request));
      const times = Array.from({ length: (20 * minute) / interval }, (_, i) => from + i * interval).filter(
        (at) => at < length,
      );
      const all = times.map(lines);
      for (const [i, line] of all[0].entries()) {
        requests.series(labelsOf(line));
        // Buckets of a histogram come and go together.
        const target = targets.indexOf(line.replace(/,le="[^"]*"| .*$/g, ""));
        times.forEach((at, t) => {
          const what = happens(target, at);
          const value = what === "ends" ? undefined : Number(all[t][i].split(" ").at(-1));
          if (what) requests.sample((begin + at) * 1000, ...bitsOf(value));
        });
      }
      requests.flush();
      for (const request of sent) for (const url of Object.values(urls)) await push(url, request);
    }
    await until("both have all samples", 240, async () => {
      const last = { time: `${begin + length - interval}`, query: 'count({__name__!=""})' };
      const [a, b] = await Promise.all(Object.values(urls).map((url) => ask<Vector>(url, "query", last)));
      const counts = [a, b].map(({ data }) => data?.result[0]?.value[1]);
      return (counts[0] !== undefined && counts[0] === counts[1]) || undefined;
    });
  });
  after(() => workspace.end());

  async function startBoth(): Promise<void> {
    const [a, b] = [await freePort(), await freePort()];
    const folder = workspace.folderOf("prometheus");
    writeFileSync(join(folder, "config.yaml"), "{}");
    urls.prometheus = `http://127.0.0.1:${a}`;
    await workspace.start({
      ...{ name: "prometheus", path: await hostTool("prometheus"), ready: `${urls.prometheus}/-/ready` },
      args: ["--config.file=config.yaml", `--web.listen-address=127.0.0.1:${a}`, "--web.enable-remote-write-receiver"],
    });
    urls.victoriaMetrics = `http://127.0.0.1:${b}`;
    const own = workspace.folderOf("victoria-metrics");
    writeFileSync(join(own, "key"), "key");
    const { victoriaMetrics: settings } = settingsSchema.parse({ victoriaMetrics: { minFreeSpace: "1Mi" } });
    await workspace.start({
      ...{
        name: "victoria-metrics",
        path: await hostTool("victoria-metrics"),
        ready: `${urls.victoriaMetrics}/health`,
      },
      args: victoriaMetricsArguments({ settings, keyFile: join(own, "key") }).map((flag) =>
        flag.replace(/^-httpListenAddr=.*/, `-httpListenAddr=127.0.0.1:${b}`).replace(dataDirectory, join(own, "data")),
      ),
    });
  }

  async function push(url: string, request: Buffer): Promise<void> {
    const headers = { "Content-Type": "application/x-protobuf", "Content-Encoding": "snappy" };
    const answer = await fetch(`${url}/api/v1/write`, { method: "POST", headers, body: new Uint8Array(request) });
    assert.equal(answer.status, 204, await answer.text());
  }

  async function ask<T>(url: string, path: string, parameters: Record<string, string>): Promise<Answer<T>> {
    const body = new URLSearchParams(parameters);
    return (await (await fetch(`${url}/api/v1/${path}`, { method: "POST", body })).json()) as Answer<T>;
  }

  /** What both answer, and as lines what differs and is not explained. Which functions differ is added to a set. */
  async function compare(
    expr: string,
    answers: (url: string) => Promise<Answer<Matrix | Vector>>,
    seen: Set<string>,
  ): Promise<{ answered: boolean; unexplained: string[] }> {
    const [a, b] = await Promise.all([urls.prometheus, urls.victoriaMetrics].map(answers));
    if (a.status !== "success" || b.status !== "success")
      return { answered: false, unexplained: [`${expr}: ${a.error ?? "answered"} | ${b.error ?? "answered"}`] };
    const [mine, theirs] = [pointsOf(a), pointsOf(b)];
    const functions = differing.filter((name) => new RegExp(`\\b${name}\\(`).test(expr));
    const window = Math.max(
      ...[...expr.matchAll(/\[(\d+)([smhd])\b/g)].map(([, n, unit]) => Number(n) * units[unit]),
      0,
    );
    const explained = (at: number) =>
      functions.length > 0 && edges.some((edge) => at >= edge && at <= edge + window + lookback);
    const unlike = [...new Set([...mine.keys(), ...theirs.keys()])].flatMap((point) => {
      const [x, y] = [mine.get(point), theirs.get(point)];
      return x !== undefined && y !== undefined && same(x, y) ? [] : { point, text: `${point}: ${x} | ${y}` };
    });
    if (unlike.length > 0) functions.forEach((name) => seen.add(name));
    const unexplained = unlike.filter(({ point }) => !explained(Number(point.split(" ")[0]))).map(({ text }) => text);
    return {
      answered: mine.size > 0,
      unexplained: unexplained.length > 0 ? [`${expr}\n  ${unexplained.slice(0, 4).join("\n  ")}`] : [],
    };
  }

  it("answers every rule and every panel with the same series and values, but for functions of several samples where something happens to them", async () => {
    const [seen, unexplained] = [new Set<string>(), [] as string[]];
    let answered = 0;
    const times = { start: `${begin + lookback}`, end: `${begin + length + lookback}`, step: `${minute}` };
    for (const query of expressions) {
      const one = await compare(query, (url) => ask<Matrix>(url, "query_range", { query, ...times }), seen);
      unexplained.push(...one.unexplained);
      if (one.answered) answered++;
    }
    assert.ok(answered > expressions.length / 2, `only ${answered} of ${expressions.length} have a result`);
    assert.deepEqual(unexplained, []);
    assert.deepEqual([...seen].sort(), differing);
    note(`MetricsQL: ${expressions.length} expressions over two hours, ${answered} with a result`);
  });

  it("answers at an instant, as vmalert asks, what it answers over a range", async () => {
    const unexplained: string[] = [];
    for (const at of [16, 31, 46, 49, 62, 66, 71, 86, 101, 112]) {
      const time = `${begin + at * minute}`;
      for (const query of rules) {
        // vmalert's step: its -datasource.queryStep.
        const one = await compare(query, (url) => ask<Vector>(url, "query", { query, time, step: "300s" }), new Set());
        unexplained.push(...one.unexplained);
      }
    }
    assert.deepEqual(unexplained, []);
  });

  /** Values by seconds after the beginning and labels. The name is left out: MetricsQL keeps it where a function doesn't change what the value means. */
  function pointsOf({ data }: Answer<Matrix | Vector>): Map<string, number> {
    return new Map(
      (data?.result ?? []).flatMap((series) => {
        const labels = Object.entries(series.metric)
          .filter(([label]) => label !== "__name__")
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .map(([label, text]) => `${label}="${text}"`);
        const values = "values" in series ? series.values : [series.value];
        return values.map(([at, value]): [string, number] => [
          `${at - begin} {${labels.join(", ")}}`,
          Number(value.replace("Inf", "Infinity")),
        ]);
      }),
    );
  }
});

const units: Readonly<Record<string, number>> = { s: 1, m: minute, h: 60 * minute, d: 24 * 60 * minute };

const same = (a: number, b: number) =>
  (Number.isNaN(a) && Number.isNaN(b)) || a === b || Math.abs(a - b) <= 1e-9 * Math.max(Math.abs(a), Math.abs(b));

/** Names and values of a line of Prometheus's text format. */
function labelsOf(line: string): (readonly [Buffer, Buffer])[] {
  const [, name, inside] = /^([^{]+)\{(.*)\} /.exec(line)!;
  const pairs = [...inside.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, value]) => [label, value]);
  return [["__name__", name], ...pairs].map(([label, value]) => [Buffer.from(label), Buffer.from(value)] as const);
}

const view = new DataView(new ArrayBuffer(8));

/** The upper and lower bits of a value; undefined: of a staleness marker. */
function bitsOf(value: number | undefined): [high: number, low: number] {
  if (value === undefined) return [0x7ff00000, 2];
  view.setFloat64(0, value);
  return [view.getUint32(0), view.getUint32(4)];
}

/** Those of every rule of a stack with VictoriaMetrics and of rules in upstream's shape; and these with those of every panel. */
async function everyExpression(): Promise<[rules: string[], all: string[]]> {
  const loaded = await loadStack({ ...testStack("pi"), config: ["stage=victoria-metrics-default"] });
  const { panels } = subjectOf({ ...loaded, unavailable: new Map() });
  const upstream = upstreamShaped({
    ...{
      namespace: "monitoring",
      name: "upstream-rules",
      chart: "kube-prometheus-stack",
      source: "",
      version: "1.0.0",
    },
    repository: null,
    values: {
      fullnameOverride: upstreamFullname,
      defaultRules: { rules: Object.fromEntries(upstreamGroups.map((group) => [group, !(group in groupsOfKps)])) },
    },
  });
  const objects = [...upstream, ...loaded.resources.flatMap(({ object }) => object ?? [])];
  const groups = objects.flatMap(({ kind, spec }) =>
    kind === "PrometheusRule" ? (spec as { groups: RuleGroup[] }).groups : [],
  );
  const rules = groups.flatMap((group) => group.rules.map(({ expr }) => expr));
  // Without its threshold an alert has a result to compare.
  const open = (expr: string) => [expr, expr.replace(/\s*(==|!=|[<>]=?)\s*[\d.e+-]+\s*$/, "")];
  const shown = panels.filter(({ source }) => source !== "loki").map(({ expr }) => expr);
  const unique = (all: string[]) => [...new Set(all.flatMap(open))];
  return [unique(rules), unique([...rules, ...shown])];
}
