import { existsSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { InvalidInput } from "../../engine/errors";
import type { Settings } from "../../settings/schema";
import { seconds as secondsOf } from "../../settings/units";
import { backendOf, backends, backendTitles, stageOf, type Backend } from "../../stages";
import { apiOf, programAt, programBehind, type Api } from "../shared/api/api-server";
import {
  exitCode,
  runCommand,
  seconds,
  stackCommand,
  start,
  type StackArguments,
  type Terminal,
} from "../shared/command-line";
import { onlyOne } from "../shared/only-one";
import { loadStackSettings } from "../shared/settings";
import { backfill, type Backfilled } from "./backfill";
import { blocksInFolder, type BlockSource } from "./blocks";
import { openCluster } from "./cluster-blocks";
import { compare, formatDays, type Compared } from "./compare";
import type { Destination } from "./destination";
import { count } from "../shared/words";
import { labelsOnTheWay } from "./labels";
import { MimirBlocks } from "./mimir";
import { placesOf } from "./places";
import { PrometheusApi } from "./prometheus-api";
import { RemoteBlocks } from "./remote";
import { Damaged } from "./tsdb/bytes";
import { BlockUpload } from "./upload";
import { VictoriaMetricsImport } from "./victoria-metrics";

interface Arguments extends StackArguments {
  blocks?: string;
  claim?: string | true;
  snapshot?: true;
  mimir?: string;
  victoriaMetrics?: string;
  prometheus?: string;
  work?: string;
  patience: number;
  settle: number;
}

/**
 * The command `backfill`: Prometheus's blocks go to Mimir or VictoriaMetrics, whichever the stack has.
 * @param words its command line
 * @param terminal where its words go
 * @returns exit code: 0 all is there, 1 something was left out or is missing, 2 it could not be done to the end
 */
export function run(words: readonly string[], terminal: Terminal): Promise<number> {
  const command = stackCommand(
    "backfill",
    "Copies Prometheus's history to Mimir or VictoriaMetrics: reads its blocks in its pod, uploads them, and compares both; may be repeated",
  )
    .option("--claim [name]", "read Prometheus's volume through a pod that mounts this claim; works without Prometheus")
    .option("--snapshot", "read a snapshot, which includes the last hours; needs Prometheus's admin API")
    .option("--blocks <folder>", "read a copy of Prometheus's data folder, or a snapshot, on this machine")
    .option("--mimir <url>", "Mimir's address, such as http://127.0.0.1:9009; default: its Service")
    .option("--victoria-metrics <url>", "VictoriaMetrics' address, such as http://127.0.0.1:8428; default: its Service")
    .option("--prometheus <url>", "Prometheus's address, likewise")
    .option("--work <folder>", "where a block and a day of it are kept meanwhile (default: /var/tmp)")
    .option("--patience <seconds>", "how long the backend or the cluster may be down or busy", seconds, 900)
    .option("--settle <seconds>", "how long the backend may take to show what was uploaded", seconds, 2700);
  return runCommand(command, words, terminal, (args: Arguments) => go(args, terminal));
}

/** Of the folders for temporary files, the one that is on disk: /tmp may be in memory. */
const temporary = () => (existsSync("/var/tmp") ? "/var/tmp" : tmpdir());

async function go(args: Arguments, terminal: Terminal): Promise<number> {
  const work = join(args.work ?? temporary(), `backfill-${args.stack}`);
  const { settings } = loadStackSettings(args);
  oneSource(args);
  const signal = terminal.interrupt?.() ?? new AbortController().signal;
  const tell = (line: string) => terminal.out(`${line}\n`);
  try {
    const found = await programs(args, settings);
    return await onlyOne(`${work}.running`, "npm run backfill", async () => {
      const code = await move({ ...args, work, settings, signal, tell, ...found });
      rmSync(work, { recursive: true, force: true });
      return code;
    });
  } catch (error) {
    if (signal.aborted) throw new InvalidInput("stopped\n→ run it again: what is there is not copied again");
    if (error instanceof Damaged)
      throw new InvalidInput(
        `a block ${error.message}\n→ run it again; if this error comes again, the block is damaged in Prometheus too`,
      );
    throw error;
  }
}

function oneSource({ blocks, claim, snapshot }: Arguments): void {
  const given = Object.entries({ "--blocks": blocks, "--claim": claim, "--snapshot": snapshot }).filter(([, it]) => it);
  if (given.length > 1)
    throw new InvalidInput(
      `${given.map(([option]) => option).join(" and ")} are different ways to read the blocks\n→ use one of them`,
    );
}

/** Prometheus, if there is one, and the backend: at the URLs that are given, otherwise by their Services through the API server. */
async function programs(args: Arguments, settings: Settings): Promise<Programs> {
  const { backend } = settings.metrics;
  const urls: Readonly<Record<Backend, string | undefined>> = {
    mimir: args.mimir,
    "victoria-metrics": args.victoriaMetrics,
  };
  const other = backends.find((name) => name !== backend && urls[name]);
  if (other) throw new InvalidInput(`metrics.backend is ${backend}, and not ${other}\n→ --${backend} <url>`);
  const stage = stageOf(settings);
  const url = urls[backend];
  if (!url && !backendOf(stage))
    throw new InvalidInput(
      `stage ${settings.stage} has no ${backendTitles[backend]}\n→ history can be copied from stage dual-write on`,
    );
  const { prometheusUrl, backendUrls } = placesOf(settings);
  const inCluster = async (service: string) =>
    programBehind(await apiOf(settings.kubernetes, { milliseconds: 30_000 }), service);
  const there = async (program: Api) => !args.claim || (await program.request("/-/ready")).status === 200;
  const own = !args.prometheus && stage.kps ? await inCluster(prometheusUrl) : undefined;
  return {
    prometheus: args.prometheus ? programAt(args.prometheus) : own && (await there(own)) ? own : undefined,
    program: url ? programAt(url) : await inCluster(backendUrls[backend]),
    backend,
  };
}

interface Programs {
  prometheus: Api | undefined;
  /** The backend, and which one it is. */
  program: Api;
  backend: Backend;
}

interface Move extends Omit<Arguments, "prometheus">, Programs {
  work: string;
  settings: Settings;
  signal: AbortSignal;
  tell(line: string): void;
}

/** What differs between the backends. */
interface Way extends Compared {
  /** The setting that says how long it keeps samples, and its value. */
  retention: [setting: string, value: string];
  destination(labels: Readonly<Record<string, string>>): Destination;
}

const hour = 3600;
const day = 24 * hour;

function wayTo({ backend, program, settings, signal, patience, work, tell }: Move, now: number): Way {
  const title = backendTitles[backend];
  if (backend === "mimir") {
    const { retention } = settings.mimir;
    const oldest = now - secondsOf(retention) * 1000;
    const upload = new BlockUpload(program, patience, signal, tell);
    return {
      ...{ title, retention: ["mimir.retention", retention], numbersOnly: false },
      api: new PrometheusApi(program, signal, "/prometheus"),
      // Younger samples it asks its ingesters for, and not the bucket, where the blocks are: default of querier.query_store_after.
      settled: 12 * hour,
      waits: "; it looks for new blocks every 15 minutes",
      destination: (labels) => new MimirBlocks({ upload, oldest, labels, work, signal }),
    };
  }
  const { retention } = settings.victoriaMetrics;
  // It hides each sample at its age, and not with its day: only whole days can be compared, and still be there when the run ends.
  const oldest = Math.ceil((now / 1000 - secondsOf(retention) + 12 * hour) / day) * day * 1000;
  return {
    ...{ title, retention: ["victoriaMetrics.retention", retention], numbersOnly: true },
    api: new PrometheusApi(program, signal),
    settled: 60,
    waits: "",
    destination: (labels) =>
      new VictoriaMetricsImport({ victoriaMetrics: program, oldest, labels, patience, signal, tell }),
  };
}

async function move(args: Move): Promise<number> {
  const { settings, signal, tell, settle, work } = args;
  const prometheus = args.prometheus && new PrometheusApi(args.prometheus, signal);
  const now = Date.now();
  const way = wayTo(args, now);
  const result = await withSource(args, prometheus, async (source) => {
    const labels = await labelsFor(settings, way, prometheus, tell);
    return backfill({ source, labels, destination: way.destination(labels), work, signal, tell });
  });
  tell(summary(result, way));
  if (!prometheus) {
    tell("not compared: there is no Prometheus to compare with");
    return result.left.size > 0 ? exitCode.refused : exitCode.clean;
  }
  const days = await compare({ prometheus, backend: way, span: result, now, settle, signal, tell });
  tell(days.length === 0 ? `not compared: no whole day ${notYet(way)}` : formatDays(days, way.title));
  const missing = days.filter((day) => day.missing.length > 0);
  if (days.length > 0)
    tell(
      missing.length === 0
        ? `${way.title} has everything`
        : `${way.title} lacks something on ${count(missing.length, "day")}`,
    );
  return missing.length > 0 || result.left.size > 0 ? exitCode.refused : exitCode.clean;
}

const notYet = ({ settled }: Way) => (settled < hour ? "has ended" : `is older than ${settled / hour} hours`);

async function labelsFor(
  { cluster: { name } }: Settings,
  { api, title }: Way,
  prometheus: PrometheusApi | undefined,
  tell: (line: string) => void,
): Promise<Record<string, string>> {
  const { added, dropped } = prometheus
    ? await labelsOnTheWay(prometheus, api, title)
    : { added: { ...(name && { cluster: name }) }, dropped: [] };
  tell(`labels that are added: ${formatLabels(added)}`);
  if (dropped.length > 0) tell(`not added, because ${title}'s series don't have them: ${dropped.join(", ")}`);
  return added;
}

/** Opens the blocks for as long as they are needed, and removes what was made in the cluster for it. */
async function withSource(
  args: Move,
  prometheus: PrometheusApi | undefined,
  use: (source: BlockSource) => Promise<Backfilled>,
): Promise<Backfilled> {
  const { blocks, snapshot, tell } = args;
  if (blocks !== undefined) return use(blocksInFolder(blocks));
  const opened = await openCluster({ ...args, snapshotOf: snapshot && prometheus });
  try {
    const source = new RemoteBlocks({ ...args, ...opened });
    await source.check();
    return await use(source);
  } finally {
    await opened.close().catch((error: unknown) => tell(`${opened.leaves}: ${(error as Error).message}`));
  }
}

const formatLabels = (labels: Record<string, string>) =>
  Object.entries(labels)
    .map(([name, value]) => `${name}="${value}"`)
    .join(", ") || "none";

function summary({ brought, had, tooOld, samples, left }: Backfilled, { title, retention }: Way): string {
  const [setting, value] = retention;
  return [
    `${count(brought, "part")} with ${count(samples, "sample")} uploaded, ${had} were in ${title}`,
    ...(tooOld > 0 ? [`${count(tooOld, "part")} older than ${setting} (${value}) left out`] : []),
    ...[...left].map(([reason, chunks]) => `✗ ${count(chunks, "chunk")} left out: ${reason}`),
  ].join("\n");
}

if (require.main === module) start(run);
