import { existsSync, mkdirSync, readdirSync, readlinkSync, realpathSync, renameSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { withLock } from "./lock";
import { Entry } from "./oci";
import { cacheDir } from "./paths";
import { run } from "./run";

/** Version of a package that apt-get would download. */
export async function debianVersion(name: string): Promise<string> {
  const show = () => run("apt-cache", ["show", "--no-all-versions", name]);
  const said = await show().catch(async () => {
    await run("apt-get", ["update"]); // a fresh machine has no package lists
    return show();
  });
  return /^Version: (.*)$/m.exec(said)![1];
}

/**
 * A package's files, without documentation and without installing it, and the libraries that its program loads, which are this machine's.
 *
 * @param program Path of the program below the package's root; the first that exists counts.
 * @returns The entries, and the program's path.
 */
export async function debianEntries(name: string, program: string[]): Promise<{ entries: Entry[]; program: string }> {
  const root = await unpacked(name);
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => ({ entry, from: join(entry.parentPath, entry.name) }))
    .filter(({ entry, from }) => !entry.isDirectory() && !/^usr\/share\/(doc|man|lintian)\//.test(relative(root, from)))
    .map(({ entry, from }): Entry => {
      const path = `/${relative(root, from)}`;
      return entry.isSymbolicLink() ? { path, link: readlinkSync(from) } : { path, from };
    });
  const found = program.find((path) => existsSync(join(root, path)));
  const libraries = found ? await librariesOf(join(root, found)) : [];
  return { entries: [...files, ...libraries], program: found ?? "" };
}

/** Path of a program of a package on this machine, without installing it. Its libraries have to be here. */
export async function debianProgram(name: string, program: string): Promise<string> {
  return join(await unpacked(name), program);
}

/** Folder of a package's files, downloaded and unpacked once a version. */
async function unpacked(name: string): Promise<string> {
  const dir = join(cacheDir(), "debian", `${name}_${await debianVersion(name)}`);
  await withLock(
    `${dir}.lock`,
    () => {},
    async () => {
      if (existsSync(dir)) return;
      const [downloads, unfinished] = [`${dir}.download`, `${dir}.unfinished`];
      for (const rest of [downloads, unfinished]) rmSync(rest, { recursive: true, force: true });
      mkdirSync(downloads, { recursive: true });
      await run("apt-get", ["download", name], { cwd: downloads });
      for (const file of readdirSync(downloads))
        await run("dpkg-deb", ["--extract", join(downloads, file), unfinished]);
      rmSync(downloads, { recursive: true });
      renameSync(unfinished, dir);
    },
  );
  return dir;
}

/** A library of this machine under the name by which programs load it, with those that it is linked with in its turn. */
export async function libraryEntries(name: string): Promise<Entry[]> {
  const known = await run("ldconfig", ["-p"]);
  const path = known
    .split("\n")
    .flatMap((line) => (line.trim().startsWith(`${name} `) ? [line.split("=> ")[1]] : []))[0];
  if (!path) throw new Error(`this machine lacks the library ${name}`);
  return [{ path, from: realpathSync(path), mode: 0o755 }, ...(await librariesOf(path))];
}

/** The libraries that a program or library is linked with, under the names by which it looks for them. */
export async function librariesOf(program: string): Promise<Entry[]> {
  const said = await run("ldd", [program]).catch((error: Error) => {
    if (/not a dynamic executable/.test(error.message)) return "";
    throw error;
  });
  const absent = /^\s*(\S+) => not found$/m.exec(said);
  if (absent) throw new Error(`${program} needs the library ${absent[1]}, which this machine lacks`);
  return [...said.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => ({
    path,
    from: realpathSync(path),
    mode: 0o755,
  }));
}
