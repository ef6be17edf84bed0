import { goMemoryLimit } from "../../components/kubernetes/container";
import { quantityValue } from "../../settings/units";
import type { Resources } from "../../settings/values";

/** What a program takes of its pod's memory limit, as there is none here. */

/**
 * Environment of a program in Go whose pod sets `GOMEMLIMIT`, or that finds it out in a pod, as Prometheus and Alloy do.
 * @param resources its pod's
 */
export function goMemory(resources: Resources): Record<string, string> {
  const { name, value } = goMemoryLimit(resources);
  return { [name]: value };
}

/**
 * What programs of VictoriaMetrics' makers take for caches: by default 60 % of their pod's limit.
 * @param resources its pod's
 */
export const memoryFlag = ({ limits }: Resources): string =>
  `-memory.allowedBytes=${Math.floor(quantityValue(limits.memory) * 0.6)}`;
