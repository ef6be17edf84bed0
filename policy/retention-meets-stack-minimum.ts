import { z } from "zod";
import { duration } from "./lib/duration";
import type { Advice, StackFinding } from "./lib/finding";
import { definePolicy } from "./lib/policy";
import type { Resource } from "./lib/resource";
import { shortRetentions, shortRetentionsRead, type ShortRetention } from "./lib/retention";
import { Unknown } from "./lib/unknown";

/**
 * Refuses a retention of Loki, Mimir or VictoriaMetrics below the stack's minimum: a typing error there deletes data that can't be recovered.
 * Prometheus is not checked, because it doesn't keep long-term data here.
 *
 * Without a retention, or with 0, everything is kept; for a single stream (`retention_stream`) 0 is not allowed. With a number without a
 * unit, Loki and Mimir refuse to start; VictoriaMetrics reads it as months. Follows `Validate` in pkg/validation/limits.go of Loki 3.6 and
 * model.Duration of github.com/prometheus/common.
 */
export const retentionMeetsStackMinimum = definePolicy({
  name: "retention-meets-stack-minimum",
  description: "Loki, Mimir and VictoriaMetrics keep their data for at least the stack's minimum, for every tenant.",
  url: "https://grafana.com/docs/loki/latest/operations/storage/retention/#configuring-the-retention-period",
  severity: "high",
  parameters: {
    minimum: z
      .record(z.string(), duration)
      .default({ "production*": "30d", "staging*": "7d", "*": "24h" })
      .describe("the minimum retention for each Pulumi stack; if several patterns match, the longest one counts"),
    shortStreams: z
      .array(z.string())
      .default([])
      .describe("selectors of retention_stream whose streams may be deleted earlier (* stands for any text)"),
  },
  *check(resource, least) {
    yield* refusals(shortRetentions(resource, least));
  },
  *checkRead(read, least) {
    yield* refusals(shortRetentionsRead(read, least));
  },
});

function* refusals(all: Iterable<(ShortRetention & { resource?: Resource }) | Unknown>): Iterable<StackFinding> {
  for (const each of all) {
    yield each instanceof Unknown ? each : { ...each, wanted: `at least ${each.least}`, ...advice[each.fault] };
  }
}

const early = "Data that is deleted too early can't be recovered.";
const advice: Readonly<Record<ShortRetention["fault"], Advice>> = {
  short: { why: early, fix: "Write a longer one, or change this policy's parameter minimum." },
  shortStream: {
    why: early,
    fix: "Write a longer one, or list the selector in this policy's parameter shortStreams, or change its parameter minimum.",
  },
  refused: { why: 'Loki refuses to start: "retention period must be >= 24h".', fix: "Write 24h or more." },
  unread: { why: "Its length can't be read.", fix: "Write a literal duration, such as 30d." },
  unitless: {
    why: "A number without a unit is no duration, and Loki and Mimir refuse to start with it.",
    fix: "Write the unit, such as 30d.",
  },
};
