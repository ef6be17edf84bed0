import { z } from "zod";

const units: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 24 * 3600,
  w: 7 * 24 * 3600,
  y: 365 * 24 * 3600,
};
// What its nanoseconds can be in 64 bits.
const longest = 2 ** 63 / 1e9;
const notation = /^(?:\d+y)?(?:\d+w)?(?:\d+d)?(?:\d+h)?(?:\d+m)?(?:\d+s)?(?:\d+ms)?$/;

/**
 * Reads a duration in Prometheus' notation, which Loki and Mimir use: `30d`, `1w2d`, `720h`, `0`.
 *
 * @returns seconds; undefined for what isn't a duration, and for one of more than 292 years, which they refuse
 * @see https://prometheus.io/docs/prometheus/latest/configuration/configuration/
 */
export function durationSeconds(text: string): number | undefined {
  if (text === "0") return 0;
  if (text === "" || !notation.test(text)) return undefined;
  const parts = [...text.matchAll(/(\d+)(ms|[a-z])/g)];
  const seconds = parts.reduce((sum, [, amount, unit]) => sum + Number(amount) * units[unit], 0);
  return seconds > longest ? undefined : seconds;
}

/** A duration as a parameter has it. */
export const duration = z
  .string()
  .refine((text) => durationSeconds(text) !== undefined, "not a duration such as 30d, 720h or 1w");
