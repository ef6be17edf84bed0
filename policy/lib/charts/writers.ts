import { count, type Setting } from "../config/read";
import { along, inner } from "../paths";
import { at, type Block } from "../unknown";

/** Pods that take lines or samples in. */
export interface Writers {
  replicas: Setting<number>;
  /** Where their number is. */
  path: string;
}

// By `deploymentMode` of the chart `loki` (6): the set of pods with the ingesters, and how many it has by default.
const modes: Readonly<Record<string, { pods: string; byDefault: number }>> = {
  SingleBinary: { pods: "singleBinary", byDefault: 0 },
  SimpleScalable: { pods: "write", byDefault: 3 },
  Distributed: { pods: "ingester", byDefault: 0 },
};

// Both charts spread ingesters over three zones unless told otherwise, and round their number up.
const zones = 3;

/**
 * The writers of the chart `loki`.
 *
 * @param values the chart's values
 * @param path where they are
 * @returns undefined where they can't be told: between two modes, or a chart that has none of these sets of pods
 */
export function lokiWriters(values: Block, path: string): Writers | undefined {
  const { deploymentMode = impliedMode(values) } = values;
  const mode = typeof deploymentMode === "string" ? modes[deploymentMode] : undefined;
  return mode && replicasOf(values, path, mode.pods, mode.byDefault);
}

/** The ingesters of the chart `mimir-distributed`, of which there are three by default. */
export function mimirWriters(values: Block, path: string): Writers {
  return replicasOf(values, path, "ingester", 3);
}

// Before deploymentMode there was (chart 5), a single binary was what had replicas; Simple Scalable is the default ever since.
function impliedMode(values: Block): string | undefined {
  if (Number(at(values, "singleBinary.replicas") ?? 0) > 0) return "SingleBinary";
  return "write" in values || "read" in values || "backend" in values ? "SimpleScalable" : undefined;
}

function replicasOf(values: Block, path: string, pods: string, byDefault: number): Writers {
  const scales = at(values, `${pods}.autoscaling.enabled`) === true;
  const place = scales ? `${pods}.autoscaling` : pods;
  const key = scales ? "minReplicas" : "replicas";
  const given = count(at(values, place), key);
  const replicas: Setting<number> = "missing" in given ? { value: scales ? 2 : byDefault } : given;
  const inZones = pods === "ingester" && at(values, "ingester.zoneAwareReplication.enabled") !== false;
  return {
    replicas: inZones && "value" in replicas ? { value: Math.ceil(replicas.value / zones) * zones } : replicas,
    path: inner(along(path, place), key),
  };
}
