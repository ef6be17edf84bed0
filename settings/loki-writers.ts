import type { ParsedSettings } from "./schema";

/** A mode of Loki. */
export type Mode = ParsedSettings["loki"]["mode"];

/** Sizes of Loki's workloads, as far as a version of the settings has them. */
export type Sized = {
  [mode in "singleBinary" | "write"]?: { replicas?: number };
} & { distributed?: { ingester?: { replicas?: number } } };

/** What holds lines until they are in the bucket, by mode: its workload, the setting below `loki` that sizes it, and how many there are. */
export const writers: Readonly<
  Record<Mode, { workload: string; setting: string; replicas: (loki: Sized) => number | undefined }>
> = {
  "single-binary": { workload: "loki", setting: "singleBinary", replicas: (loki) => loki.singleBinary?.replicas },
  "simple-scalable": { workload: "loki-write", setting: "write", replicas: (loki) => loki.write?.replicas },
  distributed: {
    workload: "loki-ingester",
    setting: "distributed.ingester",
    replicas: (loki) => loki.distributed?.ingester?.replicas,
  },
};
