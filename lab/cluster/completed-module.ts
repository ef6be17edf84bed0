import { createHash } from "node:crypto";
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
import { goModuleDir, moduleVersion, Program, ProgramName, programTable } from "./programs";

/**
 * Flags that make Go build a program from a copy of its module without {@link Program.removals}, with {@link Program.additions} in it and with
 * {@link Program.edits}; none for a program whose module is built as it is. Go refuses to lay files over its module cache (`-overlay`), so the copy takes the module's place in a `go.mod` of its own.
 */
export async function completedModuleFlags(go: string, name: ProgramName): Promise<string[]> {
  const program: Program = programTable[name];
  const changes = changesKey(name);
  if (changes.length === 0) return [];
  const dir = join(cacheDir(), "modules", `${name}-${moduleVersion(name)}-${changes.join("")}`);
  const [source, goMod] = [join(dir, "source"), join(dir, "go.mod")];
  await withLock(
    `${dir}.lock`,
    () => {},
    async () => {
      if (existsSync(goMod)) return;
      rmSync(dir, { recursive: true, force: true });
      cpSync(await moduleDir(go, name), source, { recursive: true });
      makeWritable(source); // the module cache isn't
      for (const path of program.removals ?? []) rmSync(join(source, path), { recursive: true });
      for (const [path, content] of Object.entries(program.additions ?? {})) {
        mkdirSync(dirname(join(source, path)), { recursive: true });
        writeFileSync(join(source, path), content);
      }
      for (const [path, [from, to]] of Object.entries(program.edits ?? {})) {
        const text = readFileSync(join(source, path), "utf8");
        if (!text.includes(from))
          throw new Error(`${path} of ${program.module} has not the lines that are to be others`);
        writeFileSync(join(source, path), text.replace(from, to));
      }
      cpSync(join(goModuleDir(name), "go.sum"), join(dir, "go.sum"));
      const requirements = readFileSync(join(goModuleDir(name), "go.mod"), "utf8");
      writeFileSync(`${goMod}.unfinished`, `${requirements}\nreplace ${program.module} => ${source}\n`);
      renameSync(`${goMod}.unfinished`, goMod);
    },
  );
  return [`-modfile=${goMod}`];
}

/** A short text that changes with what is changed in a program's module and with what it requires, or none where nothing is changed. */
export function changesKey(name: ProgramName): string[] {
  const { additions = {}, edits, removals }: Program = programTable[name];
  if (Object.keys(additions).length === 0 && !edits) return [];
  const hash = createHash("sha256").update(JSON.stringify(removals ?? []));
  if (edits) hash.update(JSON.stringify(edits));
  for (const file of ["go.mod", "go.sum"]) hash.update(readFileSync(join(goModuleDir(name), file)));
  for (const [path, content] of Object.entries(additions))
    hash.update(JSON.stringify([path, content.length])).update(content);
  return [hash.digest("hex").slice(0, 12)];
}

function makeWritable(dir: string): void {
  chmodSync(dir, 0o755);
  for (const entry of readdirSync(dir, { withFileTypes: true }))
    if (entry.isDirectory()) makeWritable(join(dir, entry.name));
}
