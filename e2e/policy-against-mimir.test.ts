import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { hostTool } from "../lab/cluster/tools";
import { configurationFieldsAreKnown } from "../policy/configuration-fields-are-known";
import { configurationsCanBeRead } from "../policy/configurations-can-be-read";
import { mimirStorageIsSeparate } from "../policy/mimir-storage-is-separate";
import { changed, goodMimir } from "../test/policy/fixtures";
import { allFindings, configMap } from "../test/policy/support";
import { settings } from "./support/policy-against-mimir";

// The pack and the real Mimir's own check judge the same mutations of a good configuration.

const judges = [configurationsCanBeRead, configurationFieldsAreKnown, mimirStorageIsSeparate];

/** Whether Mimir starts with it, by what is done to the good configuration. */
const mutations: readonly { what: string; path?: string; value?: unknown; text?: (text: string) => string }[] = [
  { what: "nothing is changed" },
  { what: "Loki's factor stands in common", path: "common.replication_factor", value: 3 },
  { what: "a block is misspelt", path: "block_storage", value: { storage_prefix: "blocks" } },
  { what: "an anchor of somebody's own stands at the top", path: "x-store", value: {} },
  { what: "an unknown key is null", path: "limits.retention_period", value: null },
  { what: "a block is null", path: "limits", value: null },
  { what: "a block is empty", path: "limits", value: {} },
  { what: "a key is given twice", text: (text) => `${text}multitenancy_enabled: true\n` },
  { what: "the text is no YAML", text: (text) => `${text}  : [` },
  { what: "rules and blocks share a place", path: "ruler_storage.storage_prefix", value: "blocks" },
  ...settings.map(({ path, value }) => ({ what: `${path} is ${JSON.stringify(value)}`, path, value })),
  ...settings.map(({ path, unfit }) => ({ what: `${path} is ${JSON.stringify(unfit)}`, path, value: unfit })),
  ...settings.map(({ path, value }) => ({ what: `${path} lacks a letter`, path: path.replace(/.$/, ""), value })),
];

describe("The policies of Mimir and Mimir's own check of configurations", function () {
  this.timeout(5 * 60_000);

  const folder = mkdtempSync(join(tmpdir(), "policy-against-mimir-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Whether Mimir takes a configuration. */
  const accepts = (mimir: string, index: number, text: string): Promise<boolean> => {
    const file = join(folder, `${index}.yaml`);
    writeFileSync(file, text);
    return new Promise((resolve, reject) => {
      execFile(mimir, [`-config.file=${file}`, "-modules"], { env: {}, timeout: 60_000, cwd: folder }, (error) => {
        if (error && typeof error.code !== "number") reject(error);
        else resolve(!error);
      });
    });
  };

  it("agree on mutations of a good configuration", async () => {
    const mimir = await hostTool("mimir");
    const verdicts = new Set<boolean>();
    const differences: string[] = [];
    const rest = [...mutations.entries()];
    const work = async () => {
      for (let next = rest.shift(); next; next = rest.shift()) {
        const [index, { what, path, value, text = (before: string) => before }] = next;
        const given = text(stringify(path === undefined ? goodMimir : changed(goodMimir, path, value)));
        const isAccepted = await accepts(mimir, index, given);
        verdicts.add(isAccepted);
        const found = (
          await Promise.all(judges.map((policy) => allFindings(policy, configMap(given), {}, "sandbox")))
        ).flat();
        if (isAccepted !== (found.length === 0)) {
          differences.push(`only ${isAccepted ? "the pack" : "Mimir"} refuses it when ${what}: ${found.join("; ")}`);
        }
      }
    };
    await Promise.all([work(), work()]);
    assert.equal(verdicts.size, 2, "Mimir says the same of all of them: it may not have read them");
    assert.deepEqual(differences, []);
  });
});
