import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { RemoteBlocks } from "../../../commands/backfill/remote";
import { ScriptFailed, type Shell } from "../../../commands/backfill/shell";
import { temporaryFolder } from "../../support/temporary-folder";

const [first, second] = ["01K9Q2V4M5W7X8Y9Z0A1B2C3D4", "01K9Q2V4M5W7X8Y9Z0A1B2C3D5"];
const content = Buffer.from(Array.from({ length: 50_000 }, (_, i) => i % 251));

/** The shell of this machine, with what may happen on the way. */
class LocalShell implements Shell {
  readonly place = "here";
  /** Beginnings of files that were asked for, counted from 1. */
  readonly starts: string[] = [];
  /** Called with each file before it is read; an error comes after its first bytes. */
  before: (path: string) => Error | void = () => undefined;
  path = process.env.PATH;

  async run(script: string, args: readonly string[], take: (bytes: Buffer) => void = () => undefined): Promise<void> {
    const reads = script.includes("tail");
    const error = reads && args.length === 3 ? this.before(args[2]) : undefined;
    if (args.length === 3) this.starts.push(args[1]);
    const child = spawn("/bin/sh", ["-c", script, "sh", ...args], { env: { PATH: this.path } });
    const [out, err]: Buffer[][] = [[], []];
    child.stdout.on("data", (part: Buffer) => out.push(part));
    child.stderr.on("data", (part: Buffer) => err.push(part));
    const [code] = (await once(child, "close")) as [number];
    const all = Buffer.concat(out);
    if (error) {
      take(all.subarray(0, 1000));
      throw error;
    }
    if (code !== 0) throw new ScriptFailed(Buffer.concat(err).toString());
    take(all);
  }
}

describe("blocks where a shell runs", () => {
  let data: string;
  let work: string;
  let shell: LocalShell;
  let told: string[];

  beforeEach(() => {
    [data, work, shell, told] = [temporaryFolder(), join(temporaryFolder(), "work"), new LocalShell(), []];
    block(data, first, 0);
    block(data, second, 10);
    for (const other of ["wal", "chunks_head", `${first}.tmp-for-deletion`]) mkdirSync(join(data, other));
  });

  function block(where: string, ulid: string, minTime: number): void {
    mkdirSync(join(where, ulid, "chunks"), { recursive: true });
    const meta = JSON.stringify({ version: 1, minTime, maxTime: minTime + 10 }, undefined, 2);
    writeFileSync(join(where, ulid, "meta.json"), meta);
    writeFileSync(join(where, ulid, "index"), `index of ${ulid}`);
    writeFileSync(join(where, ulid, "chunks", "000001"), content);
    writeFileSync(join(where, ulid, "chunks", "000002"), "more");
  }

  const source = (patience = 30) =>
    new RemoteBlocks({
      ...{ shell, data, work, patience, signal: new AbortController().signal },
      tell: (line) => void told.push(line),
    });

  async function fetched(from = source()): Promise<string | undefined> {
    const [newest] = await from.blocks();
    return from.fetch(newest);
  }

  const whole = (folder: string | undefined): void => {
    assert.equal(folder, join(work, second));
    assert.equal(readFileSync(join(folder, "index"), "utf8"), `index of ${second}`);
    assert.deepEqual(readFileSync(join(folder, "chunks", "000001")), content);
    assert.equal(readFileSync(join(folder, "chunks", "000002"), "utf8"), "more");
  };

  it("are listed with their sizes, the newest first, without what Prometheus has beside them", async () => {
    const size = content.length + 4 + `index of ${first}`.length;
    assert.deepEqual(await source().blocks(), [
      { ulid: second, minTime: 10, maxTime: 20, bytes: size },
      { ulid: first, minTime: 0, maxTime: 10, bytes: size },
    ]);
  });

  it("are in prometheus-db of the chart's volumes", async () => {
    block(join(data, "prometheus-db"), second, 50);
    rmSync(join(data, first), { recursive: true });
    const blocks = await source().blocks();
    assert.deepEqual([blocks.length, blocks[0].minTime], [1, 50]);
  });

  it("come whole, one at a time, and go when they are no longer needed", async () => {
    const from = source();
    const blocks = await from.blocks();
    await from.fetch(blocks[1]);
    whole(await from.fetch(blocks[0]));
    assert.deepEqual(readdirSync(work), [second]);
    from.release(blocks[0]);
    assert.deepEqual(readdirSync(work), []);
  });

  it("are gone on with where the connection was lost", async () => {
    const lost = [new Error("the connection was lost")];
    shell.before = (path) => (path.endsWith("000001") ? lost.pop() : undefined);
    whole(await fetched());
    assert.deepEqual(shell.starts, ["1", "1", "1001", "1"]);
    assert.deepEqual(told, ["here: the connection was lost; tried again in 0.5 s"]);
  });

  it("are gone on with where a killed run was, unless that was another file", async () => {
    mkdirSync(join(work, second, "chunks"), { recursive: true });
    writeFileSync(join(work, second, "chunks", "000001"), content.subarray(0, 400));
    writeFileSync(join(work, second, "chunks", "000002"), "les");
    whole(await fetched());
    assert.deepEqual(shell.starts, ["1", "401", "4", "1"]);
  });

  it("are left when Prometheus merges them meanwhile", async () => {
    shell.before = (path) => void (path.endsWith("000001") && rmSync(join(data, second), { recursive: true }));
    assert.equal(await fetched(), undefined);
    assert.match(told.join(), /is gone: Prometheus has merged it/);
    assert.equal(existsSync(join(work, second)), false);
  });

  it("are refused when they arrive twice with another content than they have", async () => {
    shell.before = (path) => writeFileSync(join(data, path), "other", { flag: "r+" });
    const flip = shell.run.bind(shell);
    shell.run = (script, args, take) =>
      flip(script, args, take && ((bytes) => take(args.length === 3 ? Buffer.from(bytes).fill(7) : bytes)));
    await assert.rejects(
      fetched(),
      /index arrived twice with contents that differ from those in here\n→ look for disk errors/,
    );
  });

  it("are given up after the patience", async () => {
    shell.before = () => new Error("the connection was lost");
    await assert.rejects(fetched(source(1)), /here: the connection was lost, for 1 s\n→ run it again later/);
  });

  it("can't be read without the tools for it, which is said before anything", async () => {
    shell.path = "/nowhere";
    await assert.rejects(source().check(), /here: there is no stat in its image\n→ --claim reads/);
    shell.path = process.env.PATH;
    await source().check();
  });
});
