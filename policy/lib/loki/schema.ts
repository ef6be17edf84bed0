import type { Config } from "../config/config";
import { noEnvironment } from "../config/environment";
import { flag } from "../config/read";
import { unreadable } from "../config/placeholders";
import { show, unknownOf } from "../config/show";
import type { Finding, Refusal } from "../finding";
import { along, inner } from "../paths";
import { at, isBlock, Unknown } from "../unknown";
import { schemaProblem } from "./chart-schema";
import { missingFolders } from "./folders";
import {
  activeIndex,
  dayOf,
  isDay,
  misnamedStores,
  periodsOf,
  refusedPeriods,
  versionOf,
  type Period,
} from "./periods";
import { isLoki2, lokiVersionOf } from "./version";

const wanted = { store: "tsdb", schema: "v13" } as const;
const needed =
  "Structured metadata, and therefore OTLP, needs TSDB with v13. While it is allowed (the default), Loki refuses to start with another schema.";
const notNewest = "Loki starts with it, but this policy's parameter requireNewest requires the current schema.";
const remedy =
  "Add a period with store: tsdb and schema: v13 that starts in the future. Until then, set limits_config.allow_structured_metadata: false. Don't change a period that has data. If Loki has no data yet, you can change its only period.";

/**
 * What is wrong with the schema of a configuration: its periods, and an older schema than TSDB with v13 from today on.
 *
 * @param requireNewest whether an older schema is wrong even where Loki accepts it
 */
export function* schemaMistakes(config: Config, requireNewest: boolean): Iterable<Finding> {
  yield* misnamedStores(config.content, config.pathOf("storage_config"));
  const given = config.content.schema_config;
  const path = inner(config.pathOf("schema_config"), "configs");
  if (given === undefined) {
    if (isWhole(config)) yield noPeriod(path, "missing");
    return;
  }
  const list = at(given, "configs");
  const unknown = [given, list].find((each) => each instanceof Unknown);
  const why = unreadable(list);
  if (unknown) yield unknown;
  else if (why)
    yield { path, found: why, wanted: "a list of periods that can be read", fix: "Write the periods there." };
  else if (!Array.isArray(list))
    yield noPeriod(path, list === undefined ? "without a period" : "not a list of periods");
  else if (list.length === 0) yield noPeriod(path, "without a period");
  else yield* periodMistakes(config, periodsOf(list, path), requireNewest);
}

/** The chart `loki`, from version 6 on, ends in an error where its values have no schema, or two: templates/validate.yaml. */
export function* chartMistakes(chart: Config["chart"]): Iterable<Refusal> {
  const problem = chart && schemaProblem(chart);
  if (!problem) return;
  if (problem === "two") {
    yield {
      path: along(chart.path, "loki.useTestSchema"),
      found: "true beside a schema",
      wanted: "one of the two",
      why: 'The chart refuses to render: "loki.useTestSchema must be false if loki.schemaConfig … are defined".',
      fix: "Remove useTestSchema.",
    };
    return;
  }
  const { found, elsewhere } = problem;
  yield {
    path: along(chart.path, "loki.schemaConfig"),
    found: elsewhere ? `${found}, and the chart ignores ${elsewhere}` : found,
    wanted: "a list configs with a period of store: tsdb and schema: v13",
    why: 'The chart refuses to render: "You must provide a schema_config for Loki".',
    fix: elsewhere
      ? `Move ${elsewhere} there.`
      : "Write the schema there. For a trial with unimportant data, set loki.useTestSchema: true.",
  };
}

// Promtail has limits_config, too; a chart that refuses to be without a schema is in `chartMistakes`.
function isWhole({ content, read, chart, isByReader }: Config): boolean {
  if (isByReader) return true;
  const given = read?.(noEnvironment) ?? content;
  return !chart && ["common", "storage_config", "compactor", "ingester"].some((block) => block in given);
}

function* periodMistakes(config: Config, periods: Period[], requireNewest: boolean): Iterable<Finding> {
  // Of one that is only a dash more is said below.
  const given = periods.filter(({ content }) => content !== null);
  const unread =
    given.length > 0 && isBlock(given[0].content) && given.find((period) => isUnread(period, given.length > 1));
  if (unread) {
    yield unreadStart(unread);
    return;
  }
  const today = new Date().toISOString().slice(0, 10);
  const refused = [...refusedPeriods(periods, config.content, today)];
  yield* refused;
  yield* missingFolders(config, given);
  if (given.length === 0) return;
  // Of a name that no Loki knows, that is enough.
  const isTold = (path: string) => refused.some((each) => "path" in each && each.path.startsWith(path));
  for (const each of olderPeriods(config, given, today, requireNewest)) {
    if (!("path" in each && isTold(each.path))) yield each;
  }
}

function isUnread({ from }: Period, isOneOfSeveral: boolean): boolean {
  return "value" in from ? !isDay(from.value) : isOneOfSeveral;
}

function* olderPeriods(config: Config, periods: Period[], today: string, requireNewest: boolean): Iterable<Finding> {
  const version = lokiVersionOf(config);
  if (version === undefined) return;
  const allowed = flag(config.content.limits_config, "allow_structured_metadata");
  const isAllowed = !isLoki2(version) && !("value" in allowed && !allowed.value);
  if (!isAllowed && !requireNewest) return;
  const ordered = periods.toSorted((a, b) => (dayOf(a) < dayOf(b) ? -1 : 1));
  const newest = ordered[ordered.length - 1];
  const older = (isAllowed ? ordered.slice(activeIndex(ordered, today)) : [newest]).flatMap((period) => {
    const which = period === newest ? "in the newest period" : "in the current period";
    return [...otherThanWanted(period, which, isAllowed ? needed : notNewest)];
  });
  const unknown = isAllowed && !requireNewest && older.length > 0 ? unknownOf(allowed) : undefined;
  if (unknown) yield unknown;
  else yield* older;
}

// Store and schema are changed together: one finding for both.
function* otherThanWanted(period: Period, which: string, why: string): Iterable<Finding> {
  const others = Object.entries(wanted)
    .map(([key, value]) => ({ key, value, setting: period[key as keyof typeof wanted] }))
    .filter(({ value, setting }) => !("value" in setting && versionOf(setting.value) === versionOf(value)));
  if (others.length === 0) return;
  const unknown = others.map(({ setting }) => unknownOf(setting)).find((each) => each !== undefined);
  const [{ key, value, setting }] = others;
  const isBoth = others.length > 1;
  const both = others.map((each) => `${each.key} ${show(each.setting)}`).join(" and ");
  yield (
    unknown ?? {
      path: isBoth ? period.path : inner(period.path, key),
      found: isBoth && isBlock(period.content) ? both : show(setting),
      wanted: `${isBoth ? "store: tsdb and schema: v13" : `"${value}"`} ${which}`,
      why,
      fix: remedy,
    }
  );
}

function noPeriod(path: string, found: string): Refusal {
  return {
    path,
    found,
    wanted: "a list of periods, the newest with store: tsdb and schema: v13",
    why: "Loki refuses to start without a period.",
    fix: remedy,
  };
}

function unreadStart({ path, from }: Period): Finding {
  return (
    unknownOf(from) ?? {
      path: inner(path, "from"),
      found: show(from),
      wanted: "a day such as 2024-04-01",
      why: "The newest period can't be determined.",
      fix: "Write a literal day.",
    }
  );
}
