import { homedir } from "node:os";
import { join } from "node:path";

/** Name of the cluster, its node, its cgroup and its kind container. */
export const clusterName = "observability";

/** Folder of what is worth keeping over `down`: binaries and image archives, each by version (XDG cache directory). */
export function cacheDir(): string {
  return join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "observability-cluster");
}

/** Folder of the running cluster: keys, etcd, volumes, logs, kubeconfig. `down` removes it (XDG state directory). */
export function stateDir(): string {
  return join(process.env.XDG_STATE_HOME || join(homedir(), ".local", "state"), "observability-cluster");
}

/** The administrator's kubeconfig; the same path on every `up`. */
export function kubeconfigPath(): string {
  return join(stateDir(), "kubeconfig");
}
