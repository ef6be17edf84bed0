import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { timed, type Report } from "./build";
import { withLock } from "./lock";
import { cacheDir } from "./paths";
import { run } from "./run";

/** Programs of this repository in Rust: their folders in `rust/`. */
export type RustProgram = "run-vrl";

/** What a program's binary is made of. */
const sources = ["Cargo.toml", "Cargo.lock", "src/main.rs"];

/** What to do where Cargo is missing. */
const noCargo =
  "Cargo is not installed, and this program is built with it. Install it as https://rustup.rs says, or as root with `apt-get install cargo` " +
  "(Rust 1.88 or newer), and run this again.";

/** Whether there is a Cargo to build with. */
export const hasCargo = (): Promise<boolean> =>
  run("cargo", ["--version"]).then(
    () => true,
    () => false,
  );

/**
 * Path of a program of this repository in Rust; built where the cache lacks it, which takes minutes.
 * @param name of its folder in `rust/`
 * @param report takes lines of progress; by default they go to standard error
 * @throws Error where Cargo is missing, or with the compiler's last lines
 */
export async function rustProgram(name: RustProgram, report: Report = (line) => console.error(line)): Promise<string> {
  const folder = join(__dirname, "rust", name);
  const key = sources.reduce((hash, file) => hash.update(readFileSync(join(folder, file))), createHash("sha256"));
  const out = join(cacheDir(), "bin", name, key.digest("hex").slice(0, 12), name);
  if (existsSync(out)) return out;
  if (!(await hasCargo())) throw new Error(noCargo);
  mkdirSync(join(out, ".."), { recursive: true });
  const waiting = (owner: number) => report(`waiting for process ${owner}, which is building ${name}`);
  await timed(`building ${name}`, report, () =>
    withLock(`${out}.lock`, waiting, async () => {
      if (existsSync(out)) return;
      // Objects of all its crates: gigabytes that nothing needs afterwards.
      const target = mkdtempSync(join(tmpdir(), `${name}-`));
      try {
        const cargo = ["cargo", "build", "--locked", "--manifest-path", join(folder, "Cargo.toml")];
        await run("nice", ["-n", "10", ...cargo, "--target-dir", target], {});
        renameSync(await copied(join(target, "debug", name), `${out}.unfinished`), out);
      } finally {
        rmSync(target, { recursive: true, force: true });
      }
    }),
  );
  return out;
}

/** The cache may be on another disk. */
async function copied(from: string, to: string): Promise<string> {
  await run("cp", [from, to]);
  return to;
}
