import { quantityValue } from "./units";

/** The least memory of a cache: memcached refuses items above half of it, and gives each size of item pages of its own. */
export const leastCache = "64Mi";

/**
 * Bytes of memory that a memcached's pod asks for and may take: beside what is cached there are connections, hash tables and buffers. The share is that of
 * Loki's chart.
 * @param size what is cached
 */
export const cacheMemory = (size: string): number => Math.ceil(quantityValue(size) * 1.2);
