import { until } from "../../lab/until";
import { testCluster } from "./cluster";

/**
 * Evicts pods as `kubectl drain` does: all are asked for at once, and one that its disruption budget keeps is asked for again until the budget has room. The
 * node stays open: their replacements come back to it.
 * @param pods their names
 * @throws Error when a budget has kept one for ten minutes
 */
export async function evict(namespace: string, pods: readonly string[]): Promise<void> {
  const { kubectl } = await testCluster();
  await Promise.all(
    pods.map((name) => {
      const eviction = JSON.stringify({ apiVersion: "policy/v1", kind: "Eviction", metadata: { name, namespace } });
      const path = `/api/v1/namespaces/${namespace}/pods/${name}/eviction`;
      return until(`${name} is evicted`, 600, async () => {
        await kubectl.run(["create", "--raw", path, "-f", "-"], eviction);
        return true;
      });
    }),
  );
}
