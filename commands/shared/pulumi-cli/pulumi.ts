import { spawn, type StdioOptions } from "node:child_process";
import { constants } from "node:os";
import { delimiter, dirname } from "node:path";
import { ownProgram } from "../../../engine/project";

type Environment = Readonly<Record<string, string | undefined>>;

/** How Pulumi is run. */
export interface PulumiOptions {
  /** Environment, in place of this process's own. */
  env?: Environment;
  /** Its standard streams; default: this process's own. */
  stdio?: StdioOptions;
}

/** Milliseconds in which a repeated signal is the same key press: npm passes on what the terminal has sent already. */
const sameKeyPress = 500;

const passedOn = ["SIGINT", "SIGTERM", "SIGHUP", "SIGWINCH"] as const;

/**
 * Runs Pulumi's CLI to its end, in this repository's folder. Signals are passed on, each once: the first Ctrl-C lets Pulumi finish what
 * it is doing and write its state, and a second one, meant as such, ends it at once.
 * @param cli path of the CLI
 * @param args its arguments
 * @returns its exit code; 128 and the signal's number where a signal ended it
 * @throws Error when it can't be started
 */
export function runPulumi(cli: string, args: readonly string[], options: PulumiOptions = {}): Promise<number> {
  const { env = process.env, stdio = "inherit" } = options;
  return new Promise((resolve, reject) => {
    // A session of its own: else the terminal would signal it too, and Pulumi takes a second signal for “at once, whatever breaks”.
    const child = spawn(cli, args, { cwd: ownProgram, env: environment(cli, env), stdio, detached: true });
    let last = { signal: "", at: 0 };
    const passOn = (signal: NodeJS.Signals) => {
      const again = signal === last.signal && Date.now() - last.at < sameKeyPress;
      if (again && signal !== "SIGWINCH") return;
      last = { signal, at: Date.now() };
      child.kill(signal);
    };
    const settle = (then: () => void) => {
      passedOn.forEach((signal) => process.off(signal, passOn));
      then();
    };
    passedOn.forEach((signal) => process.on(signal, passOn));
    child.on("error", (error) => settle(() => reject(error)));
    child.on("close", (code, signal) => settle(() => resolve(code ?? 128 + constants.signals[signal ?? "SIGTERM"])));
  });
}

/**
 * Pulumi's answer to a query, such as an output of a stack. It never asks for input.
 * @param cli path of the CLI
 * @param args its arguments
 * @returns its standard output without the last line break; undefined if it has no answer
 */
export function askPulumi(cli: string, args: readonly string[]): Promise<string | undefined> {
  return new Promise((resolve) => {
    const child = spawn(cli, [...args, "--non-interactive"], {
      cwd: ownProgram,
      env: environment(cli, process.env),
      stdio: ["ignore", "pipe", "ignore"],
    });
    let said = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
    child.on("error", () => resolve(undefined));
    child.on("close", (code) => resolve(code === 0 ? said.trimEnd() : undefined));
  });
}

function environment(cli: string, env: Environment) {
  return {
    // package.json says which version it is: an advice to upgrade would be wrong.
    PULUMI_SKIP_UPDATE_CHECK: "true",
    ...env,
    // The language host is in the CLI's own folder.
    PATH: [dirname(cli), env.PATH].filter(Boolean).join(delimiter),
  };
}
