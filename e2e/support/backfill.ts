import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import { Reach } from "../../commands/verify/reach";
import type { Context } from "../../commands/verify/check";
import { freePort } from "../../lab/cluster/server";
import { hostTool } from "../../lab/cluster/tools";
import type { Workspace } from "../../lab/sizing/workspace";
import { until } from "../../lab/until";

/** Seconds of a day. */
export const day = 86_400;

/**
 * Waits until no boundary of days is near, so that what a command compares is what it was when the history was made.
 * @param hours when the boundaries are, in UTC
 */
export async function farFrom(...hours: number[]): Promise<void> {
  const left = () => Math.min(...hours.map((hour) => day - ((Date.now() / 1000 + day - hour * 3600) % day)));
  await until(`it is not shortly before ${hours.join(" or ")} h UTC`, 400, async () => left() > 330 || undefined);
}

/** How many days of history there are. */
export const days = 30;

/** Seconds between two samples of the history. */
export const step = 300;

/** A made-up history: metric → its type (default: gauge), the labels of its series, and the value of their i-th sample. */
export type History = Record<string, { type?: string; labels: string[]; value: (i: number) => number }>;

/** Samples of some metrics of the history, which are made into blocks; blocks of several may overlap. */
export interface Span {
  names: string[];
  /** Time of the first sample, in seconds since 1970. */
  start: number;
  /** How many samples each series has. */
  count: number;
}

/** A Prometheus that has a history. */
export interface PrometheusWithHistory {
  url: string;
  /** Folder of a snapshot, with what is in memory as well, as a user has it: a copy. The next one takes its place. */
  copyOfBlocks(): Promise<string>;
}

/**
 * Starts Prometheus on a made-up history; it scrapes itself, and writes of that what the rules keep, without `prometheus_replica`.
 * @param remoteWrite where to, and rules for its series
 */
export async function startPrometheus(
  workspace: Workspace,
  history: History,
  spans: readonly Span[],
  remoteWrite: { url: string; rules?: object[] },
): Promise<PrometheusWithHistory> {
  const folder = workspace.folderOf("prometheus");
  const promtool = await hostTool("promtool");
  for (const span of spans) {
    writeFileSync(join(folder, "history"), openMetrics(history, span));
    const blocks = ["tsdb", "create-blocks-from", "--max-block-duration=54h", "openmetrics", "history", "data"];
    execFileSync(promtool, blocks, { cwd: folder, stdio: "ignore" });
  }
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const labels = { regex: "prometheus_replica", action: "labeldrop" };
  const config = {
    global: { scrape_interval: "1s", external_labels: { cluster: "home", prometheus_replica: "0" } },
    scrape_configs: [{ job_name: "prometheus", static_configs: [{ targets: [address] }] }],
    remote_write: [{ url: remoteWrite.url, write_relabel_configs: [...(remoteWrite.rules ?? []), labels] }],
  };
  writeFileSync(join(folder, "config.yaml"), stringify(config));
  await workspace.start({
    ...{ name: "prometheus", path: await hostTool("prometheus"), ready: `${url}/-/ready` },
    args: [
      ...["--config.file=config.yaml", "--storage.tsdb.path=data", "--storage.tsdb.retention.time=60d"],
      ...[`--web.listen-address=${address}`, "--web.enable-admin-api", "--web.enable-remote-write-receiver"],
    ],
  });
  const copy = join(folder, "copy");
  return {
    url,
    copyOfBlocks: async () => {
      const answer = await fetch(`${url}/api/v1/admin/tsdb/snapshot`, { method: "POST" });
      const { data } = (await answer.json()) as { data: { name: string } };
      rmSync(copy, { recursive: true, force: true });
      cpSync(join(folder, "data", "snapshots", data.name), copy, { recursive: true });
      return copy;
    },
  };
}

function openMetrics(history: History, { names, start, count }: Span): string {
  const text = (value: number) => (Math.abs(value) === Infinity ? `${value > 0 ? "+" : "-"}Inf` : `${value}`);
  const lines = names.flatMap((name) => {
    const { type = "gauge", labels, value } = history[name];
    const samples = (set: string) =>
      Array.from({ length: count }, (_, i) => `${name}{${set}} ${text(value(i))} ${(start + i * step).toFixed(3)}`);
    return [`# TYPE ${name.replace(/_total$/, "")} ${type}`, ...labels.flatMap(samples)];
  });
  return `${lines.join("\n")}\n# EOF\n`;
}

const root = resolve(__dirname, "../..");

/** Starts `npm run backfill` as its own process. */
export function startBackfill(workspace: Workspace, ...words: string[]) {
  const options = ["--stack=sandbox", `--work=${workspace.folderOf("work")}`, "--patience=60", ...words];
  const args = ["--require", "tsx/cjs", "commands/backfill/cli.ts", ...options];
  const child = spawn(process.execPath, args, { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (part) => (text += String(part)));
  const ended = once(child, "close").then(([code]) => code as number | null);
  const uploaded = (n: number) =>
    until(`${n} days are uploaded`, 180, async () => (text.match(/uploaded after/g)?.length ?? 0) >= n || undefined, 5);
  return { kill: (signal: NodeJS.Signals) => child.kill(signal), ended, uploaded, text: () => text };
}

/** A sample as an API answers it. */
export type Sample = [time: number, value: string];

/**
 * Every sample of some metrics.
 * @param names the metrics
 * @param at the last instant, in seconds since 1970
 * @param more `cluster`: what series without that label get; `before`: days, default: all of the history
 * @returns the labels of each series, sorted, as text, and its samples
 */
export async function everySample(
  url: string,
  names: readonly string[],
  at: number,
  { cluster, before = days + 2 }: { cluster?: string; before?: number } = {},
): Promise<[labels: string, Sample[]][]> {
  const query = `{__name__=~"${names.join("|")}"}[${before}d]`;
  const answer = await fetch(`${url}/api/v1/query?${new URLSearchParams({ query, time: `${at}` })}`);
  const { data } = (await answer.json()) as {
    data: { result: { metric: Record<string, string>; values: Sample[] }[] };
  };
  return data.result.map(({ metric, values }) => [
    JSON.stringify(Object.entries({ ...(cluster && { cluster }), ...metric }).sort()),
    values,
  ]);
}

/**
 * What the checks of `verify` need to ask these sources.
 * @param now when they are made, in seconds since 1970: before anything was killed, what is newer than the history doesn't count
 */
export const contextOf = (sources: Record<string, string>, now: number): Context =>
  ({
    subject: { sources },
    reach: new Reach(undefined as never, AbortSignal.timeout(60_000), 60_000),
    now,
  }) as unknown as Context;
