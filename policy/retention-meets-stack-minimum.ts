import { z } from "zod";
import { eachConfig } from "./lib/config/check";
import type { Overrides } from "./lib/config/config";
import { settingsOf } from "./lib/config/find";
import { flagOf } from "./lib/config/flags";
import type { Program } from "./lib/config/program";
import { text, type Setting } from "./lib/config/read";
import { show, unknownOf } from "./lib/config/show";
import { durationSeconds } from "./lib/duration";
import { bestMatch } from "./lib/glob";
import { loki } from "./lib/loki/program";
import { mimir } from "./lib/mimir/program";
import { inner } from "./lib/paths";
import { definePolicy, type Finding } from "./lib/policy";
import { Unknown } from "./lib/unknown";
import { victoriaRetentionOf, victoriaRetentions, victoriaSeconds } from "./lib/victoria-metrics/retention";

/** Where a program has its retention. */
interface Place {
  program: Program;
  block: string;
  flag: string;
}

const places: readonly Place[] = [
  { program: loki, block: "limits_config", flag: "store.retention" },
  { program: mimir, block: "limits", flag: "compactor.blocks-retention-period" },
];

const duration = z
  .string()
  .refine((text) => durationSeconds(text) !== undefined, "not a duration such as 30d, 720h or 1w");

/**
 * Refuses a retention of Loki, Mimir or VictoriaMetrics that is shorter than the stack has promised: what a typing error there deletes
 * doesn't come back. Prometheus' is not looked at: what is kept for long isn't kept there.
 *
 * Without a retention, or with 0, everything is kept. Retention of single streams (`retention_stream`) is chosen for them and not looked
 * at; that of a tenant is.
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
  },
  *check(resource, { minimum }) {
    const least = bestMatch(minimum, resource.stack);
    if (least === undefined || !resource.type.startsWith("kubernetes:")) return;
    for (const { program, block, flag } of places) {
      const judge: Judge = (path, setting) => judged(path, setting, keptSeconds, least, resource.stack);
      const settings = settingsOf(resource, program);
      yield* eachConfig(settings, program, function* ({ content, pathOf }) {
        yield* judge(inner(pathOf(block), program.tenantSetting), text(content[block], program.tenantSetting));
      });
      for (const overrides of settings.overrides) yield* byTenant(overrides, program, judge);
      for (const { path, words } of settings.arguments) yield* judge(`${path}: -${flag}`, flagOf(words, flag));
    }
    const { arguments: lists } = settingsOf(resource, mimir);
    for (const { path, setting } of [...victoriaRetentions(resource), ...lists.map(victoriaRetentionOf)]) {
      yield* judged(path, setting, victoriaSeconds, least, resource.stack);
    }
  },
});

type Judge = (path: string, setting: Setting<string>) => Iterable<Finding>;

function* byTenant({ path, tenants }: Overrides, { tenantSetting }: Program, judge: Judge): Iterable<Finding> {
  for (const [tenant, limits] of Object.entries(tenants)) {
    if (limits instanceof Unknown) yield limits;
    else yield* judge(inner(inner(path, tenant), tenantSetting), text(limits, tenantSetting));
  }
}

// Of Loki and Mimir: 0 is for ever.
function keptSeconds(text: string): number | undefined {
  const seconds = durationSeconds(text);
  return seconds === 0 ? Infinity : seconds;
}

function* judged(
  path: string,
  setting: Setting<string>,
  read: (text: string) => number | undefined,
  least: string,
  stack: string,
): Iterable<Finding> {
  if ("missing" in setting) return;
  const seconds = "value" in setting ? read(setting.value) : undefined;
  if (seconds !== undefined && seconds >= (durationSeconds(least) ?? 0)) return;
  const why =
    seconds === undefined
      ? "How long it is can't be told. Write the duration itself, such as 30d."
      : "What is deleted too early doesn't come back. Write a longer one, or change minimum in this policy's configuration.";
  yield (
    unknownOf(setting) ?? {
      path,
      found: show(setting),
      wanted: `at least ${least}, the minimum of stack ${stack}`,
      fix: why,
    }
  );
}
