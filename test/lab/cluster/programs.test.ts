import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildFlags } from "../../../lab/cluster/build";
import {
  goModuleDir,
  moduleVersion,
  Program,
  ProgramName,
  programRelease,
  programTable,
} from "../../../lab/cluster/programs";
import { documented } from "../../components/alloy/documented";

/** Components that no configuration names yet, and that cost nothing: the others come with their packages. */
const beside = ["local/file_match", "prometheus/operator/scrapeconfigs"];

const names = Object.keys(programTable) as ProgramName[];

describe("Programs that are built from Go modules", () => {
  for (const name of names) {
    const goMod = readFileSync(join(goModuleDir(name), "go.mod"), "utf8");

    it(`${name}: every package that is built is a tool of its go.mod, so that go.sum covers it`, () => {
      const tools = [...goMod.matchAll(/^(?:tool)?\s+(\S+\/\S+)$/gm)].map((match) => match[1]);
      for (const pkg of Object.values((programTable[name] as Program).binaries)) assert.ok(tools.includes(pkg), pkg);
    });

    it(`${name}: the module is required at an exact version and its checksum is committed`, () => {
      const { module } = programTable[name];
      assert.match(moduleVersion(name), /^v\d+\.\d+\.\d+/);
      const goSum = readFileSync(join(goModuleDir(name), "go.sum"), "utf8");
      assert.ok(goSum.includes(`${module} ${moduleVersion(name)} h1:`));
    });

    it(`${name}: nothing is replaced by a folder, which other machines don't have`, () => {
      assert.doesNotMatch(goMod, /=>\s*[./]/);
    });
  }

  it("alloy: has every component that a configuration may name, and no other", () => {
    const { additions }: Program = programTable.alloy;
    const list = additions!["internal/component/all/all.go"].toString();
    const built = [...list.matchAll(/_ "github\.com\/grafana\/alloy\/internal\/component\/(\S+)"/g)].map(
      ([, path]) => path,
    );
    // A component's folder is its name; remote_write's has no underscore.
    const folder = (name: string) => name.replaceAll(".", "/").replace("remote_write", "remotewrite");
    assert.deepEqual(built.sort(), [...Object.keys(documented).map(folder), ...beside].sort());
  });

  it("tell the version under which they are released, not their module's", () => {
    assert.equal(programRelease("loki"), moduleVersion("loki").slice(1));
    assert.match(moduleVersion("prometheus"), /^v0\.\d{3}\./);
    assert.match(programRelease("prometheus"), /^[1-9]\d*\.\d+\.\d+$/);
    assert.match(programRelease("minio"), /^RELEASE\.\d{4}-\d\d-\d\dT\d\d-\d\d-\d\dZ$/);
    assert.match(programRelease("mc"), /^RELEASE\./);
  });

  it("are stamped with that version", () => {
    assert.ok(buildFlags("loki").some((flag) => flag.includes(`build.Version=${programRelease("loki")}`)));
    const kubernetes = buildFlags("kubernetes").join(" ");
    const [major, minor] = programRelease("kubernetes").split(".");
    assert.match(kubernetes, new RegExp(`component-base/version\\.gitVersion=${moduleVersion("kubernetes")}( |$)`));
    assert.ok(kubernetes.includes(`component-base/version.gitMajor=${major} `));
    assert.ok(kubernetes.includes(`component-base/version.gitMinor=${minor} `));
  });
});
