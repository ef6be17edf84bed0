import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

let root: string | undefined;

/** A new empty folder, which goes when the process ends. */
export function temporaryFolder(): string {
  return mkdtempSync(join((root ??= makeRoot()), "case-"));
}

function makeRoot(): string {
  const folder = mkdtempSync(join(tmpdir(), "observability-test-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
