import { count, type Setting } from "../config/read";
import { along, inner } from "../paths";
import { at, type Block } from "../unknown";
import { compareVersions } from "./app-versions";
import { own } from "../own";

/** Pods that take lines or samples in. */
export interface Writers {
  replicas: Setting<number>;
  /** Where their number is. */
  path: string;
}

/** A set of pods with the ingesters of a chart. */
interface Pods {
  pods: string;
  /** How many there are where the values say nothing. */
  byDefault: number;
  /** How many there are at least, whatever the values say. */
  least?: number;
  /** Whether they are spread over zones unless told otherwise. Default: those called `ingester`. */
  inZones?: boolean;
}

const monolithic: Pods = { pods: "singleBinary", byDefault: 1, least: 1 };
// By `deploymentMode` of the chart `loki` (6); Monolithic is the newer name (12).
const modes: Readonly<Record<string, Pods | undefined>> = {
  SingleBinary: monolithic,
  Monolithic: monolithic,
  SimpleScalable: { pods: "write", byDefault: 3 },
  Distributed: { pods: "ingester", byDefault: 0 },
};
// loki-distributed has no modes and no zones.
const distributed: Pods = { pods: "ingester", byDefault: 1, inZones: false };

// Both charts spread ingesters over three zones unless told otherwise, and round their number up.
const zones = 3;

/**
 * The writers of the chart `loki`, or `loki-distributed`.
 *
 * @param values the chart's values
 * @param path where they are
 * @param version the chart's version, where it is known
 * @param name the chart's name; `loki-distributed` has ingesters only
 * @returns undefined where they are unknown: between two modes, or a chart that has none of these sets of pods
 */
export function lokiWriters(values: Block, path: string, version?: string, name = "loki"): Writers | undefined {
  if (name === "loki-distributed") return replicasOf(values, path, distributed);
  const { deploymentMode = impliedMode(values, version) } = values;
  const mode = typeof deploymentMode === "string" ? own(modes, deploymentMode) : undefined;
  return mode && replicasOf(values, path, mode);
}

/** The ingesters of the chart `mimir-distributed`, of which there are three by default. */
export function mimirWriters(values: Block, path: string): Writers {
  return replicasOf(values, path, { pods: "ingester", byDefault: 3 });
}

// Before deploymentMode there was (chart 5), a single binary was what had replicas; Simple Scalable was the default from then on, up to chart 11.
function impliedMode(values: Block, version: string | undefined): string | undefined {
  if (version !== undefined && compareVersions(version, "12") >= 0) return "Monolithic";
  if (Number(at(values, "singleBinary.replicas") ?? 0) > 0) return "SingleBinary";
  const isOff = at(values, "write.replicas") === 0;
  return !isOff && ("write" in values || "read" in values || "backend" in values) ? "SimpleScalable" : undefined;
}

function replicasOf(values: Block, path: string, { pods, byDefault, least = 0, inZones: mayBe }: Pods): Writers {
  const scales = at(values, `${pods}.autoscaling.enabled`) === true;
  const place = scales ? `${pods}.autoscaling` : pods;
  const key = scales ? "minReplicas" : "replicas";
  const given = count(at(values, place), key);
  const said: Setting<number> =
    "missing" in given ? { value: scales ? Math.min(2, byDefault || 2) : byDefault } : given;
  const replicas = "value" in said ? { value: Math.max(least, said.value) } : said;
  const inZones = (mayBe ?? pods === "ingester") && at(values, "ingester.zoneAwareReplication.enabled") !== false;
  return {
    replicas: inZones && "value" in replicas ? { value: Math.ceil(replicas.value / zones) * zones } : replicas,
    path: inner(along(path, place), key),
  };
}
