import type { Config } from "./lib/config/config";
import { settingsOf } from "./lib/config/find";
import { text, type Setting } from "./lib/config/read";
import { show, unknownOf } from "./lib/config/show";
import { loki } from "./lib/loki/program";
import { inner } from "./lib/paths";
import { definePolicy, type Finding } from "./lib/policy";
import { at, Unknown } from "./lib/unknown";

const wanted = { store: "tsdb", schema: "v13" } as const;
const why =
  "Structured metadata, and with it OTLP, works with nothing else, and Loki refuses to start where it is allowed, which is the default.";
const remedy =
  "Add a period with store: tsdb and schema: v13 whose from is a day in the future; a period that holds data must not change. A Loki without data can have its only period changed.";

/**
 * Refuses a schema whose newest period is not TSDB with schema v13, the only one that is developed further. Earlier periods stay as they
 * are: the data in them can be read by nothing else.
 */
export const schemaIsTsdbV13 = definePolicy({
  name: "schema-is-tsdb-v13",
  description: "The newest period of Loki's schema is TSDB with schema v13.",
  url: "https://grafana.com/docs/loki/latest/operations/storage/schema/",
  severity: "high",
  *check(resource) {
    for (const config of settingsOf(resource, loki).configs) yield* schema(config);
  },
});

function* schema(config: Config): Iterable<Finding> {
  const given = config.content.schema_config;
  const path = inner(config.pathOf("schema_config"), "configs");
  if (given === undefined) return yield* isWhole(config) ? [noPeriod(path, "missing")] : [];
  const periods = at(given, "configs");
  const unknown = [given, periods].find((each) => each instanceof Unknown);
  if (unknown) return yield unknown;
  if (!Array.isArray(periods) || periods.length === 0) {
    const isEmpty = periods === undefined || Array.isArray(periods);
    return yield noPeriod(path, isEmpty ? "without a period" : "not a list of periods");
  }
  const starts = periods.map((period) => text(period, "from"));
  const unread = starts.findIndex((start) => !("value" in start) || !isDay(start.value));
  if (unread >= 0 && periods.length > 1) return yield unreadStart(inner(path, unread), starts[unread]);
  const newest = starts.reduce((best, start, index) => (dayOf(start) >= dayOf(starts[best]) ? index : best), 0);
  for (const [key, value] of Object.entries(wanted)) {
    const setting = text(periods[newest], key);
    if ("value" in setting && setting.value === value) continue;
    yield (
      unknownOf(setting) ?? {
        path: inner(inner(path, newest), key),
        found: show(setting),
        wanted: `"${value}" in the newest period`,
        fix: `${why} ${remedy}`,
      }
    );
  }
}

// Promtail has limits_config, too; the chart itself refuses to be without a schema.
function isWhole({ content, chart }: Config): boolean {
  return !chart && ["common", "storage_config", "compactor", "ingester"].some((block) => block in content);
}

function noPeriod(path: string, found: string): Finding {
  const fix = `Loki refuses to start without a period. ${remedy}`;
  return { path, found, wanted: "a list of periods, the newest with store: tsdb and schema: v13", fix };
}

function unreadStart(path: string, start: Setting<string>): Finding {
  return (
    unknownOf(start) ?? {
      path: inner(path, "from"),
      found: show(start),
      wanted: "a day such as 2024-04-01",
      fix: "Which period is the newest can't be told. Write the day itself.",
    }
  );
}

function isDay(value: string): boolean {
  return /^\d{4}-\d{2}-\d{2}$/.test(value);
}

// Days in this notation are in order as texts are.
function dayOf(start: Setting<string>): string {
  return "value" in start ? start.value : "";
}
