import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { goMemoryLimit } from "../../components/kubernetes/container";
import { lokiConfig, tenant } from "../../components/loki/config";
import { topology } from "../../components/loki/topology";
import { settingsSchema } from "../../settings/schema";
import { freePort } from "../cluster/server";
import { hostTool } from "../cluster/tools";
import type { ObjectStore } from "../sizing/object-store";
import type { Running, Workspace } from "../sizing/workspace";
import { chart } from "./chart";
import { loopback, onLoopback } from "./loopback";

/** The configurations that are compared. */
export const variants = ["single-binary", "simple-scalable", "chart"] as const;

/** One of {@link variants}: the stack's, in a mode; or the chart's as one process. */
export type Variant = (typeof variants)[number];

/** Bucket of the lines. */
export const bucket = "logs";

/** Loki as processes on the loopback. */
export interface Loki {
  /** What runs, by the name of its workload: one process of each. */
  programs: Record<string, Running>;
  /** Base URLs: of what takes lines, and of what answers. */
  url: Record<"write" | "read", string>;
  /** Asks all to end, the writer first, which uploads the index, and removes the write-ahead log of what is in the bucket by then. */
  stop(): Promise<void>;
  /** Ends all that has nothing to write. */
  kill(): Promise<void>;
}

interface Process {
  name: string;
  target: string;
  env: Record<string, string>;
  ports: Record<"http" | "grpc" | "memberlist", number>;
}

/**
 * Starts a Loki with an empty memory on the object store, with the configuration of its pods but for addresses and folders. What limits the rate of
 * lines is lifted for each variant alike, since a limit is no capacity.
 */
export async function startLoki(workspace: Workspace, variant: Variant, store: ObjectStore): Promise<Loki> {
  const path = await hostTool("loki");
  const processes = await processesOf(variant);
  const [writer, reader = writer, backend = writer] = processes;
  const url = ({ ports }: Process) => `http://${loopback}:${ports.http}`;
  const programs: Record<string, Running> = {};
  const started = processes.map(async (process) => {
    const folder = workspace.folderOf(process.name);
    mkdirSync(join(folder, "rules", tenant), { recursive: true });
    writeFileSync(join(folder, "config.yaml"), configOf(variant, process, { store, folder, writer, backend }));
    programs[process.name] = await workspace.start({
      name: process.name,
      path,
      args: ["-config.file=config.yaml", "-config.expand-env=true", `-target=${process.target}`],
      env: { ...store.env, ...process.env, POD_IP: loopback },
      ready: `${url(process)}/ready`,
    });
  });
  await Promise.all(started);
  return {
    programs,
    url: { write: url(writer), read: url(reader) },
    kill: async () => void (await Promise.all(Object.values(programs).map((program) => program.kill()))),
    stop: async () => {
      for (const { name } of processes) {
        await programs[name].stop();
        rmSync(join(workspace.folderOf(name), "data/wal"), { recursive: true, force: true });
      }
    },
  };
}

/** What runs, in the order writer, reader, backend; one process where one does all. */
async function processesOf(variant: Variant): Promise<Process[]> {
  const process = async (name: string, target: string, env: Record<string, string> = {}): Promise<Process> => {
    const [http, grpc, memberlist] = [await freePort(), await freePort(), await freePort()];
    return { name, target, env, ports: { http, grpc, memberlist } };
  };
  if (variant === "chart") return [await process("loki", "all")];
  const { workloads } = topology(settingsOf(variant));
  return Promise.all(
    workloads.map(({ name, target, resources }) => {
      const { name: variable, value } = goMemoryLimit(resources);
      return process(name, target, { [`${variable}`]: `${value}` });
    }),
  );
}

const settingsOf = (mode: Exclude<Variant, "chart">) => settingsSchema.parse({ loki: { mode } }).loki;

/** Of a ring's member: it is ready when it is in the ring, and gone when it has ended. */
const noPatience = { min_ready_duration: "0s", final_sleep: "0s" };

interface Place {
  store: ObjectStore;
  folder: string;
  writer: Process;
  backend: Process;
}

function configOf(variant: Variant, process: Process, place: Place): string {
  const { store, folder, writer, backend } = place;
  const { connection } = store;
  const config: Record<string, unknown> & Sections =
    variant === "chart"
      ? { ...chart.config, common: { ...chart.config.common, storage: { s3: s3Of(store) } } }
      : lokiConfig({
          environment: { namespace: "benchmark", dnsDomain: "invalid", nodeSelector: {}, tolerations: [] },
          settings: settingsOf(variant),
          storage: { connection, buckets: { loki: bucket } },
          alertmanagerUrl: `http://${loopback}:1`,
        });
  const gateway = `${loopback}:${backend.ports.grpc}`;
  const apart = backend !== writer;
  const here = {
    ...config,
    ingester: { ...config.ingester, lifecycler: noPatience },
    pattern_ingester: { ...config.pattern_ingester, lifecycler: noPatience },
    ...(apart && { storage_config: { tsdb_shipper: { index_gateway_client: { server_address: `dns+${gateway}` } } } }),
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
      ...(apart && { compactor_grpc_address: gateway }),
    },
  };
  const members = [`${loopback}:${writer.ports.memberlist}`];
  return onLoopback(here, { name: process.name, folder, ports: process.ports, members });
}

/** Sections of a configuration, as far as they are changed here. */
interface Sections {
  ingester?: object;
  pattern_ingester?: object;
  limits_config?: object;
  common?: { ring?: object; storage?: object };
}

const s3Of = ({ connection }: ObjectStore) => ({
  endpoint: connection.endpoint,
  region: connection.region,
  bucketnames: bucket,
  s3forcepathstyle: true,
  insecure: true,
});
