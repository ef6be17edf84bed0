import { settingsSchema } from "../../../settings/schema";
import { isDuration, seconds } from "../../../settings/units";
import { isMap } from "../../../engine/json";
import { at, textAt } from "../config-values";
import type { Findings, Look } from "../findings";
import type { Inventory } from "../inventory";
import { bucketOf, isPlaceholder, lokiConfigs } from "../loki-config";
import { called, containersOf, inWords, running, type Workload } from "../objects";
import type { Values } from "../release";

const runbook = "docs/adoption.md#loki";

/** A Loki with data: the settings that the stack's own Loki needs to find it. */
export const lookAtLoki: Look = (inventory, settings, found) => {
  const [first, ...others] = lokiConfigs(inventory);
  const workloads = running(inventory, /(^|\/)loki$/);
  if (!first) {
    if (workloads.length > 0)
      found.ask(
        `a Loki runs (${inWords(workloads.map(called))}), but no ConfigMap or Secret with its schema_config was found`,
        `read it from /config on its HTTP port, and copy schema_config.configs exactly into loki.schemaConfigs: ${runbook}`,
      );
    return;
  }
  if (others.length > 0)
    return found.ask(
      `several configurations of Loki: ${inWords([first, ...others].map(({ source }) => called(source)))}`,
      `decide whose data the stack's own Loki should serve, and set loki.schemaConfigs and the bucket from that one: ${runbook}`,
    );

  const { source, config } = first;
  found.take(source, ...workloads);
  const where = `exactly as in ${called(source)}`;
  schema(config, where, found);
  topology(workloads, config, found);
  retention(config, settings.loki.retentionMinimum, found);
  limits(config, found);
  tenants(config, found);
  rulerBucket(config, found);
  giveWay(inventory, workloads, settings.namespace.name, found);
};

/** Limits that have a setting, by Loki's names. */
const limitNames: Readonly<Record<string, string>> = {
  ingestion_rate_mb: "ingestionRateMb",
  ingestion_burst_size_mb: "ingestionBurstMb",
  per_stream_rate_limit: "perStreamRateLimit",
  per_stream_rate_limit_burst: "perStreamRateLimitBurst",
  max_global_streams_per_user: "maxStreams",
  max_line_size: "maxLineSize",
  max_query_length: "maxQueryLength",
  query_timeout: "queryTimeout",
  reject_old_samples_max_age: "rejectOldSamplesMaxAge",
};

/** Each burst, and the rate that it may not be below. */
const bursts: Readonly<Record<string, string>> = {
  ingestion_burst_size_mb: "ingestion_rate_mb",
  per_stream_rate_limit_burst: "per_stream_rate_limit",
};

function limits(config: Values, found: Findings): void {
  const given = (key: string) => at(config, `limits_config.${key}`);
  for (const [key, own] of Object.entries(limitNames)) {
    const value = given(key);
    const rate = value === undefined && bursts[key] !== undefined ? given(bursts[key]) : undefined;
    found.fit(`loki.limits.${own}`, value ?? rate, rate === undefined ? "its current value" : "at least the rate");
  }
}

interface Period {
  from?: string;
  store?: string;
  schema?: string;
  object_store?: string;
}

const isCurrent = ({ store, schema }: Period = {}) => store === "tsdb" && schema === "v13";

/** Days until a new period begins: the update must be finished by then. */
const daysAhead = 7;

const dayOf = (date: Date) => date.toISOString().slice(0, 10);

