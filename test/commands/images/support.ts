import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../../../commands/images/cli";
import type { StandInRegistry } from "./stand-in";

/** An entry of a list of images; what is not said is as a new entry has it. */
export interface Entry {
  name: string;
  reference: string;
  digest?: string | null;
  platforms?: string[];
}

/** A list of images in a folder of its own, and the command on it. */
export class ListOfImages {
  readonly folder = mkdtempSync(join(tmpdir(), "images-lock-"));
  readonly file = join(this.folder, "images.json");
  /** Milliseconds of each wait; nothing really waits. */
  readonly waits: number[] = [];
  /** Beside nothing: no credentials of this machine are used. */
  env: NodeJS.ProcessEnv = { HOME: this.folder, PATH: process.env.PATH };

  constructor(...entries: Entry[]) {
    this.write(...entries);
  }

  /** Writes the list as a person would have left it. */
  write(...entries: Entry[]): void {
    const images = entries.map(({ name, reference, digest = null, platforms = ["linux/amd64"] }) => ({
      ...{ name, reference, digest, platforms },
      source: `https://example.org/${name}`,
    }));
    writeFileSync(this.file, JSON.stringify({ images }, null, 2));
  }

  get text(): string {
    return readFileSync(this.file, "utf8");
  }

  get entries(): (Required<Entry> & { source: string })[] {
    return (JSON.parse(this.text) as { images: (Required<Entry> & { source: string })[] }).images;
  }

  /** Runs the command. */
  async lock(...args: string[]): Promise<{ code: number; out: string; error: string }> {
    const said = { out: "", error: "" };
    const wait = (milliseconds: number) => Promise.resolve(this.waits.push(milliseconds));
    const code = await run(
      ["--file", this.file, ...args],
      { out: (text) => (said.out += text), error: (text) => (said.error += text) },
      { env: this.env, patience: { attempts: 5, firstWait: 1000, longestWait: 60_000, wait } },
    );
    return { code, ...said };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** Docker's config.json with a log-in at a registry. */
export const loggedIn = ({ host }: StandInRegistry, user: string): string =>
  JSON.stringify({ auths: { [host]: { auth: Buffer.from(user).toString("base64") } } });
