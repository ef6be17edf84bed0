import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { assertJudges, packInto, unpackInto } from "./packed";

const root = path.resolve(__dirname, "../..");

describe("the policy pack as a package by itself", function () {
  this.timeout(120_000);
  let folder: string;
  let installed: string;

  before(async () => {
    folder = realpathSync(mkdtempSync(path.join(tmpdir(), "package-")));
    installed = await unpackInto(folder, await packInto(folder));
    const { dependencies } = JSON.parse(readFileSync(path.join(installed, "package.json"), "utf8"));
    // Only what it says that it needs; e2e/policy-package.test.ts lets npm install that.
    for (const name of Object.keys(dependencies)) {
      const link = path.join(folder, "node_modules", name);
      mkdirSync(path.dirname(link), { recursive: true });
      symlinkSync(path.join(root, "node_modules", name), link);
    }
  });
  after(() => rmSync(folder, { recursive: true }));

  it("judges resources where nothing of this repository is", () => assertJudges(installed, "tsx"));

  it("brings the list of images along, by which it does: without it every image is refused", async () => {
    const list = path.join(installed, "images.json");
    assert.deepEqual(readFileSync(list), readFileSync(path.join(root, "images.json")));
    rmSync(list);
    await assert.rejects(assertJudges(installed, "tsx"), /docker\.io\/grafana\/loki/);
  });

  it("has its licence and its README, and leaves nothing in the repository", () => {
    for (const file of ["LICENSE", "README.md", "PulumiPolicy.yaml"]) assert.ok(existsSync(path.join(installed, file)));
    for (const file of ["LICENSE", "images.json"]) assert.ok(!existsSync(path.join(root, "policy", file)), file);
  });
});
