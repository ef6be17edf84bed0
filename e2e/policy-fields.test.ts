import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programRelease } from "../lab/cluster/programs";
import { hostTool } from "../lab/cluster/tools";
import { stringify } from "yaml";
import { noEnvironment } from "../policy/lib/config/environment";
import { readYaml } from "../policy/lib/config/yaml";
import { fieldListOf } from "../policy/lib/fields/list";
import { misfits } from "../policy/lib/fields/misfits";
import { isBlock } from "../policy/lib/unknown";
import { goodLoki } from "../test/policy/fixtures";
import { everyField, linesNamed } from "./support/every-field";

// The lists of settings by which the pack judges, and the programs' own reading: each is asked about all of them at once.

const programs = [
  {
    name: "Loki",
    tool: "loki",
    check: "-verify-config",
    apart: [],
    print: ["-verify-config", "-print-config-stderr"],
    // It prints a level that it can't read itself.
    refused: ["internal_server.log_level"],
  },
  // Mimir reads the block `common` once for each of its users, and ends at the first mistake in it.
  { name: "Mimir", tool: "mimir", check: "-modules", apart: ["common"], print: ["-print.config"], refused: [] },
] as const;

describe("The lists of settings", function () {
  this.timeout(10 * 60_000);
  const folder = mkdtempSync(join(tmpdir(), "policy-fields-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const { name, tool, check, apart, print, refused: ownDefaults } of programs) {
    const version = /^\d+\.\d+/.exec(programRelease(tool))![0];

    /** What the program says of a configuration, and whether it takes it. */
    const answerTo = async (text: string, ...args: string[]): Promise<{ said: string; isTaken: boolean }> => {
      const file = join(folder, `${tool}.yaml`);
      writeFileSync(file, text);
      const command = await hostTool(tool);
      return new Promise((resolve) => {
        const options = { env: {}, timeout: 60_000, maxBuffer: 16 * 1024 ** 2 };
        execFile(command, [`-config.file=${file}`, ...args], options, (error, out, err) =>
          resolve({ said: out + err, isTaken: !error }),
        );
      });
    };

    /** The lines that the program refuses in a configuration of every field. */
    const refusedLines = async (text: string): Promise<Set<number>> => {
      const { said, isTaken } = await answerTo(text, check);
      assert.ok(!isTaken, `${name} accepted it`);
      return linesNamed(said);
    };

    it(`refuse no default of ${name} ${version}`, async () => {
      const { said } = await answerTo(stringify(name === "Loki" ? goodLoki : {}), ...print);
      const text = said.split("\n").filter((line) => !/^(level|ts|caller)=/.test(line));
      const { content } = readYaml(text.join("\n"), { name, expand: (each) => each }, noEnvironment);
      assert.ok(isBlock(content) && Object.keys(content).length > 20, said.slice(0, 1000));
      const { root } = fieldListOf(name);
      assert.deepEqual(
        misfits(content, root, version).map(({ keys }) => keys.join(".")),
        ownDefaults,
      );
    });

    it(`have each key that ${name} ${version} has in its configuration, and none besides`, async () => {
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
      it(`have no key in ${block} that ${name} doesn't have there`, async () => {
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
