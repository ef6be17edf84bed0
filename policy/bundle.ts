import { copyFileSync, rmSync } from "node:fs";
import path from "node:path";

// npm packs one folder: what the package takes from the repository's root is there only while npm packs it.
const files = ["images.json", "LICENSE"];

for (const file of files) {
  const here = path.join(__dirname, file);
  if (process.argv[2] === "add") copyFileSync(path.join(__dirname, "..", file), here);
  else rmSync(here, { force: true });
}
