import { isDuration, seconds } from "../../config/units";
import { isMap } from "../../offline/json";
import { at, textAt } from "../config-values";
import type { Findings, Look } from "../findings";
import type { Inventory } from "../inventory";
import { bucketOf, isPlaceholder, lokiConfigs } from "../loki-config";
import { called, containersOf, inWords, running, type Workload } from "../objects";
import type { Values } from "../release";

const runbook = "docs/adoption.md#loki";

/** A Loki with data: what the stack's own has to be told, so that it finds it. */
export const lookAtLoki: Look = (inventory, settings, found) => {
  const [first, ...others] = lokiConfigs(inventory);
  const workloads = running(inventory, /(^|\/)loki$/);
  if (!first) {
    if (workloads.length > 0)
      found.ask(
        `a Loki runs (${inWords(workloads.map(called))}), but no ConfigMap or Secret with its schema_config was found`,
        `read it from /config of its HTTP port, and put schema_config.configs word for word into loki.schemaConfigs: ${runbook}`,
      );
    return;
  }
  if (others.length > 0)
    return found.ask(
      `several configurations of Loki: ${inWords([first, ...others].map(({ source }) => called(source)))}`,
      `decide whose data the stack's own Loki is to serve, and set loki.schemaConfigs and the bucket from that one: ${runbook}`,
    );

  const { source, config } = first;
  found.take(source, ...workloads);
  const where = `word for word as in ${called(source)}`;
  schema(config, where, found);
  topology(workloads, config, found);
  retention(config, settings.loki.retentionMinimum, found);
  limits(config, found);
  tenants(config, found);
  rulerBucket(config, found);
  giveWay(inventory, workloads, settings.namespace.name, found);
};

/** Limits that settings have, by Loki's names. */
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

/** A rate, and the burst that may not be below it. */
const bursts: Readonly<Record<string, string>> = {
  ingestion_burst_size_mb: "ingestion_rate_mb",
  per_stream_rate_limit_burst: "per_stream_rate_limit",
};

function limits(config: Values, found: Findings): void {
  const given = (key: string) => at(config, `limits_config.${key}`);
  for (const [key, own] of Object.entries(limitNames)) {
    const value = given(key);
    const rate = value === undefined && bursts[key] !== undefined ? given(bursts[key]) : undefined;
    found.fit(`loki.limits.${own}`, value ?? rate, rate === undefined ? "as it is" : "at least the rate");
  }
}

interface Period {
  from?: string;
  store?: string;
  schema?: string;
  object_store?: string;
}

const isCurrent = ({ store, schema }: Period = {}) => store === "tsdb" && schema === "v13";

/** Days until a new period begins: the update has to be done by then. */
const daysAhead = 7;

const dayOf = (date: Date) => date.toISOString().slice(0, 10);

