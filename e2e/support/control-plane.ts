import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join } from "node:path";
import { keysDir } from "../../lab/cluster/native/daemons";
import type { ControlPlanePart } from "../../components/monitors/control-plane";
import type { KubernetesObject } from "../../commands/shared/objects";
import { testCluster } from "./cluster";
import { leftOut } from "./note";

/** The control plane's parts as tests find them: at their ports on the node, which is no pod's here. */

/** A part: label `job`, its port, and a metric that it has of its own. */
export const parts: Readonly<Record<ControlPlanePart, { job: string; port: number; metric: string }>> = {
  scheduler: { job: "kube-scheduler", port: 10259, metric: "scheduler_schedule_attempts_total" },
  controllerManager: { job: "kube-controller-manager", port: 10257, metric: "workqueue_adds_total" },
  proxy: { job: "kube-proxy", port: 10249, metric: "kubeproxy_sync_proxy_rules_duration_seconds_count" },
  etcd: { job: "kube-etcd", port: 2381, metric: "etcd_server_has_leader" },
};

/** The node's address. */
export async function nodeAddress(): Promise<string> {
  const { kubectl } = await testCluster();
  const path = 'jsonpath={.items[0].status.addresses[?(@.type=="InternalIP")].address}';
  return (await kubectl.run(["get", "nodes", "-o", path])).trim();
}

/**
 * The parts that listen at a node's address; of every other one it is noted that it is left out.
 * @param node the address
 */
export async function reachedAt(node: string): Promise<ControlPlanePart[]> {
  const reached: ControlPlanePart[] = [];
  for (const part of Object.keys(parts) as ControlPlanePart[]) {
    const { job, port } = parts[part];
    if (await listens(node, port)) reached.push(part);
    else leftOut(`${job} is not scraped`, `it does not listen at ${node}:${port} on this cluster`);
  }
  return reached;
}

/** The port at which etcd serves its clients, and asks each for a certificate. */
export const etcdClientPort = 2379;

/**
 * A Secret with what etcd asks of its clients, and the CA that its own certificate is verified with, under the keys that the settings have by default.
 * @param metadata of the Secret
 * @param node the address at which etcd must listen
 * @returns undefined where this cluster's certificates can't be had, which is noted
 */
export async function etcdClientSecret(
  metadata: { name: string; namespace: string },
  node: string,
): Promise<(KubernetesObject & { data: Record<string, string> }) | undefined> {
  const file = (name: string) => join(keysDir(), name);
  if (!(await listens(node, etcdClientPort)) || !existsSync(file("apiserver-etcd-client.key"))) {
    leftOut("etcd is not scraped by TLS", "the certificate of a client of it can't be had here");
    return undefined;
  }
  const data = (name: string) => readFileSync(file(name)).toString("base64");
  return {
    ...{ apiVersion: "v1", kind: "Secret", metadata },
    data: {
      "ca.crt": data("ca.crt"),
      "tls.crt": data("apiserver-etcd-client.crt"),
      "tls.key": data("apiserver-etcd-client.key"),
    },
  };
}

/** Whether something listens at an address. */
async function listens(host: string, port: number): Promise<boolean> {
  const socket = connect({ host, port, timeout: 3000 });
  try {
    return (await Promise.race([
      once(socket, "connect").then(() => true),
      once(socket, "timeout").then(() => false),
    ])) as boolean;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}
