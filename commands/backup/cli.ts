import { InvalidArgumentError, Option } from "commander";
import { resolve } from "node:path";
import { alertmanagerUrl } from "../../components/alertmanager/address";
import { indexDelay } from "../../components/backup/copying";
import { victoriaMetricsUrl } from "../../components/victoria-metrics/url";
import { InvalidInput } from "../../engine/errors";
import type { Settings } from "../../settings/schema";
import { seconds } from "../../settings/units";
import { backendOf, stageOf } from "../../stages";
import { apiOf, programAt, programOf, type Api } from "../shared/api/api-server";
import {
  collect,
  exitCode,
  runCommand,
  stackCommand,
  start,
  type StackArguments,
  type Terminal,
} from "../shared/command-line";
import { GrafanaApi } from "../shared/grafana/client";
import { loadStackSettings } from "../shared/settings";
import { backup } from "./backup";
import { dashboards, partNames, silences, state, type Part, type PartName } from "./files";
import { writersOf } from "./flush";
import { Mc } from "./mc";
import { placeOf, targetAlias, type Place } from "./place";
import { restore } from "./restore";
import { storesOf, type Stores } from "./stores";
import { refuseSchedule } from "./turn";
import { VictoriaMetrics } from "./victoria-metrics";

interface Arguments extends StackArguments {
  store?: string;
  grafana?: string;
  alertmanager?: string;
  victoriaMetrics?: string;
  without: string[];
  mc: string;
}

interface BackupArguments extends Arguments {
  to: string;
  loki?: string[];
  mimir?: string[];
  flush: boolean;
  settle: number;
  acceptLoss: boolean;
}

interface RestoreArguments extends Arguments {
  from: string;
  intoExisting: boolean;
}

/**
 * The commands `backup` and `restore`: what a fire takes, to another place and back.
 * @param line `backup` or `restore`, and its command line
 * @param terminal where its words go
 * @returns exit code: 0 all is there, 1 something needs a person, 2 it could not be done
 */
export function run([name, ...words]: readonly string[], terminal: Terminal): Promise<number> {
  return name === "restore" ? runRestore(words, terminal) : runBackup(words, terminal);
}

const keys = `
The key of the backup's S3 server comes from the environment, as for mc: MC_HOST_${targetAlias}=https://KEY:SECRET@nas.example:9000
The stack's own keys come from its Secrets; MC_HOST_loki and MC_HOST_mimir override them.
Grafana's login: GRAFANA_TOKEN, or GRAFANA_USER (default: admin) and GRAFANA_PASSWORD.`;

const optional = [...partNames, "samples"];

const common = (name: string, description: string) =>
  stackCommand(name, description)
    .option("--store <url>", "the stack's object store as this machine reaches it; default: from the settings")
    .option("--grafana <url>", "Grafana, such as http://127.0.0.1:3000 through kubectl port-forward")
    .option("--alertmanager <url>", "Alertmanager's address; default: its Service")
    .option("--victoria-metrics <url>", "VictoriaMetrics' address, if the stack has it; default: its Service")
    .addOption(
      new Option("--without <part>", `what to leave out: ${optional.join(", ")}; may be repeated`)
        .argParser((part: string, all: string[]) => {
          if (optional.some((each) => each === part)) return [...all, part];
          throw new InvalidArgumentError(`expected one of ${optional.join(", ")}.`);
        })
        .default([], "nothing"),
    )
    .option("--mc <path>", "MinIO's client", "mc")
    .addHelpText("after", keys);

function runBackup(words: readonly string[], terminal: Terminal): Promise<number> {
  const command = common(
    "backup",
    "Backs up what can't be created again: buckets, VictoriaMetrics' samples, dashboards made by hand, silences, Pulumi's state",
  )
    .requiredOption(
      "--to <place>",
      "s3://BUCKET/PREFIX, or a folder; the next backup to the same place copies only what is new",
    )
    .option("--loki <url>", "a Loki writer to flush; may be repeated (default: its pods)", collect)
    .option("--mimir <url>", "Mimir to flush (default: its pod)", collect)
    .option("--no-flush", "don't flush what Loki and Mimir have in memory")
    .option("--settle <seconds>", "how long Loki's index may take to reach the bucket", atLeastNone, indexDelay)
    .option("--accept-loss", "back up even if the stack has less than half of the last backup's data", false);
  return runCommand(command, words, terminal, (args: BackupArguments) =>
    prepared(args, args.to, terminal, async ({ settings, api, ...rest }) => {
      const given = { loki: args.loki, mimir: args.mimir };
      const writers = args.flush ? await writersOf(settings, given, api) : [];
      const { stack, settle, acceptLoss } = args;
      const schedule = () => refuseSchedule(settings, args.to, api, rest.tell);
      return backup({ stack, settle, acceptLoss, writers, to: rest.place, refuseSchedule: schedule, ...rest });
    }),
  );
}

