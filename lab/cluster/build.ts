import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync } from "node:fs";
import { join } from "node:path";
import { changesKey, completedModuleFlags } from "./completed-module";
import { debianProgram } from "./debian";
import { goEnv, goCommand } from "./go";
import { withLock } from "./lock";
import { cacheDir } from "./paths";
import { goModuleDir, Program, ProgramName, programRelease, programTable } from "./programs";
import { run } from "./run";

/** Takes a line of progress for a person. */
export type Report = (line: string) => void;

/** A binary to build: which program it belongs to, and what it is called. */
export interface Binary {
  program: ProgramName;
  binary: string;
}

/** Operating system and architecture in Go's words. */
export interface Target {
  os: string;
  arch: string;
}

/** The machine that this runs on. */
export const host: Target = {
  os: process.platform,
  arch: process.arch === "x64" ? "amd64" : process.arch,
};

const secondsBetweenLines = 30;

/** Compilers give way to tests and clusters that run beside them: they get a tenth of the time where both want all of it. */
const lowPriority = ["-n", "10"];

/** Every binary of the programs named. */
export function binariesOf(programs: ProgramName[]): Binary[] {
  return programs.flatMap((program) =>
    Object.keys(programTable[program].binaries).map((binary) => ({ program, binary })),
  );
}

/** Where a binary is, or will be once it is built. The path changes with anything that would change the binary: module versions, build flags, target. */
export function binaryPath({ program, binary }: Binary, target: Target = host): string {
  const dir = goModuleDir(program);
  const key = createHash("sha256")
    .update(readFileSync(join(dir, "go.mod")))
    .update(readFileSync(join(dir, "go.sum")))
    .update(JSON.stringify([buildFlags(program), target, ...changesKey(program)]))
    .digest("hex")
    .slice(0, 12);
  return join(cacheDir(), "bin", program, `${programRelease(program)}-${target.os}-${target.arch}-${key}`, binary);
}

/** Flags of `go build` for a program: they make the same binary on every machine. */
export function buildFlags(name: ProgramName): string[] {
  const program: Program = programTable[name];
  const stamps = Object.entries(program.stamps?.(programRelease(name)) ?? {});
  const ldflags = ["-s", "-w", ...stamps.map(([variable, value]) => `-X ${variable}=${value}`)].join(" ");
  const tags = program.tags ? [`-tags=${program.tags.join(",")}`] : [];
  return ["-mod=readonly", "-trimpath", "-buildvcs=false", ...tags, `-ldflags=${ldflags}`];
}

/**
 * Builds those of the binaries that the cache lacks, one after the other, telling which one of how many and the seconds it took. What is built stays
 * built when a later one fails.
 *
 * @throws Error when Go is missing, or with the compiler's last lines.
 */
export async function build(wanted: Binary[], report: Report, target: Target = host): Promise<void> {
  const missing = wanted.filter((one) => !existsSync(binaryPath(one, target)));
  if (missing.length === 0) return;
  const go = await goCommand(report);
  for (const [i, one] of missing.entries()) {
    const what = `${one.program} ${programRelease(one.program)}: ${one.binary} (${i + 1} of ${missing.length})`;
    await timed(`building ${what}`, report, () => buildOne(go, one, target, report));
  }
}

async function buildOne(go: string, one: Binary, target: Target, report: Report): Promise<void> {
  const out = binaryPath(one, target);
  const lock = `${out}.lock`;
  const waiting = (owner: number) => report(`waiting for process ${owner}, which is building ${one.binary}`);
  await withLock(lock, waiting, async () => {
    if (existsSync(out)) return;
    mkdirSync(join(out, ".."), { recursive: true });
    const unfinished = `${out}.unfinished`;
    const program: Program = programTable[one.program];
    const flags = [...(await completedModuleFlags(go, one.program)), ...buildFlags(one.program)];
    await run("nice", [...lowPriority, go, "build", ...flags, "-o", unfinished, program.binaries[one.binary]], {
      cwd: goModuleDir(one.program),
      env: {
        ...goEnv,
        CGO_ENABLED: program.cgo ? "1" : "0",
        GOOS: target.os,
        GOARCH: target.arch,
        ...(await headersEnv(program)),
      },
    });
    renameSync(unfinished, out);
  });
}

/** Where the C compiler finds the headers that this machine lacks: in Debian's packages, unpacked. */
async function headersEnv({ headers = {} }: Program): Promise<Record<string, string>> {
  const absent = Object.entries(headers).filter(([header]) => !existsSync(join("/usr/include", header)));
  const folders = await Promise.all(absent.map(([, name]) => debianProgram(name, "usr/include")));
  return folders.length > 0 ? { CGO_CFLAGS: folders.map((folder) => `-I${folder}`).join(" ") } : {};
}

/** Prints that something begins, that it is still going on, and how many seconds it took. */
export async function timed<T>(what: string, report: Report, body: () => Promise<T>): Promise<T> {
  const start = Date.now();
  const seconds = () => Math.round((Date.now() - start) / 1000);
  report(`${what} …`);
  const timer = setInterval(() => report(`${what}: still running, ${seconds()} s`), secondsBetweenLines * 1000);
  try {
    const result = await body();
    report(`${what}: ${seconds()} s`);
    return result;
  } finally {
    clearInterval(timer);
  }
}
