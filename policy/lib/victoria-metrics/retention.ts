import { chartOf } from "../charts/release";
import type { Arguments } from "../config/config";
import { flagOf } from "../config/flags";
import { text, type Setting } from "../config/read";
import { durationSeconds } from "../duration";
import { inner } from "../paths";
import type { Resource } from "../resource";
import { isBlock } from "../unknown";

/** A retention of VictoriaMetrics or VictoriaLogs. */
export interface VictoriaRetention {
  path: string;
  setting: Setting<string>;
}

const month = 31 * 24 * 3600;

/**
 * Retentions of VictoriaMetrics: `retentionPeriod` in the values of a chart `victoria-*`, wherever it is, and in its operator's resources.
 */
export function victoriaRetentions(resource: Resource): VictoriaRetention[] {
  const chart = chartOf(resource);
  if (chart) return chart.name?.startsWith("victoria-") ? retentionsIn(chart.values, "values") : [];
  if (!resource.type.startsWith("kubernetes:operator.victoriametrics.com/")) return [];
  return retentionsIn(resource.props.spec, "spec");
}

/** The retention that arguments of VictoriaMetrics set. */
export function victoriaRetentionOf({ path, words }: Arguments): VictoriaRetention {
  return { path: `${path}: -retentionPeriod`, setting: flagOf(words, "retentionPeriod") };
}

/**
 * A retention in VictoriaMetrics' notation in seconds: months where it has no unit, else one number with h, d, w or y.
 *
 * @see https://docs.victoriametrics.com/victoriametrics/single-server-victoriametrics/#retention
 */
export function victoriaSeconds(text: string): number | undefined {
  if (/^\d+(\.\d+)?$/.test(text)) return Number(text) * month;
  return /^\d+[hdwy]$/.test(text) ? durationSeconds(text) : undefined;
}

function retentionsIn(values: unknown, path: string): VictoriaRetention[] {
  if (!isBlock(values)) return [];
  return Object.entries(values).flatMap(([key, value]) =>
    key === "retentionPeriod"
      ? [{ path: inner(path, key), setting: text(values, key) }]
      : retentionsIn(value, inner(path, key)),
  );
}