function runRestore(words: readonly string[], terminal: Terminal): Promise<number> {
  const command = common("restore", "Restores a backup: the buckets of a stack, and everything else in it")
    .requiredOption("--from <place>", "the --to of the backup")
    .option("--into-existing", "restore into buckets that have data, too", false);
  return runCommand(command, words, terminal, (args: RestoreArguments) =>
    prepared(args, args.from, terminal, ({ place, ...rest }) =>
      restore({ from: place, intoExisting: args.intoExisting, ...rest }),
    ),
  );
}

function atLeastNone(text: string): number {
  const value = Number(text);
  if (!(value >= 0) || text === "") throw new InvalidArgumentError("expected a number of seconds.");
  return value;
}

interface Prepared {
  settings: Settings;
  place: Place;
  stores: Stores;
  mc: Mc;
  parts: Partial<Record<PartName, Part>>;
  victoriaMetrics?: VictoriaMetrics;
  api(): Promise<Api>;
  signal: AbortSignal;
  tell(line: string): void;
}

/** What both commands need: every address, key and program, before anything is done. */
async function prepared(
  args: Arguments,
  where: string,
  terminal: Terminal,
  act: (prepared: Prepared) => Promise<string[]>,
): Promise<number> {
  const { settings } = loadStackSettings(args);
  const signal = terminal.interrupt?.() ?? new AbortController().signal;
  let cluster: Promise<Api> | undefined;
  const api = () => (cluster ??= apiOf(settings.kubernetes, { milliseconds: 60_000 }));
  try {
    await new Mc(args.mc, {}, signal).check();
    const parts = await partsOf(args, settings, api, signal);
    const stores = await storesOf({ settings, store: args.store, environment: process.env, api });
    const mc = new Mc(args.mc, stores.hosts, signal);
    const place = placeOf(where, process.env[`MC_HOST_${targetAlias}`], mc);
    const tell = (line: string) => terminal.out(`${line}\n`);
    const victoriaMetrics = await victoriaMetricsOf(args, settings, { api, signal, tell });
    const open = await act({ settings, place, stores, mc, parts, victoriaMetrics, api, signal, tell });
    open.forEach((line) => tell(`✗ ${line}`));
    return open.length > 0 ? exitCode.refused : exitCode.clean;
  } catch (error) {
    if (signal.aborted) throw new InvalidInput("stopped\n→ run it again: what was copied is not copied again");
    throw error;
  }
}

/** The stack's VictoriaMetrics; undefined: it has none, or its samples are left out. */
async function victoriaMetricsOf(
  { without, victoriaMetrics: url }: Arguments,
  settings: Settings,
  { api, ...rest }: Pick<Prepared, "api" | "signal" | "tell">,
): Promise<VictoriaMetrics | undefined> {
  const has = backendOf(stageOf(settings)) === "victoria-metrics";
  if (url !== undefined && !has)
    throw new InvalidInput("--victoria-metrics: the stack's stage has none\n→ leave it out, or set metrics.backend");
  if (!has || without.includes("samples")) return undefined;
  const where = { namespace: settings.namespace.name, dnsDomain: settings.cluster.dnsDomain };
  const program = url === undefined ? programOf(await api(), victoriaMetricsUrl(where)) : programAt(url);
  return new VictoriaMetrics({ program, retention: seconds(settings.victoriaMetrics.retention), ...rest });
}

async function partsOf(
  { without, stack, grafana, alertmanager }: Arguments,
  settings: Settings,
  api: () => Promise<Api>,
  signal: AbortSignal,
): Promise<Prepared["parts"]> {
  const { GRAFANA_TOKEN: token, GRAFANA_USER: user, GRAFANA_PASSWORD: password } = process.env;
  const wanted = (name: PartName) => !without.includes(name);
  if (wanted("dashboards") && (grafana === undefined || (!token && !password)))
    throw new InvalidInput(
      "Grafana's address or login is missing\n→ kubectl -n monitoring port-forward service/grafana 3000, --grafana http://127.0.0.1:3000, and\n" +
        "GRAFANA_PASSWORD=$(kubectl -n monitoring get secret grafana-admin -o jsonpath='{.data.admin-password}' | base64 -d); or --without dashboards",
    );
  const url = alertmanagerUrl(settings);
  return {
    ...(wanted("dashboards") && {
      dashboards: dashboards(new GrafanaApi(grafana!, { token, user, password }, signal)),
    }),
    ...(wanted("silences") && {
      silences: silences(alertmanager === undefined ? programOf(await api(), url) : programAt(alertmanager)),
    }),
    ...(wanted("state") && { state: state(stack, resolve(`pulumi-state.${stack}.json`)) }),
  };
}

if (require.main === module) start(run);
