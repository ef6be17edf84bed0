import { readdirSync } from "node:fs";
import { join } from "node:path";
import { stackFile } from "../../engine/project";

/** Where stacks that aren't a user's own are: those of the tests alone, and examples to copy. */
const folders = [__dirname, join(__dirname, "../../examples")];

const files = new Map(
  folders.flatMap((folder) =>
    readdirSync(folder).flatMap((file) => {
      const [, stack] = /^Pulumi\.(.+)\.yaml$/.exec(file) ?? [];
      return stack === undefined ? [] : [[stack, stackFile(folder, stack)] as const];
    }),
  ),
);

/** Every stack of the tests' own, and every example. */
export const testStacks: readonly string[] = [...files.keys()].sort();

/** Those that every test of the whole program looks at. */
export const stacks = ["production", "staging", "sandbox"] as const;

/** Name of one of them. */
export type Stack = (typeof stacks)[number];

/**
 * A stack of the tests' own, as options of `offlinePreview` and its like. The root's files are the user's, and no test's.
 * @param stack one of {@link testStacks}
 */
export const testStack = (stack: string): { stack: string; configFile: string } => ({
  stack,
  configFile: fileOf(stack),
});

/** The same as words of a command line. */
export const testStackWords = (stack: string): string[] => ["--stack", stack, "--config-file", fileOf(stack)];

function fileOf(stack: string): string {
  const file = files.get(stack);
  if (file === undefined) throw new Error(`there is no test stack ${stack}; there are ${testStacks.join(", ")}`);
  return file;
}
