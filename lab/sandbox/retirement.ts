/** A throw-away stack's settings for the retirement of kube-prometheus-stack: no fourteen days of waiting, and its volume isn't needed. */
const settings: readonly { key: string; setting: string }[] = [
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
  const missing = settings.filter(({ key }) => !config.some((one) => one.startsWith(key)));
  return [...config, ...missing.map(({ setting }) => setting)];
}
