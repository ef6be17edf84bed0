import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { annotations, failure } from "./annotations";
import { InvalidInput, PolicyPackFailed, ProgramFailed } from "./errors";
import { formatPreview, formatRendered, formatViolations } from "./format";
import { readPolicySettings } from "./policy-config";
import { offlinePreview, ownProgram, Preview, PreviewOptions } from "./preview";

/** Exit codes of the contract. */
const exitCode = { clean: 0, mandatoryViolation: 1, failed: 2 };

/** Arguments that every command has. */
interface StackArguments {
  stack: string;
  stage?: string;
  from?: string;
  config: string[];
  program?: string;
  tsNode?: boolean;
}

interface PreviewArguments extends StackArguments {
  json?: string;
  policyPack: string;
  policyPackConfig?: string;
  policies?: boolean;
}

interface PlanArguments extends Omit<PreviewArguments, "stage"> {
  from: string;
  to: string;
  change: string[];
}

interface RenderArguments extends StackArguments {
  out: string;
  withSecrets?: string;
}

const program = new Command("offline")
  .description("Shows, checks and renders a stack without Pulumi's CLI, a cluster or credentials")
  .configureHelp({ showGlobalOptions: true })
  // Inherited by the commands below: a mistake on the command line is no finding of a policy (exit code 1).
  .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCode.clean : exitCode.failed));

previewCommand(
  "preview",
  "the resource tree, every policy finding, requests by node architecture, and whether they fit",
)
  .option("--no-policies", "leave the policy pack out")
  .action((args: PreviewArguments) => guarded(() => preview(args, formatPreview)));

previewCommand("policy", "every policy finding: the line that a CI job calls").action((args: PreviewArguments) =>
  guarded(
    () => preview(args, formatViolations, (found) => annotate(annotations(found.violations, placeOf(args)))),
    (message) => annotate([failure(message, placeOf(args))]),
  ),
);

withPolicies(ofStack("plan", "what moving between two stages does, to volumes too; what is there is the first stage"))
  .requiredOption("--from <stage>", "the stage that the stack is in")
  .requiredOption("--to <stage>", "the stage that it is to be in; the same: what the settings of --config change")
  .option("--change <key=value>", "a setting that changes with the move: only the target has it", collect, [])
  .option("--no-policies", "leave the policy pack out")
  .action((args: PlanArguments) => guarded(() => plan(args)));

stackCommand("render", "the Kubernetes objects and Helm values as YAML files")
  .requiredOption("--out <folder>", "where the files go; files of an earlier render are replaced")
  .option("--with-secrets <file>", "write the Secrets in clear to this file; generated values are reused from it")
  .action((args: RenderArguments) => guarded(() => render(args)));

function collect(value: string, all: string[]): string[] {
  return [...all, value];
}

function ofStack(name: string, description: string): Command {
  return program
    .command(name)
    .description(description)
    .requiredOption("--stack <name>", "the stack: Pulumi.<name>.yaml")
    .option("--config <key=value>", "a setting, in Pulumi's path syntax; may be repeated", collect, [])
    .option("--ts-node", "load TypeScript as Pulumi does by default: with a type check, and slowly")
    .option("--program <folder>", "another program's folder");
}

function stackCommand(name: string, description: string): Command {
  return ofStack(name, description)
    .option("--stage <stage>", "the stage to show; by default the stack's own")
    .option("--from <stage>", "the stage that the stack is in");
}

function previewCommand(name: string, description: string): Command {
  return withPolicies(stackCommand(name, description)).option(
    "--policy-pack-config <file>",
    "levels and parameters of policies (JSON), as for Pulumi's own command",
  );
}

function withPolicies(command: Command): Command {
  return command
    .option("--json <file>", "write JSON to a file, or to standard output: -")
    .option("--policy-pack <folder>", "another policy pack's folder", resolve(ownProgram, "policy"));
}

const optionsOf = ({ stack, stage, from, config, program, tsNode }: StackArguments): PreviewOptions => ({
  ...{ stack, stage, from, config, program },
  loader: tsNode ? "ts-node" : "tsx",
});

