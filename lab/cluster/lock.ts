import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { isAlive } from "../../commands/shared/only-one";
import { waitFor } from "./run";

const waitSeconds = 3600;

/**
 * Runs a function while no other process runs one under the same lock. Waits for the other one; a lock whose owner is gone is taken over.
 *
 * @param file The lock file: it holds its owner's process id.
 * @param onWait Called once, with the owner's process id, when there is something to wait for.
 */
export async function withLock<T>(file: string, onWait: (owner: number) => void, body: () => Promise<T>): Promise<T> {
  mkdirSync(dirname(file), { recursive: true });
  let told = false;
  await waitFor(`the lock ${file}`, waitSeconds, async () => {
    if (take(file)) return true;
    const owner = ownerOf(file);
    if (owner === undefined) return false; // being written, or just released
    if (!isAlive(owner)) rmSync(file, { force: true });
    else if (!told) {
      told = true;
      onWait(owner);
    }
    return false;
  });
  try {
    return await body();
  } finally {
    rmSync(file, { force: true });
  }
}

function take(file: string): boolean {
  try {
    writeFileSync(file, String(process.pid), { flag: "wx" });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw error;
  }
}

function ownerOf(file: string): number | undefined {
  try {
    return Number(readFileSync(file, "utf8")) || undefined;
  } catch {
    return undefined;
  }
}
