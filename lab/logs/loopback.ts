import { join } from "node:path";
import { stringify } from "yaml";
import { dataDirectory, rulesDirectory } from "../../components/loki/config";

/** The address that Loki's processes have on this machine. */
export const loopback = "127.0.0.1";

/** Where one of Loki's processes is. */
export interface Place {
  /** Of its pod; in pods it is the host's name. */
  name: string;
  /** A folder for its data and its rules. */
  folder: string;
  ports: Record<"http" | "grpc" | "memberlist", number>;
  /** Addresses by which it finds the others. */
  members: readonly string[];
  /** gRPC port of the process that schedules its queries. */
  scheduler: number;
}

/** Sections of Loki's configuration, as far as they are changed here. */
interface Sections {
  server?: object;
  frontend?: object;
  frontend_worker?: object;
  memberlist?: object;
  common?: { ring?: object };
}

/**
 * A configuration of Loki's pods for a process on this machine's loopback: with its addresses and folders, and without what is waited for before
 * it ends.
 * @returns YAML
 */
export function onLoopback<Config extends Sections>(
  config: Config,
  { name, folder, ports, members, scheduler }: Place,
): string {
  const schedulers = { scheduler_address: `${loopback}:${scheduler}` };
  const here = {
    ...config,
    ...(config.frontend_worker && {
      frontend: { ...config.frontend, ...schedulers },
      frontend_worker: { ...config.frontend_worker, ...schedulers },
    }),
    server: {
      ...config.server,
      http_listen_address: loopback,
      http_listen_port: ports.http,
      grpc_listen_address: loopback,
      grpc_listen_port: ports.grpc,
    },
    memberlist: {
      ...config.memberlist,
      bind_addr: [loopback],
      bind_port: ports.memberlist,
      advertise_port: ports.memberlist,
      join_members: members,
    },
    common: { ...config.common, ring: { ...config.common?.ring, instance_id: name } },
    shutdown_delay: "0s",
  };
  return stringify(here)
    .replaceAll(dataDirectory, join(folder, "data"))
    .replaceAll(rulesDirectory, join(folder, "rules"));
}
