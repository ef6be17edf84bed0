import { z } from "zod";
import { placeOf } from "./lib/config/config";
import { settingsOf } from "./lib/config/find";
import { ofArguments } from "./lib/config/overlay";
import type { Setting } from "./lib/config/read";
import { show, unknownOf } from "./lib/config/show";
import { durationSeconds } from "./lib/duration";
import { bestMatch, matches } from "./lib/glob";
import { loki } from "./lib/loki/program";
import { mimir } from "./lib/mimir/program";
import { inner } from "./lib/paths";
import { definePolicy, type Finding } from "./lib/policy";
import type { Resource } from "./lib/resource";
import { retentionsOf, type Retention } from "./lib/retention";
import { Unknown } from "./lib/unknown";
import { victoriaRetentionOf, victoriaRetentions, victoriaSeconds } from "./lib/victoria-metrics/retention";

// By program, the block with its retention.
const places = [
  { program: loki, block: "limits_config" },
  { program: mimir, block: "limits" },
];

const duration = z
  .string()
  .refine((text) => durationSeconds(text) !== undefined, "not a duration such as 30d, 720h or 1w");

/**
 * Refuses a retention of Loki, Mimir or VictoriaMetrics that is shorter than the stack has promised: what a typing error there deletes
 * doesn't come back. Prometheus' is not looked at: what is kept for long isn't kept there.
 *
 * Without a retention, or with 0, everything is kept; that of a single stream (`retention_stream`) is never 0. A number without a unit is
 * none: Loki and Mimir refuse to start, and to VictoriaMetrics it is months. Streams that may go earlier are named in `shortStreams`.
 *
 * Follows `Validate` in pkg/validation/limits.go of Loki 3.6 and model.Duration of github.com/prometheus/common.
 */
export const retentionMeetsStackMinimum = definePolicy({
  name: "retention-meets-stack-minimum",
  description: "Loki, Mimir and VictoriaMetrics keep what they have for as long as the stack promises, by tenant too.",
  url: "https://grafana.com/docs/loki/latest/operations/storage/retention/#configuring-the-retention-period",
  severity: "high",
  parameters: {
    minimum: z
      .record(z.string(), duration)
      .default({ "production*": "30d", "staging*": "7d", "*": "24h" })
      .describe(
        "the least retention by Pulumi stack; of several patterns that match, the one with the most text counts",
      ),
    shortStreams: z
      .array(z.string())
      .default([])
      .describe(
        "selectors of retention_stream, as they stand there, whose streams may be deleted earlier (* stands for any text)",
      ),
  },
  *check(resource, { minimum, shortStreams }) {
    const least = bestMatch(minimum, resource.stack);
    if (least === undefined || !resource.type.startsWith("kubernetes:")) return;
    for (const each of retentionsIn(resource)) {
      if (each instanceof Unknown) yield each;
      else if (!isShort(each, shortStreams)) yield* judged(each, least, resource.stack);
    }
  },
});

function retentionsIn(resource: Resource): (Retention | Unknown)[] {
  const ofPrograms = places.flatMap(({ program, block }) => {
    const { configs, overrides, arguments: lists } = settingsOf(resource, program);
    const { tenantSettings } = program;
    return [
      ...[...configs, ...lists.flatMap((list) => ofArguments(list, program) ?? [])].flatMap((config) =>
        retentionsOf(config.content[block], tenantSettings, (setting) => placeOf(config, `${block}.${setting}`)),
      ),
      ...overrides.flatMap(({ path, tenants }) =>
        Object.entries(tenants).flatMap(([tenant, limits]) =>
          retentionsOf(limits, tenantSettings, (setting) => inner(inner(path, tenant), setting)),
        ),
      ),
    ];
  });
  const { arguments: lists } = settingsOf(resource, mimir);
  const victoria = [...victoriaRetentions(resource), ...lists.map(victoriaRetentionOf)];
  return [...ofPrograms, ...victoria.map((each) => ({ ...each, read: victoriaSeconds }))];
}

function isShort({ selector }: Retention, shortStreams: readonly string[]): boolean {
  return selector !== undefined && shortStreams.some((pattern) => matches(pattern, selector));
}

function* judged({ path, setting, selector, read }: Retention, least: string, stack: string): Iterable<Finding> {
  if ("missing" in setting && selector === undefined) return;
  const seconds = "value" in setting ? read(setting.value) : undefined;
  if (seconds !== undefined && seconds >= (durationSeconds(least) ?? 0)) return;
  const early =
    "What is deleted too early doesn't come back. Write a longer one, or change minimum in this policy's configuration";
  yield (
    unknownOf(setting) ?? {
      path,
      found: `${show(setting)}${selector === undefined ? "" : ` for the streams ${selector}`}`,
      wanted: `at least ${least}, the minimum of stack ${stack}`,
      fix:
        seconds === undefined
          ? whyUntold(setting)
          : `${early}${selector === undefined ? "" : "; or name the selector in shortStreams there"}.`,
    }
  );
}

function whyUntold(setting: Setting<string>): string {
  return "value" in setting && /^[\d.]+$/.test(setting.value)
    ? "A number without a unit is no duration, and Loki and Mimir refuse to start with it. Write the unit, such as 30d."
    : "How long it is can't be told. Write the duration itself, such as 30d.";
}
