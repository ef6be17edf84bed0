import type { Config } from "./config/config";
import { flagOf } from "./config/flags";
import type { Program } from "./config/program";
import { count, type Setting } from "./config/read";
import { inner } from "./paths";
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
const flags: Readonly<Record<Program["name"], string>> = {
  Loki: "distributor.replication-factor",
  Mimir: "ingester.ring.replication-factor",
};
const byDefault = 3;

/** The replication factor of a configuration; 3 where it has none. */
export function factorOf(config: Config, { name }: Program): Factor {
  const found = keys[name].map((key) => {
    const [block, ...within] = key.split(".");
    const setting = within.pop() ?? "";
    const around = within.reduce((path, each) => inner(path, each), config.pathOf(block));
    return {
      path: inner(around, setting),
      setting: count(at(config.content, [block, ...within].join(".")), setting),
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

/** The replication factor that arguments set, which overrides that of the file; undefined where they set none. */
export function factorOfFlags(words: readonly string[], { name }: Program): Factor | undefined {
  const flag = flagOf(words, flags[name]);
  if ("missing" in flag) return undefined;
  const setting = "value" in flag ? count({ flag: flag.value }, "flag") : flag;
  return { path: `argument -${flags[name]}`, setting, isDefault: false };
}

/** How many of the writers that a line goes to must take it: with fewer alive it is refused (`pkg/ring/replication_strategy.go` of dskit). */
export function quorum(factor: number): number {
  return Math.floor(factor / 2) + 1;
}
