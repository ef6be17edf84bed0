import { compareVersions } from "../charts/app-versions";
import type { Chart } from "../charts/release";
import type { Config } from "../config/config";
import { fieldListOf, type Field } from "../fields/list";
import { judgedBy } from "../fields/judged";
import { misfits } from "../fields/misfits";
import { along, inner } from "../paths";
import { isBlock, type Block } from "../unknown";
import { isLokiCompactor, valueOf } from "./program";

/** A block of Loki's settings that a chart drops. */
export interface Dropped {
  path: string;
  /** Where the chart looks for it. */
  wanted: string;
  /** Keys in it that Loki would refuse there; none where it can be moved as it stands. */
  refused: string[];
}

type ChartValues = NonNullable<Config["chart"]>;

const ownCharts = /^loki(-distributed|-simple-scalable)?$/;
// Blocks that no chart has beside `loki`. A compactor there is the set of pods that runs it, unless it has the settings of one.
const settingsOnly = [
  "limits_config",
  "schema_config",
  "schemaConfig",
  "storage_config",
  "structuredConfig",
  "commonConfig",
];
// By block of Loki's settings the chart version whose template first reads `loki.<block>`; the others of Loki's blocks it never did.
const readSince: Readonly<Record<string, string>> = {
  auth_enabled: "3.0",
  server: "3.0",
  limits_config: "3.0",
  storage_config: "3.0",
  query_scheduler: "3.0",
  compactor: "3.0",
  analytics: "3.0",
  querier: "3.0",
  ingester: "4.0",
  index_gateway: "5.0",
  frontend: "5.0",
  frontend_worker: "5.0",
  memberlistConfig: "5.0",
  distributor: "6.0",
  query_range: "6.0",
  pattern_ingester: "6.0",
  tracing: "6.0",
  bloom_build: "6.0",
  bloom_gateway: "6.0",
  block_builder: "6.0",
  compactor_grpc_client: "6.0",
  ingester_client: "6.0",
  operational_config: "6.0",
  ui: "6.0",
};
// What Loki does anyway.
const defaults: Readonly<Record<string, unknown>> = { ruler: { enable_api: true } };

/** Blocks that a chart of Loki's drops: those beside its value `loki`, and those in it that the chart knows by another name, or not at all. */
export function droppedBlocks(configs: readonly Config[], chart: Chart | undefined): Dropped[] {
  const { name = "", version: ofChart } = chart ?? {};
  const own = chart && ownCharts.test(name) ? [{ values: chart.values, path: "values", version: ofChart }] : [];
  const places = new Map([...own, ...configs.flatMap((config) => config.chart ?? [])].map((each) => [each.path, each]));
  const version = configs.find((config) => config.version)?.version;
  return [...places.values()].flatMap((place) => [
    ...beside(place.values, place.path, version),
    ...within(place, version),
  ]);
}

function beside(values: Block, path: string, version: string | undefined): Dropped[] {
  return Object.entries(values)
    .filter(([key, value]) => (key === "compactor" ? isLokiCompactor(value) : settingsOnly.includes(key)))
    .map(([key, value]) => ({
      path: inner(path, key),
      wanted: inner(inner(path, "loki"), valueOf[key] ?? key),
      refused: refusedIn(key, value, version),
    }));
}

function within({ values, path, version: ofChart }: ChartValues, version: string | undefined): Dropped[] {
  const value = values.loki;
  // Its own template may copy what the chart's doesn't.
  if (!isBlock(value) || typeof value.config === "string") return [];
  const place = inner(path, "loki");
  const { root } = fieldListOf("Loki");
  return Object.entries(value).flatMap(([block, content]) => {
    const since = readSince[block];
    const isRead = since !== undefined && (!ofChart || compareVersions(since, ofChart) <= 0);
    if (isRead || !root.keys?.has(block) || isDefault(content, defaults[block])) return [];
    const renamed = valueOf[block] !== undefined && valueOf[block] !== block;
    const wanted = renamed ? inner(place, valueOf[block]) : along(place, `structuredConfig.${block}`);
    return [{ path: inner(place, block), wanted, refused: refusedIn(block, content, version) }];
  });
}

// Of what would be moved: what Loki would refuse there.
function refusedIn(block: string, content: unknown, version: string | undefined): string[] {
  const list = fieldListOf("Loki");
  const field: Field | undefined = list.root.keys?.get(blockOf(block));
  if (!field || !isBlock(content)) return [];
  return misfits(content, field, judgedBy(list, version).version).map(({ keys }) => keys.join("."));
}

function blockOf(key: string): string {
  return Object.entries(valueOf).find(([, value]) => value === key)?.[0] ?? key;
}

function isDefault(content: unknown, byDefault: unknown): boolean {
  if (content === null || content === byDefault) return true;
  if (!isBlock(content)) return false;
  return Object.entries(content).every(([key, value]) =>
    isDefault(value, isBlock(byDefault) ? byDefault[key] : undefined),
  );
}
