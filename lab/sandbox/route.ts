import { stagesBetween, stagesWith, type Backend, type StageName } from "../../stages";

/** How a sandbox gets from the stage that it is in to another one: one step at a time, as a real cluster does. */

/** What an update of the sandbox brings about. */
export interface Step {
  stage: StageName;
  /** Lifts the protection of kube-prometheus-stack, which the next stage removes. */
  retire: boolean;
}

/**
 * The updates that have to come before the one that is asked for.
 * @param from what was deployed last; undefined: nothing, and a new stack may start in any stage
 * @param to what is asked for
 * @param backend the stack's
 * @returns in their order; none if it is the next step
 */
export function stepsBefore(from: Step | undefined, to: Step, backend: Backend): Step[] {
  if (from === undefined) return [];
  const steps = stagesBetween(from.stage, to.stage, [backend])
    .slice(1, -1)
    .map((stage) => ({ stage, retire: false }));
  // Only what was unprotected in an earlier update can be removed.
  const retirement = { stage: stagesWith(backend).at(-2)!, retire: true };
  const retired = from.stage === "kps-removed" || (from.stage === retirement.stage && from.retire);
  return to.stage === "kps-removed" && !retired ? [...steps, retirement] : steps;
}

/** A throw-away stack's settings for the retirement of kube-prometheus-stack: no fourteen days of waiting, and its volume isn't needed. */
const retirement: readonly { key: string; setting: string }[] = [
  { key: "migration.retireKps", setting: "migration.retireKps=true" },
  { key: "migration.dualWriteDays", setting: "migration.dualWriteDays=0" },
  { key: "migration.reclaimVolumes", setting: "migration.reclaimVolumes[0]=prometheus" },
];

/** Settings by which a stack retires it, or has done so. */
const retiring = ["migration.retireKps=true", "stage=kps-removed"];

/**
 * The settings of a run, with those of the retirement that it needs and that were not given.
 * @param config `key=value` without the project's name
 */
export function withRetirement(config: readonly string[]): string[] {
  if (!config.some((one) => retiring.includes(one))) return [...config];
  const missing = retirement.filter(({ key }) => !config.some((one) => one.startsWith(key)));
  return [...config, ...missing.map(({ setting }) => setting)];
}

/**
 * The settings of a step on the way to what is asked for.
 * @param step one of {@link stepsBefore}
 * @param config what is asked for, with its own stage
 */
export function settingsOf({ stage, retire }: Step, config: readonly string[]): string[] {
  const onlyOfRetirement = ["stage=", "migration.retireKps", ...(retire ? [] : ["migration.reclaimVolumes"])];
  const others = config.filter((one) => !onlyOfRetirement.some((start) => one.startsWith(start)));
  return withRetirement([...others, `stage=${stage}`, ...(retire ? ["migration.retireKps=true"] : [])]);
}
