import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { Command } from "commander";
import { InvalidInput, PolicyPackFailed, ProgramFailed } from "./errors";
import { offlinePreview, ownProgram, Preview, PreviewOptions } from "./preview";
import { formatPreview, formatViolations } from "./format";

/** Exit codes of the contract. */
const exitCode = { clean: 0, mandatoryViolation: 1, failed: 2 };

interface Arguments {
  stack: string;
  stage?: string;
  from?: string;
  config: string[];
  json?: string;
  program?: string;
  policyPack?: string;
  policies: boolean;
}

const program = new Command("offline")
  .description("Shows and checks a stack without Pulumi's CLI, a cluster or credentials")
  .exitOverride((error) => process.exit(error.exitCode === 0 ? exitCode.clean : exitCode.failed));

stackCommand("preview", "the resource tree, every policy finding, and requests by node architecture")
  .option("--no-policies", "leave the policy pack out")
  .action((args: Arguments) => guarded(() => preview(args, formatPreview)));

stackCommand("policy", "every policy finding: the line that a CI job calls").action((args: Arguments) =>
  guarded(() => preview(args, formatViolations)),
);

void program.parseAsync();

function stackCommand(name: string, description: string): Command {
  const collect = (value: string, all: string[]) => [...all, value];
  return program
    .command(name)
    .description(description)
    .requiredOption("--stack <name>", "the stack: Pulumi.<name>.yaml")
    .option("--stage <stage>", "the stage to show; by default the stack's own")
    .option("--from <stage>", "the stage that the stack is in")
    .option("--config <key=value>", "a setting, in Pulumi's path syntax; may be repeated", collect, [])
    .option("--json <file>", "write JSON to a file, or to standard output: -")
    .option("--program <folder>", "another program's folder")
    .option("--policy-pack <folder>", "another policy pack's folder");
}

async function preview(args: Arguments, format: (preview: Preview) => string): Promise<number> {
  const options: PreviewOptions = {
    stack: args.stack,
    stage: args.stage,
    from: args.from,
    config: args.config,
    program: args.program,
    policyPack: args.policies === false ? undefined : (args.policyPack ?? resolve(ownProgram, "policy")),
  };
  const result = await offlinePreview(options);
  if (args.json !== "-") {
    console.log(format(result));
  }
  if (args.json !== undefined) {
    const json = `${JSON.stringify(result, null, 2)}\n`;
    if (args.json === "-") {
      process.stdout.write(json);
    } else {
      writeFileSync(args.json, json);
    }
  }
  const refused = result.violations.some(({ level }) => level === "mandatory");
  return refused ? exitCode.mandatoryViolation : exitCode.clean;
}

/** Sets the exit code; an error that a person can act on is told without its stack trace. */
async function guarded(command: () => Promise<number>): Promise<void> {
  try {
    process.exitCode = await command();
  } catch (error) {
    const expected = [InvalidInput, ProgramFailed, PolicyPackFailed].some((kind) => error instanceof kind);
    console.error(expected ? (error as Error).message : error);
    process.exitCode = exitCode.failed;
  }
}
