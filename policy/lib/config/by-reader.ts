import { inner } from "../paths";
import { volumesOf, type Reader } from "../pods/readers";
import type { Resource } from "../resource";
import { at, isBlock, listOf, type Block } from "../unknown";
import type { Config } from "./config";
import { noEnvironment } from "./environment";
import { rawFlagOf } from "./flags";
import type { Program } from "./program";
import { isImageOf } from "./version";
import { readAnew, readYaml } from "./yaml";

/**
 * The file of a ConfigMap or Secret that a container with the program's own image reads as its configuration (`-config.file`). It is the program's whatever
 * stands in it: a few settings, or some of another program that it doesn't know.
 *
 * @returns undefined where no file of this object is it, or it is no mapping
 */
export function configReadBy(source: Resource, reader: Reader, program: Program): Config | undefined {
  for (const { path, text } of filesReadBy(source, reader, program)) {
    const { content } = readYaml(text, program, noEnvironment);
    if (!isBlock(content)) continue;
    const read = readAnew(text, program, content);
    return { content, path, pathOf: (name) => `${path}: ${name}`, read, awaitsReader: true, isByReader: true };
  }
  return undefined;
}

/** Those of such files that the program can't read, with the reason. What a variable makes of one isn't known here. */
export function* unreadableReadBy(
  source: Resource,
  reader: Reader,
  program: Program,
): Iterable<{ path: string; problem: string }> {
  for (const { path, text } of filesReadBy(source, reader, program)) {
    if (text.includes("$")) continue;
    const { content, problem } = readYaml(text, program, noEnvironment);
    // Of nothing but a null Mimir makes its defaults.
    const isTaken = isBlock(content) || (content === null && program.name === "Mimir");
    if (problem !== undefined || !isTaken) yield { path, problem: problem ?? what(content) };
  }
}

function what(content: unknown): string {
  if (content === undefined || content === null) return "empty";
  return Array.isArray(content) ? "a list" : "one value";
}

function* filesReadBy(source: Resource, { containers, spec }: Reader, program: Program): Iterable<Text> {
  for (const container of containers) {
    if (!isImageOf(container.image, program)) continue;
    const words = ["command", "args"].flatMap((list) => listOf(container[list])).map(String);
    const named = rawFlagOf(words, "config.file") ?? (words.length === 0 ? program.file : undefined);
    for (const file of named?.split(",") ?? []) {
      const key = keyAt(file, source, container, spec);
      const found = key === undefined ? undefined : textIn(source, key);
      // Of several, the first that is there is read.
      if (found) {
        yield found;
        break;
      }
    }
  }
}

interface Text {
  path: string;
  text: string;
}

// Which key of the object a container has at a path.
function keyAt(file: string, { kind, objectName }: Resource, container: Block, spec: Block): string | undefined {
  for (const mount of listOf(container.volumeMounts)) {
    const [folder, part = ""] = [at(mount, "mountPath"), at(mount, "subPath")];
    const within = typeof folder === "string" ? below(file, folder) : undefined;
    if (within === undefined || typeof part !== "string") continue;
    const path = [part, within].filter((each) => each !== "").join("/");
    const volume = volumesOf(spec).find(({ name }) => name === at(mount, "name"));
    for (const { items } of volume?.objects.filter((each) => each.kind === kind && each.name === objectName) ?? []) {
      const item = listOf(items).find((each) => at(each, "path") === path);
      const key = items === undefined ? path : at(item, "key");
      if (typeof key === "string") return key;
    }
  }
  return undefined;
}

function below(file: string, folder: string): string | undefined {
  if (file === folder) return "";
  const start = folder.endsWith("/") ? folder : `${folder}/`;
  return file.startsWith(start) ? file.slice(start.length) : undefined;
}

function textIn({ kind, props }: Resource, key: string): Text | undefined {
  const fields = kind === "Secret" ? ["stringData", "data"] : ["data"];
  for (const field of fields) {
    const values = props[field];
    const text = isBlock(values) ? values[key] : undefined;
    if (typeof text !== "string") continue;
    const isEncoded = kind === "Secret" && field === "data";
    return { path: inner(field, key), text: isEncoded ? Buffer.from(text, "base64").toString("utf8") : text };
  }
  return undefined;
}
