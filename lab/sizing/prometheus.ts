import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { hostTool } from "../cluster/tools";
import type { Settings } from "../../settings/schema";
import { freePort } from "../cluster/server";
import { blocksIn } from "./blocks";
import type { Database } from "./database";
import { goMemory } from "./limits";
import { scrapeConfig, type Targets } from "./targets";
import type { Workspace } from "./workspace";

/**
 * Prepares Prometheus with what decides over its size in the values of kube-prometheus-stack: retention and queue of remote_write.
 * @param targets what it scrapes
 * @param interval how often, as a Prometheus duration
 * @param pushUrl where it writes every sample to as well
 * @param rules text of a rule file, evaluated as often as is scraped
 */
export async function prometheus(
  workspace: Workspace,
  { kps }: Pick<Settings, "kps">,
  targets: Targets,
  interval: string,
  pushUrl: string,
  rules: string,
): Promise<Database> {
  const address = `127.0.0.1:${await freePort()}`;
  const folder = workspace.folderOf("prometheus");
  const { maxShards, maxSamplesPerSend, capacity } = kps.remoteWrite;
  const { global, scrape_configs } = scrapeConfig(targets, interval);
  const config = {
    global: { ...global, evaluation_interval: interval },
    scrape_configs,
    rule_files: ["rules.yaml"],
    remote_write: [
      {
        name: "mimir",
        url: pushUrl,
        queue_config: {
          capacity,
          min_shards: maxShards,
          max_shards: maxShards,
          max_samples_per_send: maxSamplesPerSend,
          min_backoff: "100ms",
          max_backoff: "10s",
          retry_on_http_429: true,
        },
        metadata_config: { send: true, send_interval: "1m" },
      },
    ],
  };
  writeFileSync(join(folder, "config.yaml"), stringify(config));
  writeFileSync(join(folder, "rules.yaml"), rules);

  const url = `http://${address}`;
  const path = await hostTool("prometheus");
  const start = () =>
    workspace.start({
      name: "prometheus",
      path,
      args: [
        "--config.file=config.yaml",
        "--storage.tsdb.path=data",
        `--storage.tsdb.retention.time=${kps.retention}`,
        `--web.listen-address=${address}`,
        "--web.enable-admin-api",
      ],
      env: goMemory(kps.resources),
      ready: `${url}/-/ready`,
    });
  const data = join(folder, "data");
  return {
    name: "prometheus",
    url,
    queryUrl: url,
    data,
    seriesMetric: ["prometheus_tsdb_head_series"],
    start,
    wal: join(data, "wal"),
    compact: async () => {
      const response = await fetch(`${url}/api/v1/admin/tsdb/snapshot`, { method: "POST" });
      if (!response.ok) throw new Error(`Prometheus created no snapshot: ${response.status} ${await response.text()}`);
      const { data: snapshot } = (await response.json()) as { data: { name: string } };
      return blocksIn(join(data, "snapshots", snapshot.name));
    },
  };
}
