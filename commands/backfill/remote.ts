import { createHash } from "node:crypto";
import {
  appendFileSync,
  closeSync,
  createReadStream,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  statSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { InvalidInput } from "../../engine/errors";
import { checkedBlocks, type Block, type BlockSource, type FoundBlock } from "./blocks";
import { mebibytes } from "../shared/words";
import { ScriptFailed, type Shell } from "./shell";

/** What {@link RemoteBlocks} is made from. */
export interface RemoteBlocksArgs {
  /** Where the blocks are. */
  shell: Shell;
  /** Their folder there. The chart's volumes have them in `prometheus-db` of the volume. */
  data: string;
  /** Folder of this machine for the block that is under way. What an earlier run left there is gone on with. */
  work: string;
  /** Seconds for which something is tried again when the connection is lost. */
  patience: number;
  signal: AbortSignal;
  tell(line: string): void;
}

interface File {
  path: string;
  bytes: number;
}

/** Bytes between two lines of progress. */
const step = 64 * 2 ** 20;

const enter = 'cd "$1/prometheus-db" 2>/dev/null || cd "$1" || exit 1\n';

const scripts = {
  /** Everything below is in the busybox of Prometheus's image. */
  tools: `${enter}for tool in stat tail tr sha256sum; do command -v $tool >/dev/null || { echo "there is no $tool in its image" >&2; exit 1; }; done`,
  // A block that is deleted meanwhile is left out.
  list: `${enter}for meta in */meta.json; do
  block=\${meta%/meta.json}
  { stat -c 'file %s %n' "$block"/index "$block"/chunks/* && printf 'meta %s ' "$block" && tr -d '\\n' < "$meta" && echo; } 2>/dev/null
done
exit 0`,
  rest: `${enter}exec tail -c "+$2" "$3"`,
  hash: `${enter}exec sha256sum "$2"`,
};

/**
 * The blocks where a shell runs: they are read and nothing is written there. Prometheus deletes blocks that it has merged, at any time; a block
 * that goes while it is read is left, and the merged one takes its place.
 */
export class RemoteBlocks implements BlockSource {
  readonly copies = true;
  private files = new Map<string, File[]>();

  constructor(private readonly args: RemoteBlocksArgs) {}

  /**
   * Whether it can be read at all; before anything is uploaded.
   * @throws InvalidInput when not
   */
  async check(): Promise<void> {
    await this.said(scripts.tools);
  }

  async blocks(): Promise<Block[]> {
    const { shell, data } = this.args;
    const text = await this.said(scripts.list);
    this.files = new Map();
    const found: FoundBlock[] = [];
    for (const line of text.split("\n")) {
      const [, kind, size, rest] = /^(file|meta) (\S+) ?(.*)$/.exec(line) ?? [];
      if (kind === "file") {
        const ulid = dirname(rest).replace(/\/chunks$/, "");
        this.files.set(ulid, [...(this.files.get(ulid) ?? []), { path: rest, bytes: Number(size) }]);
      } else if (kind === "meta") {
        const bytes = this.files.get(size)?.reduce((sum, file) => sum + file.bytes, 0);
        found.push({ ulid: size, path: `${data}/${size}`, meta: rest, bytes });
      }
    }
    return checkedBlocks(found, `${shell.place}:${data}`);
  }

  async fetch(block: Block): Promise<string | undefined> {
    const { work, shell, tell } = this.args;
    const { ulid } = block;
    for (const name of existsSync(work) ? readdirSync(work) : [])
      if (name !== ulid) rmSync(join(work, name), { recursive: true, force: true });
    mkdirSync(join(work, ulid, "chunks"), { recursive: true });
    const progress = { done: 0, told: 0, of: block.bytes };
    try {
      for (const file of this.files.get(ulid) ?? []) await this.whole(file, progress);
    } catch (error) {
      if (error instanceof ScriptFailed && !(await this.blocks()).some((one) => one.ulid === ulid)) {
        tell(`block ${ulid} is gone: Prometheus has merged it with others`);
        this.release(block);
        return undefined;
      }
      throw error instanceof ScriptFailed ? new InvalidInput(`${shell.place}: ${error.message}`) : error;
    }
    return join(work, ulid);
  }

  release({ ulid }: Block): void {
    rmSync(join(this.args.work, ulid), { recursive: true, force: true });
  }

  /** A file, compared by its hash. What an earlier run has of it need not be of the same file: it is fetched again when the hash is another. */
  private async whole(file: File, progress: Progress): Promise<void> {
    const { work, shell } = this.args;
    const target = join(work, file.path);
    const before = progress.done;
    for (let attempt = 0; attempt < 2; attempt++) {
      await this.patiently(() => this.rest(file, target, progress));
      const said = await this.patiently(() => this.text(scripts.hash, [file.path]));
      if (said.startsWith(await hashOf(target))) return;
      rmSync(target);
      progress.done = before;
    }
    throw new InvalidInput(
      `${file.path} arrived twice with contents that differ from those in ${shell.place}\n→ look for disk errors there (dmesg) and memory errors on this machine`,
    );
  }

  /** What is missing of a file. */
  private async rest({ path, bytes }: File, target: string, progress: Progress): Promise<void> {
    const { shell, data, tell, work } = this.args;
    let have = existsSync(target) ? statSync(target).size : 0;
    if (have > bytes) rmSync(target);
    if (have > bytes) have = 0;
    const begun = progress.done;
    progress.done = begun + have;
    if (have === bytes) return;
    const output = openSync(target, "a");
    try {
      await shell.run(scripts.rest, [data, `${have + 1}`, path], (part) => {
        appendFileSync(output, part);
        have += part.length;
        progress.done += part.length;
        if (progress.done - progress.told < step) return;
        progress.told = progress.done;
        tell(`${path}: ${mebibytes(progress.done)} of the block's ${mebibytes(progress.of)} are here`);
      });
      if (have !== bytes) throw new Error(`${path} has ${have} bytes here and ${bytes} in ${shell.place}`);
    } catch (error) {
      progress.done = begun;
      throw (error as NodeJS.ErrnoException).code === "ENOSPC"
        ? new InvalidInput(`${work} is full\n→ another folder: --work`)
        : error;
    } finally {
      closeSync(output);
    }
  }

  /** What a script prints that has to succeed. */
  private said(script: string): Promise<string> {
    return this.patiently(() => this.text(script, [])).catch((error: unknown) => {
      throw error instanceof ScriptFailed
        ? new InvalidInput(
            `${this.args.shell.place}: ${error.message.trim()}\n→ --claim reads the volume through a separate pod`,
          )
        : error;
    });
  }

  private async text(script: string, args: readonly string[]): Promise<string> {
    const parts: Buffer[] = [];
    await this.args.shell.run(script, [this.args.data, ...args], (part) => void parts.push(Buffer.from(part)));
    return Buffer.concat(parts).toString("utf8");
  }

  /** Again, when the connection is lost. */
  private async patiently<T>(act: () => Promise<T>): Promise<T> {
    const { patience, signal, shell, tell } = this.args;
    const until = Date.now() + patience * 1000;
    for (let wait = 500; ; wait = Math.min(wait * 2, 30_000)) {
      try {
        return await act();
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof ScriptFailed || error instanceof InvalidInput) throw error;
        const why = `${shell.place}: ${(error as Error).message}`;
        if (Date.now() + wait > until)
          throw new InvalidInput(`${why}, for ${patience} s\n→ run it again later: it continues where it stopped`);
        tell(`${why}; tried again in ${wait / 1000} s`);
        await pause(wait, undefined, { signal });
      }
    }
  }
}

interface Progress {
  /** Bytes of the block that are here. */
  done: number;
  /** How many were when it was said last. */
  told: number;
  of: number;
}

async function hashOf(path: string): Promise<string> {
  const hash = createHash("sha256");
  for await (const part of createReadStream(path)) hash.update(part as Buffer);
  return hash.digest("hex");
}
