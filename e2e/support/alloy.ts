import type { ApiProxy } from "./cluster";

interface Component {
  localID: string;
  health: { state: string; message: string };
}

/**
 * The components of an Alloy that say of themselves that they aren't healthy, each with why.
 * @param proxy to the cluster
 * @param namespace where it runs
 * @param pod its pod
 * @throws Error when it doesn't answer, or runs no component at all
 */
export async function unhealthy(proxy: ApiProxy, namespace: string, pod: string): Promise<string[]> {
  const answer = await proxy.request(namespace, `pods/${pod}:12345`, "/api/v0/web/components");
  if (!answer.ok) throw new Error(`Alloy's list of components answered ${answer.status}: ${await answer.text()}`);
  const components = (await answer.json()) as Component[];
  if (components.length === 0) throw new Error(`${pod} runs no component`);
  return components
    .filter(({ health }) => health.state !== "healthy")
    .map(({ localID, health }) => `${localID} is ${health.state}: ${health.message}`);
}
