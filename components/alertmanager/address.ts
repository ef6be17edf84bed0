import type { Settings } from "../../settings/schema";
import { alertmanagerPrefix } from "../../settings/sections/alerting";
import { serviceHost, type Environment } from "../kubernetes/environment";
import { ports } from "../mimir/config";

/** Alertmanager's port: the API, metrics, probes. */
export const port = { name: "http", number: 9093 };

/** Name of the Service of the stack's own Alertmanager. */
export const serviceName = "alertmanager";

type Where = Pick<Environment, "namespace" | "dnsDomain">;

/** Address of the stack's own Alertmanager. */
export const ownUrl = (where: Where): string => `http://${serviceHost(where, serviceName)}:${port.number}`;

/** Address of the one inside Mimir: Mimir serves it below a path. */
export const urlInMimir = (where: Where): string =>
  `http://${serviceHost(where, "mimir")}:${ports.http}${alertmanagerPrefix}`;

/** Address of a stack's Alertmanager, whichever it is. */
export function alertmanagerUrl({ adopt, alertmanager, namespace, cluster }: Settings): string {
  const where = { namespace: namespace.name, dnsDomain: cluster.dnsDomain };
  return adopt.alertmanagerUrl ?? (alertmanager.implementation === "mimir" ? urlInMimir(where) : ownUrl(where));
}
