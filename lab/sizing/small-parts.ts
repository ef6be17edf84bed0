import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { alertmanagerConfig } from "../../components/alertmanager/config";
import type { Settings } from "../../settings/schema";
import { freePort } from "../cluster/server";
import { hostTool, type HostTool } from "../cluster/tools";
import type { Watched } from "./watch";
import type { Workspace } from "./workspace";

/** Programs of the stack that are small whatever the cluster's size, with the flags of their pods that need no cluster. */

/** Starts Alertmanager with the stack's own configuration. */
export async function startAlertmanager(
  workspace: Workspace,
  { alertmanager: settings }: Pick<Settings, "alertmanager">,
): Promise<Required<Watched>> {
  const file = join(workspace.folderOf("alertmanager"), "alertmanager.yaml");
  writeFileSync(file, stringify(alertmanagerConfig(settings)));
  return start(workspace, "alertmanager", "alertmanager", (address) => [
    ...[`--config.file=${file}`, "--storage.path=data", `--web.listen-address=${address}`],
    ...["--cluster.listen-address=", "--enable-feature=receiver-name-in-metrics"],
  ]);
}

/**
 * Starts a canary of Loki's for each node.
 * @param lokiAddress host and port
 */
export function startCanaries(workspace: Workspace, nodes: number, lokiAddress: string): Promise<Required<Watched>[]> {
  const one = (node: number) =>
    start(workspace, `canary-${node}`, "loki-canary", (address) => [
      ...[`-addr=${lokiAddress}`, "-push=true", "-labelname=app", "-labelvalue=canary", "-streamname=canary"],
      ...[`-streamvalue=${node}`, `-port=${new URL(`http://${address}`).port}`],
    ]);
  return Promise.all(Array.from({ length: nodes }, (_, node) => one(node)));
}

/** Starts a node-exporter for each node. */
export function startNodeExporters(workspace: Workspace, nodes: number): Promise<Required<Watched>[]> {
  const one = (node: number) =>
    start(workspace, `node-exporter-${node}`, "node_exporter", (address) => [`--web.listen-address=${address}`]);
  return Promise.all(Array.from({ length: nodes }, (_, node) => one(node)));
}

async function start(
  workspace: Workspace,
  name: string,
  tool: HostTool,
  args: (address: string) => string[],
): Promise<Required<Watched>> {
  const address = `127.0.0.1:${await freePort()}`;
  const program = await workspace.start({
    ...{ name, path: await hostTool(tool), args: args(address) },
    ready: `http://${address}/metrics`,
  });
  return { program, url: `http://${address}` };
}
