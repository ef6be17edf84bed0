import type { LogAgent } from "../../settings/sections/logs";
import { jobs, type Modes } from "./topology";

/** The series that alerts and dashboards are made of, each of its own targets and no others. */

/** Label matchers of Loki's processes, in the modes that the settings have: a target's job is the name of its Service. */
export const lokiTargets = (namespace: string, settings: Modes) => `job=~"${jobs(settings)}", namespace="${namespace}"`;

/** Label matchers of the canaries. */
export const canaryTargets = (namespace: string) => `job="loki-canary", namespace="${namespace}"`;

/** Label matchers of the log collectors. */
export const collectorTargets = (namespace: string, agent: LogAgent) => `job="${agent}", namespace="${namespace}"`;

/** Puts a metric's name, and more label matchers, to the matchers of its targets. */
export type Metric = (name: string, more?: string) => string;

/** A {@link Metric} of some targets. */
export const metricOf =
  (targets: string): Metric =>
  (name, more = "") =>
    `${name}{${targets}${more && `, ${more}`}}`;
