import { chmodSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { ProgramName, programTable, goModuleDir } from "./programs";
import { run } from "./run";

/** Environment of every `go` command: what a person set for other work must change neither the binaries nor which standard library is taken. */
export const goEnv = { GOFLAGS: "", GOROOT: "", GOWORK: "off" };

/** Where Go is looked for besides PATH: its own installer's folder, then Debian's. */
const usualPlaces = ["go", "/usr/local/go/bin/go", "/usr/lib/go/bin/go"];

/** A Go version as comparable numbers: `go1.26.6` → [1, 26, 6]. */
function parseGoVersion(text: string): number[] {
  const match = /(\d+)\.(\d+)(?:\.(\d+))?/.exec(text);
  if (!match) throw new Error(`not a Go version: ${JSON.stringify(text)}`);
  return match.slice(1).map((part) => Number(part ?? 0));
}

/** Whether one Go version is at least another. */
export function goIsAtLeast(version: string, wanted: string): boolean {
  const [a, b] = [parseGoVersion(version), parseGoVersion(wanted)];
  const different = a.findIndex((part, i) => part !== b[i]);
  return different === -1 || a[different] > b[different];
}

/** The newest Go version that any of the programs asks for in its `go.mod`. */
export function requiredGo(names = Object.keys(programTable) as ProgramName[]): string {
  const versions = names.map((name) => /^go (\S+)$/m.exec(readFileSync(join(goModuleDir(name), "go.mod"), "utf8"))![1]);
  return versions.reduce((newest, version) => (goIsAtLeast(newest, version) ? newest : version));
}

/** The first Go among some commands, with its version; undefined where there is none. */
export async function installedGo(places = usualPlaces): Promise<{ command: string; version: string } | undefined> {
  for (const command of places) {
    // `go env GOVERSION` would answer for the toolchain that a go.mod selects; `go version` in / can't find one
    const said = await run(command, ["version"], { cwd: "/", env: { GOTOOLCHAIN: "local" } }).catch(() => undefined);
    if (said) return { command, version: /go(\d\S*)/.exec(said)![1] };
  }
  return undefined;
}

/**
 * The `go` command to build with: the installed one if it is new enough for every program; otherwise it downloads the toolchain's module, which any
 * Go since 1.11 can do (automatic switching of toolchains came later, and Debian 12's Go 1.19 can't).
 *
 * @param places Commands to try, in order.
 * @throws Error when Go is missing, with the command that installs it.
 */
export async function goCommand(report: (line: string) => void = () => {}, places = usualPlaces): Promise<string> {
  const installed = await installedGo(places);
  if (!installed) throw new Error(noGo);
  const wanted = requiredGo();
  if (goIsAtLeast(installed.version, wanted)) return installed.command;
  report(`Go ${installed.version} is older than ${wanted}: downloading that toolchain`);
  return downloadToolchain(installed.command, wanted);
}

/** What to do where Go is missing. */
const noGo =
  "Go is not installed, and the cluster's programs are built with it. Install it as root with `apt-get install golang-go` " +
  "(any version: a newer toolchain is downloaded where one is needed), or from https://go.dev/dl, and run this again.";

/** Folder of a program's module in Go's module cache, downloaded where it isn't there. */
export async function moduleDir(go: string, name: ProgramName): Promise<string> {
  return downloadedModule(go, goModuleDir(name), programTable[name].module);
}

/**
 * Folder of a module in Go's module cache, downloaded where it isn't there.
 * @param folder whose `go.mod` names its version
 * @param module its path
 */
export async function downloadedModule(go: string, folder: string, module: string): Promise<string> {
  const said = await run(go, ["mod", "download", "-json", module], { cwd: folder, env: goEnv });
  return (JSON.parse(said) as { Dir: string }).Dir;
}

async function downloadToolchain(command: string, version: string): Promise<string> {
  const platform = `${process.platform}-${process.arch === "x64" ? "amd64" : process.arch}`;
  const module = `golang.org/toolchain@v0.0.1-go${version}.${platform}`;
  const said = await run(command, ["mod", "download", "-json", module], {
    cwd: "/",
    env: { GO111MODULE: "on", GOFLAGS: "-mod=mod", GOTOOLCHAIN: "local" },
  });
  const { Dir: dir } = JSON.parse(said) as { Dir: string };
  // a module's archive holds no modes; cmd/go does the same when it switches automatically
  const tools = join(dir, "pkg", "tool", platform.replace("-", "_"));
  const programs = [join(dir, "bin"), tools].filter(existsSync);
  for (const folder of programs) for (const file of readdirSync(folder)) chmodSync(join(folder, file), 0o755);
  return join(dir, "bin", "go");
}
