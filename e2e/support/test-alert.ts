import type { KubernetesObject } from "../../commands/shared/objects";
import { testCluster } from "./cluster";
import { notifications } from "./receiver";

/** Name of the alert that fires from the beginning to the end. */
export const testAlert = "SomethingIsWrong";

/** Name of one that fires as long, and may be silenced. */
export const silencedAlert = "Silenced";

/**
 * A rule with alerts that fire all the time.
 * @param namespace of the rule
 * @param cluster label of the alerts, as of the stack's own
 */
export const alwaysFiring = (namespace: string, cluster: string): KubernetesObject => ({
  ...{ apiVersion: "monitoring.coreos.com/v1", kind: "PrometheusRule", metadata: { name: "test", namespace } },
  spec: {
    groups: [
      {
        name: "test",
        rules: [testAlert, silencedAlert].map((alert) => ({
          ...{ alert, expr: "vector(1)", labels: { severity: "warning", namespace: "nightscout", cluster } },
          annotations: { summary: "A test", description: "Always fires." },
        })),
      },
    ],
  },
});

/** What the receiver is told: which alert, how it is, at which of its paths. */
export interface Told {
  name?: string;
  status?: "firing" | "resolved";
  path?: string;
}

/**
 * How often the receiver has been told of an alert.
 * @param namespace of the receiver
 * @param what by default that the test alert fires, at any path
 */
export async function told(
  namespace: string,
  { name = testAlert, status = "firing", path }: Told = {},
): Promise<number> {
  const all = await notifications((await testCluster()).kubectl, namespace);
  return all.filter(
    (each) =>
      (path === undefined || each.path === path) &&
      each.alerts.some((alert) => alert.status === status && alert.labels.alertname === name),
  ).length;
}
