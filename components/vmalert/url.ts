import { serviceHost, type Environment } from "../kubernetes/environment";
import { httpPort } from "./arguments";

/**
 * Base URL of vmalert's API, which is Prometheus's of rules and alerts.
 * @param environment where it is
 */
export const vmalertUrl = (environment: Environment): string =>
  `http://${serviceHost(environment, "vmalert")}:${httpPort}`;
