/**
 * What a counter has counted in a time, its first value included. Many programs export a counter only once it has counted, and `increase` takes
 * the value with which a series begins for nothing: a fault that happens once would never be seen.
 * @param series the counter with its selectors
 * @param range how far back, as PromQL writes it: `15m`
 * @see https://prometheus.io/docs/practices/instrumentation/#avoid-missing-metrics
 */
export const counted = (series: string, range: string): string =>
  `((last_over_time(${series}[${range}]) unless ${series} offset ${range}) or increase(${series}[${range}]))`;
