import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { status } from "../cluster/cluster";
import { kubeconfigPath } from "../cluster/paths";
import { inventoryName, type Unavailable } from "../sandbox/apply";
import type { Api } from "./api";

/** Why there is no release on a cluster to which the sandbox applied the objects itself. */
const noCharts = "its chart can't be had without the Pulumi CLI and a chart repository";

/**
 * What the cluster can't have: image references, and names of charts, each with the reason. Only the throw-away cluster has such a list;
 * on every other one everything is expected to run.
 * @param api the cluster
 * @param namespace the stack's
 */
export async function unavailableOn(api: Api, namespace: string): Promise<Unavailable> {
  if (api.server !== throwAwayServer()) return new Map();
  const { images } = await status();
  // Pulumi's engine leaves no such inventory: where it did the work, the charts are there.
  const inventory = await api.request(`/api/v1/namespaces/${namespace}/configmaps/${inventoryName}`);
  return new Map([
    ...images.unavailable.map(({ reference, reason }): [string, string] => [reference, reason]),
    ...(inventory.status === 200 ? ([["kube-prometheus-stack", noCharts]] as const) : []),
  ]);
}

function throwAwayServer(): string | undefined {
  try {
    const { clusters } = parse(readFileSync(kubeconfigPath(), "utf8")) as {
      clusters: { cluster: { server: string } }[];
    };
    return clusters[0]?.cluster.server;
  } catch {
    return undefined; // there is none
  }
}
