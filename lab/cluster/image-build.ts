import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { Binary, binaryPath, build, host, Report } from "./build";
import { debianEntries, debianVersion, librariesOf, libraryEntries } from "./debian";
import type { ImageRecipe } from "./images";
import { Entry, writeImage } from "./oci";
import { cacheDir } from "./paths";
import { moduleVersion, programRelease, programTable } from "./programs";
import { run } from "./run";

/** An image that was made here. */
export interface BuiltImage {
  /** OCI archive. Its path changes with its content. */
  archive: string;
  /** What it was made from, for a person. */
  builtFrom: string;
  /** Version of what is inside; it may differ from the reference's tag. */
  version: string;
}

/** Images are for Linux, whatever this machine runs. */
const target = { os: "linux", arch: host.arch };

/** Version of the archives' layout: raised when this file makes other archives from the same recipes. */
const layout = 1;

/** The package that is the shell of images that have one. */
const shellPath = "busybox";

/** The binaries that a recipe needs. */
export function binariesOfRecipe(recipe: ImageRecipe): Binary[] {
  return Object.values(recipe.binaries ?? {}).map((binary) => ({ program: recipe.program!, binary }));
}

/**
 * Makes an image where the cache lacks it, with the binaries in it.
 *
 * @param name Name for the archive.
 * @param reference Name under which the cluster will know the image.
 * @throws Error when a program or package can't be had on this machine.
 */
export async function buildImage(
  name: string,
  reference: string,
  recipe: ImageRecipe,
  report: Report,
): Promise<BuiltImage> {
  const binaries = binariesOfRecipe(recipe);
  await build(binaries, report, target);
  const packages = [...(recipe.debian?.packages ?? []), ...(recipe.shell ? [shellPath] : [])];
  const versions = await Promise.all(packages.map(debianVersion));
  const given = recipe.given && (await givenProgram(recipe.given));

  const paths = binaries.map((one) => binaryPath(one, target));
  const libraries = recipe.libraries
    ? (await Promise.all([...paths.map(librariesOf), ...recipe.libraries.map(libraryEntries)])).flat()
    : [];

  const inputs = [layout, reference, recipe, target, versions, paths, ...libraries, ...(given?.inputs ?? [])];
  const key = createHash("sha256").update(JSON.stringify(inputs)).digest("hex").slice(0, 12);
  const archive = join(cacheDir(), "images", `${name}-${key}.tar`);
  const built = { archive, ...(given?.origin ?? origin(recipe, versions[0])) };
  if (existsSync(archive)) return built;

  report(`image ${reference}, from ${built.builtFrom}`);
  const entries: Entry[] = [
    { path: "/etc/passwd", text: "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n" },
    { path: "/etc/group", text: "root:x:0:\nnobody:x:65534:\n" },
    ...(recipe.shell ? await shellEntries() : []),
    ...(await packageEntries(recipe)),
    ...libraries,
    ...(given?.entries ?? []),
    ...Object.entries(recipe.binaries ?? {}).map(([path, binary]) => ({
      path,
      from: binaryPath({ program: recipe.program!, binary }, target),
      mode: 0o755,
    })),
    ...(recipe.entries ?? []),
  ];
  mkdirSync(dirname(archive), { recursive: true });
  const unfinished = `${archive}.${process.pid}`;
  await writeImage(unfinished, reference, target.arch, entries, { Env: [defaultPath], ...recipe.config });
  renameSync(unfinished, archive);
  removeOlder(name, archive);
  return built;
}

/** The program that the environment names: what the image holds of it, what says that it has changed, and its version as it says it. */
async function givenProgram({ path, variable }: NonNullable<ImageRecipe["given"]>): Promise<{
  entries: Entry[];
  inputs: unknown[];
  origin: Omit<BuiltImage, "archive">;
}> {
  const from = process.env[variable] ?? "";
  const said = await run(from, ["--version"]).catch((error: Error) => {
    throw new Error(
      `${variable}=${from}: has to be the absolute path of a program that runs on this machine\n  ${error.message}`,
    );
  });
  const { size, mtimeMs } = statSync(from);
  return {
    entries: [{ path, from, mode: 0o755 }, ...(await librariesOf(from))],
    inputs: [from, size, mtimeMs],
    origin: { builtFrom: `${variable}=${from}`, version: /\d+\.\d+\.\d+\S*/.exec(said)?.[0] ?? said.trim() },
  };
}

/** Removes the archives that this image had under other recipes or versions, and what a run left that was stopped: each is as large as its program. */
function removeOlder(name: string, archive: string): void {
  const dir = dirname(archive);
  const archives = readdirSync(dir).filter((file) => new RegExp(`^${name}-[0-9a-f]{12}\\.tar(\\.\\d+)?$`).test(file));
  for (const file of archives) if (join(dir, file) !== archive) rmSync(join(dir, file));
}

const defaultPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function origin(recipe: ImageRecipe, debianVersion: string): { builtFrom: string; version: string } {
  if (!recipe.program) {
    const version = debianVersion.replace(/^\d+:|-[^-]*$/g, ""); // without epoch and Debian's own revision
    return { builtFrom: `Debian package ${recipe.debian!.packages[0]} ${debianVersion}`, version };
  }
  const from = `Go module ${programTable[recipe.program].module} ${moduleVersion(recipe.program)}`;
  return { builtFrom: from, version: programRelease(recipe.program) };
}

async function packageEntries({ debian }: ImageRecipe): Promise<Entry[]> {
  const all = await Promise.all(
    (debian?.packages ?? []).map((name) => debianEntries(name, [debian!.program, `/usr${debian!.program}`])),
  );
  return all.flatMap(({ entries }) => entries);
}

/** Busybox, with a link for each of its commands. Its `wget -T` crashes (Debian 12's 1.35 does, also outside an image); without -T it works. */
async function shellEntries(): Promise<Entry[]> {
  const { entries, program } = await debianEntries(shellPath, ["/bin/busybox", "/usr/bin/busybox"]);
  const busybox = entries.find(({ path }) => path === program) as { from: string };
  const commands = (await run(busybox.from, ["--list"])).trim().split("\n");
  const links = commands.filter((name) => name !== "busybox").map((name) => ({ path: `/bin/${name}`, link: program }));
  return [...entries, ...links];
}
