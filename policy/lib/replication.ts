import { placeOf, type Config } from "./config/config";
import type { Program } from "./config/program";
import { count, type Setting } from "./config/read";
import { at } from "./unknown";

/** How often a line or sample is kept. */
export interface Factor {
  path: string;
  setting: Setting<number>;
  /** Nothing is set: the setting is the program's default. */
  isDefault: boolean;
}

// The first that is set counts. Loki reads its file again after it has spread `common`, so a ring's own factor is above it.
const keys: Readonly<Record<Program["name"], readonly string[]>> = {
  Loki: ["ingester.lifecycler.ring.replication_factor", "common.replication_factor"],
  Mimir: ["ingester.ring.replication_factor"],
};
const byDefault = 3;

/** The replication factor of a configuration; 3 where it has none. */
export function factorOf(config: Config, { name }: Program): Factor {
  const found = keys[name].map((key) => {
    const lastDot = key.lastIndexOf(".");
    return {
      path: placeOf(config, key),
      setting: count(at(config.content, key.slice(0, lastDot)), key.slice(lastDot + 1)),
      isDefault: false,
    };
  });
  const last = found[found.length - 1];
  return (
    found.find(({ setting }) => !("missing" in setting)) ?? {
      path: last.path,
      setting: { value: byDefault },
      isDefault: true,
    }
  );
}

/** How many of the writers that a line goes to must take it: with fewer alive it is refused (`pkg/ring/replication_strategy.go` of dskit). */
export function quorum(factor: number): number {
  return Math.floor(factor / 2) + 1;
}
