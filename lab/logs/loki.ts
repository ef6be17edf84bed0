import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { memcacheds } from "../../components/loki/caches";
import { lokiConfig, tenant } from "../../components/loki/config";
import { memcachedArgs } from "../../components/loki/memcached";
import { garbage, topology, type Role } from "../../components/loki/topology";
import { settingsSchema, type Settings } from "../../settings/schema";
import { debianProgram } from "../cluster/debian";
import { freePort } from "../cluster/server";
import { hostTool } from "../cluster/tools";
import type { ObjectStore } from "../sizing/object-store";
import { goMemory } from "../sizing/limits";
import type { Running, Workspace } from "../sizing/workspace";
import { chart } from "./chart";
import { loopback, onLoopback } from "./loopback";

/** One querier, as there is: what queries may occupy goes by their number. Patterns, so that there is a figure of what detects them. */
const distributed = { mode: "distributed", patternIngester: true, distributed: { querier: { replicas: 1 } } };

/** The settings of each configuration that is compared: the stack's, in a mode; the chart's, as one process, has none. */
const settingsOf = {
  "single-binary": { mode: "single-binary" },
  "simple-scalable": { mode: "simple-scalable", read: { replicas: 1 } },
  distributed: { ...distributed },
  "distributed+memcached": { ...distributed, caches: { chunks: {}, results: {} } },
  chart: undefined,
} as const;

/** One of the configurations. */
export type Variant = keyof typeof settingsOf;

/** The configurations that are compared. */
export const variants = Object.keys(settingsOf) as readonly Variant[];

/** Bucket of the lines. */
export const bucket = "logs";

/** Loki as processes on the loopback. */
export interface Loki {
  /** What runs, by the name of its workload: one process of each. */
  programs: Record<string, Running>;
  /** Base URLs: of what takes lines, of what holds them until they are in the bucket, and of what answers. */
  url: Record<"write" | "hold" | "read", string>;
  /** Asks the writer to end, which uploads the index, removes the write-ahead log of what is in the bucket by then, and ends all others. */
  stop(): Promise<void>;
  /** Ends all that has nothing to write. */
  kill(): Promise<void>;
}

/** Memcached as processes on the loopback: it outlives a Loki. */
export interface Caches {
  programs: Record<string, Running>;
  /** By the name of its workload. */
  addresses: Record<string, string>;
}

interface Process {
  name: string;
  args: readonly string[];
  env: Record<string, string>;
  ports: Record<"http" | "grpc" | "memberlist", number>;
}

/** What a Loki is made of: its processes, and which of them does what. */
interface Processes {
  all: Process[];
  doing: (role: Role) => Process;
}

/** Starts the memcacheds of a configuration, empty. */
export async function startCaches(workspace: Workspace, variant: Variant): Promise<Caches> {
  const [programs, addresses]: [Caches["programs"], Caches["addresses"]] = [{}, {}];
  for (const { workload, settings } of memcacheds(lokiOf(variant) ?? {})) {
    const port = await freePort();
    addresses[workload] = `${loopback}:${port}`;
    programs[workload] = await workspace.start({
      name: workload,
      path: await debianProgram("memcached", "usr/bin/memcached"),
      // Without a user it refuses to run as root; otherwise it ignores that.
      args: [`--port=${port}`, `--listen=${loopback}`, "--user=root", ...memcachedArgs(settings.size)],
      ready: `tcp://${addresses[workload]}`,
    });
  }
  return { programs, addresses };
}

/**
 * Starts a Loki with an empty memory on the object store, with the configuration of its pods but for addresses and folders. What limits the rate of
 * lines is lifted for each variant alike, since a limit is no capacity.
 */
export async function startLoki(
  workspace: Workspace,
  variant: Variant,
  store: ObjectStore,
  caches: Caches,
): Promise<Loki> {
  const path = await hostTool("loki");
  const processes = await processesOf(variant);
  const running = await Promise.all(
    processes.all.map((process) => startProcess(workspace, { path, process, variant, processes, store, caches })),
  );
  return lokiOfProcesses(workspace, processes, Object.fromEntries(running.map((program) => [program.name, program])));
}

interface Start extends Omit<Place, "folder"> {
  path: string;
  process: Process;
  variant: Variant;
}

function startProcess(workspace: Workspace, { path, process, variant, ...place }: Start): Promise<Running> {
  const folder = workspace.folderOf(process.name);
  mkdirSync(join(folder, "rules", tenant), { recursive: true });
  writeFileSync(join(folder, "config.yaml"), configOf(variant, process, { ...place, folder }));
  return workspace.start({
    name: process.name,
    path,
    args: ["-config.file=config.yaml", "-config.expand-env=true", ...process.args],
    env: { ...place.store.env, ...process.env, POD_IP: loopback },
    ready: `${urlOf(process)}/ready`,
  });
}

