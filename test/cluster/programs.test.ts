import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { buildFlags } from "../../cluster/build";
import { goModuleDir, moduleVersion, Program, ProgramName, programRelease, PROGRAMS } from "../../cluster/programs";

const names = Object.keys(PROGRAMS) as ProgramName[];

describe("Programs that are built from Go modules", () => {
  for (const name of names) {
    const goMod = readFileSync(join(goModuleDir(name), "go.mod"), "utf8");

    it(`${name}: every package that is built is a tool of its go.mod, so that go.sum covers it`, () => {
      const tools = [...goMod.matchAll(/^(?:tool)?\s+(\S+\/\S+)$/gm)].map((match) => match[1]);
      for (const pkg of Object.values((PROGRAMS[name] as Program).binaries)) assert.ok(tools.includes(pkg), pkg);
    });

    it(`${name}: the module is required at an exact version and its checksum is committed`, () => {
      const { module } = PROGRAMS[name];
      assert.match(moduleVersion(name), /^v\d+\.\d+\.\d+/);
      const goSum = readFileSync(join(goModuleDir(name), "go.sum"), "utf8");
      assert.ok(goSum.includes(`${module} ${moduleVersion(name)} h1:`));
    });

    it(`${name}: nothing is replaced by a folder, which other machines don't have`, () => {
      assert.doesNotMatch(goMod, /=>\s*[./]/);
    });
  }

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