function schema(config: Values, where: string, found: Findings): void {
  const periods = at(config, "schema_config.configs") as Period[];
  const newest = periods.at(-1);
  if (!isCurrent(periods.findLast(({ from = "" }) => from <= dayOf(found.today))))
    found.fit(
      "loki.structuredMetadata",
      false,
      "true once a period with tsdb and v13 has begun: today's can't store it",
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
  const why = `${where}, and a period with tsdb and v13 from ${from} on: be done with the update before, or move that day`;
  found.fit("loki.schemaConfigs", [...periods, next], why);
}

/** What each process runs. */
const targetOf = (workload: Workload): string => {
  const words = containersOf(workload).flatMap(({ args = [], command = [] }) => [...command, ...args]);
  const argument = words.flatMap((word) => /^-{1,2}target=(.+)$/.exec(word)?.[1] ?? []).at(0);
  return argument ?? workload.metadata?.labels?.["app.kubernetes.io/component"] ?? "all";
};

function topology(workloads: readonly Workload[], config: Values, found: Findings): void {
  const targets = new Map(workloads.map((workload) => [targetOf(workload), workload]));
  const replicas = (target: string) => (targets.get(target)?.spec as { replicas?: number } | undefined)?.replicas;
  const factor = at(config, "common.replication_factor") ?? at(config, "ingester.lifecycler.ring.replication_factor");
  if (targets.has("ingester"))
    return found.ask(
      `Loki runs in microservices (${inWords([...targets.keys()])}); the stack's own is a single binary or Simple Scalable`,
      "choose by the amount of lines: loki.mode; the data is the same for each",
    );
  if (targets.has("write")) {
    found.fit("loki.mode", "simple-scalable", `as it runs: ${inWords([...targets.keys()])}`);
    for (const target of ["write", "read", "backend"])
      found.fit(`loki.${target}.replicas`, replicas(target) || undefined, "as it runs");
    volume(targets.get("write"), found);
  } else if (targets.size === 1) {
    const [[target, workload]] = targets;
    found.fit("loki.mode", "single-binary", "as it runs");
    found.fit("loki.singleBinary.replicas", replicas(target) || undefined, "as it runs");
    volume(workload, found);
  } else {
    return found.ask(
      "a configuration of Loki is there, and none of its processes was recognised",
      "set loki.mode, its replicas and loki.replicationFactor as you want them",
    );
  }
  const writers = replicas(targets.has("write") ? "write" : [...targets.keys()][0]) ?? 1;
  if (typeof factor === "number" && factor > writers)
    found.ask(
      `common.replication_factor is ${factor}, and there are ${writers} writers`,
      `loki.replicationFactor: ${writers}, or more replicas`,
    );
  else found.fit("loki.replicationFactor", factor, "as it is");
}

function volume(workload: Workload | undefined, found: Findings): void {
  const [claim] = (workload?.spec as { volumeClaimTemplates?: Template[] } | undefined)?.volumeClaimTemplates ?? [];
  found.fit("loki.storage", claim?.spec?.resources?.requests?.storage, "as it is");
  found.fit("loki.storageClass", claim?.spec?.storageClassName, "as it is");
}

interface Template {
  spec?: { storageClassName?: string; resources?: { requests?: { storage?: string } } };
}

function retention(config: Values, minimum: string, found: Findings): void {
  const period = textAt(config, "limits_config.retention_period");
  const isOn = at(config, "compactor.retention_enabled") === true && period !== undefined && !/^0[a-z]*$/.test(period);
  if (isOn) {
    found.fit("loki.retention", period, "as it is");
    if (isDuration(period) && seconds(period) < seconds(minimum))
      found.fit("loki.retentionMinimum", period, `the default minimum, ${minimum}, is longer than the retention`);
  } else
    found.ask(
      "Loki deletes no lines (compactor.retention_enabled, limits_config.retention_period); the stack's own deletes what is older than loki.retention, ten minutes after its start",
      "set loki.retention to the age of the oldest line that you want to keep, before the first update",
    );
  if (at(config, "limits_config.retention_stream"))
    found.ask(
      "some streams have a retention of their own (limits_config.retention_stream), for which there is no setting",
      "set loki.retention to the longest of them",
    );
}

function tenants(config: Values, found: Findings): void {
  if (at(config, "auth_enabled") !== false)
    found.ask(
      "Loki has tenants (auth_enabled is true, or left out): the stack's own has one, called fake, and finds no other's lines",
      `look into the bucket: are there folders beside fake, index and rules? Their lines can't be moved, as each chunk names its tenant: ${runbook}`,
    );
}

function rulerBucket(config: Values, found: Findings): void {
  const ruler = textAt(config, "ruler.storage.s3.bucketnames") ?? textAt(config, "ruler_storage.s3.bucket_name");
  const { bucket } = bucketOf(config) ?? {};
  if (ruler && ruler !== bucket)
    found.ask(
      `Loki's rules are in a bucket of their own (${isPlaceholder(ruler) ? "named by the environment" : ruler}); the stack's own keeps them with the chunks`,
      `copy the folder rules of one bucket into the other, unless no rule was made by Loki's API: ${runbook}`,
    );
  const prefix = textAt(config, "storage_config.object_prefix") ?? textAt(config, "common.storage.s3.object_prefix");
  if (prefix)
    found.ask(
      `Loki's objects begin with "${prefix}" (object_prefix), for which there is no setting`,
      "the stack's own doesn't find them there: keep the old Loki for its data, or copy the bucket without the prefix",
    );
}

/** Its workload can't be taken over; its volumes may be used again. */
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
    `the workloads of the old Loki (${names}) give way to the stack's own; ` +
      (again.length > 0
        ? `the claims ${inWords(again)} are used again, with their write-ahead log`
        : "its claims are not used again: what isn't flushed is lost") +
      (goes.length > 0 ? `; those of ${inWords(goes.map(called))} are deleted with it (whenDeleted: Delete)` : ""),
    `flush every writer, uninstall, update at once: ${runbook}`,
  );
}

/** Whether a claim is one of a StatefulSet's. */
const holds = ({ metadata, spec }: Workload, claim: { metadata?: { name?: string } }): boolean => {
  const templates = (spec as { volumeClaimTemplates?: { metadata?: { name?: string } }[] } | undefined)
    ?.volumeClaimTemplates;
  return (templates ?? []).some((template) =>
    claim.metadata?.name?.startsWith(`${template.metadata?.name}-${metadata?.name}-`),
  );
};
