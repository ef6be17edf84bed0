/** The series that dashboards show, each of its own targets and no others. */

/** Puts a metric's name, and more label matchers, to the matchers of its targets. */
export type Metric = (name: string, more?: string) => string;

const of =
  (job: string) =>
  (namespace: string): Metric =>
  (name, more = "") =>
    `${name}{job${job}, namespace="${namespace}"${more && `, ${more}`}}`;

/** Of Loki's processes, in both modes. */
export const ofLoki = of('=~"loki|loki-write|loki-read|loki-backend"');

/** Of the canary. */
export const ofCanary = of('="loki-canary"');

/** Of the log collector. */
export const ofCollector = of('="alloy"');
