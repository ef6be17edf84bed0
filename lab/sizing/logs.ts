import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Spread } from "../../commands/size/figures";
import { eventPipeline, logPipeline, nodeNameVariable, type AlloyConfigArgs } from "../../components/alloy/config";
import { closedFlags } from "../../components/alloy/pod";
import type { Block } from "../../components/alloy/syntax";
import type { Settings } from "../../settings/schema";
import type { Resources } from "../../settings/values";
import { freePort } from "../cluster/server";
import { hostTool } from "../cluster/tools";
import { collectorText } from "../logs/collector";
import { clusterLabel, podCount } from "../logs/lines";
import { startLoki } from "../logs/loki";
import { nodeName, PodApi } from "../logs/pod-api";
import { askLoki, queryClasses } from "../logs/queries";
import { spreadOf } from "../logs/report";
import { until } from "../until";
import { foundPod, startFeed, type Fed } from "./feed";
import { goMemory } from "./limits";
import { metricsOf, total } from "./metrics";
import type { ObjectStore } from "./object-store";
import type { Watched } from "./watch";
import type { Workspace } from "./workspace";

/** Nodes that the lines are written on, each with a collector: those of stack `pi`. */
export const nodeCount = 3;

/** What of the queries of `bench:logs` is asked here, while lines come. */
export const logQueries = ["last lines of one pod", "a common word in one namespace", "rate by namespace"] as const;

/** Name of one of them. */
export type LogQuery = (typeof logQueries)[number];

/** How often each is asked. */
const times = 20;

/** Lines and what collects, keeps and finds them. */
export interface Logs {
  loki: Watched;
  /** One a node. */
  collectors: Watched[];
  /** The collector of Kubernetes events, which has none here. */
  events: Watched;
  /** Host and port of Loki. */
  lokiAddress: string;
  /** Everything that Loki keeps on its volume. */
  data: string;
  /** Milliseconds that queries over all lines so far took, each asked twenty times. */
  ask(): Promise<Record<LogQuery, Spread>>;
  /**
   * Ends the pods that write.
   * @returns what they wrote; how many lines Loki has once it has them all, or in the end; and how many batches the collectors sent again, because
   * Loki didn't answer in time or was busy
   */
  finish(): Promise<Fed & { stored: number; retried: number }>;
  /** Ends what answers as the API server. */
  close(): Promise<void>;
}

/**
 * Starts the stack's Loki, the collector of each of three nodes, both with the configuration of their pods but for addresses and folders, and pods that
 * write at a steady rate into files of those nodes.
 * @param settings of logs and Loki
 * @param store which has Loki's bucket
 * @param bytesPerDay how much the pods write
 */
export async function startLogs(
  workspace: Workspace,
  settings: Pick<Settings, "logs" | "loki">,
  store: ObjectStore,
  bytesPerDay: number,
): Promise<Logs> {
  const { programs, url } = await startLoki(workspace, "single-binary", store, { programs: {}, addresses: {} });
  const args: AlloyConfigArgs = {
    // No journal of this machine's own.
    settings: { ...settings.logs, journal: false },
    limits: settings.loki.limits,
    pushUrl: `${url.write}/loki/api/v1/push`,
    cluster: clusterLabel,
  };
  const logFolder = (node: number) => `${workspace.folderOf(`alloy-logs-${node}`)}/node/`;
  const nodeOf = (pod: number) => pod % nodeCount;
  const nodes = Array.from({ length: nodeCount }, (_, node) => node);
  const feed = startFeed(bytesPerDay, (pod) => logFolder(nodeOf(pod)));
  const { resources, eventsResources } = settings.logs;
  const pods = Array.from({ length: podCount }, (_, pod) => pod);
  const apis = await Promise.all(
    nodes.map((node) => PodApi.start(pods.filter((pod) => nodeOf(pod) === node).map(foundPod))),
  );
  const [events, ...collectors] = await Promise.all([
    startCollector(workspace, "alloy-events", eventPipeline(args), eventsResources, apis[0]),
    ...nodes.map((node) => startCollector(workspace, `alloy-logs-${node}`, logPipeline(args), resources, apis[node])),
  ]);
  const count = () => linesIn(url.read, feed.began);
  return {
    loki: { program: programs.loki, url: url.read },
    collectors,
    events,
    lokiAddress: new URL(url.write).host,
    data: workspace.folderOf("loki/data"),
    ask: () => askAll(url.read, feed.began),
    finish: async () => {
      const fed = feed.stop();
      let stored = 0;
      // A loss is a result, too: it is in the report.
      await until(
        `Loki has ${fed.lines} lines`,
        180,
        async () => {
          stored = await count();
          return stored >= fed.lines || undefined;
        },
        3000,
      ).catch(() => undefined);
      const metrics = await Promise.all(collectors.map((collector) => metricsOf(collector.url)));
      return { ...fed, stored, retried: total(metrics.flat(), "loki_write_batch_retries_total") };
    },
    close: async () => void (await Promise.all(apis.map((api) => api.stop()))),
  };
}

async function startCollector(
  workspace: Workspace,
  name: string,
  pipeline: readonly Block[],
  resources: Resources,
  api: PodApi,
): Promise<Required<Watched>> {
  const folder = workspace.folderOf(name);
  mkdirSync(join(folder, "node"), { recursive: true });
  writeFileSync(join(folder, "config.alloy"), collectorText(pipeline, api.url, join(folder, "node/")));
  const address = `127.0.0.1:${await freePort()}`;
  const program = await workspace.start({
    name,
    path: await hostTool("alloy"),
    args: ["run", "config.alloy", "--storage.path=data", `--server.http.listen-addr=${address}`, ...closedFlags],
    env: { ...goMemory(resources), [nodeNameVariable]: nodeName },
    ready: `http://${address}/-/ready`,
  });
  return { program, url: `http://${address}` };
}

/** How many of the pods' lines Loki has. */
async function linesIn(url: string, began: number): Promise<number> {
  const range = Math.ceil((Date.now() - began) / 1000) + 60;
  const search = new URLSearchParams({ query: `sum(count_over_time({cluster="${clusterLabel}"}[${range}s]))` });
  const response = await fetch(`${url}/loki/api/v1/query?${search}`);
  if (!response.ok) throw new Error(`Loki answers ${response.status}: ${await response.text()}`);
  const { data } = (await response.json()) as { data: { result: { value: [number, string] }[] } };
  return Number(data.result.at(0)?.value[1] ?? 0);
}

/** The step of the rate by namespace, in milliseconds. */
const step = 300_000;

async function askAll(url: string, began: number): Promise<Record<LogQuery, Spread>> {
  const classes = queryClasses.flat();
  const taken = Object.fromEntries(logQueries.map((name) => [name, [] as number[]]));
  for (let time = 0; time < times; time++) {
    for (const name of logQueries) {
      // Loki puts the rate's steps at multiples of their length: the last one is to have what has just come.
      const [start, end] = [Math.floor(began / step) * step, Math.ceil(Date.now() / step) * step];
      const queries = classes.find((each) => each.name === name)!.queries({ start, end });
      taken[name].push((await askLoki(url, queries[time % queries.length])).milliseconds);
    }
  }
  return Object.fromEntries(logQueries.map((name) => [name, spreadOf(taken[name])])) as Record<LogQuery, Spread>;
}
