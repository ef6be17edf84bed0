import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { InvalidInput } from "../../engine/errors";
import type { Api, Reply, Request } from "../shared/api/api-server";
import { patiently, type Patience } from "../shared/api/patience";

/** What Mimir has of a block; `none`: nothing. */
export type State = "none" | "uploading" | "validating" | "failed" | "complete";

/** A block's `meta.json`, as far as Mimir's upload reads it. */
export interface Meta {
  version: 1;
  ulid: string;
  minTime: number;
  maxTime: number;
  stats: { numSamples: number; numSeries: number; numChunks: number };
  compaction: { level: number; sources: string[] };
  thanos: { version: 1; labels: Record<string, string>; downsample: { resolution: 0 }; source: string; files: File[] };
}

/** A file of a block. */
export interface File {
  rel_path: string;
  size_bytes: number;
}

/**
 * Mimir's block upload. Every request is tried again while Mimir is away, busy (429) or ill (5xx).
 * @see https://grafana.com/docs/mimir/latest/references/http-api/#start-block-upload
 */
export class BlockUpload {
  /** How often Mimir was away. */
  private failures = 0;
  private readonly asked: Patience;

  /**
   * @param mimir its own address, without `/prometheus`
   * @param patience seconds for which a request is tried again
   * @param signal ends everything
   * @param tell is called with a line when something has to wait
   */
  constructor(
    private readonly mimir: Api,
    patience: number,
    private readonly signal: AbortSignal,
    tell: (line: string) => void,
  ) {
    const todo = "run it again later: what Mimir has is not uploaded again";
    const away = () => void this.failures++;
    this.asked = { name: "Mimir", program: mimir, patience, todo, signal, tell, away };
  }

  /**
   * What Mimir has of a block.
   * @throws InvalidInput when block upload is off
   */
  async state(block: string): Promise<{ state: State; error?: string }> {
    const { status, body } = await this.patiently("GET", `${block}/check`);
    if (status === 404 && body.includes("block doesn't exist")) return { state: "none" };
    if (status !== 200) throw this.refusal(`the state of block ${block}`, { status, body });
    const { result, error } = JSON.parse(body) as { result: State; error?: string };
    return { state: result, error };
  }

  /**
   * Uploads a block, and waits until Mimir has checked it. What an earlier run left of it is replaced.
   * @param folder where its files are
   * @returns false: Mimir was away while it checked the block, and would take five minutes to notice; another name is faster
   * @throws InvalidInput when Mimir refuses it, or isn't there for too long
   */
  async upload(folder: string, meta: Meta): Promise<boolean> {
    const before = this.failures;
    for (let wait = 250; ; wait = Math.min(wait * 2, 5000)) {
      const { state, error } = await this.state(meta.ulid);
      if (state === "complete") return true;
      if (state === "failed") throw new InvalidInput(failure(meta.ulid, error));
      if (state === "validating" && this.failures > before) return false;
      if (state !== "validating") await this.send(folder, meta);
      await pause(wait, undefined, { signal: this.signal });
    }
  }

  private async send(folder: string, meta: Meta): Promise<void> {
    const { ulid, thanos } = meta;
    await this.expect(ulid, "start", JSON.stringify(meta));
    for (const { rel_path, size_bytes } of thanos.files)
      await this.expect(ulid, `files?path=${encodeURIComponent(rel_path)}`, {
        file: join(folder, rel_path),
        bytes: size_bytes,
      });
    await this.expect(ulid, "finish", "");
  }

  /**
   * A request about a block that has to succeed. After a lost answer, or where another run brings the same block, Mimir may be further than this
   * program knows: its state decides.
   */
  private async expect(block: string, rest: string, body: Request["body"]): Promise<void> {
    const reply = await this.patiently("POST", `${block}/${rest}`, body);
    const further = reply.status === 409 || (reply.status === 400 && reply.body.includes("validation in progress"));
    if (reply.status === 200 || further) return;
    // Mimir looks for the finished block first, then for its upload: one that ends in between is not found.
    const isOver = reply.status === 404 && reply.body.includes("block upload not started");
    if (isOver && (await this.state(block)).state === "complete") return;
    throw this.refusal(`${block}/${rest}`, reply);
  }

  private refusal(what: string, { status, body }: Reply): InvalidInput {
    const said = body.trim().slice(0, 300);
    const todo = said.includes("block upload is disabled")
      ? "\n→ set mimir.blockUpload to true, and npm run up"
      : status === 404
        ? `\n→ is ${this.mimir.server} Mimir itself? Its address has no /prometheus at the end`
        : "";
    return new InvalidInput(`${what}: Mimir answers ${status}: ${said || "nothing more"}${todo}`);
  }

  private patiently(method: "GET" | "POST", path: string, body?: Request["body"]): Promise<Reply> {
    // With a file's size: without it Mimir's client of the object store would hold half a gigabyte.
    return patiently(`/api/v1/upload/block/${path}`, { method, body }, this.asked);
  }
}

/** Mimir checks a block in a folder that only its compactor's first run makes. */
const noFolder = "failed to create temporary block directory";

const failure = (block: string, error = "no reason given") =>
  error.includes(noFolder)
    ? "Mimir can't check blocks before its compactor has run once, which it does within an hour from now\n→ run it again in an hour"
    : `Mimir has checked block ${block} and refuses it: ${error}\n→ a second run tries again; Mimir deletes what it refused after a day`;
