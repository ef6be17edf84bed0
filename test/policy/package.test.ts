import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { assertJudges, assertProfile, assertReadme, packInto, servedHere, unpackInto, type Served } from "./packed";

const root = path.resolve(__dirname, "../..");

describe("the policy pack as a package by itself", function () {
  this.timeout(120_000);
  let folder: string;
  let installed: string;
  let served: Served;

  before(async () => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), "package-")));
    installed = await unpackInto(folder, await packInto(folder));
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(path.join(installed, "package.json"), "utf8"));
    // Only what it says that it needs; e2e/policy-package.test.ts lets npm install that.
    for (const name of Object.keys({ ...dependencies, ...peerDependencies })) {
      const link = path.join(folder, "node_modules", name);
      mkdirSync(path.dirname(link), { recursive: true });
      symlinkSync(path.join(root, "node_modules", name), link);
    }
    served = servedHere(installed);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("judges resources where nothing of this repository is", () => assertJudges(served));

  it("refuses nothing of ordinary workloads with its profile for Loki and Mimir, and each of their faults", () =>
    assertProfile(served, installed));

  it("takes each configuration that its README shows", async () => {
    assert.ok((await assertReadme(served, installed)) >= 3);
  });

  it("leaves the program that it judges its own version of Pulumi", () => {
    const { dependencies, peerDependencies } = JSON.parse(readFileSync(path.join(installed, "package.json"), "utf8"));
    assert.deepEqual(
      Object.keys(dependencies).filter((name) => name.startsWith("@pulumi/")),
      [],
    );
    for (const [name, range] of Object.entries(peerDependencies as Record<string, string>)) {
      assert.match(range, /^\^\d+\.\d+\.\d+$/, name);
    }
  });

  it("brings the list of images along, by which it does: without it every image is refused", async () => {
    const list = path.join(installed, "images.json");
    assert.deepEqual(readFileSync(list), readFileSync(path.join(root, "images.json")));
    rmSync(list);
    await assert.rejects(assertJudges(servedHere(installed)), /docker\.io\/grafana\/loki/);
  });

  it("has its licence and its README, and leaves nothing in the repository", () => {
    for (const file of ["LICENSE", "README.md", "PulumiPolicy.yaml"]) assert.ok(existsSync(path.join(installed, file)));
    for (const file of ["LICENSE", "images.json"]) assert.ok(!existsSync(path.join(root, "policy", file)), file);
  });
});
