import type { Settings } from "../config/schema";
import type { StageName } from "../config/sections/migration";

/** What is on in a stage. What is on in every stage is not in the table: see `index.ts`. */
export interface Stage {
  /** kube-prometheus-stack: operator and Prometheus. */
  kps: boolean;
  /** Mimir, and Prometheus's remote_write to it. */
  mimir: boolean;
  /** Grafana's default data source. */
  defaultDataSource: "prometheus" | "mimir";
  /** Who evaluates rules. */
  evaluator: "prometheus" | "mimir";
  /** Who scrapes ServiceMonitors, PodMonitors, Probes and the base targets. */
  scraper: "prometheus" | "alloy";
}

/** The stage table. */
export const stages: Readonly<Record<StageName, Stage>> = {
  loki: { kps: true, mimir: false, defaultDataSource: "prometheus", evaluator: "prometheus", scraper: "prometheus" },
  "dual-write": {
    kps: true,
    mimir: true,
    defaultDataSource: "prometheus",
    evaluator: "prometheus",
    scraper: "prometheus",
  },
  "mimir-default": { kps: true, mimir: true, defaultDataSource: "mimir", evaluator: "mimir", scraper: "prometheus" },
  "kps-removed": { kps: false, mimir: true, defaultDataSource: "mimir", evaluator: "mimir", scraper: "alloy" },
};

/**
 * What is on in a stack. One without kube-prometheus-stack has, from the stage on that has Mimir, what there is after its removal.
 * @param settings the stack's
 */
export function stageOf({ stage, kps }: Pick<Settings, "stage"> & { kps: Pick<Settings["kps"], "enabled"> }): Stage {
  if (kps.enabled) return stages[stage];
  return stages[stage].mimir ? stages["kps-removed"] : { ...stages[stage], kps: false };
}
