import { compareVersions } from "../charts/app-versions";
import { isLokiBefore3 } from "../charts/layouts";
import { keysIn } from "../charts/misspelt";
import { settingsInParts } from "../charts/parts";
import type { Chart } from "../charts/release";
import type { Config } from "../config/config";
import { fieldListOf, type Field } from "../fields/list";
import { judgedBy } from "../fields/judged";
import { misfits } from "../fields/misfits";
import { along, inner } from "../paths";
import { isBlock } from "../unknown";
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

// Of Loki's blocks those that a set of pods of the chart runs.
const parts = {
  ...{ compactor: "compactor", distributor: "distributor", ingester: "ingester", memberlist: "memberlist" },
  ...{ indexGateway: "index_gateway", patternIngester: "pattern_ingester", querier: "querier", ruler: "ruler" },
  ...{ queryFrontend: "frontend", queryScheduler: "query_scheduler", tracing: "tracing" },
};
// What other programs and charts call it.
const meantBy: Readonly<Record<string, string>> = { limits: "limits_config", overrides: "runtimeConfig.overrides" };

/**
 * Settings of Loki's that a chart drops: those beside its value `loki`, those in it that the chart knows by another name, or not at all, and those in the
 * values of a set of pods.
 */
export function droppedBlocks(configs: readonly Config[], chart: Chart | undefined): Dropped[] {
  const { name = "", version: ofChart } = chart ?? {};
  const own = chart && ownCharts.test(name) ? [{ name, values: chart.values, path: "values", version: ofChart }] : [];
  const places = new Map([...own, ...configs.flatMap((config) => config.chart ?? [])].map((each) => [each.path, each]));
  const version = configs.find((config) => config.version)?.version;
  return [...places.values()].flatMap((place) => [
    ...beside(place, version),
    ...(isLokiBefore3(place) ? [] : [...within(place, version), ...inParts(place, version)]),
  ]);
}

function beside(chart: ChartValues, version: string | undefined): Dropped[] {
  const { name, values, path } = chart;
  const own = name === "loki" ? keysIn(name, "") : undefined;
  return Object.entries(values).flatMap(([key, value]) => {
    const isOthers = own !== undefined && !own.includes(key);
    const block = settingsOnly.includes(key) ? blockOf(key) : isOthers ? blockLike(key) : undefined;
    const found = key === "compactor" && isLokiCompactor(value) ? key : block;
    if (found === undefined) return [];
    return [{ path: inner(path, key), wanted: placeOf(found, chart), refused: refusedIn(found, value, version) }];
  });
}

function within(chart: ChartValues, version: string | undefined): Dropped[] {
  const { name, values, path } = chart;
  const value = values.loki;
  // Its own template may copy what the chart's doesn't.
  if (!isBlock(value) || typeof value.config === "string") return [];
  const own = name === "loki" ? keysIn(name, name) : undefined;
  return Object.entries(value).flatMap(([key, content]) => {
    const like = own?.includes(key) === false ? blockLike(key) : undefined;
    const block = fieldListOf("Loki").root.keys?.has(key) ? key : like;
    if (block === undefined || (block === key && isRead(block, chart)) || isDefault(content, defaults[block]))
      return [];
    const place = inner(inner(path, "loki"), key);
    return [{ path: place, wanted: placeOf(block, chart), refused: refusedIn(block, content, version) }];
  });
}

function inParts(chart: ChartValues, version: string | undefined): Dropped[] {
  const { name = "", values, path } = chart;
  if (!ownCharts.test(name)) return [];
  const { root } = fieldListOf("Loki");
  return [...settingsInParts("loki", values, path, parts, root)]
    .filter(({ part }) => !(part === "compactor" && isLokiCompactor(values.compactor)))
    .map(({ block, setting, path: place, value }) => ({
      path: place,
      wanted: setting ? inner(placeOf(block, chart), setting) : placeOf(block, chart),
      refused: refusedIn(block, setting ? { [setting]: value } : value, version),
    }));
}

// A block of Loki's by its own name, or as charts write names.
function blockLike(key: string): string | undefined {
  const asLoki = key.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
  const { keys } = fieldListOf("Loki").root;
  return meantBy[key] ?? [key, asLoki].find((each) => keys?.has(each));
}

function isRead(block: string, { version }: ChartValues): boolean {
  const since = readSince[block];
  return since !== undefined && (!version || compareVersions(since, version) <= 0);
}

/** Where the chart takes a block from. */
function placeOf(block: string, chart: ChartValues): string {
  const { path } = chart;
  if (isLokiBefore3(chart)) return along(path, block === "structuredConfig" ? "config" : `config.${block}`);
  const place = inner(path, "loki");
  const key = block === "memberlist" ? "memberlistConfig" : valueOf[block];
  if (key !== undefined && key !== block) return inner(place, key);
  const isKey = isRead(block, chart) || !fieldListOf("Loki").root.keys?.has(block);
  return along(place, isKey ? block : `structuredConfig.${block}`);
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
