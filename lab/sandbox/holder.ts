import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidInput } from "../../engine/errors";
import type { Step } from "./route";

/**
 * Which stack is on the sandbox's cluster, and in which stage. Only one at a time, as a second one would claim names, host ports and volumes
 * of the first.
 */

const fileIn = (folder: string) => join(folder, "stack");
const stepFileIn = (folder: string) => join(folder, "step.json");

/**
 * Refuses a stack while another one is there.
 * @param stack its name
 * @param folder of what the sandbox keeps between its runs
 * @throws {InvalidInput} if the cluster has another stack
 */
export function refuseSecond(stack: string, folder: string): void {
  const there = existsSync(fileIn(folder)) ? readFileSync(fileIn(folder), "utf8") : stack;
  if (there !== stack)
    throw new InvalidInput(
      `--stack ${stack}: the sandbox has the stack ${there}, and its cluster takes one at a time\n` +
        "    remove it first, with its volumes: npm run sandbox -- down",
    );
}

/** Records that a stack is there, before anything of it is. */
export const hold = (stack: string, folder: string): void => writeFileSync(fileIn(folder), stack);

/** The step that was deployed last; undefined: none. */
export const reached = (folder: string): Step | undefined =>
  existsSync(stepFileIn(folder)) ? (JSON.parse(readFileSync(stepFileIn(folder), "utf8")) as Step) : undefined;

/** Records a step, once it is deployed: until then the way on is that from the one before. */
export const reach = (step: Step, folder: string): void => writeFileSync(stepFileIn(folder), JSON.stringify(step));

/**
 * Records that a step begins, where that already counts: the first one, and one that protects kube-prometheus-stack again. Even if it is interrupted, the
 * retirement must then be repeated.
 */
export function begin(step: Step, folder: string): void {
  const last = reached(folder);
  if (!last || (last.retire && !step.retire)) reach(step, folder);
}
