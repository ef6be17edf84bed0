import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { debianProgram } from "../../lab/cluster/debian";
import { run } from "../../lab/cluster/run";

/**
 * A journal with some entries of now, written by systemd itself: its program that takes in entries of other machines. Debian's packages are
 * unpacked, not installed.
 * @param entries the fields of each
 * @returns the file, zipped, in base64
 * @see https://systemd.io/JOURNAL_EXPORT_FORMATS/
 */
export async function journalFile(entries: readonly Record<string, string>[]): Promise<string> {
  const triplet = `${process.arch === "arm64" ? "aarch64" : "x86_64"}-linux-gnu`;
  const program = await found(["systemd-journal-remote"], "lib/systemd/systemd-journal-remote");
  const libraries = await Promise.all([
    found(["libmicrohttpd12t64", "libmicrohttpd12"], `lib/${triplet}`),
    found(["libsystemd-shared"], `lib/${triplet}/systemd`),
  ]);
  const folder = mkdtempSync(join(tmpdir(), "journal-"));
  try {
    const file = join(folder, "system.journal");
    const exported = entries.map((fields, index) => {
      const time = {
        __REALTIME_TIMESTAMP: `${Date.now()}${String(index).padStart(3, "0")}`,
        __MONOTONIC_TIMESTAMP: `${index + 1}`,
      };
      const all = { ...time, _BOOT_ID: "0".repeat(31) + "1", ...fields };
      return `${Object.entries(all)
        .map(([name, value]) => `${name}=${value}\n`)
        .join("")}\n`;
    });
    await run(program, [`--output=${file}`, "-"], {
      input: exported.join(""),
      cwd: dirname(program),
      env: { LD_LIBRARY_PATH: libraries.join(":") },
    });
    return gzipSync(readFileSync(file)).toString("base64");
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A path in the first of some packages that this machine's Debian or Ubuntu has; newer ones have everything below /usr. */
async function found(packages: readonly string[], path: string): Promise<string> {
  for (const name of packages) {
    for (const below of ["", "usr"]) {
      const there = await debianProgram(name, join(below, path)).catch(() => "");
      if (existsSync(there)) return there;
    }
  }
  throw new Error(`no package ${packages.join(" or ")} with ${path} can be had`);
}