async function preview(
  args: PreviewArguments,
  format: (preview: Preview) => string,
  tell: (preview: Preview) => void = () => undefined,
): Promise<number> {
  const policyPack = args.policies === false ? undefined : args.policyPack;
  const policyConfig = args.policyPackConfig === undefined ? undefined : readPolicySettings(args.policyPackConfig);
  const result = await offlinePreview({ ...optionsOf(args), policyPack, policyConfig });
  put(result, args.json, format);
  tell(result);
  return isRefused(result) ? exitCode.mandatoryViolation : exitCode.clean;
}

/** Annotates a pull request, in a job of GitHub's: on standard error, which its runner reads too, as standard output may be JSON. */
function annotate(lines: string[]): void {
  if (process.env.GITHUB_ACTIONS === "true") lines.forEach((line) => console.error(line));
}

const placeOf = ({ stack, program }: StackArguments) => ({
  stack,
  folder: program ?? ownProgram,
  workspace: process.env.GITHUB_WORKSPACE ?? process.cwd(),
});

async function plan({ from, to, change, ...args }: PlanArguments): Promise<number> {
  const { offlinePlan } = await import("./plan.js");
  const { formatPlan } = await import("./plan-format.js");
  const policyPack = args.policies === false ? undefined : args.policyPack;
  const { stack, config, program, loader } = optionsOf(args);
  const result = await offlinePlan({ stack, config, program, loader, policyPack, from, to, change });
  put(result, args.json, formatPlan);
  return isRefused(result) || result.refusals.length > 0 ? exitCode.mandatoryViolation : exitCode.clean;
}

/** Prints a result for a person, or writes it as JSON: to a file beside that, to standard output in its place. */
function put<Result>(result: Result, json: string | undefined, format: (result: Result) => string): void {
  if (json === "-") {
    process.stdout.write(toJson(result));
  } else {
    console.log(format(result));
  }
  if (json !== undefined && json !== "-") {
    writeFileSync(json, toJson(result));
  }
}

const isRefused = ({ violations }: Preview): boolean => violations.some(({ level }) => level === "mandatory");

const toJson = (value: unknown): string => `${JSON.stringify(value, null, 2)}\n`;

async function render({ out, withSecrets, ...args }: RenderArguments): Promise<number> {
  // Loaded here: a preview would be slower by what only a render needs.
  const { offlineRender } = await import("./render.js");
  const { KeptValues, placeholders } = await import("./generated.js");
  const { assertApart, readGenerated, writeObjects, writeSecrets } = await import("./render-files.js");
  if (withSecrets !== undefined) {
    assertApart(out, withSecrets);
  }
  const kept = withSecrets === undefined ? undefined : new KeptValues(readGenerated(withSecrets));
  const rendered = await offlineRender(optionsOf(args), kept ?? placeholders);
  if (withSecrets !== undefined && kept) {
    writeSecrets(rendered, withSecrets, kept.values);
  }
  const files = writeObjects(rendered, out);
  console.log(formatRendered(rendered, files, out));
  return exitCode.clean;
}

/** Sets the exit code; an error that a person can act on is told without its stack trace, and `failed` is told its message. */
async function guarded(
  command: () => Promise<number>,
  failed: (message: string) => void = () => undefined,
): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    const kinds = [InvalidInput, ProgramFailed, PolicyPackFailed];
    const expected = kinds.some((kind) => error instanceof kind) || isFileError(error);
    console.error(expected ? (error as Error).message : error);
    failed(error instanceof Error ? error.message : String(error));
    process.exitCode = exitCode.failed;
  }
}

/** What the operating system says of a file that can't be written; it names the file. */
const isFileError = (error: unknown): boolean => error instanceof Error && "syscall" in error && "path" in error;

// An exit, unlike the end by a signal, ends the program and the policy pack too (see runtime.ts).
(["SIGINT", "SIGTERM", "SIGHUP"] as const).forEach((signal) => process.on(signal, () => process.exit(exitCode.failed)));

void program.parseAsync();
