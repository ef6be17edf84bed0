/** The series that alerts and dashboards are made of, each of its own targets and no others. */

/** Label matchers of Loki's processes, in both modes: a target's job is the name of its Service. */
export const lokiTargets = (namespace: string) =>
  `job=~"loki|loki-write|loki-read|loki-backend", namespace="${namespace}"`;

/** Label matchers of the canaries. */
export const canaryTargets = (namespace: string) => `job="loki-canary", namespace="${namespace}"`;

/** Label matchers of the log collectors. */
export const collectorTargets = (namespace: string) => `job="alloy", namespace="${namespace}"`;

/** Puts a metric's name, and more label matchers, to the matchers of its targets. */
export type Metric = (name: string, more?: string) => string;

/** A {@link Metric} of some targets. */
export const metricOf =
  (targets: string): Metric =>
  (name, more = "") =>
    `${name}{${targets}${more && `, ${more}`}}`;
