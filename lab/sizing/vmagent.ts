import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { hostTool } from "../cluster/tools";
import { configFile, configFolder, dataDirectory, relabelFile } from "../../components/vmagent/arguments";
import { relabelRules, scriptFolder, vmagentArguments } from "../../components/vmagent/arguments";
import type { Settings } from "../../settings/schema";
import { freePort } from "../cluster/server";
import { memoryFlag } from "./limits";
import { metricsOf, total } from "./metrics";
import { scrapeConfig, type Targets } from "./targets";
import type { Running, Workspace } from "./workspace";

/** vmagent, started. */
export interface Vmagent {
  program: Running;
  /** Base URL. */
  url: string;
  /** Whether nothing waits to be sent. */
  hasDelivered(): Promise<boolean>;
}

/**
 * Starts vmagent with the flags of its pod, but for addresses and folders.
 * @param targets what it scrapes
 * @param interval how often, as a Prometheus duration
 * @param pushUrl where it writes every sample to
 */
export async function startVmagent(
  workspace: Workspace,
  { metrics: settings }: Pick<Settings, "metrics">,
  targets: Targets,
  interval: string,
  pushUrl: string,
): Promise<Vmagent> {
  const address = `127.0.0.1:${await freePort()}`;
  const url = `http://${address}`;
  const folder = workspace.folderOf("vmagent");
  const queue = workspace.folderOf("vmagent/queue");
  writeFileSync(join(folder, configFile), stringify(scrapeConfig(targets, interval)));
  writeFileSync(join(folder, relabelFile), relabelRules);
  const args = vmagentArguments({ pushUrl, storage: settings.storage }).map((flag) =>
    flag
      .replace(/^-httpListenAddr=.*/, `-httpListenAddr=${address}`)
      .replace(dataDirectory, queue)
      .replace(configFolder, folder)
      .replace(scriptFolder, folder),
  );
  const program = await workspace.start({
    name: "vmagent",
    path: await hostTool("vmagent"),
    args: [...args, memoryFlag(settings.resources)],
    ready: `${url}/health`,
  });
  return {
    program,
    url,
    hasDelivered: async () => {
      const metrics = await metricsOf(url);
      const waiting = ["data_bytes", "inmemory_blocks"].map((what) => `vmagent_remotewrite_pending_${what}`);
      return waiting.every((name) => total(metrics, name) === 0);
    },
  };
}
