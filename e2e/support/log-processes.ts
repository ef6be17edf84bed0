import { mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import {
  eventPipeline,
  logPipeline,
  nodeNameVariable,
  talosPort,
  type AlloyConfigArgs,
} from "../../components/alloy/config";
import type { Block } from "../../components/alloy/syntax";
import { freePort, startServer, type LocalServer } from "../../lab/cluster/server";
import { hostTool } from "../../lab/cluster/tools";
import { collectorText, criLine } from "../../lab/logs/collector";
import { nodeName, PodApi, podFolder, type FoundEvent, type FoundPod } from "../../lab/logs/pod-api";
import { until } from "../../lab/until";
import type { ParsedSettings } from "../../settings/schema";
import { startLoki, type LokiProcesses } from "./loki-processes";

/** What a container wrote. */
export interface Written extends FoundPod {
  /** Its lines, in their order. */
  lines: readonly (string | { stream: "stdout" | "stderr"; line: string })[];
}

/** A cluster whose lines are collected. */
export interface CollectedCluster {
  settings: Pick<ParsedSettings, "logs" | "loki">;
  /** Value of the label `cluster`. */
  cluster: string;
  /** What its pods wrote. */
  written: readonly Written[];
  events?: readonly FoundEvent[];
  /** A journal of its node. */
  journal?: Buffer;
  /** Other files of its node, by their path. */
  files?: Readonly<Record<string, string>>;
  /** A free port in place of the one that Talos sends to. */
  talosPort?: number;
}

/** A line as Loki has it. */
export interface StoredLine {
  labels: Record<string, string>;
  line: string;
}

/** A value that a query of metrics gives. */
export interface StoredValue {
  labels: Record<string, string>;
  value: number;
}

const root = { user: "object-store-admin", password: "a password for tests" };
const bucket = "logs";

/**
 * Loki, a real one, and in front of it the collector as it runs on a node, as processes of this machine with the configuration of their pods, but for
 * addresses and folders. The node's files are of the test's making, and written as containerd writes them.
 */
export class LogProcesses {
  private readonly talosPorts = new Map<string, number>();
  private readonly running: { stop(): Promise<void> }[] = [];
  private loki!: LokiProcesses;
  private collectedAt = 0;

  private constructor(private readonly folder: string) {}

  /**
   * Starts a Loki.
   * @param folder for everything that it keeps; whoever made it removes it
   * @param settings Loki's settings, with mode `single-binary`
   */
  static async start(folder: string, settings: ParsedSettings["loki"]): Promise<LogProcesses> {
    const all = new LogProcesses(folder);
    try {
      await all.startLoki(settings);
    } catch (error) {
      await all.stop();
      throw error;
    }
    return all;
  }

  /** Loki's address. */
  get lokiUrl(): string {
    return this.loki.url.write;
  }

  /** Ends everything, the newest first. */
  async stop(): Promise<void> {
    for (const each of this.running.reverse()) await each.stop();
    this.running.length = 0;
  }

  private async startLoki(settings: ParsedSettings["loki"]): Promise<void> {
    const endpoint = `http://127.0.0.1:${await freePort()}`;
    const region = "us-east-1";
    mkdirSync(join(this.folder, "store", bucket), { recursive: true }); // to MinIO, a folder is a bucket
    const minio = await startServer(
      await hostTool("minio"),
      ["server", "store", `--address=${new URL(endpoint).host}`, "--certs-dir=certs"],
      {
        cwd: this.folder,
        env: {
          MINIO_ROOT_USER: root.user,
          MINIO_ROOT_PASSWORD: root.password,
          MINIO_REGION: region,
          MINIO_UPDATE: "off",
        },
        ready: `${endpoint}/minio/health/ready`,
      },
    );
    this.running.push(minio);
    this.loki = await startLoki({
      folder: this.folder,
      settings,
      store: { endpoint, region, bucket },
      env: { AWS_ACCESS_KEY_ID: root.user, AWS_SECRET_ACCESS_KEY: root.password },
      alertmanagerUrl: "http://127.0.0.1:1",
    });
    this.running.push(this.loki);
  }

  /** Writes the files of a cluster's node, and starts its collectors. The next numbers are those of now. */
  async collect(collected: CollectedCluster): Promise<void> {
    const { settings, cluster, written, events, journal, files = {} } = collected;
    if (collected.talosPort !== undefined) this.talosPorts.set(cluster, collected.talosPort);
    const writeFile = (path: string, content: string | Buffer) => {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, content);
    };
    this.collectedAt = Date.now();
    for (const pod of written)
      writeFile(this.file(cluster, `/var/log/pods/${podFolder(pod)}/0.log`), criLines(pod.lines));
    for (const [path, content] of Object.entries(files)) writeFile(this.file(cluster, path), content);
    if (journal) writeFile(this.file(cluster, "/var/log/journal/system.journal"), journal);

    const api = await PodApi.start(written, events);
    this.running.push(api);
    const args: AlloyConfigArgs = {
      settings: { ...settings.logs, journal: journal !== undefined },
      limits: settings.loki.limits,
      pushUrl: `${this.loki.url.write}/loki/api/v1/push`,
      cluster,
    };
    // Positions are kept by folder: each configuration has its own, as each has its own pod.
    const url = await this.alloy(cluster, "alloy", logPipeline(args), api.url);
    // They are read from where they end when the collector sees them first.
    for (const path of Object.keys(files))
      await until(`the collector has seen ${path}`, 120, async () => followed(url, this.file(cluster, path)));
    if (events) await this.alloy(cluster, "alloy-events", eventPipeline(args), api.url);
  }

  /**
   * Where a file of a cluster's node is on this machine.
   * @param cluster whose
   * @param path on the node, below /var/log
   */
  file(cluster: string, path: string): string {
    return path.replace(/^\/var\/log\//, `${join(this.folder, cluster, "log")}/`);
  }

  /** The port of the loopback that a cluster's Talos sends to. */
  talosPort(cluster: string): number {
    return this.talosPorts.get(cluster) ?? talosPort;
  }

  /** Starts an Alloy. @returns its base URL */
  private async alloy(cluster: string, name: string, pipeline: readonly Block[], apiUrl: string): Promise<string> {
    const folder = join(this.folder, cluster, name);
    mkdirSync(folder, { recursive: true });
    const text = collectorText(pipeline, apiUrl, this.file(cluster, "/var/log/")).replaceAll(
      `0.0.0.0:${talosPort}`,
      `127.0.0.1:${this.talosPort(cluster)}`,
    );
    writeFileSync(join(folder, "config.alloy"), text);
    const http = `127.0.0.1:${await freePort()}`;
    const server: LocalServer = await startServer(
      await hostTool("alloy"),
      [
        ...["run", "config.alloy", "--storage.path=data", `--server.http.listen-addr=${http}`, "--disable-reporting"],
        ...(text.includes("loki.source.syslog") ? ["--stability.level=experimental"] : []),
      ],
      { cwd: folder, env: { [nodeNameVariable]: nodeName }, ready: `http://${http}/-/ready` },
    );
    this.running.push(server);
    return `http://${http}`;
  }

  /** Pushes lines of one stream past the collector, each at a time of its own. */
  async push(stream: Record<string, string>, lines: readonly string[]): Promise<void> {
    const start = Date.now();
    const values = lines.map((line, index) => [`${start}${String(index).padStart(6, "0")}`, line]);
    const response = await fetch(`${this.loki.url.write}/loki/api/v1/push`, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({ streams: [{ stream, values }] }),
    });
    if (!response.ok) throw new Error(`Loki refuses the lines: ${response.status} ${await response.text()}`);
  }

  /**
   * The lines that a query gives, oldest first.
   * @param query LogQL
   * @throws Error when Loki refuses it, or it gives numbers
   */
  async lines(query: string): Promise<StoredLine[]> {
    const end = Date.now() + 60_000;
    const range = { start: `${end - 3_600_000}000000`, end: `${end}000000`, limit: "5000", direction: "forward" };
    const { resultType, result } = await this.ask<{ stream: Record<string, string>; values: [string, string][] }>(
      "query_range",
      { query, ...range },
    );
    if (resultType !== "streams") throw new Error(`${query} gives a ${resultType}, not lines`);
    return result
      .flatMap(({ stream, values }) => values.map(([time, line]) => ({ time, labels: stream, line })))
      .sort((a, b) => a.time.localeCompare(b.time))
      .map(({ labels, line }) => ({ labels, line }));
  }

  /**
   * The numbers that a query gave when the files were written, however long it took their lines to arrive: all of them are half a minute older.
   * @param query LogQL
   * @throws Error when Loki refuses it, or it gives lines
   */
  async values(query: string): Promise<StoredValue[]> {
    const { resultType, result } = await this.ask<{ metric: Record<string, string>; value: [number, string] }>(
      "query",
      { query, time: `${this.collectedAt}000000` },
    );
    if (resultType !== "vector") throw new Error(`${query} gives ${resultType}, not a number for each of some labels`);
    return result.map(({ metric, value }) => ({ labels: metric, value: Number(value[1]) }));
  }

  /** Waits until a query gives at least so many lines. */
  async arrived(query: string, count: number, seconds = 240): Promise<StoredLine[]> {
    let found: StoredLine[] = [];
    await until(`Loki has ${count} lines of ${query}`, seconds, async () => {
      found = await this.lines(query);
      if (found.length < count) throw new Error(`it has ${found.length}`);
      return true;
    });
    return found;
  }

  private async ask<T>(path: string, parameters: Record<string, string>): Promise<{ resultType: string; result: T[] }> {
    const response = await fetch(`${this.loki.url.read}/loki/api/v1/${path}?${new URLSearchParams(parameters)}`);
    if (!response.ok) throw new Error(`Loki refuses ${parameters.query}: ${response.status} ${await response.text()}`);
    return ((await response.json()) as { data: { resultType: string; result: T[] } }).data;
  }
}

interface Followed {
  debugInfo: { body: { name: string; value: { value: unknown } }[] }[];
}

/** Whether an Alloy follows a file of the node by now; undefined where it doesn't. */
async function followed(url: string, path: string): Promise<true | undefined> {
  const { debugInfo } = (await (await fetch(`${url}/api/v0/web/components/loki.source.file.node`)).json()) as Followed;
  const has = (body: Followed["debugInfo"][number]["body"], name: string, value: unknown) =>
    body.some((each) => each.name === name && each.value.value === value);
  return debugInfo.some(({ body }) => has(body, "path", path) && has(body, "is_running", true)) || undefined;
}

function criLines(lines: Written["lines"]): string {
  const start = Date.now() - 30_000;
  return lines
    .map((each, index) => {
      const { stream, line } = typeof each === "string" ? { stream: "stdout", line: each } : each;
      return criLine(start + index, stream, line);
    })
    .join("");
}
