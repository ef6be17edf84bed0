import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { goCommand, moduleDir } from "../lab/cluster/go";
import { hostTool } from "../lab/cluster/tools";
import { configurationFieldsAreKnown } from "../policy/configuration-fields-are-known";
import { configurationsCanBeRead } from "../policy/configurations-can-be-read";
import { lokiConfigHasNoRemovedFields } from "../policy/loki-config-has-no-removed-fields";
import { retentionMeetsStackMinimum } from "../policy/retention-meets-stack-minimum";
import { retentionRequiresDeleteRequestStore } from "../policy/retention-requires-delete-request-store";
import { schemaIsTsdbV13 } from "../policy/schema-is-tsdb-v13";
import { changed, goodLoki } from "../test/policy/fixtures";
import { allFindings, configMap, release } from "../test/policy/support";
import {
  chartFolder,
  configurationOf,
  differences,
  examples,
  isUpstream,
  mutations,
} from "./support/policy-against-loki";

// The pack and the real Loki's own check judge the same texts: Loki's examples, its chart's values, and mutations of ours.

/** The policies that say whether a Loki starts and deletes. */
const judges = [
  configurationsCanBeRead,
  configurationFieldsAreKnown,
  retentionRequiresDeleteRequestStore,
  lokiConfigHasNoRemovedFields,
  retentionMeetsStackMinimum,
  schemaIsTsdbV13,
];

/** A configuration, and the resource in which the pack sees it. */
interface Subject {
  name: string;
  text: string;
  resource: ReturnType<typeof configMap>;
}

describe("The policies of Loki and Loki's own check of configurations", function () {
  this.timeout(5 * 60_000);

  const folder = mkdtempSync(join(tmpdir(), "policy-against-loki-"));
  let loki: string;
  let module: string;

  before(async () => {
    loki = await hostTool("loki");
    module = await moduleDir(await goCommand(), "loki");
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** Whether Loki takes a configuration. A panic is a refusal, too. */
  const accepts = (name: string, text: string): Promise<boolean> => {
    const file = join(folder, `${name.replaceAll(/[^\w.-]/g, "-")}.yaml`);
    writeFileSync(file, text);
    const args = [`-config.file=${file}`, "-config.expand-env=true", "-verify-config"];
    return new Promise((resolve, reject) => {
      execFile(loki, args, { env: {}, timeout: 60_000 }, (error) => {
        if (error && typeof error.code !== "number") reject(error);
        else resolve(!error);
      });
    });
  };

  /** Fails on a difference without an explanation, and on an explanation without a difference. */
  const compare = async (subjects: Subject[]) => {
    const verdicts = new Set<boolean>();
    const found: Record<string, string> = {};
    const told: Record<string, string> = {};
    const rest = [...subjects];
    const work = async () => {
      for (let subject = rest.shift(); subject; subject = rest.shift()) {
        const { name, text, resource } = subject;
        const isAccepted = await accepts(name, text);
        verdicts.add(isAccepted);
        const refusals = (
          await Promise.all(judges.map((policy) => allFindings(policy, resource, {}, "sandbox")))
        ).flat();
        if (isAccepted === (refusals.length === 0)) continue;
        found[name] = isAccepted ? "only the pack refuses" : "only Loki refuses";
        told[name] = refusals.join("\n");
      }
    };
    await Promise.all([work(), work()]);
    assert.equal(verdicts.size, 2, "Loki says the same of all of them: it may not have read them");
    const names = subjects.map(({ name }) => name);
    const explained = Object.entries(differences).filter(([name]) => names.includes(name));
    assert.deepEqual(found, Object.fromEntries(explained.map(([name, { who }]) => [name, who])), JSON.stringify(told));
  };

  it("agree on Loki's own examples, but for differences that are explained", async () => {
    const files = examples.flatMap(({ under, like }) =>
      readdirSync(join(module, under))
        .filter((file) => like.test(file))
        .map((file) => join(under, file)),
    );
    await compare(
      files.map((name) => {
        const text = readFileSync(join(module, name), "utf8");
        return { name, text, resource: configMap(text) };
      }),
    );
  });

  it("agree on the values of Loki's chart, but for differences that are explained", async () => {
    const folders = [".", "ci", "scenarios"].map((under) => join(chartFolder, under));
    const files = folders.flatMap((under) =>
      readdirSync(join(module, under))
        .filter((file) => /\.yaml$/.test(file) && file !== "Chart.yaml")
        .map((file) => join(under, file)),
    );
    await compare(
      files.map((name) => {
        const { values, config } = configurationOf(readFileSync(join(module, name), "utf8"));
        return { name, text: stringify(config), resource: release("loki", values) };
      }),
    );
  });

  it("agree on mutations of a good configuration, but for differences that are explained", async () => {
    const base = changed(goodLoki, "common.ring", { kvstore: { store: "inmemory" }, instance_addr: "127.0.0.1" });
    await compare(
      mutations.map(({ what, path, value, text = (before) => before }) => {
        const given = text(stringify(path === undefined ? base : changed(base, path, value)));
        return { name: what, text: given, resource: configMap(given) };
      }),
    );
  });

  it("differ nowhere that isn't judged here", () => {
    const ours = mutations.map(({ what }) => what);
    const unjudged = Object.keys(differences).filter((name) => !ours.includes(name) && !isUpstream(name));
    assert.deepEqual(unjudged, []);
    for (const [name, { why }] of Object.entries(differences)) assert.match(why, /\.$/, name);
  });
});
