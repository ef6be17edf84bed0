import { cacheMemory } from "../loki-caches";
import { writers } from "../loki-writers";
import type { Problem } from "../problem";
import type { ParsedSettings } from "../schema";
import { quantityValue, seconds, sizeBytes } from "../units";
import type { Rule } from "./rule";

type Period = NonNullable<ParsedSettings["loki"]["schemaConfigs"]>[number];

/** The day after a date, for the example of a new period. */
const dayAfter = (date: Date) => new Date(date.getTime() + 86_400_000).toISOString().slice(0, 10);

const newPeriod = (from: string) => ({
  from,
  store: "tsdb",
  object_store: "s3",
  schema: "v13",
  index: { prefix: "index_", period: "24h" },
});

const isCurrent = ({ store, schema }: Period) => store === "tsdb" && schema === "v13";

/** Rules of Loki. */
export const lokiRules: readonly Rule[] = [
  {
    must: "the replication factor is not above the number of writers",
    check: ({ loki }) => {
      const { setting, replicas: of } = writers[loki.mode];
      const replicas = of(loki)!;
      return loki.replicationFactor > replicas
        ? [
            {
              key: "loki.replicationFactor",
              what: `${loki.replicationFactor} is more than the ${replicas} replicas of loki.${setting}: Loki would refuse every line`,
              allowed: `1 to ${replicas}, or more replicas`,
              example: Math.min(replicas, loki.replicationFactor),
            },
          ]
        : [];
    },
  },
  {
    must: "loki.former is another mode than loki.mode",
    check: ({ loki: { mode, former } }) =>
      former?.mode === mode
        ? [
            {
              key: "loki.former.mode",
              what: `"${former.mode}" is loki.mode too: nothing changes`,
              allowed: "the mode that Loki had until now; or no loki.former, once its writers have left",
            },
          ]
        : [],
  },
  {
    must: "there are not more former writers than there were",
    check: ({ loki }) => {
      const { former } = loki;
      if (former?.writers === undefined) return [];
      const { setting, replicas: of } = writers[former.mode];
      const replicas = of(loki)!;
      return former.writers > replicas
        ? [
            {
              key: "loki.former.writers",
              what: `${former.writers} is more than the ${replicas} replicas of loki.${setting}`,
              allowed: `0 to ${replicas}`,
              example: Math.max(0, replicas - 1),
            },
          ]
        : [];
    },
  },
  {
    must: "chunks are only shared where each has several writers",
    check: ({ loki: { caches, replicationFactor } }) =>
      caches.chunks && replicationFactor === 1
        ? [
            {
              key: "loki.caches.chunks",
              what: "with replicationFactor 1 a writer that finds its chunk in the cache writes neither the chunk nor its index again: after a power cut the index could lack lines for good",
              allowed:
                "a replicationFactor of 2 or more, or no loki.caches.chunks (each reader then has a cache in its memory)",
            },
          ]
        : [],
  },
  {
    must: "a cache fits some node",
    check: ({ loki: { caches }, cluster: { nodes } }) =>
      (["chunks", "results"] as const).flatMap((cache): Problem[] => {
        const { size, cpu } = caches[cache] ?? {};
        if (!size || !cpu || nodes.length === 0) return [];
        const memory = cacheMemory(size);
        const fits = nodes.some((n) => quantityValue(n.cpu) >= quantityValue(cpu) && quantityValue(n.memory) >= memory);
        return fits
          ? []
          : [
              {
                key: `loki.caches.${cache}.size`,
                what: `"${size}" is a pod of ${Math.ceil(memory / 2 ** 20)}Mi, which with ${cpu} CPU fits no kind of node in cluster.nodes: it would never be scheduled`,
                allowed: `a smaller size and more replicas; the nodes: ${nodes.map((n) => `${n.name} ${n.cpu} CPU and ${n.memory}`).join("; ")}`,
              },
            ];
      }),
  },
  {
    must: "lines are kept at least as long as the stack's minimum",
    check: ({ loki }) =>
      seconds(loki.retention) < seconds(loki.retentionMinimum)
        ? [
            {
              key: "loki.retention",
              what: `"${loki.retention}" is shorter than the stack's minimum "${loki.retentionMinimum}" (loki.retentionMinimum)`,
              allowed: `at least ${loki.retentionMinimum}, or a lower loki.retentionMinimum`,
              example: loki.retentionMinimum,
            },
          ]
        : [],
  },
  {
    must: "the periods of Loki's schema follow one another",
    check: ({ loki: { schemaConfigs = [] } }) =>
      schemaConfigs.flatMap(({ from }, i) =>
        i > 0 && from <= schemaConfigs[i - 1].from
          ? [
              {
                key: `loki.schemaConfigs[${i}].from`,
                what: `"${from}" is not after the period before it, "${schemaConfigs[i - 1].from}"`,
                allowed: "periods in the order of their first days, each starting on a different day",
              },
            ]
          : [],
      ),
  },
  {
    must: "today's lines fall into a period of Loki's schema",
    check: ({ loki: { schemaConfigs } }, now) =>
      schemaConfigs && Date.parse(schemaConfigs[0].from) > now.getTime()
        ? [
            {
              key: "loki.schemaConfigs[0].from",
              what: `"${schemaConfigs[0].from}" is in the future: Loki has no schema for today's lines and refuses them`,
              allowed: "a day in the past for the first period",
              example: "2024-04-01",
            },
          ]
        : [],
  },
  {
    must: "the newest period of Loki's schema is tsdb v13",
    check: ({ loki: { schemaConfigs } }, now) => {
      const newest = schemaConfigs?.at(-1);
      return schemaConfigs && newest && !isCurrent(newest)
        ? [
            {
              key: `loki.schemaConfigs[${schemaConfigs.length - 1}]`,
              what: `store "${newest.store}" with schema "${newest.schema}" is not what Loki 3 uses for new data`,
              allowed:
                "keep the periods that have data unchanged; after them, add one with tsdb and v13 that starts in the future",
              example: newPeriod(dayAfter(now)),
            },
          ]
        : [];
    },
  },
  {
    must: "a tsdb index has one table per day",
    check: ({ loki: { schemaConfigs = [] } }) =>
      schemaConfigs.flatMap(({ store, index }, i) =>
        store === "tsdb" && seconds(index.period) !== 86_400
          ? [
              {
                key: `loki.schemaConfigs[${i}].index.period`,
                what: `"${index.period}" is refused by Loki for store tsdb`,
                allowed: "24h",
                example: "24h",
              },
            ]
          : [],
      ),
  },
  {
    must: "structured metadata needs a schema that can store it",
    check: ({ loki: { structuredMetadata, schemaConfigs } }, now) => {
      const active = schemaConfigs?.findLast(({ from }) => Date.parse(from) <= now.getTime());
      return structuredMetadata && active && !isCurrent(active)
        ? [
            {
              key: "loki.structuredMetadata",
              what: `true needs tsdb v13, but today's period is "${active.store}" "${active.schema}": Loki would not start`,
              allowed: "false until a period with tsdb and v13 has begun",
              example: false,
            },
          ]
        : [];
    },
  },
  {
    must: "a burst is at least the rate",
    check: ({ loki: { limits } }) => {
      const found: Problem[] = [];
      if (limits.ingestionBurstMb < limits.ingestionRateMb)
        found.push({
          key: "loki.limits.ingestionBurstMb",
          what: `${limits.ingestionBurstMb} is below loki.limits.ingestionRateMb, ${limits.ingestionRateMb}`,
          allowed: `at least ${limits.ingestionRateMb}`,
          example: 2 * limits.ingestionRateMb,
        });
      if (sizeBytes(limits.perStreamRateLimitBurst) < sizeBytes(limits.perStreamRateLimit))
        found.push({
          key: "loki.limits.perStreamRateLimitBurst",
          what: `"${limits.perStreamRateLimitBurst}" is below loki.limits.perStreamRateLimit, "${limits.perStreamRateLimit}"`,
          allowed: `at least ${limits.perStreamRateLimit}`,
          example: limits.perStreamRateLimit,
        });
      return found;
    },
  },
];
