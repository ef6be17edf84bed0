import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { metricsPipeline } from "../../components/alloy/metrics-config";
import { closedFlags } from "../../components/alloy/pod";
import { write } from "../../components/alloy/syntax";
import type { Settings } from "../../settings/schema";
import { freePort } from "../cluster/server";
import { hostTool } from "../cluster/tools";
import { goMemory } from "./limits";
import { scrapeConfig, type Targets } from "./targets";
import type { Watched } from "./watch";
import type { Workspace } from "./workspace";

/**
 * Starts Alloy with the flags and the remote_write of the metrics collector's pod. It scrapes targets as those of a ScrapeConfig; what needs a
 * cluster (monitors, discovery) is left out.
 * @param targets what it scrapes
 * @param interval how often, as a Prometheus duration
 * @param pushUrl where it writes every sample to
 */
export async function startAlloy(
  workspace: Workspace,
  { metrics: settings }: Pick<Settings, "metrics">,
  targets: Targets,
  interval: string,
  pushUrl: string,
): Promise<Required<Watched>> {
  const address = `127.0.0.1:${await freePort()}`;
  const [{ static_configs: staticConfigs }] = scrapeConfig(targets, interval).scrape_configs;
  const blocks = metricsPipeline({
    settings: { ...settings, scrapeConfigs: [{ name: "bench/targets", spec: { staticConfigs } }] },
    pushUrl,
    targets: [],
    scrapeInterval: interval,
  }).filter(({ name }) => !name.startsWith("prometheus.operator."));
  const folder = workspace.folderOf("alloy");
  const file = join(folder, "config.alloy");
  writeFileSync(file, write(blocks));
  const program = await workspace.start({
    name: "alloy",
    path: await hostTool("alloy"),
    args: [
      ...["run", file, `--storage.path=${join(folder, "data")}`, `--server.http.listen-addr=${address}`],
      ...closedFlags,
    ],
    env: goMemory(settings.resources),
    ready: `http://${address}/-/ready`,
  });
  return { program, url: `http://${address}` };
}
