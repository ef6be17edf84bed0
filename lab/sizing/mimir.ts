import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { hostTool } from "../cluster/tools";
import { dataDirectory, mimirConfig } from "../../components/mimir/config";
import type { Settings } from "../../settings/schema";
import { freePort } from "../cluster/server";
import { blocksIn } from "./blocks";
import type { ObjectStore } from "./object-store";
import type { Database } from "./database";
import { goMemory } from "./limits";
import type { Workspace } from "./workspace";

/**
 * Prepares Mimir with the configuration and the environment that its pod gets, but for addresses and folders.
 * @param settings Mimir's, and the names of the buckets
 */
export async function mimir(
  workspace: Workspace,
  settings: Pick<Settings, "mimir" | "buckets">,
  store: ObjectStore,
): Promise<Database> {
  const [http, grpc] = [await freePort(), await freePort()];
  const config = mimirConfig({
    environment: { namespace: "e2e", dnsDomain: "invalid" },
    settings: settings.mimir,
    storage: { connection: store.connection, buckets: settings.buckets },
    alertmanagerUrl: "http://127.0.0.1:1",
    evaluates: false,
    evaluationInterval: "30s",
  });
  const server = {
    ...config.server,
    http_listen_address: "127.0.0.1",
    http_listen_port: http,
    grpc_listen_address: "127.0.0.1",
    grpc_listen_port: grpc,
  };
  const folder = workspace.folderOf("mimir");
  const data = workspace.folderOf("mimir/data");
  const file = join(folder, "config.yaml");
  writeFileSync(file, stringify({ ...config, server }).replaceAll(dataDirectory, data));

  const url = `http://127.0.0.1:${http}`;
  const path = await hostTool("mimir");
  const start = () =>
    workspace.start({
      name: "mimir",
      path,
      args: ["-target=all", `-config.file=${file}`],
      env: { ...store.env, ...goMemory(settings.mimir.resources) },
      ready: `${url}/ready`,
    });
  const tsdb = join(data, "tsdb", "anonymous");
  return {
    name: "mimir",
    url,
    queryUrl: `${url}/prometheus`,
    data,
    seriesMetric: ["cortex_ingester_memory_series"],
    start,
    wal: join(tsdb, "wal"),
    compact: async () => {
      const response = await fetch(`${url}/ingester/flush?wait=true`, { method: "POST" });
      if (!response.ok) throw new Error(`Mimir did not flush: ${response.status} ${await response.text()}`);
      return blocksIn(tsdb);
    },
  };
}
