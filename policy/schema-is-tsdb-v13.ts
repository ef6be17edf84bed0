import { z } from "zod";
import { settingsOf } from "./lib/config/find";
import { eachOverridden } from "./lib/config/in-force";
import { loki } from "./lib/loki/program";
import { chartMistakes, schemaMistakes } from "./lib/loki/schema";
import { definePolicy } from "./lib/policy";

/**
 * Refuses a schema with which Loki doesn't start: none, periods out of order, index tables that don't span a day, unknown names, a store without a
 * bucket, and from today
 * on an older schema than TSDB with v13 if structured metadata is allowed, which is the default. Earlier periods stay as they are: only they
 * can read their data. Loki 2 accepts the older schemas.
 */
export const schemaIsTsdbV13 = definePolicy({
  name: "schema-is-tsdb-v13",
  description: "Loki's schema is valid, and it is TSDB with v13 if structured metadata is allowed.",
  url: "https://grafana.com/docs/loki/latest/operations/storage/schema/",
  severity: "high",
  parameters: {
    requireNewest: z
      .boolean()
      .default(false)
      .describe(
        "also refuse an older schema in the newest period where Loki accepts it: without structured metadata, and in Loki 2",
      ),
  },
  *check(resource, { requireNewest }) {
    const { configs, unreadable } = settingsOf(resource, loki);
    for (const config of configs) {
      if (unreadable.length === 0) yield* chartMistakes(config.chart);
      yield* schemaMistakes(config, requireNewest);
    }
  },
  *checkRead(read, { requireNewest }) {
    yield* eachOverridden(read, loki, (config) => schemaMistakes(config, requireNewest));
  },
});
