import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { programRelease } from "../lab/cluster/programs";
import { hostTool } from "../lab/cluster/tools";
import { configurationFieldsAreKnown as policy } from "../policy/configuration-fields-are-known";
import { flagListOf } from "../policy/lib/fields/list";
import { findings, object } from "../test/policy/support";

// The lists of flags by which the pack judges arguments, and the programs' own reading of the same arguments.

const programs = [
  // What ends each of them after it has read its flags, the flag that lists all of its own, and that which lists its targets.
  { name: "Loki", tool: "loki", ends: "-verify-config", help: "-help", targets: "-list-targets" },
  { name: "Mimir", tool: "mimir", ends: "-modules", help: "-help-all", targets: "-modules" },
] as const;

const fitting: Readonly<Record<string, string>> = {
  bool: "true",
  int: "1",
  uint: "1",
  float: "0.5",
  text: "a",
  duration: "1m",
  period: "1d",
  size: "1KB",
  level: "info",
};
const numbers = " -1 +1 007 0x1F 1_000 1.5 .5 1e3 Inf 1s".split(" ");
const times = " 0 30 30s 1h30m 1.5h 1d 1w2d 1d1w -5m".split(" ");
const values: Readonly<Record<string, readonly string[]>> = {
  bool: " 1 T true TRUE tRUE yes".split(" "),
  int: numbers,
  uint: numbers,
  float: numbers,
  duration: times,
  period: times,
  size: " 1 1KB 1KiB 5MB 5mb 1.5MB".split(" "),
  level: " info INFO warning".split(" "),
};

// Neither reads nor ends.
const own = new Set(["config.file", "help", "help-all", "h", "version", "verify-config", "modules", "list-targets"]);

describe("The lists of flags", function () {
  this.timeout(10 * 60_000);
  const folder = mkdtempSync(join(tmpdir(), "policy-arguments-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  for (const { name, tool, ends, help, targets } of programs) {
    const version = /^\d+\.\d+/.exec(programRelease(tool))![0];
    const of = (kind: string) =>
      [...flagListOf(name).flags].filter(
        ([flag, each]) => each.kind === kind && (each.versions?.includes(version) ?? true) && !own.has(flag),
      );

    const ask = async (words: readonly string[]): Promise<string> => {
      const command = await hostTool(tool);
      return new Promise((resolve, reject) =>
        execFile(command, words, { env: {}, timeout: 60_000, maxBuffer: 16 * 1024 ** 2 }, (error, out, err) =>
          error?.killed ? reject(error) : resolve(out + err),
        ),
      );
    };
    const refuses = async (words: readonly string[]) => {
      // Loki also reads a file, which isn't there; its flags come first.
      const said = await ask([ends, ...words]);
      return /^(flag provided but not defined|invalid (boolean )?value|flag needs an argument|bad flag syntax)/m.test(
        said,
      );
    };
    const isRefusedHere = async (words: readonly string[]) => {
      const container = { name: tool, image: `docker.io/grafana/${tool}:${programRelease(tool)}`, args: words };
      const found = await findings(policy, object("v1", "Pod", { spec: { containers: [container] } }));
      return found.length > 0;
    };
    const same = async (trials: readonly (readonly string[])[]) => {
      assert.ok(trials.length > 0);
      const differ: string[] = [];
      const verdicts = new Set<boolean>();
      for (const words of trials) {
        const [here, there] = await Promise.all([isRefusedHere(words), refuses(words)]);
        verdicts.add(there);
        if (here !== there) differ.push(`${words.join(" ")}: ${name} ${there ? "refuses" : "takes"} it`);
      }
      assert.deepEqual(differ, []);
      return verdicts;
    };

    it(`have each flag that ${name} ${version} tells of`, async () => {
      const told = [...(await ask([help])).matchAll(/^ {2}-([\w.-]+)/gm)].map(([, flag]) => flag);
      assert.ok(told.length > 500);
      const { flags } = flagListOf(name);
      const isKnown = (flag: string) => flags.get(flag)?.versions?.includes(version) ?? flags.has(flag);
      assert.deepEqual(
        told.filter((flag) => !isKnown(flag)),
        [],
      );
    });

    it(`have no flag that ${name} doesn't have, or that takes something else`, async () => {
      const all = Object.entries(fitting).flatMap(([kind, value]) => of(kind).map(([flag]) => `-${flag}=${value}`));
      assert.ok(all.length > 500);
      const said = await ask([ends, ...all]);
      assert.doesNotMatch(said, /^(flag provided but|invalid (boolean )?value|flag needs)/m);
      assert.equal(await isRefusedHere(all.filter((word) => !word.startsWith("-target="))), false);
    });

    it(`take for each kind of flag what ${name} takes`, async () => {
      const trials = Object.entries(values).flatMap(([kind, given]) => {
        const [flag] = of(kind)[0] ?? [];
        return flag === undefined ? [] : given.map((value) => [`-${flag}=${value}`]);
      });
      assert.deepEqual([...(await same(trials))].sort(), [false, true]);
    });

    it(`read a list of arguments as ${name} does`, async () => {
      await same([
        ["-log.level=info", "--log.level", "warn"],
        ["-log.level"],
        ["-config.expand-env", "-log.level=debug"],
        ["-config.expand-env=true", "--log.level=debug"],
        ["-config.expand-env=yes"],
        ["-config.expand-env", "true", "-no.such-flag"],
        ["--", "-no.such-flag"],
        ["-", "-no.such-flag"],
        ["-no.such-flag"],
        ["-log.level", "-no.such-flag"],
        ["-log.level", "info", "-no.such-flag", "x"],
        ["---log.level=info"],
        ["-=info"],
        ["-log.level info"],
        ["-Log.Level=info"],
        ["-auth.multitenancy-enabled=false"],
        ["-auth.enabled=false"],
      ]);
    });

    it(`have each target that ${name} lists, and ${name} knows no other word for one`, async () => {
      const lokiFile = join(folder, "loki.yaml");
      const from = { from: "2024-04-01", store: "tsdb", object_store: "filesystem", schema: "v13" };
      const configs = [{ ...from, index: { prefix: "index_", period: "24h" } }];
      const common = { path_prefix: folder, ring: { kvstore: { store: "inmemory" } } };
      writeFileSync(lokiFile, JSON.stringify({ schema_config: { configs }, common }));
      const more = { Loki: [`-config.file=${lokiFile}`], Mimir: ["-common.storage.backend=filesystem"] }[name];
      const told = await ask([...more, targets]);
      const listed = [...told.matchAll(/^([a-z][a-z-]+)(?: \(in: .*)?$/gm)].map(([, target]) => target);
      assert.ok(listed.length > 10, told);
      assert.equal(await isRefusedHere([`-target=${listed.join(",")}`]), false);
      for (const target of ["nonsense", "Querier", "memberlist-kv, querier", ""]) {
        assert.equal(await isRefusedHere([`-target=${target}`]), true, target);
        const free = ["http", "grpc"].map((each) => `-server.${each}-listen-port=0`);
        const said = await ask([...free, ...more, `-target=${target}`]);
        assert.match(said, /unrecognised module name|internal module|no target module|panic/, target);
      }
    });
  }
});