function schema(config: Values, where: string, found: Findings): void {
  const periods = at(config, "schema_config.configs") as Period[];
  const newest = periods.at(-1);
  if (!isCurrent(periods.findLast(({ from = "" }) => from <= dayOf(found.today))))
    found.fit(
      "loki.structuredMetadata",
      false,
      "set it to true once a period with tsdb and v13 has begun; today's period can't store it",
    );
  if (isCurrent(newest)) return found.fit("loki.schemaConfigs", periods, where);
  const from = dayOf(new Date(found.today.getTime() + daysAhead * 86_400_000));
  const next = {
    from,
    store: "tsdb",
    object_store: newest?.object_store,
    schema: "v13",
    index: { prefix: "loki_index_", period: "24h" },
  };
  const why = `${where}, and a period with tsdb and v13 from ${from}: finish the update before that day, or choose a later one`;
  found.fit("loki.schemaConfigs", [...periods, next], why);
}

/** What each process runs; this program's own have `tenant-configs` before it. */
const targetOf = (workload: Workload): string => {
  const words = containersOf(workload).flatMap(({ args = [], command = [] }) => [...command, ...args]);
  const argument = words.flatMap((word) => /^-{1,2}target=(.+)$/.exec(word)?.[1] ?? []).at(0);
  const target = argument?.split(",").find((each) => each !== "tenant-configs");
  return target ?? workload.metadata?.labels?.["app.kubernetes.io/component"] ?? "all";
};

/** Loki's components in mode `distributed`: targets, and the settings that size them. */
const components = Object.keys(settingsSchema.parse({}).loki.distributed).map((key) => ({
  target: key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
  setting: `distributed.${key}`,
}));

function topology(workloads: readonly Workload[], config: Values, found: Findings): void {
  const targets = new Map(workloads.map((workload) => [targetOf(workload), workload]));
  const replicas = (target: string) => (targets.get(target)?.spec as { replicas?: number } | undefined)?.replicas;
  const factor = at(config, "common.replication_factor") ?? at(config, "ingester.lifecycler.ring.replication_factor");
  const now = `as it runs now: ${inWords([...targets.keys()])}`;
  if (targets.has("ingester")) {
    found.fit("loki.mode", "distributed", now);
    for (const { target, setting } of components)
      found.fit(`loki.${setting}.replicas`, replicas(target) || undefined, "as it runs now");
    volume(targets.get("ingester"), found);
  } else if (targets.has("write")) {
    found.fit("loki.mode", "simple-scalable", now);
    for (const target of ["write", "read", "backend"])
      found.fit(`loki.${target}.replicas`, replicas(target) || undefined, "as it runs now");
    volume(targets.get("write"), found);
  } else if (targets.size === 1) {
    const [[target, workload]] = targets;
    found.fit("loki.mode", "single-binary", "as it runs now");
    found.fit("loki.singleBinary.replicas", replicas(target) || undefined, "as it runs now");
    volume(workload, found);
  } else {
    return found.ask(
      "there is a configuration of Loki, but none of its processes was recognised",
      "set loki.mode, its replicas and loki.replicationFactor as you want them",
    );
  }
  const writer = ["ingester", "write"].find((target) => targets.has(target)) ?? [...targets.keys()][0];
  const writers = replicas(writer) ?? 1;
  if (typeof factor === "number" && factor > writers)
    found.ask(
      `common.replication_factor is ${factor}, but there are ${writers} writers`,
      `set loki.replicationFactor: ${writers}, or more replicas`,
    );
  else found.fit("loki.replicationFactor", factor, "its current value");
}

function volume(workload: Workload | undefined, found: Findings): void {
  const [claim] = (workload?.spec as { volumeClaimTemplates?: Template[] } | undefined)?.volumeClaimTemplates ?? [];
  found.fit("loki.storage", claim?.spec?.resources?.requests?.storage, "its current value");
  found.fit("loki.storageClass", claim?.spec?.storageClassName, "its current value");
}

interface Template {
  spec?: { storageClassName?: string; resources?: { requests?: { storage?: string } } };
}

