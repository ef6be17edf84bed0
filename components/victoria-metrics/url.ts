import { serviceHost, type Environment } from "../kubernetes/environment";
import { httpPort } from "./arguments";

/**
 * Base URL of VictoriaMetrics' API, which reads as Prometheus's.
 * @param where it is
 */
export const victoriaMetricsUrl = (where: Pick<Environment, "namespace" | "dnsDomain">): string =>
  `http://${serviceHost(where, "victoria-metrics")}:${httpPort}`;
