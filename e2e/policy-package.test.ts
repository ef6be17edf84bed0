import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "../lab/cluster/run";
import { assertJudges, assertProfile, packInto, whileServed } from "../test/policy/packed";

describe("The policy pack as npm installs it", function () {
  this.timeout(300_000);

  it("judges resources from an empty folder, with what npm installs for it and nothing else", async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "empty-")));
    try {
      writeFileSync(join(folder, "package.json"), '{"private":true}\n');
      const tarball = await packInto(folder);
      await run("npm", ["install", "--no-audit", "--no-fund", "--loglevel", "error", tarball], { cwd: folder });
      const installed = join(folder, "node_modules/observability-policy");
      await whileServed(installed, "ts-node", async (served) => {
        await assertJudges(served);
        await assertProfile(served, installed);
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
