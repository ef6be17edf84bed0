import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let root: string | undefined;

/** A new empty folder, which goes when the process ends. */
export function temporaryFolder(): string {
  return mkdtempSync(join((root ??= makeRoot()), "case-"));
}

function makeRoot(): string {
  for (const left of readdirSync(tmpdir()).filter(isLeft))
    rmSync(join(tmpdir(), left), { recursive: true, force: true });
  const folder = mkdtempSync(join(tmpdir(), `observability-test-${process.pid}-`));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

// Of a process that was killed. One of another user's is there, too.
function isLeft(name: string): boolean {
  const [, pid] = /^observability-test-(\d+)-/.exec(name) ?? [];
  if (pid === undefined) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ESRCH";
  }
}
