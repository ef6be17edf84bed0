import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, dirname, join } from "node:path";

/**
 * A machine whose commands are stand-ins: scripts that note how they were called. Cache and state are in a folder of the test's own, and PATH has
 * nothing but the stand-ins and what their shell needs.
 */
export class StandInMachine {
  /** Folder of everything. */
  readonly root = mkdtempSync(join(tmpdir(), "stand-in-"));
  private readonly calls = join(this.root, "calls");
  private readonly before = { ...process.env };

  constructor() {
    process.env.XDG_CACHE_HOME = join(this.root, "cache");
    process.env.XDG_STATE_HOME = join(this.root, "state");
    process.env.PATH = join(this.root, "bin");
    mkdirSync(process.env.PATH);
  }

  /** Adds a command to PATH, or puts a program at a path. The script runs in sh, with the machine's own PATH. */
  command(nameOrPath: string, script = ""): void {
    const path = nameOrPath.startsWith("/") ? nameOrPath : join(this.root, "bin", nameOrPath);
    mkdirSync(dirname(path), { recursive: true });
    const name = path.split("/").at(-1);
    const lines = [`#!/bin/sh`, `PATH=/usr/bin${delimiter}/bin`, `echo "${name} $*" >> "${this.calls}"`, script];
    writeFileSync(path, lines.join("\n"), { mode: 0o755 });
  }

  /** The commands that were called, with their arguments, in order. */
  called(): string[] {
    return existsSync(this.calls) ? readFileSync(this.calls, "utf8").trim().split("\n") : [];
  }

  /** Forgets which commands were called. */
  forget(): void {
    rmSync(this.calls, { force: true });
  }

  /** Gives the test's process its own environment back and removes the folder. */
  remove(): void {
    for (const name of ["XDG_CACHE_HOME", "XDG_STATE_HOME", "PATH"]) {
      if (this.before[name] === undefined) delete process.env[name];
      else process.env[name] = this.before[name];
    }
    rmSync(this.root, { recursive: true, force: true });
  }
}
