import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { addressVariable, dataDirectory, mimirConfig } from "../../components/mimir/config";
import type { S3Connection } from "../../components/object-storage/types";
import { hostTool } from "../../lab/cluster/tools";
import type { Settings } from "../../settings/schema";
import { loopback } from "../../lab/logs/loopback";
import { ProcessRing } from "./process-ring";

/** What every process of a Mimir has in common. */
export interface MimirPlace {
  /** A folder for data and configurations. */
  folder: string;
  connection: S3Connection;
  buckets: Settings["buckets"];
  /** Mimir's key of the object store. */
  env: Record<"AWS_ACCESS_KEY_ID" | "AWS_SECRET_ACCESS_KEY", string>;
}

/** Mimir's processes in one ring. */
export type MimirRing = ProcessRing<Settings["mimir"]>;

/**
 * A ring of Mimir's processes, with the configuration that pods get, but for addresses and folders; and what takes a quarter of an hour or half a
 * day there takes seconds: a new block is asked for at once.
 * @param place what all of them have in common
 */
export const mimirRing = ({ folder, connection, buckets, env }: MimirPlace): MimirRing =>
  new ProcessRing(async (name, settings, ring) => {
    const { http, grpc, memberlist } = ring.portsOf(name);
    const config = mimirConfig({
      environment: { namespace: "e2e", dnsDomain: "invalid" },
      settings,
      storage: { connection, buckets },
      alertmanagerUrl: "http://127.0.0.1:1",
      evaluates: false,
      evaluationInterval: "30s",
    });
    const named = <T extends object>(ring: T) => ({ ...ring, instance_id: name });
    const { server, blocks_storage, compactor, distributor, ingester, querier, ruler, store_gateway } = config;
    const here = {
      ...config,
      server: {
        ...server,
        http_listen_address: loopback,
        http_listen_port: http,
        grpc_listen_address: loopback,
        grpc_listen_port: grpc,
      },
      blocks_storage: {
        ...blocks_storage,
        bucket_store: { ...blocks_storage.bucket_store, sync_interval: "2s", ignore_blocks_within: "0s" },
      },
      compactor: { ...compactor, cleanup_interval: "2s", sharding_ring: named(compactor.sharding_ring) },
      querier: { ...querier, query_store_after: "0s" },
      distributor: { ring: named(distributor.ring) },
      ingester: { ring: { ...named(ingester.ring), min_ready_duration: "3s" } },
      ruler: { ...ruler, ring: named(ruler.ring) },
      store_gateway: { ...store_gateway, sharding_ring: named(store_gateway.sharding_ring) },
      memberlist: {
        ...config.memberlist,
        bind_addr: [loopback],
        bind_port: memberlist,
        advertise_port: memberlist,
        join_members: ring.members,
      },
    };
    const cwd = join(folder, name);
    mkdirSync(join(cwd, "data"), { recursive: true });
    writeFileSync(join(cwd, "config.yaml"), stringify(here).replaceAll(dataDirectory, join(cwd, "data")));
    return {
      command: await hostTool("mimir"),
      args: ["-target=all", "-config.file=config.yaml", "-config.expand-env=true"],
      cwd,
      env: { ...env, [addressVariable]: loopback },
      live: "/api/v1/status/buildinfo",
    };
  });
