import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programRelease } from "../lab/cluster/programs";
import { hostTool } from "../lab/cluster/tools";
import { fieldListOf } from "../policy/lib/fields/list";
import { everyField, linesNamed } from "./support/every-field";

// The lists of settings by which the pack judges, and the programs' own reading: each is asked about all of them at once.

const programs = [
  { name: "Loki", tool: "loki", check: "-verify-config", apart: [] },
  // Mimir reads the block `common` once for each of its users, and ends at the first mistake in it.
  { name: "Mimir", tool: "mimir", check: "-modules", apart: ["common"] },
] as const;

describe("The lists of settings", function () {
  this.timeout(10 * 60_000);
  const folder = mkdtempSync(join(tmpdir(), "policy-fields-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const { name, tool, check, apart } of programs) {
    const version = /^\d+\.\d+/.exec(programRelease(tool))![0];

    /** The lines that the program refuses in a configuration of every field. */
    const refusedLines = async (text: string): Promise<Set<number>> => {
      const file = join(folder, `${tool}.yaml`);
      writeFileSync(file, text);
      const command = await hostTool(tool);
      return new Promise((resolve, reject) => {
        const options = { env: {}, timeout: 60_000, maxBuffer: 16 * 1024 ** 2 };
        execFile(command, [`-config.file=${file}`, check], options, (error, out, err) =>
          error ? resolve(linesNamed(out + err)) : reject(new Error(`${name} accepted it`)),
        );
      });
    };

    it(`has each key that ${name} ${version} has in its configuration, and none besides`, async () => {
      const { root } = fieldListOf(name);
      const keys = new Map([...root.keys!].filter(([key]) => !apart.some((each) => each === key)));
      const { text, lines, refused } = everyField({ ...root, keys }, version);
      assert.ok(refused.size > 200, `only ${refused.size} blocks`);
      const told = await refusedLines(text);
      const only = (some: Set<number>, others: Set<number>) =>
        [...some].filter((line) => !others.has(line)).map((line) => `line ${line}: ${lines[line - 1]}`);
      assert.deepEqual(
        { onlyHere: only(refused, told), onlyThere: only(told, refused) },
        { onlyHere: [], onlyThere: [] },
      );
    });

    for (const block of apart) {
      it(`has no key in ${block} that ${name} doesn't have there`, async () => {
        const { root } = fieldListOf(name);
        const { text, refused } = everyField(
          { kind: "block", keys: new Map([[block, root.keys!.get(block)!]]) },
          version,
        );
        const told = await refusedLines(text);
        assert.ok(told.size > 0);
        assert.deepEqual(
          [...told].filter((line) => !refused.has(line)),
          [],
        );
      });
    }
  }
});