const urlOf = ({ ports }: Process) => `http://${loopback}:${ports.http}`;

function lokiOfProcesses(workspace: Workspace, { doing }: Processes, programs: Record<string, Running>): Loki {
  const holder = doing("ingester");
  const kill = async () => void (await Promise.all(Object.values(programs).map((program) => program.kill())));
  return {
    programs,
    url: { write: urlOf(doing("distributor")), hold: urlOf(holder), read: urlOf(doing("query-frontend")) },
    kill,
    stop: async () => {
      await programs[holder.name].stop();
      rmSync(join(workspace.folderOf(holder.name), "data/wal"), { recursive: true, force: true });
      await kill();
    },
  };
}

/** What runs: one process of each workload. */
async function processesOf(variant: Variant): Promise<Processes> {
  const process = async (name: string, args: readonly string[], env: Record<string, string> = {}): Promise<Process> => {
    const [http, grpc, memberlist] = [await freePort(), await freePort(), await freePort()];
    return { name, args, env, ports: { http, grpc, memberlist } };
  };
  const settings = lokiOf(variant);
  if (!settings) {
    const one = await process("loki", ["-target=all"]);
    return { all: [one], doing: () => one };
  }
  const { workloads, doing } = topology(settings);
  const all = await Promise.all(
    workloads.map(({ name, args, resources }) =>
      process(name, args, { ...goMemory(resources), [garbage.name]: garbage.value }),
    ),
  );
  return { all, doing: (role) => all.find(({ name }) => name === doing[role].name)! };
}

function lokiOf(variant: Variant): Settings["loki"] | undefined {
  const loki = settingsOf[variant];
  return loki && settingsSchema.parse({ loki }).loki;
}

/** Of a ring's member: it is ready when it is in the ring, and gone when it has ended. */
const noPatience = { min_ready_duration: "0s", final_sleep: "0s" };

interface Place {
  store: ObjectStore;
  folder: string;
  processes: Processes;
  caches: Caches;
}

function configOf(variant: Variant, process: Process, place: Place): string {
  const { store, folder, processes, caches } = place;
  const { connection } = store;
  const settings = lokiOf(variant);
  const config: Record<string, unknown> & Sections = settings
    ? lokiConfig({
        environment: { namespace: "benchmark", dnsDomain: "invalid", nodeSelector: {}, tolerations: [] },
        settings,
        storage: { connection, buckets: { loki: bucket } },
        alertmanagerUrl: `http://${loopback}:1`,
      })
    : { ...chart.config, common: { ...chart.config.common, storage: { s3: s3Of(store) } } };
  const at = (role: Role, port: keyof Process["ports"]) => `${loopback}:${processes.doing(role).ports[port]}`;
  const apart = processes.all.length > 1;
  const here = {
    ...config,
    ingester: { ...config.ingester, lifecycler: noPatience },
    pattern_ingester: { ...config.pattern_ingester, lifecycler: noPatience },
    ...(apart && {
      storage_config: {
        ...config.storage_config,
        tsdb_shipper: { index_gateway_client: { server_address: `dns+${at("index-gateway", "grpc")}` } },
      },
    }),
    ...(config.frontend?.tail_proxy_url && {
      frontend: { ...config.frontend, tail_proxy_url: `http://${at("querier", "http")}` },
    }),
    limits_config: {
      ...config.limits_config,
      ingestion_rate_mb: 10_000,
      ingestion_burst_size_mb: 10_000,
      per_stream_rate_limit: "10GB",
      per_stream_rate_limit_burst: "10GB",
    },
    common: {
      ...config.common,
      instance_addr: loopback,
      ...(apart && { compactor_grpc_address: at("compactor", "grpc") }),
    },
  };
  const members = [at("ingester", "memberlist")];
  const scheduler = processes.doing("query-scheduler").ports.grpc;
  const text = onLoopback(here, { name: process.name, folder, ports: process.ports, members, scheduler });
  return text.replace(/dnssrvnoa\+\S*\b(loki-\w+-cache)\.\S*/g, (_, workload: string) => caches.addresses[workload]);
}

/** Sections of a configuration, as far as they are changed here. */
interface Sections {
  frontend?: { tail_proxy_url?: string };
  ingester?: object;
  pattern_ingester?: object;
  limits_config?: object;
  storage_config?: object;
  common?: { ring?: object; storage?: object };
}

const s3Of = ({ connection }: ObjectStore) => ({
  endpoint: connection.endpoint,
  region: connection.region,
  bucketnames: bucket,
  s3forcepathstyle: true,
  insecure: true,
});
