import { resolve } from "node:path";

/**
 * The command line of one of Pulumi's own entry points for Node.js (`@pulumi/pulumi/cmd/…`).
 *
 * @param entry `run` for a program, `run-policy-pack` for a policy pack
 * @param folder where `@pulumi/pulumi` is looked up from, so that the program's own version runs it
 * @param nodeArguments for node itself
 * @param args for the entry point
 * @returns arguments for {@link process.execPath}
 */
export const runtimeArguments = (entry: string, folder: string, nodeArguments: string[], args: string[]): string[] => [
  ...["--require", resolve(__dirname, "fast-start.js")],
  ...nodeArguments,
  require.resolve(`@pulumi/pulumi/cmd/${entry}`, { paths: [folder] }),
  ...args,
];
