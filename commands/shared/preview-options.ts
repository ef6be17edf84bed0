import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Option, type Command } from "commander";
import { readPolicySettings } from "../../engine/policy-config";
import { ownProgram } from "../../engine/project";
import { stackCommand, type StackArguments, type Terminal } from "./command-line";
import { offlinePreview, type Preview, type PreviewOptions } from "./preview";
import { wrap } from "./wrap";

/** Options of a command that runs the program. */
export interface ProgramArguments extends StackArguments {
  stage?: string;
  from?: string;
  program?: string;
  tsNode?: boolean;
}

/** Options of a command that runs the policy pack beside it. */
export interface PreviewArguments extends ProgramArguments {
  json?: string;
  policyPack: string;
  policyPackConfig?: string;
  /** false after `--no-policies` */
  policies?: boolean;
}

/** A terminal, and how the program and the policy pack are started (default: each in a process of its own). */
export interface Around extends Terminal, Pick<PreviewOptions, "start" | "startPack"> {}

/** A command that runs the program: its name and its description. */
export const programCommand = (name: string, description: string): Command =>
  stackCommand(name, description)
    .option("--ts-node", "load TypeScript as Pulumi does by default: with a type check, and slowly")
    .option("--program <folder>", "another program's folder");

/** Adds the options of the stages. */
export const withStages = (command: Command): Command =>
  command
    .option("--stage <stage>", "the stage to show; by default the stack's own")
    .option("--from <stage>", "the stage that the stack is in");

/** Adds the options of the policy pack, and of JSON. */
export const withPolicies = (command: Command): Command =>
  command
    .option("--json <file>", "write JSON to a file, or to standard output: -")
    .addOption(
      new Option("--policy-pack <folder>", "another policy pack's folder").default(
        resolve(ownProgram, "policy"),
        "this repository's policy/",
      ),
    );

/** A command that previews one stage with the policy pack. */
export const previewCommand = (name: string, description: string): Command =>
  withPolicies(withStages(programCommand(name, description))).option(
    "--policy-pack-config <file>",
    "levels and parameters of policies (JSON), as for Pulumi's own command",
  );

/** What is to be previewed, by the options of a command. */
export const previewOptions = (
  { stack, stage, from, config, configFile, program, tsNode }: ProgramArguments,
  { start, startPack }: Around,
): PreviewOptions => ({
  ...{ stack, stage, from, config, configFile, program, start, startPack },
  loader: tsNode ? "ts-node" : "tsx",
});

/** The policy pack's folder; undefined after `--no-policies`. */
export const packOf = ({ policies, policyPack }: Pick<PreviewArguments, "policies" | "policyPack">) =>
  policies === false ? undefined : policyPack;

/**
 * Previews, and prints the result.
 * @param args the command's options
 * @param around where the result goes
 * @param format the result for a person
 */
export async function printPreview(
  args: PreviewArguments,
  around: Around,
  format: (preview: Preview) => string,
): Promise<Preview> {
  const policyConfig = args.policyPackConfig === undefined ? undefined : readPolicySettings(args.policyPackConfig);
  const preview = await offlinePreview({ ...previewOptions(args, around), policyPack: packOf(args), policyConfig });
  print(preview, args.json, format, around);
  return preview;
}

/** Prints a result for a person, or writes it as JSON: to a file beside that, to standard output in its place. */
export function print<Result>(
  result: Result,
  json: string | undefined,
  format: (result: Result) => string,
  { out, columns }: Terminal,
): void {
  const text = `${JSON.stringify(result, null, 2)}\n`;
  out(json === "-" ? text : `${wrap(format(result), columns)}\n`);
  if (json !== undefined && json !== "-") writeFileSync(json, text);
}

/** Whether a mandatory policy is violated. */
export const isRefused = ({ violations }: Preview): boolean => violations.some(({ level }) => level === "mandatory");
