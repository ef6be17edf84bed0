import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { hostTool } from "../cluster/tools";
import { dataDirectory, victoriaMetricsArguments } from "../../components/victoria-metrics/arguments";
import type { Settings } from "../../settings/schema";
import { freePort } from "../cluster/server";
import { until } from "../until";
import { bytesIn } from "./blocks";
import type { Database } from "./database";
import { memoryFlag } from "./limits";
import { metricsOf, total } from "./metrics";
import type { Workspace } from "./workspace";

const key = "key-of-this-run";

/**
 * Prepares VictoriaMetrics with the flags of its pod, but for addresses and folders.
 * @param settings VictoriaMetrics'
 */
export async function victoriaMetrics(
  workspace: Workspace,
  { victoriaMetrics: settings }: Pick<Settings, "victoriaMetrics">,
): Promise<Database> {
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const folder = workspace.folderOf("victoria-metrics");
  const data = workspace.folderOf("victoria-metrics/data");
  const keyFile = join(folder, "key");
  writeFileSync(keyFile, key);
  const path = await hostTool("victoria-metrics");
  const args = victoriaMetricsArguments({ settings, keyFile }).map((flag) =>
    flag.replace(/^-httpListenAddr=.*/, `-httpListenAddr=${address}`).replace(dataDirectory, data),
  );
  return {
    name: "victoria-metrics",
    url,
    queryUrl: url,
    data,
    seriesMetric: ["vm_cache_entries", { type: "storage/hour_metric_ids" }],
    start: () =>
      workspace.start({
        name: "victoria-metrics",
        path,
        args: [...args, memoryFlag(settings.resources)],
        ready: `${url}/health`,
      }),
    compact: async () => {
      for (const path of ["force_flush", "force_merge"]) {
        const response = await fetch(`${url}/internal/${path}?authKey=${key}`);
        if (!response.ok) throw new Error(`VictoriaMetrics: ${path}: ${response.status} ${await response.text()}`);
      }
      const metrics = await until("VictoriaMetrics has merged its parts", 300, async () => {
        const now = await metricsOf(url);
        return total(now, "vm_active_force_merges") === 0 ? now : undefined;
      });
      const rows = (type: string) => total(metrics, "vm_rows", { type: `storage/${type}` });
      const count = (await (await fetch(`${url}/api/v1/series/count`)).json()) as { data: number[] };
      return {
        samples: rows("inmemory") + rows("small") + rows("big"),
        series: count.data[0],
        chunkBytes: bytesIn(join(data, "data", "small")) + bytesIn(join(data, "data", "big")),
        indexBytes: bytesIn(join(data, "data", "indexdb")),
      };
    },
  };
}
