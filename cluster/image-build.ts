import { createHash } from "node:crypto";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  realpathSync,
  renameSync,
  rmSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join, relative } from "node:path";
import { Binary, binaryPath, build, HOST, Report } from "./build";
import { ImageRecipe } from "./images";
import { Entry, writeImage } from "./oci";
import { cacheDir } from "./paths";
import { moduleVersion, programRelease, PROGRAMS } from "./programs";
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
const TARGET = { os: "linux", arch: HOST.arch };

/** Version of the archives' layout: raised when this file makes other archives from the same recipes. */
const LAYOUT = 1;

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
  await build(binaries, report, TARGET);
  const debian = recipe.debian ? await debianVersions(recipe.debian) : [];
  const shell = recipe.shell ? staticBusybox() : undefined;

  const key = createHash("sha256")
    .update(JSON.stringify([LAYOUT, reference, recipe, TARGET, debian, binaries.map((one) => binaryPath(one, TARGET))]))
    .update(shell ? readFileSync(shell) : "")
    .digest("hex");
  const archive = join(cacheDir(), "images", `${name}-${key.slice(0, 12)}.tar`);
  const built = { archive, ...origin(recipe, debian) };
  if (existsSync(archive)) return built;

  report(`image ${reference}, from ${built.builtFrom}`);
  const scratch = mkdtempSync(join(tmpdir(), "cluster-image-"));
  try {
    const entries: Entry[] = [
      { path: "/etc/passwd", text: "root:x:0:0:root:/:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n" },
      { path: "/etc/group", text: "root:x:0:\nnobody:x:65534:\n" },
      ...(recipe.debian ? await unpackDebian(recipe.debian, recipe.debianBinary!, scratch) : []),
      ...(shell ? await shellEntries(shell) : []),
      ...Object.entries(recipe.binaries ?? {}).map(([path, binary]) => ({
        path,
        from: binaryPath({ program: recipe.program!, binary }, TARGET),
        mode: 0o755,
      })),
      ...(recipe.entries ?? []),
    ];
    mkdirSync(join(archive, ".."), { recursive: true });
    const unfinished = `${archive}.${process.pid}`;
    await writeImage(unfinished, reference, TARGET.arch, entries, { Env: [DEFAULT_PATH], ...recipe.config });
    renameSync(unfinished, archive);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
  return built;
}

const DEFAULT_PATH = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

function origin(recipe: ImageRecipe, debian: string[]): { builtFrom: string; version: string } {
  if (recipe.program) {
    const from = `Go module ${PROGRAMS[recipe.program].module} ${moduleVersion(recipe.program)}`;
    return { builtFrom: from, version: programRelease(recipe.program) };
  }
  const version = debian[0];
  return {
    builtFrom: `Debian package ${recipe.debian![0]} ${version}`,
    version: version.replace(/^\d+:|-[^-]*$/g, ""),
  };
}

/** Versions that apt-get would download. */
async function debianVersions(packages: string[]): Promise<string[]> {
  const show = () => run("apt-cache", ["show", "--no-all-versions", ...packages]);
  const said = await show().catch(async () => {
    await run("apt-get", ["update"]); // a fresh machine has no package lists
    return show();
  });
  return [...said.matchAll(/^Version: (.*)$/gm)].map((match) => match[1]);
}

/** A package's files without documentation, and the libraries that its program loads, from this machine. */
async function unpackDebian(packages: string[], program: string, scratch: string): Promise<Entry[]> {
  const [downloads, root] = [join(scratch, "deb"), join(scratch, "root")];
  mkdirSync(downloads);
  await run("apt-get", ["download", ...packages], { cwd: downloads });
  for (const file of readdirSync(downloads)) await run("dpkg-deb", ["--extract", join(downloads, file), root]);
  const files = readdirSync(root, { recursive: true, withFileTypes: true })
    .map((entry) => ({ entry, from: join(entry.parentPath, entry.name) }))
    .filter(({ entry, from }) => !entry.isDirectory() && !/^usr\/share\/(doc|man|lintian)\//.test(relative(root, from)))
    .map(({ entry, from }): Entry => {
      const path = `/${relative(root, from)}`;
      return entry.isSymbolicLink() ? { path, link: readlinkSync(from) } : { path, from };
    });
  return [...files, ...(await librariesOf(join(root, program)))];
}

/** The libraries that a program loads, under the names by which it looks for them. */
async function librariesOf(program: string): Promise<Entry[]> {
  const said = await run("ldd", [program]);
  const absent = /^\s*(\S+) => not found$/m.exec(said);
  if (absent) throw new Error(`${program} needs the library ${absent[1]}, which this machine lacks`);
  return [...said.matchAll(/(?:=> )?(\/\S+) \(0x/g)].map(([, path]) => ({
    path,
    from: realpathSync(path),
    mode: 0o755,
  }));
}

/** Busybox and a link for each of its commands. Files that come later in the list of entries win over them. */
async function shellEntries(busybox: string): Promise<Entry[]> {
  const commands = (await run(busybox, ["--list"])).trim().split("\n");
  return [
    { path: "/bin/busybox", from: busybox, mode: 0o755 },
    ...commands.filter((name) => name !== "busybox").map((name) => ({ path: `/bin/${name}`, link: "/bin/busybox" })),
  ];
}

function staticBusybox(): string {
  const found = (process.env.PATH ?? "")
    .split(delimiter)
    .map((dir) => join(dir, "busybox"))
    .find(existsSync);
  if (!found) throw new Error("busybox is missing: install the Debian package busybox-static");
  return realpathSync(found);
}
