import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { moduleDir } from "./go";
import { withLock } from "./lock";
import { cacheDir } from "./paths";
import { goModuleDir, moduleVersion, Program, ProgramName, PROGRAMS } from "./programs";

/**
 * Flags that make Go build a program from a copy of its module with {@link Program.additions} in it; none for a program whose module is complete. Go
 * refuses to lay files over its module cache (`-overlay`), so the copy takes the module's place in a `go.mod` of its own.
 */
export async function completedModuleFlags(go: string, name: ProgramName): Promise<string[]> {
  const program: Program = PROGRAMS[name];
  if (!program.additions) return [];
  const dir = join(cacheDir(), "modules", `${name}-${moduleVersion(name)}`);
  const [source, goMod] = [join(dir, "source"), join(dir, "go.mod")];
  await withLock(
    `${dir}.lock`,
    () => {},
    async () => {
      if (existsSync(goMod)) return;
      rmSync(dir, { recursive: true, force: true });
      cpSync(await moduleDir(go, name), source, { recursive: true });
      makeWritable(source); // the module cache isn't
      for (const [path, content] of Object.entries(program.additions!)) {
        mkdirSync(dirname(join(source, path)), { recursive: true });
        writeFileSync(join(source, path), content);
      }
      cpSync(join(goModuleDir(name), "go.sum"), join(dir, "go.sum"));
      const requirements = readFileSync(join(goModuleDir(name), "go.mod"), "utf8");
      writeFileSync(`${goMod}.unfinished`, `${requirements}\nreplace ${program.module} => ${source}\n`);
      renameSync(`${goMod}.unfinished`, goMod);
    },
  );
  return [`-modfile=${goMod}`];
}

function makeWritable(dir: string): void {
  chmodSync(dir, 0o755);
  for (const entry of readdirSync(dir, { withFileTypes: true }))
    if (entry.isDirectory()) makeWritable(join(dir, entry.name));
}
