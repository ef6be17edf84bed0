import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { hostTool } from "../../cluster/tools";
import { dataDirectory, lokiConfig, rulesDirectory, tenant } from "../../components/loki/config";
import { topology, type Role, type Workload } from "../../components/loki/topology";
import type { Settings } from "../../config/schema";
import { freePort, startServer, type LocalServer } from "./server";
import { until } from "../../sandbox/until";

/** Loki as processes on this machine's loopback. */
export interface LokiProcesses {
  /** Base URL of the first process that does this. */
  url: Record<Role, string>;
  /** Base URLs of all. */
  urls: string[];
  /** Ends them all. */
  stop(): Promise<void>;
}

/** Arguments of {@link startLoki}. */
export interface StartLokiOptions {
  /** A folder for data and configurations. */
  folder: string;
  settings: Settings["loki"];
  /** The object store's URL, and the bucket. */
  store: { endpoint: string; region: string; bucket: string };
  /** Loki's key of the object store, as its pods have it in their environment. */
  env: Record<"AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY", string>;
  /** Where the ruler's alerts go. */
  alertmanagerUrl: string;
  /** Rules of lines as their ConfigMap has them, where the settings want them from there; default: none. */
  rules?: string;
}

interface Process {
  name: string;
  workload: Workload;
  ports: Record<"http" | "grpc" | "memberlist", number>;
}

const loopback = "127.0.0.1";

/**
 * Starts the processes of a mode with the configuration that pods get, but for addresses and folders, and waits until all are ready.
 * @throws Error with what a process printed, when it ends; and when one isn't ready in time
 */
export async function startLoki(options: StartLokiOptions): Promise<LokiProcesses> {
  const loki = await hostTool("loki");
  const { workloads, ...roles } = topology(options.settings);
  const processes = await Promise.all(
    workloads.flatMap((workload) => Array.from({ length: workload.replicas }, (_, i) => processOf(workload, i))),
  );
  const of = (workload: Workload) => processes.filter((process) => process.workload === workload);
  const servers: LocalServer[] = [];
  const stop = async () => void (await Promise.all(servers.map((server) => server.stop())));
  try {
    await Promise.all(
      processes.map(async (process) => {
        const cwd = join(options.folder, process.name);
        const rules = join(cwd, "rules", tenant);
        mkdirSync(rules, { recursive: true });
        if (options.rules !== undefined) writeFileSync(join(rules, "logs.yaml"), options.rules);
        writeFileSync(
          join(cwd, "config.yaml"),
          configOf(process, { ...options, first: processes[0], backend: of(roles.backend)[0] }),
        );
        const args = ["-config.file=config.yaml", "-config.expand-env=true", `-target=${process.workload.target}`];
        const env = { ...options.env, POD_IP: loopback };
        servers.push(
          await startServer(loki, args, { cwd, env, ready: `${url(process)}/loki/api/v1/status/buildinfo` }),
        );
      }),
    );
    for (const process of processes) {
      await until(`${process.name} is ready`, 240, async () => {
        const response = await fetch(`${url(process)}/ready`);
        if (!response.ok) throw new Error(await response.text());
        return true;
      });
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const first = (role: Role) => url(of(roles[role])[0]);
  return {
    url: { write: first("write"), read: first("read"), backend: first("backend") },
    urls: processes.map(url),
    stop,
  };
}

const url = ({ ports }: Process) => `http://${loopback}:${ports.http}`;

async function processOf(workload: Workload, index: number): Promise<Process> {
  const [http, grpc, memberlist] = [await freePort(), await freePort(), await freePort()];
  return { name: `${workload.name}-${index}`, workload, ports: { http, grpc, memberlist } };
}

function configOf(
  { name, ports }: Process,
  { folder, settings, store, alertmanagerUrl, first, backend }: StartLokiOptions & { first: Process; backend: Process },
): string {
  const config = lokiConfig({
    environment: { namespace: "e2e", dnsDomain: "invalid", nodeSelector: {}, tolerations: [] },
    settings,
    storage: { connection: { ...store, forcePathStyle: true }, buckets: { loki: store.bucket } },
    alertmanagerUrl,
  });
  const gateway = `dns+${loopback}:${backend.ports.grpc}`;
  const here = {
    ...config,
    server: {
      ...config.server,
      http_listen_address: loopback,
      http_listen_port: ports.http,
      grpc_listen_address: loopback,
      grpc_listen_port: ports.grpc,
    },
    ...(config.storage_config && {
      storage_config: { tsdb_shipper: { index_gateway_client: { server_address: gateway } } },
    }),
    memberlist: {
      ...config.memberlist,
      bind_addr: [loopback],
      bind_port: ports.memberlist,
      advertise_port: ports.memberlist,
      join_members: [`${loopback}:${first.ports.memberlist}`],
    },
    common: {
      ...config.common,
      ...(config.common.compactor_grpc_address && {
        compactor_grpc_address: `${loopback}:${backend.ports.grpc}`,
      }),
      // In pods it is the host's name, which is the pod's.
      ring: { ...config.common.ring, instance_id: name },
    },
    shutdown_delay: "0s",
  };
  return stringify(here)
    .replaceAll(dataDirectory, join(folder, name, "data"))
    .replaceAll(rulesDirectory, join(folder, name, "rules"));
}
