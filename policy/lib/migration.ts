import { Config } from "@pulumi/pulumi";
import type { Resource } from "./resource";

/**
 * The volumes that the stack's own settings give up: `<project>:migration.reclaimVolumes`.
 *
 * @returns none for a program without this setting
 */
export function reclaimedVolumes({ urn }: Resource): string[] {
  const [, project] = urn.split("::");
  const migration = new Config(project).getObject<{ reclaimVolumes?: unknown }>("migration");
  const volumes = migration?.reclaimVolumes;
  return Array.isArray(volumes) ? volumes.filter((each) => typeof each === "string") : [];
}
