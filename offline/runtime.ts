import { resolve } from "node:path";

/**
 * How TypeScript is loaded. `tsx`: by tsx, with what the program doesn't use loaded late (see fast-start.js).
 * `ts-node`: as Pulumi does unless Pulumi.yaml says otherwise, with a type check; three times as slow.
 */
export type Loader = "tsx" | "ts-node";

/**
 * The command line of one of Pulumi's own entry points for Node.js (`@pulumi/pulumi/cmd/…`).
 *
 * @param loader how TypeScript is loaded
 * @param entry `run` for a program, `run-policy-pack` for a policy pack
 * @param folder where `@pulumi/pulumi` is looked up from, so that the program's own version runs it
 * @param tsxArguments for node itself, where tsx is the loader
 * @param args for the entry point
 * @returns arguments for {@link process.execPath}
 */
export const runtimeArguments = (
  loader: Loader,
  entry: string,
  folder: string,
  tsxArguments: string[],
  args: string[],
): string[] => [
  ...(loader === "tsx" ? ["--require", resolve(__dirname, "fast-start.js"), ...tsxArguments] : []),
  require.resolve(`@pulumi/pulumi/cmd/${entry}`, { paths: [folder] }),
  ...args,
];
