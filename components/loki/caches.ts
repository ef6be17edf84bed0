import type { Settings } from "../../settings/schema";
import { quantityValue } from "../../settings/units";
import type { Resources } from "../../settings/values";
import { serviceHost, type Environment } from "../kubernetes/environment";

type Loki = Settings["loki"];

/** What Loki caches, by the setting below `loki.caches`. */
export type CacheName = keyof Loki["caches"];

/** Port of a memcached, and its name in pods and Services. */
export const memcachedPort = { name: "memcached", number: 11211 } as const;

/** The largest item that is kept, in MiB: a chunk has 1.5 (`chunk_target_size`), a result may have more. As in Loki's chart. */
export const largestItem = 5;

/** Of each cache: its workload and Service, the share of a reader's memory limit that it takes there, and how long something is in it. */
const table: Readonly<Record<CacheName, { workload: string; share: number; validity: string }>> = {
  // A chunk never changes: it goes when others need the room.
  chunks: { workload: "loki-chunks-cache", share: 1 / 16, validity: "0s" },
  results: { workload: "loki-results-cache", share: 1 / 32, validity: "12h" },
};

/** A memcached of the settings. */
export interface Memcached {
  workload: string;
  settings: NonNullable<Loki["caches"][CacheName]>;
}

/**
 * The caches that are in memcached.
 * @param settings Loki's settings
 */
export function memcacheds({ caches }: Partial<Pick<Loki, "caches">>): Memcached[] {
  return (Object.keys(table) as CacheName[]).flatMap((name) => {
    const settings = caches?.[name];
    return settings ? [{ workload: table[name].workload, settings }] : [];
  });
}

/** Where Loki keeps what it caches: in memcached, or in its own memory. */
export type CacheConfig = ReturnType<typeof cacheConfig>;

/**
 * One of Loki's caches, as its configuration has it.
 *
 * A reader works without a memcached that fails. What its answers may cost it is limited: a request is given up after half a second, and what waits to be
 * written takes no more of a reader's memory than the cache itself would there; the rest of it isn't cached.
 *
 * @param name which
 * @param caches the settings `loki.caches`
 * @param environment where the memcacheds are
 * @param reader resources of the process that uses it
 * @see https://grafana.com/docs/loki/v3.6.x/configure/#cache_config
 */
export function cacheConfig(
  name: CacheName,
  { caches }: Pick<Loki, "caches">,
  environment: Environment,
  reader: Resources,
) {
  const { workload, share, validity } = table[name];
  const megabytes = Math.ceil((quantityValue(reader.limits.memory) * share) / 2 ** 20);
  if (!caches[name]) return { embedded_cache: { enabled: true, max_size_mb: megabytes } };
  return {
    default_validity: validity,
    background: { writeback_size_limit: `${megabytes}MB` },
    memcached_client: {
      // Names of pods, which stay: by their addresses, what is cached would be elsewhere after each restart.
      addresses: `dnssrvnoa+_${memcachedPort.name}._tcp.${serviceHost(environment, workload)}`,
      consistent_hash: true,
      timeout: "500ms",
      // With its key and what memcached keeps of it.
      max_item_size: largestItem * 2 ** 20 - 1024,
    },
  };
}
