import { Config } from "@pulumi/pulumi";
import type { Resource } from "./resource";
import { at } from "./unknown";

/**
 * The volumes that the stack's own settings give up: `<project>:migration.reclaimVolumes`.
 *
 * @returns none for a program without this setting
 */
export function reclaimedVolumes(resource: Resource): string[] {
  const volumes = at(setting(resource, "migration"), "reclaimVolumes");
  return Array.isArray(volumes) ? volumes.filter((each) => typeof each === "string") : [];
}

/**
 * The kinds of node that the stack's own settings name: `<project>:cluster.nodes`.
 *
 * @returns none for a program without this setting
 */
export function clusterNodes(resource: Resource): unknown[] {
  const nodes = at(setting(resource, "cluster"), "nodes");
  return Array.isArray(nodes) ? nodes : [];
}

/**
 * A setting of the stack that a resource is in: `<project>:<key>`.
 *
 * @returns undefined where it is not set, or is text: another program may mean something else by that name, such as a cluster's
 */
export function setting({ urn }: Resource, key: string): unknown {
  const [, project] = urn.split("::");
  const text = new Config(project).get(key);
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
