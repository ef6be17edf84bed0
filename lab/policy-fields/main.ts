import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { format, resolveConfig } from "prettier";
import { goEnv, goCommand } from "../cluster/go";
import { moduleVersion, programRelease, programTable } from "../cluster/programs";
import { run } from "../cluster/run";
import { byParts, merged, shared, type Fields, type Flags } from "./merge";

/** A program whose fields are listed. */
interface Listed {
  /** The package that is read, with all that it depends on. */
  package: string;
  /** The type of its configuration, and the function that registers its flags, each after the end of its package's path. */
  type: string;
  flags: string;
  /** Whether it accepts modules that it doesn't list (`-target`). */
  runsHidden: boolean;
  /** By version, its module, beside the version that `lab/cluster/go` pins. Of a minor version the newest that Go's proxy has. */
  modules: Readonly<Record<string, string>>;
}

/** The programs, by the name that they have in `lab/cluster/go` and in `policy/lib`. */
export const listed = {
  loki: {
    package: "./pkg/loki",
    type: "pkg/loki.ConfigWrapper",
    flags: "pkg/loki.ConfigWrapper.RegisterFlags",
    runsHidden: true,
    modules: {
      "2.9": "github.com/grafana/loki@v1.6.2-0.20231211180320-2535f9bedeae", // its tag v2.9.3, which Go can't read
      "3.0": "github.com/grafana/loki/v3@v3.0.0",
      "3.1": "github.com/grafana/loki/v3@v3.1.2",
      "3.2": "github.com/grafana/loki/v3@v3.2.2",
      "3.3": "github.com/grafana/loki/v3@v3.3.4",
      "3.4": "github.com/grafana/loki/v3@v3.4.6",
      "3.5": "github.com/grafana/loki/v3@v3.5.7",
      "3.7": "github.com/grafana/loki/v3@v3.7.1",
    },
  },
  mimir: {
    package: "./cmd/mimir",
    type: "pkg/mimir.Config",
    flags: "cmd/mimir.main",
    runsHidden: false,
    modules: {
      // Of Mimir 2 no release can be had as a module. This is a commit between 2.16 and 2.17, so that it says what Mimir 2 had, and is no version's list.
      "2.17~dev": "github.com/grafana/mimir@v0.0.0-20250501105506-4584085047c0",
    },
  },
} as const satisfies Record<string, Listed>;

/** Name of a program whose fields are listed. */
export type ListedProgram = keyof typeof listed;

/** The modules of a program's versions, from the oldest: those of the table, and that which `lab/cluster/go` pins. */
export function modulesOf(program: ListedProgram): Map<string, string> {
  const [minor] = /^\d+\.\d+/.exec(programRelease(program))!;
  const all = { ...listed[program].modules, [minor]: `${programTable[program].module}@${moduleVersion(program)}` };
  return new Map(Object.entries(all).sort(([a], [b]) => a.localeCompare(b, "en", { numeric: true })));
}

/** What the source of one version of a program says. */
interface Told {
  /** What its configuration may have. */
  fields: Fields;
  /** The flags with which it may be started. */
  flags: Flags;
  /** What it may be told to run (`-target`). */
  targets: Fields;
}

/**
 * Asks the source of one version of a program for its fields, flags and targets. The module is downloaded where it isn't there; nothing is built of it.
 *
 * @param module path and version
 * @throws Error when Go is missing, or the module can't be had
 */
export async function toldBy(program: ListedProgram, module: string): Promise<Told> {
  const go = await goCommand();
  const folder = mkdtempSync(path.join(tmpdir(), "fields-"));
  // Not among Go's own variables: an older version's module names a folder of copies that its archive doesn't have.
  const env = { ...goEnv, GOFLAGS: "-mod=readonly", CGO_ENABLED: "0" };
  try {
    const { Dir: cwd } = JSON.parse(await run(go, ["mod", "download", "-json", module], { cwd: "/", env: goEnv })) as {
      Dir: string;
    };
    const fields = "-json=ImportPath,Dir,GoFiles,ImportMap";
    // -e, because a version's own folders that have a module of their own may not be in its archive.
    const { package: read, type, flags: function_, runsHidden } = listed[program];
    const packages = await run(go, ["list", "-deps", "-e", fields, read], { cwd, env });
    const reader = path.join(folder, "fields");
    const source = ["main.go", "flags.go"].map((file) => path.join(__dirname, file));
    await run(go, ["build", "-o", reader, ...source], { cwd: folder, env: goEnv });
    const told = JSON.parse(await run(reader, [type, function_], { input: packages })) as {
      fields: Fields;
      flags: Flags;
      /** Whether the program hides them. */
      modules: Record<string, boolean>;
    };
    const targets = Object.entries(told.modules).filter(([, isHidden]) => runsHidden || !isHidden);
    return {
      fields: told.fields,
      flags: told.flags,
      targets: Object.fromEntries(targets.map(([name]) => [name, "text"])),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Where the lists of a program are kept: of its fields, and of its flags and targets. */
export const listFile = (program: ListedProgram, list: "fields" | "flags"): string =>
  path.join(__dirname, "../../policy/lib", program, `${list}.json`);

async function main(): Promise<void> {
  for (const program of Object.keys(listed) as ListedProgram[]) {
    const versions = new Map<string, Told>();
    for (const [version, module] of modulesOf(program)) {
      console.log(`${program} ${version}: ${module}`);
      versions.set(version, await toldBy(program, module));
    }
    const of = <T>(read: (told: Told) => T) => new Map([...versions].map(([version, told]) => [version, read(told)]));
    const modules = Object.fromEntries(modulesOf(program));
    await write(listFile(program, "fields"), { modules, ...shared(merged(of(({ fields }) => fields))) });
    const { blocks, fields: flags } = shared(merged(byParts(of(({ flags }) => flags))));
    await write(listFile(program, "flags"), { modules, blocks, flags, targets: merged(of(({ targets }) => targets)) });
  }
}

async function write(file: string, content: object): Promise<void> {
  writeFileSync(file, await format(JSON.stringify(content), { ...(await resolveConfig(file)), filepath: file }));
}

if (require.main === module) void main();
