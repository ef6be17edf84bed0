import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { rulesFolder, vmalertArguments } from "../../components/vmalert/arguments";
import type { Settings } from "../../settings/schema";
import { freePort } from "../cluster/server";
import { hostTool } from "../cluster/tools";
import { memoryFlag } from "./limits";
import type { Watched } from "./watch";
import type { Workspace } from "./workspace";

/**
 * Starts vmalert with the flags of its pod, but for addresses and folders.
 * @param rules a rule file's text
 * @param interval how often they are evaluated, as a Prometheus duration
 * @param metricsUrl base URL of VictoriaMetrics
 * @param alertmanagerUrl where alerts go
 */
export async function startVmalert(
  workspace: Workspace,
  { metrics: settings }: Pick<Settings, "metrics">,
  rules: string,
  interval: string,
  metricsUrl: string,
  alertmanagerUrl: string,
): Promise<Required<Watched>> {
  const address = `127.0.0.1:${await freePort()}`;
  const folder = workspace.folderOf("vmalert");
  writeFileSync(join(folder, "rules.yaml"), rules);
  const args = vmalertArguments({ metricsUrl, alertmanagerUrl, evaluationInterval: interval }).map((flag) =>
    flag.replace(/^-httpListenAddr=.*/, `-httpListenAddr=${address}`).replace(rulesFolder, folder),
  );
  const program = await workspace.start({
    name: "vmalert",
    path: await hostTool("vmalert"),
    args: [...args, memoryFlag(settings.rulesResources)],
    ready: `http://${address}/health`,
  });
  return { program, url: `http://${address}` };
}
