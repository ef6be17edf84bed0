import { valueAt } from "../../settings/explain";
import { quantityValue } from "../../settings/units";
import type { Resources } from "../../settings/values";
import type { Need, SizedSettings } from "./formula";

/** Amounts of a workload, as in {@link Need}. */
type Amounts = Pick<Need, "replicas" | "cpu" | "memory" | "memoryLimit" | "volume">;

/** What a workload needs, beside what the settings give it. */
export interface Compared extends Need {
  given: Amounts & { cpuLimit?: number };
  /** What it is given too little of. */
  short: (keyof Amounts)[];
}

/** Compares a need with the settings. */
export function beside(need: Need, settings: SizedSettings): Compared {
  const given = givenTo(need, settings);
  const amounts = ["replicas", "cpu", "memory", "memoryLimit", "volume"] as const;
  return { ...need, given, short: amounts.filter((amount) => (need[amount] ?? 0) > (given[amount] ?? 0) + 1e-9) };
}

function givenTo({ key, resources = "resources", volume }: Need, settings: SizedSettings): Compared["given"] {
  const section = key.split(".")[0] as "loki" | "mimir" | "victoriaMetrics" | "metrics" | "kps";
  const { storage } = settings[section];
  const workload = valueAt(settings, key.split(".")) as { replicas?: number } & Record<string, Resources>;
  const { requests, limits } = workload[resources];
  return {
    replicas: workload.replicas ?? 1,
    cpu: quantityValue(requests.cpu),
    memory: quantityValue(requests.memory),
    memoryLimit: quantityValue(limits.memory),
    ...(limits.cpu !== undefined && { cpuLimit: quantityValue(limits.cpu) }),
    ...(volume !== undefined && { volume: quantityValue(storage) }),
  };
}

/** Those that are one pod each, without a setting for more. */
const alone = ["kps", "victoriaMetrics", "metrics"];

/**
 * The settings that give each workload what it needs: paths and values. Loki's workloads have volumes of one size. A volume can't shrink, so one that is
 * larger stays as it is.
 */
export function withSizes(needs: readonly Compared[]): [path: string, value: string | number][] {
  const volumes = new Map<string, number>();
  for (const { key, volume = 0, given } of needs) {
    const section = key.split(".")[0];
    volumes.set(section, Math.max(volume, given.volume ?? 0, volumes.get(section) ?? 0));
  }
  return [
    ...needs.flatMap(
      ({ key, resources = "resources", replicas, cpu, memory, memoryLimit, given: { cpuLimit = Infinity } }) => {
        const [cores, path] = [`${Math.round(cpu * 1000)}m`, `${key}.${resources}`];
        const settings: [string, string | number][] = [
          ...(alone.includes(key) ? [] : [[`${key}.replicas`, replicas] as [string, number]]),
          [`${path}.requests.cpu`, cores],
          [`${path}.requests.memory`, `${Math.round(memory / 2 ** 20)}Mi`],
          // Kubernetes refuses a limit below the request.
          ...(cpu > cpuLimit ? [[`${path}.limits.cpu`, cores] as [string, string]] : []),
          [`${path}.limits.memory`, `${Math.round(memoryLimit / 2 ** 20)}Mi`],
        ];
        return settings;
      },
    ),
    ...[...volumes].map(([section, bytes]): [string, string] => [
      `${section}.storage`,
      `${Math.round(bytes / 2 ** 30)}Gi`,
    ]),
  ];
}

/** The same as a stack file has them, with how long lines are kept, as it was written. */
export function settingsFor(needs: readonly Compared[], retention: string): Record<string, object> {
  const result: Record<string, object> = {};
  for (const [path, value] of [...withSizes(needs), ["loki.retention", retention] as const]) {
    const [section, ...rest] = path.split(".");
    let place = (result[`observability:${section}`] ??= {}) as Record<string, unknown>;
    for (const name of rest.slice(0, -1)) place = (place[name] ??= {}) as Record<string, unknown>;
    place[rest[rest.length - 1]] = value;
  }
  return result;
}