function retention(config: Values, minimum: string, found: Findings): void {
  const period = textAt(config, "limits_config.retention_period");
  const isOn = at(config, "compactor.retention_enabled") === true && period !== undefined && !/^0[a-z]*$/.test(period);
  if (isOn) {
    found.fit("loki.retention", period, "its current value");
    if (isDuration(period) && seconds(period) < seconds(minimum))
      found.fit("loki.retentionMinimum", period, `the default minimum, ${minimum}, is longer than the retention`);
  } else
    found.ask(
      "Loki deletes no lines (compactor.retention_enabled, limits_config.retention_period); the stack's own deletes lines older than loki.retention, starting ten minutes after its start",
      "set loki.retention to the age of the oldest line that you want to keep, before the first update",
    );
  const streams = at(config, "limits_config.retention_stream");
  if (Array.isArray(streams) && streams.length > 0)
    found.fit("loki.retentionStreams", streams, "streams with their own retention");
}

function tenants(config: Values, found: Findings): void {
  if (at(config, "auth_enabled") !== false)
    found.ask(
      "Loki has tenants (auth_enabled is true or not set): the stack's own has only the tenant fake, and can't find lines of others",
      `look into the bucket: are there folders other than fake, index and rules? Their lines can't be moved, because each chunk contains its tenant: ${runbook}`,
    );
}

function rulerBucket(config: Values, found: Findings): void {
  const ruler = textAt(config, "ruler.storage.s3.bucketnames") ?? textAt(config, "ruler_storage.s3.bucket_name");
  const { bucket } = bucketOf(config) ?? {};
  if (ruler && ruler !== bucket)
    found.ask(
      `Loki's rules are in a separate bucket (${isPlaceholder(ruler) ? "named by an environment variable" : ruler}); the stack's own keeps them with the chunks`,
      `copy the folder rules from one bucket to the other, unless no rules were created through Loki's API: ${runbook}`,
    );
  const prefix = textAt(config, "storage_config.object_prefix") ?? textAt(config, "common.storage.s3.object_prefix");
  if (prefix)
    found.ask(
      `Loki's objects begin with "${prefix}" (object_prefix), which has no setting`,
      "the stack's own can't find them there: keep the old Loki for its data, or copy the bucket without the prefix",
    );
}

/** Its workload can't be taken over; its volumes may be reused. */
function giveWay(inventory: Inventory, workloads: readonly Workload[], namespace: string, found: Findings): void {
  if (workloads.length === 0) return;
  const names = inWords(workloads.map(called));
  const claims = inventory.claims
    .filter((claim) => workloads.some((w) => called(claim).startsWith(`${w.metadata?.namespace}/`) && holds(w, claim)))
    .map(called);
  const again = claims.filter((claim) => /^data-loki-(write-|backend-)?\d+$/.test(claim.replace(`${namespace}/`, "")));
  const goes = workloads.filter(({ spec }) => {
    const policy = (spec as { persistentVolumeClaimRetentionPolicy?: { whenDeleted?: string } } | undefined)
      ?.persistentVolumeClaimRetentionPolicy;
    return isMap<unknown>(policy) && policy.whenDeleted === "Delete";
  });
  found.ask(
    `the workloads of the old Loki (${names}) are replaced by the stack's own; ` +
      (again.length > 0
        ? `the claims ${inWords(again)} are reused, with their write-ahead log`
        : "its claims are not reused: lines that aren't flushed are lost") +
      (goes.length > 0 ? `; those of ${inWords(goes.map(called))} are deleted with it (whenDeleted: Delete)` : ""),
    `flush every writer, uninstall it, then update immediately: ${runbook}`,
  );
}

/** Whether a claim belongs to a StatefulSet. */
const holds = ({ metadata, spec }: Workload, claim: { metadata?: { name?: string } }): boolean => {
  const templates = (spec as { volumeClaimTemplates?: { metadata?: { name?: string } }[] } | undefined)
    ?.volumeClaimTemplates;
  return (templates ?? []).some((template) =>
    claim.metadata?.name?.startsWith(`${template.metadata?.name}-${metadata?.name}-`),
  );
};
