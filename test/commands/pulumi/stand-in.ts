import { spawn, type ChildProcessWithoutNullStreams } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cliPath } from "../../../commands/shared/pulumi-cli/launcher";
import { ownProgram } from "../../../engine/project";

/** How one call of the stand-in went. */
export interface Call {
  args: string[];
  /** Environment variables whose names begin with PULUMI, and PATH. */
  env: Record<string, string>;
}

/**
 * A PULUMI_HOME of the test's own, with a stand-in for the CLI where the npm launcher looks for it: a script that notes its arguments, its
 * environment and the signals that reach it.
 */
export class StandInPulumi {
  readonly home = mkdtempSync(join(tmpdir(), "stand-in-pulumi-"));
  readonly path = cliPath({ PULUMI_HOME: this.home });
  private readonly before = process.env.PULUMI_HOME;
  private readonly children: ChildProcessWithoutNullStreams[] = [];
  private readonly notes = join(this.home, "notes");

  constructor() {
    process.env.PULUMI_HOME = this.home;
  }

  /**
   * @param behaviour JavaScript of the commands `up`, `preview` and `destroy`; the default only notes its arguments, and ends well
   * @param outputs what `stack output --json` says; by default it fails, as for a new stack
   * @param state what `stack export` says; by default it fails
   */
  install(behaviour?: string, outputs?: object, state?: object): this {
    mkdirSync(dirname(this.path), { recursive: true });
    const script = join(this.home, "stand-in.cjs");
    writeFileSync(
      script,
      `const { appendFileSync } = require("node:fs");
const note = (what) => appendFileSync(${JSON.stringify(this.notes)}, JSON.stringify(what) + "\\n");
const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => /^PULUMI|^PATH$/.test(name)));
note({ call: { args: process.argv.slice(2), env } });
${behaviour ?? ""}
`,
    );
    // A shell answers what has one answer: it starts in a tenth of the time of Node.js.
    const says = (what?: object) => (what ? `cat <<'EOF'\n${JSON.stringify(what)}\nEOF\nexit` : "exit 1");
    const shell = `#!/bin/sh
case "$1 $2" in
"version "*) echo v0.0.0; exit ;;
"stack export") ${says(state)} ;;
"stack "*) ${says(outputs)} ;;
esac
${behaviour === undefined ? `{ printf args; printf '\\t%s' "$@"; echo; } >> ${this.notes}; exit` : ""}
exec ${process.execPath} ${script} "$@"
`;
    writeFileSync(this.path, shell, { mode: 0o755 });
    return this;
  }

  /** Starts the command through npm, both in a process group of their own, as a terminal has it. */
  start(command: string, args: readonly string[]): ChildProcessWithoutNullStreams {
    const child = spawn("npm", ["run", "--silent", command, "--", ...args], { cwd: ownProgram, detached: true });
    this.children.push(child);
    return child;
  }

  /** The calls of `up` and `preview`, in order. */
  calls(): Call[] {
    return this.noted().flatMap(({ call }) => (call ? [call] : []));
  }

  /** The signals that reached the stand-in, in order. */
  signals(): string[] {
    return this.noted().flatMap(({ signal }) => signal ?? []);
  }

  /** Ends what a failed test left behind, and removes the home. */
  remove(): void {
    this.children
      .filter(({ exitCode, signalCode }) => exitCode === null && signalCode === null)
      .forEach((child) => press(child, "SIGKILL"));
    if (this.before === undefined) delete process.env.PULUMI_HOME;
    else process.env.PULUMI_HOME = this.before;
    rmSync(this.home, { recursive: true, force: true });
  }

  private noted(): { call?: Call; signal?: string }[] {
    if (!existsSync(this.notes)) return [];
    const lines = readFileSync(this.notes, "utf8").trimEnd().split("\n");
    return lines.map((line) => {
      const [word, ...args] = line.split("\t");
      return word === "args" ? { call: { args, env: {} } } : (JSON.parse(line) as object);
    });
  }
}

/** What a key press does: the terminal signals the whole process group. */
export function press(child: ChildProcessWithoutNullStreams, signal: NodeJS.Signals): void {
  process.kill(-(child.pid ?? 0), signal);
}

/** Waits for a process: exit code, signal, and what it wrote. */
export function ended(child: ChildProcessWithoutNullStreams) {
  let [out, err] = ["", ""];
  child.stdout.setEncoding("utf8").on("data", (text: string) => (out += text));
  child.stderr.setEncoding("utf8").on("data", (text: string) => (err += text));
  return new Promise<{ code: number | null; out: string; err: string }>((done) =>
    child.on("close", (code) => done({ code, out, err })),
  );
}
