/** The stages, in their order. The third is called after the stack's backend: {@link stagesWith}. */
export const stageNames = ["loki", "dual-write", "mimir-default", "victoria-metrics-default", "kps-removed"] as const;

/** Name of a stage. */
export type StageName = (typeof stageNames)[number];

/** What keeps a stack's metrics for long: the setting `metrics.backend`. The name is also that of its remote_write and the uid of its data source. */
export const backends = ["mimir", "victoria-metrics"] as const;

/** Name of a backend. */
export type Backend = (typeof backends)[number];

/** What is on in a stage. What is on in every stage is not in the table: see `stack.ts`. */
export interface Stage {
  /** kube-prometheus-stack: operator and Prometheus. */
  kps: boolean;
  /** Mimir, and Prometheus's remote_write to it. */
  mimir: boolean;
  /** VictoriaMetrics, and Prometheus's remote_write to it, in Mimir's place. */
  victoriaMetrics?: true;
  /** Grafana's default data source. */
  defaultDataSource: "prometheus" | Backend;
  /** Who evaluates rules: Prometheus, Mimir's ruler, or vmalert on VictoriaMetrics. */
  evaluator: "prometheus" | Backend;
  /** Who scrapes ServiceMonitors, PodMonitors, Probes and the base targets. */
  scraper: "prometheus" | "alloy" | "vmagent";
}

/** The stage table, with Mimir. */
export const stages = {
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
} as const satisfies Partial<Record<StageName, Stage>>;

/** Name of a stage of a stack with Mimir. */
export type MimirStage = keyof typeof stages;

/** The same with VictoriaMetrics. */
const withVictoriaMetrics = {
  loki: stages.loki,
  "dual-write": { ...stages["dual-write"], mimir: false, victoriaMetrics: true },
  "victoria-metrics-default": {
    ...stages["dual-write"],
    mimir: false,
    victoriaMetrics: true,
    defaultDataSource: "victoria-metrics",
    evaluator: "victoria-metrics",
  },
  "kps-removed": {
    ...stages["kps-removed"],
    mimir: false,
    victoriaMetrics: true,
    defaultDataSource: "victoria-metrics",
    evaluator: "victoria-metrics",
    scraper: "vmagent",
  },
} as const satisfies Partial<Record<StageName, Stage>>;

const tables: Readonly<Record<Backend, Partial<Record<StageName, Stage>>>> = {
  mimir: stages,
  "victoria-metrics": withVictoriaMetrics,
};

/**
 * The stages that a stack can be in, in their order.
 * @param backend its backend
 */
export const stagesWith = (backend: Backend): readonly StageName[] =>
  stageNames.filter((name) => tables[backend][name]);

/**
 * What is on in a stage, by its name alone: with Mimir, where both backends have it.
 * @param name its name
 */
export const stageNamed = (name: StageName): Stage => backends.map((backend) => tables[backend][name]).find(Boolean)!;

/**
 * The stages from one to another, both included.
 * @param of backends that the stack may have; default: any, the first that has both stages
 * @returns none, where no backend has both
 */
export function stagesBetween(from: StageName, to: StageName, of: readonly Backend[] = backends): StageName[] {
  const order = of.map(stagesWith).find((all) => all.includes(from) && all.includes(to)) ?? [];
  const [start, end] = [order.indexOf(from), order.indexOf(to)];
  return start <= end ? order.slice(start, end + 1) : order.slice(end, start + 1).reverse();
}

/** The settings that say what is on. */
export interface StageSettings {
  stage: StageName;
  kps: { enabled: boolean };
  metrics: { backend: Backend };
}

/**
 * What is on in a stack. One without kube-prometheus-stack has, from the stage on that has Mimir, what there is after its removal.
 * @param settings the stack's; a stage that its backend doesn't have counts as the last one that it has
 */
export function stageOf({ stage, kps, metrics: { backend } }: StageSettings): Stage {
  const table = tables[backend];
  const found = table[stage] ?? table[stagesWith(backend).at(-1)!]!;
  if (kps.enabled) return found;
  return backendOf(found) ? table["kps-removed"]! : { ...found, kps: false };
}

/** What keeps metrics beside Prometheus in a stage, and is written to; undefined: nothing does. */
export const backendOf = ({ mimir, victoriaMetrics }: Pick<Stage, "mimir" | "victoriaMetrics">): Backend | undefined =>
  victoriaMetrics ? "victoria-metrics" : mimir ? "mimir" : undefined;

/** What a backend is called in a sentence. */
export const backendTitles: Readonly<Record<Backend, string>> = {
  mimir: "Mimir",
  "victoria-metrics": "VictoriaMetrics",
};
