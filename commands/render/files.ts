import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { basename, dirname, join, relative, resolve } from "node:path";
import { InvalidInput } from "../../engine/errors";
import { HelmRelease, KubernetesObject } from "../shared/objects";
import { Rendered } from "../shared/render";
import { toYaml } from "./yaml";

/** The list of the files that a render wrote, so that the next one removes only those. `kubectl apply -f DIR` skips it. */
const manifest = ".rendered";

/** The line of a secrets file that keeps the generated values: a comment, so that the file can be applied as it is. */
const keptMark = "# generated: ";

/**
 * Writes a stack's objects and releases as YAML, one file each, and removes files of an earlier render that are no longer
 * needed. All content is rendered before the first file is changed, and each file is written completely or not at all.
 *
 * @param folder created if it is missing
 * @returns the names of the files, sorted
 * @throws {InvalidInput} if there is a file with that name that no render wrote, or two objects need the same name
 */
export function writeObjects(rendered: Rendered, folder: string): string[] {
  const files = contents(rendered);
  const earlier = listOf(folder);
  const foreign = [...files.keys()].filter((name) => !earlier.includes(name) && existsSync(join(folder, name)));
  if (foreign.length > 0) {
    throw new InvalidInput(
      `${folder} has files that this command did not write: ${foreign.join(", ")}. Move them away.`,
    );
  }
  mkdirSync(folder, { recursive: true });
  const names = [...files.keys()].sort();
  // Old and new names first, so that the next run knows every file that an interrupted run leaves behind.
  writeWhole(join(folder, manifest), `${[...new Set([...earlier, ...names])].sort().join("\n")}\n`);
  files.forEach((text, name) => writeWhole(join(folder, name), text));
  earlier.filter((name) => !files.has(name)).forEach((name) => rmSync(join(folder, name), { force: true }));
  writeWhole(join(folder, manifest), `${names.join("\n")}\n`);
  return names;
}

/**
 * Writes the stack's Secrets in clear, ready for `kubectl apply -f`, readable by their owner only.
 *
 * @param generated generated values by name, for {@link readGenerated} of the next run
 */
export function writeSecrets(rendered: Rendered, file: string, generated: Record<string, string>): void {
  const secrets = rendered.resources
    .flatMap(({ object }) => (object?.kind === "Secret" ? [object] : []))
    .sort((a, b) => (fileName(a) < fileName(b) ? -1 : 1));
  const sorted = Object.fromEntries(Object.entries(generated).sort());
  const header = [
    "# Secrets in clear: keep this file out of version control.",
    "# The next render takes generated values from the line below.",
    `${keptMark}${JSON.stringify(sorted)}`,
  ];
  const documents = secrets.map((object) => `---\n${toYaml(object)}`);
  mkdirSync(dirname(resolve(file)), { recursive: true });
  writeWhole(file, [...header, ...documents].join("\n"), 0o600);
}

/**
 * The generated values that an earlier render kept in a secrets file; none if there is no such file.
 *
 * @throws {InvalidInput} if the file exists and was not written by this command: it would be overwritten
 */
export function readGenerated(file: string): Record<string, string> {
  if (!existsSync(file) || statSync(file).size === 0) {
    return {};
  }
  const line = readFileSync(file, "utf8")
    .split("\n")
    .find((text) => text.startsWith(keptMark));
  if (line === undefined) {
    throw new InvalidInput(`${file} was not written by this command, and would be overwritten. Choose another file.`);
  }
  return JSON.parse(line.slice(keptMark.length)) as Record<string, string>;
}

/** Refuses a secrets file inside the folder of objects: `kubectl apply -f DIR` would apply both, in either order. */
export function assertApart(folder: string, file: string): void {
  if (!relative(resolve(folder), resolve(file)).startsWith("..")) {
    throw new InvalidInput(
      `${file} is inside ${folder}: applying the folder would apply placeholders over the secrets.`,
    );
  }
}

function contents(rendered: Rendered): Map<string, string> {
  const files = new Map<string, string>();
  const add = (name: string, text: string, urn: string) => {
    if (files.has(name)) {
      throw new InvalidInput(`${urn}: another object has the file name ${name}.`);
    }
    files.set(name, text);
  };
  for (const { urn, covered } of rendered.resources) {
    if (covered?.object) {
      add(fileName(covered.object), toYaml(covered.object), urn);
    }
    if (covered?.release) {
      add(releaseFileName(covered.release), toYaml(covered.release.values, releaseHeader(covered.release)), urn);
    }
  }
  return files;
}

const fileName = ({ kind, metadata }: KubernetesObject): string =>
  safe([kind, metadata.namespace, metadata.name].filter(Boolean).join("-"));

const releaseFileName = ({ namespace, name }: HelmRelease): string => safe(`release-${namespace}-${name}`);

/** Some names of RBAC objects have colons. */
const safe = (name: string): string => `${name.toLowerCase().replace(/[^a-z0-9.-]/g, "-")}.yaml`;

const releaseHeader = ({ name, namespace, source, version, repository }: HelmRelease): string[] => [
  `Values of the Helm release ${namespace}/${name}`,
  `chart: ${source}`,
  `version: ${version ?? "the newest"}`,
  `repository: ${repository ?? "in the chart's address"}`,
];

function listOf(folder: string): string[] {
  const file = join(folder, manifest);
  const lines = existsSync(file) ? readFileSync(file, "utf8").split("\n") : [];
  // Names only: an edited list must not lead out of the folder.
  return lines.filter((line) => line !== "" && basename(line) === line);
}

function writeWhole(file: string, text: string, mode = 0o644): void {
  const temporary = join(dirname(resolve(file)), `.${basename(file)}.${process.pid}.tmp`);
  try {
    writeFileSync(temporary, text, { mode });
    renameSync(temporary, file);
  } finally {
    rmSync(temporary, { force: true });
  }
}
