import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostTool } from "../../lab/cluster/tools";
import { addressVariable, lokiConfig, tenant } from "../../components/loki/config";
import { loopback, onLoopback } from "../../lab/logs/loopback";
import { topology, type Role } from "../../components/loki/topology";
import type { Settings } from "../../settings/schema";
import { podsOf, ProcessRing, workloadOf } from "./process-ring";

/** Loki as processes on this machine's loopback. */
export interface LokiProcesses {
  /** Base URL of the first process that takes lines, that answers queries, and that has rules. */
  url: Record<"write" | "read" | "backend", string>;
  /** Base URLs of all. */
  urls: string[];
  /** Kills the processes that do something, starts them again, and waits until they are ready. */
  crash(role: Role): Promise<void>;
  /** Ends them all. */
  stop(): Promise<void>;
}

/** What every process of a Loki has in common. */
export interface LokiPlace {
  /** A folder for data and configurations. */
  folder: string;
  /** The object store's URL, and the bucket; the file with its authority, if it isn't one that the system knows. */
  store: { endpoint: string; region: string; bucket: string; caFile?: string };
  /** Loki's key of the object store, as its pods have it in their environment. */
  env: Record<"AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY", string>;
  /** Where the ruler's alerts go. */
  alertmanagerUrl: string;
  /** Which Loki; default: the one that is pinned. */
  program?: "loki" | "loki-next";
  /** Rules of lines as their ConfigMap has them, where the settings want them from there; default: none. */
  rules?: string;
  /** Addresses of the memcacheds of `loki.caches`, by their workloads. */
  caches?: Readonly<Record<string, string>>;
  /** Whether what takes minutes in a cluster takes seconds: how soon a new member counts as ready, and how soon a new index is seen. */
  hurried?: boolean;
}

/** Arguments of {@link startLoki}. */
export interface StartLokiOptions extends LokiPlace {
  settings: Settings["loki"];
}

/**
 * Starts the processes of a mode with the configuration that pods get, but for addresses and folders, and waits until all are ready.
 * @throws Error with what a process printed, when it ends; and when one isn't ready in time
 */
export async function startLoki({ settings, ...place }: StartLokiOptions): Promise<LokiProcesses> {
  const { workloads, doing } = topology(settings);
  const ring = lokiRing(place);
  const names = workloads.flatMap((workload) => podsOf(workload));
  await ring.start(names, settings);
  const first = (role: Role) => ring.url(podsOf(doing[role])[0]);
  return {
    url: { write: first("distributor"), read: first("query-frontend"), backend: first("ruler") },
    urls: names.map((name) => ring.url(name)),
    crash: async (role) => {
      await ring.kill(podsOf(doing[role]));
      await ring.start(podsOf(doing[role]), settings);
    },
    stop: async () => void (await ring.stop()),
  };
}

/** Loki's processes, of whichever mode, in one ring. */
export type LokiRing = ProcessRing<Settings["loki"]>;

/**
 * A ring of Loki's processes, with the configuration that pods get, but for addresses and folders.
 * @param place what all of them have in common
 */
export const lokiRing = (place: LokiPlace): LokiRing =>
  new ProcessRing(async (name, settings, ring) => {
    const workload = topology(settings).workloads.find((each) => each.name === workloadOf(name));
    if (!workload) throw new Error(`${name} is no pod of Loki as ${settings.mode}`);
    const cwd = join(place.folder, name);
    const rulesFolder = join(cwd, "rules", tenant);
    mkdirSync(rulesFolder, { recursive: true });
    if (place.rules !== undefined) writeFileSync(join(rulesFolder, "logs.yaml"), place.rules);
    writeFileSync(join(cwd, "config.yaml"), configOf(name, settings, place, ring));
    return {
      command: await hostTool(place.program ?? "loki"),
      args: ["-config.file=config.yaml", "-config.expand-env=true", ...workload.args],
      cwd,
      env: { ...place.env, [addressVariable]: loopback },
      live: "/loki/api/v1/status/buildinfo",
    };
  });

function configOf(
  name: string,
  settings: Settings["loki"],
  { folder, store, alertmanagerUrl, caches = {}, hurried }: LokiPlace,
  ring: LokiRing,
): string {
  const config = lokiConfig({
    environment: { namespace: "e2e", dnsDomain: "invalid", nodeSelector: {}, tolerations: [] },
    settings,
    storage: { connection: { ...store, forcePathStyle: true }, buckets: { loki: store.bucket } },
    alertmanagerUrl,
  });
  const ports = ring.portsOf(name);
  const { workloads, doing } = topology(settings);
  const first = (role: Role) => podsOf(doing[role])[0];
  // Each single binary asks its own.
  const scheduler = ring.portsOf(workloads.length === 1 ? name : first("query-scheduler")).grpc;
  const grpc = (role: Role) => `${loopback}:${ring.portsOf(first(role)).grpc}`;
  const shipper = {
    ...(config.storage_config && { index_gateway_client: { server_address: `dns+${grpc("index-gateway")}` } }),
    ...(hurried && { resync_interval: "2s" }),
  };
  const here = {
    ...config,
    ...(hurried && { ingester: { ...config.ingester, lifecycler: { min_ready_duration: "3s" } } }),
    storage_config: { tsdb_shipper: shipper },
    frontend: {
      ...config.frontend,
      ...(config.frontend.tail_proxy_url && { tail_proxy_url: ring.url(first("querier")) }),
    },
    common: {
      ...config.common,
      ...(config.common.compactor_grpc_address && { compactor_grpc_address: grpc("compactor") }),
    },
  };
  const text = onLoopback(here, { name, folder: join(folder, name), ports, members: ring.members, scheduler });
  return text.replace(/dnssrvnoa\+\S*\b(loki-\w+-cache)\.\S*/g, (_, workload: string) => caches[workload]);
}
