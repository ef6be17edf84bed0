import { existsSync } from "node:fs";
import type { Retainable } from "../../../settings/sections/removal";
import { partOf } from "../retain";
import { cliPath } from "./launcher";
import { askPulumi } from "./pulumi";

/** A resource in a stack's state, as far as it is read here. What is secret in its inputs is encrypted. */
export interface StateResource {
  urn: string;
  type: string;
  inputs?: Record<string, unknown>;
  protect?: boolean;
  retainOnDelete?: boolean;
  /** it was only read: Pulumi deletes nothing of it */
  external?: boolean;
}

/**
 * What a stack's state has, in the order in which it was made. Needs no passphrase.
 * @param cli path of Pulumi's CLI
 * @param stack the stack as Pulumi knows it
 * @returns undefined if there is no such stack, or no access to its backend
 */
export async function stateOf(cli: string, stack: string): Promise<StateResource[] | undefined> {
  const said = await askPulumi(cli, ["stack", "export", "--stack", stack]);
  try {
    const { deployment } = JSON.parse(said ?? "") as { deployment?: { resources?: StateResource[] } };
    return deployment?.resources ?? [];
  } catch {
    return undefined;
  }
}

/**
 * The protected parts that a stack's state has. Only a CLI that is on this machine is asked: nothing is downloaded.
 * @param stack the stack as Pulumi knows it
 * @returns undefined if there is no CLI, no such stack, or no access to its backend
 */
export async function partsInState(stack: string): Promise<ReadonlySet<Retainable> | undefined> {
  const cli = cliPath(process.env);
  const state = existsSync(cli) ? await stateOf(cli, stack) : undefined;
  return state && new Set(state.flatMap(({ urn, external }) => (external ? [] : (partOf(urn) ?? []))));
}
