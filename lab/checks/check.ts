import { Command } from "commander";
import { runCommand, start } from "../../commands/shared/command-line";
import { succeeds } from "../cluster/run";

/** A program that a check needs. */
export interface Tool {
  name: string;
  /** Arguments that show that it works. */
  proof: string[];
  /** How to install it. */
  install: string;
}

/**
 * Checks cases one after the other and prints a line for each. A check without cases has failed, otherwise it would always pass.
 * @param tool what the check needs; without it nothing is checked, and that is a failure
 * @param cases what is looked at, each with a title of its own
 * @param look the problems of one of them, a line each; what it throws is one, too
 * @param say takes the lines
 * @returns exit code: 0 everything is correct, 1 something is wrong or could not be checked
 */
export async function report<Case extends { title: string }>(
  tool: Tool,
  cases: () => Promise<Case[]>,
  look: (one: Case) => Promise<string[]>,
  say: (line: string) => void = console.log,
): Promise<number> {
  if (!(await succeeds(tool.name, tool.proof))) {
    say(`✗ Nothing was checked: \`${[tool.name, ...tool.proof].join(" ")}\` fails. ${tool.install}`);
    return 1;
  }
  const all = await cases();
  if (all.length === 0) say("✗ Nothing was checked: no stack has anything for this check.");
  let well = all.length > 0;
  for (const one of all) {
    const problems = await look(one).catch((error: Error) => error.message.split("\n"));
    say(
      [`${problems.length === 0 ? "✓" : "✗"} ${one.title}`, ...problems.map((problem) => `    ${problem}`)].join("\n"),
    );
    well &&= problems.length === 0;
  }
  return well ? 0 : 1;
}

/**
 * Runs a check as this process: settings that are invalid end it with their message alone, as they end a command.
 * @param name as npm calls it
 * @param check gives the exit code
 */
export const startCheck = (name: string, check: () => Promise<number>): void =>
  start((words, terminal) => runCommand(new Command(name), words, terminal, check));
