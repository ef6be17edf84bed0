import { createRequire } from "node:module";

// What Go's standard library reads, where a setting is a text of its own kind. A regular expression is rare in a configuration: re2js, a port of Go's,
// is loaded when there is one.
type Re2 = typeof import("re2js");
let re2: Re2 | undefined;

/** Whether Go's regexp.Compile takes a text. */
export function isRegexp(text: string): boolean {
  re2 ??= createRequire(__filename)("re2js") as Re2;
  try {
    re2.RE2JS.compile(text);
    return true;
  } catch {
    return false;
  }
}

/** Whether Go's url.Parse takes a text: nearly anything, but for what is refused here. */
export function isUrl(text: string): boolean {
  const [, scheme, rest = text] = /^([A-Za-z][\w+.-]*):(.*)$/s.exec(text) ?? [];
  if (/[\0-\x1f\x7f]/.test(text) || /%(?![\da-f]{2})/i.test(rest.split("?")[0])) return false;
  // A first part with a colon could be a scheme.
  if (scheme === undefined) return !/^[^/?#]*:/.test(text);
  const authority = /^\/\/([^/?#]*)/.exec(rest)?.[1];
  if (authority === undefined) return true;
  const host = authority.slice(authority.lastIndexOf("@") + 1);
  return !/[\s<>"`{}|\\^]/.test(host) && /^(\[[^\]]*\]|[^:[\]]*)(:\d*)?$/.test(host);
}

/** What Go's time.ParseDuration takes. */
export const goDuration = /^(0|[-+]?((\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h))+)$/;
const parts = /(\d+\.?\d*|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g;
const secondsOf: Readonly<Record<string, number>> = {
  ...{ ns: 1e-9, us: 1e-6, µs: 1e-6, μs: 1e-6, ms: 1e-3 },
  ...{ s: 1, m: 60, h: 3600 },
};

/**
 * The seconds of a duration as Go's time.ParseDuration reads it, or of a number of nanoseconds, which yaml.v2 takes for one.
 *
 * @returns undefined for what is no duration
 */
export function goSeconds(value: unknown): number | undefined {
  if (typeof value === "number") return value / 1e9;
  if (typeof value !== "string" || !goDuration.test(value)) return undefined;
  const all = [...value.matchAll(parts)].map(([, amount, unit]) => Number(amount) * secondsOf[unit]);
  const sum = all.reduce((total, each) => total + each, 0);
  return value.startsWith("-") ? -sum : sum;
}
