import { createHash } from "node:crypto";
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { InvalidInput } from "../../engine/errors";
import type { Journal } from "./journal";
import type { Layout, Source } from "./layout";
import { linesOf, type Position } from "./lines";
import type { Waiting } from "./merge";

/** A file of the layout. */
export interface LogFile {
  /** Relative to the folder, with `/`. */
  path: string;
  source: Source;
}

/** A file with lines that Loki doesn't have yet. */
export interface FoundFile extends Waiting<LogFile> {
  /** How far it was read before. */
  from: Position;
  /** Bytes. */
  size: number;
}

/** What a folder has. */
export interface Folder {
  /** Files with lines that Loki doesn't have. */
  files: FoundFile[];
  /** Number of files that Loki has as far as they go. */
  done: number;
  /** Paths that are left out, by reason. */
  left: Map<string, string[]>;
}

/** What {@link filesIn} and {@link importedFiles} look for. */
export interface FilesArgs {
  folder: string;
  layout: Layout;
  /** How far each file was imported. */
  journal: Journal;
  /** Nanoseconds since 1970. */
  now: bigint;
  /** Bytes of a line that are kept. */
  longest: number;
}

const unknown = "not a path of this layout";
const shorter = "shorter than when it was imported: overwritten";
const unreadable = "not readable by you";

/** Reasons for which lines may be missing in Loki. */
export const lacking: readonly string[] = [unknown, shorter, unreadable];

/**
 * The files of a folder and of those below it, without following links.
 * @throws InvalidInput when it is no folder, or has no file of the layout
 */
export async function filesIn(args: FilesArgs): Promise<Folder> {
  const { folder, layout, journal } = args;
  const found: Folder = { files: [], done: 0, left: new Map() };
  const leave = (reason: string, path: string) => {
    const paths = found.left.get(reason) ?? [];
    found.left.set(reason, paths);
    paths.push(path);
  };
  let ours = false;
  for await (const path of below(folder, "", (closed) => leave(unreadable, closed))) {
    const source = layout.fileAt(path);
    ours ||= source !== undefined;
    if (typeof source !== "object") {
      leave(source ?? unknown, path);
      continue;
    }
    const from = journal.position(path);
    const { size } = statSync(join(folder, path));
    if (size < from.offset) {
      leave(shorter, path);
      continue;
    }
    try {
      const file = waiting(args, { path, source }, from, size);
      if (file) found.files.push(file);
      else found.done++;
    } catch (error) {
      if (!isClosed(error)) throw error;
      leave(unreadable, path);
    }
  }
  if (!ours)
    throw new InvalidInput(
      `${folder} has no file of this layout\n→ --from must be the folder that contains each DAG's files`,
    );
  return found;
}

/** The files that a journal has, from their beginnings and as far as it has them: more may have been written since. */
export async function importedFiles(args: FilesArgs): Promise<FoundFile[]> {
  const { folder, layout, journal } = args;
  const files: FoundFile[] = [];
  for await (const path of below(folder, "", () => undefined)) {
    const source = layout.fileAt(path);
    const { offset } = journal.position(path);
    if (typeof source !== "object" || offset === 0 || statSync(join(folder, path)).size < offset) continue;
    const file = waiting(args, { path, source }, { offset: 0, at: 0n }, offset);
    if (file) files.push(file);
  }
  return files;
}

function waiting(
  { folder, layout: { stampOf }, now, longest }: FilesArgs,
  file: LogFile,
  from: Position,
  size: number,
): FoundFile | undefined {
  const args = { path: join(folder, file.path), spread: spread(file.path), from, size, stampOf, now, longest };
  const lines = () => linesOf(args);
  const first = size > from.offset ? lines().next().value : undefined;
  return first && { file, first: first.at, lines, from, size };
}

/** A number that is a file's own as far as possible, and the same in each run. */
const spread = (path: string) => createHash("sha256").update(path).digest().readUInt32BE();

/** Paths of files, with `/`. Between folders others have their turn: there may be a hundred thousand. */
async function* below(folder: string, path: string, closed: (path: string) => void): AsyncGenerator<string> {
  let entries;
  try {
    entries = readdirSync(join(folder, path), { withFileTypes: true });
  } catch (error) {
    if (path === "" || !isClosed(error)) throw error;
    closed(path);
    return;
  }
  await new Promise(setImmediate);
  for (const entry of entries) {
    const inner = path === "" ? entry.name : `${path}/${entry.name}`;
    if (entry.isDirectory()) yield* below(folder, inner, closed);
    else if (entry.isFile()) yield inner;
  }
}

const isClosed = (error: unknown) => ["EACCES", "EPERM"].includes((error as NodeJS.ErrnoException).code ?? "");
