import { z } from "zod";
import { settingsOf } from "./lib/config/find";
import { argumentsAlone, eachOverridden } from "./lib/config/in-force";
import { emptiedStore, needsNoStore, retentionMistakes, storeInArguments } from "./lib/loki/delete-requests";
import { loki } from "./lib/loki/program";
import { definePolicy } from "./lib/policy";

/**
 * Refuses a Loki whose retention is on without a store for delete requests, which crash-loops; a store that no period of the schema uses,
 * which Loki's -verify-config accepts; and a retention period that no compactor applies.
 *
 * Follows `Validate` in pkg/compactor/config.go and `initCompactor` in pkg/loki/modules.go of Loki 3.6. Loki 2 uses the store of its schema.
 */
export const retentionRequiresDeleteRequestStore = definePolicy({
  name: "retention-requires-delete-request-store",
  description: "With retention on, Loki has a store for delete requests, and its schema uses that store.",
  url: "https://grafana.com/docs/loki/latest/operations/storage/retention/",
  severity: "critical",
  parameters: {
    requireDeletion: z
      .boolean()
      .default(true)
      .describe(
        "also refuse a retention period in limits_config that no compactor applies; false if the bucket's lifecycle rules delete the data",
      ),
  },
  *check(resource, { requireDeletion }) {
    const { configs, arguments: lists } = settingsOf(resource, loki);
    for (const config of configs) yield* retentionMistakes(config, requireDeletion);
    if (lists.length === 0 || needsNoStore(resource)) return;
    for (const list of lists) yield* emptiedStore(list);
  },
  *checkRead(read, { requireDeletion }) {
    yield* eachOverridden(read, loki, (config) => retentionMistakes(config, requireDeletion));
  },
  *checkStack(resources) {
    for (const { list, resource } of argumentsAlone(resources, loki)) {
      if (needsNoStore(resource)) continue;
      for (const refusal of storeInArguments(list)) yield { ...refusal, resource };
    }
  },
});
