import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { InvalidInput } from "../../engine/errors";

/** Which stack is on the sandbox's cluster: only one at a time, as a second one would claim names, host ports and volumes of the first. */

const fileIn = (folder: string) => join(folder, "stack");

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
