import { compareVersions } from "../charts/app-versions";
import type { Config } from "../config/config";
import type { Refusal } from "../finding";
import { along } from "../paths";
import { at, isBlock } from "../unknown";

/** A setting that the chart wants in the configuration that the values give it as text. */
interface Needed {
  setting: string;
  /** The switch of the chart by which it wants it, on by default. */
  switch?: string;
  says: string;
}

// templates/validate.yaml of mimir-distributed 5.8. The chart's own text has them all.
const needed: readonly Needed[] = [
  { setting: "activity_tracker.filepath", says: "The 'activity_tracker.filepath' in 'mimir.config' should be set" },
  ...["ingester.ring", "store_gateway.sharding_ring"].map((ring) => {
    const part = ring.split(".")[0];
    return {
      setting: `${ring}.zone_awareness_enabled`,
      switch: `${part}.zoneAwareReplication.enabled`,
      says: `The mimir.config must include ${ring}.zone_awareness_enabled=true`,
    };
  }),
];

/** Values with which the chart `mimir-distributed` ends in an error instead of rendering, so that nothing is installed or updated. */
export function* chartRefusals(chart: Config["chart"]): Iterable<Refusal> {
  if (chart?.name !== "mimir-distributed" || chart.isPartial) return;
  if (chart.version !== undefined && compareVersions(chart.version, "5.0.0") < 0) return;
  const { values, path } = chart;
  const config = at(values, "mimir.config");
  const place = along(path, "mimir.config");
  if (isBlock(config)) {
    yield {
      path: place,
      found: "a mapping",
      wanted: "a text",
      why: 'The chart refuses to render: "wrong type for value; expected string".',
      fix: "Write its blocks into mimir.structuredConfig, which is laid over the chart's own configuration.",
    };
  }
  if (typeof config !== "string" || config === "") return;
  const missing = needed.filter(({ setting, switch: by }) => {
    const isWanted = by === undefined || (at(values, by) ?? true) === true;
    const name = setting.split(".").at(-1)!;
    return isWanted && !config.includes(name) && at(values, `mimir.structuredConfig.${setting}`) === undefined;
  });
  if (missing.length === 0) return;
  const switches = missing.flatMap(({ switch: by }) => (by ? `${by}: false` : []));
  const switchedOff = switches.length > 0 ? ` (or ${switches.join(" and ")})` : "";
  yield {
    path: place,
    found: `a configuration without ${missing.map(({ setting }) => setting).join(", ")}`,
    wanted: `one that has what the chart asks for${switchedOff}`,
    why: `The chart refuses to render: "${missing[0].says}".`,
    fix: "Leave mimir.config out, and write what differs from the chart's own into mimir.structuredConfig.",
  };
}
