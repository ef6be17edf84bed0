import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { hostTool } from "../lab/cluster/tools";
import { configFile } from "../components/mimir/pod";
import { renderPart } from "./support/deploy";

// What every stack renders, against the real Mimir: `-modules` reads and validates the configuration, and runs nothing.

const variations: Record<string, string[]> = {
  "as it is": [],
  "limits at their edges": [
    "mimir.retention=1y",
    "mimir.outOfOrderWindow=0s",
    "mimir.limits.maxSeries=0",
    "mimir.limits.ingestionRate=1",
    "mimir.logLevel=debug",
    "mimir.blockUpload=true",
  ],
  "one bucket for all": [
    "buckets.mimirRuler=mimir-blocks",
    "buckets.mimirAlertmanager=mimir-blocks",
    "alertmanager.implementation=mimir",
    "alertmanager.webhook=http://bridge:8080/",
  ],
  "with its own Alertmanager": ["alertmanager.implementation=mimir", "alertmanager.webhook=http://bridge:8080/"],
};

describe("Mimir's configuration, by the real Mimir", function () {
  this.timeout(5 * 60_000);
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "mimir-config-"))));
  after(() => rmSync(folder, { recursive: true }));

  async function rendered(stack: string, config: string[]): Promise<string> {
    const all = [...config, "stage=dual-write"];
    const resources = await renderPart({ namespace: "monitoring", stack, config: all, components: ["mimir"] });
    const configMap = resources.find(({ object }) => object?.kind === "ConfigMap")?.object;
    return (configMap as unknown as { data: Record<string, string> }).data[configFile];
  }

  /** What Mimir says of a configuration; undefined when it is right. */
  async function refusal(config: string): Promise<string | undefined> {
    const file = join(folder, configFile);
    writeFileSync(file, config);
    const mimir = await hostTool("mimir");
    return promisify(execFile)(mimir, [`-config.file=${file}`, "-modules"]).then(
      () => undefined,
      ({ stderr, stdout }: { stderr: string; stdout: string }) => `${stdout}${stderr}`,
    );
  }

  for (const stack of ["staging", "production", "sandbox"]) {
    for (const [what, config] of Object.entries(variations)) {
      it(`is accepted: stack ${stack}, ${what}`, async () => {
        assert.equal(await refusal(await rendered(stack, config)), undefined);
      });
    }
  }

  it("is refused with a key that Mimir doesn't know, and with storage that overlaps: the check can fail", async () => {
    const config = parse(await rendered("sandbox", []));
    assert.match((await refusal(stringify({ ...config, retention: "90d" }))) ?? "", /field retention not found/);
    const bucket = config.blocks_storage.s3.bucket_name;
    const shared = { ...config, ruler_storage: { s3: { bucket_name: bucket } } };
    assert.match((await refusal(stringify(shared))) ?? "", /storage.*same|same.*storage|bucket.*same|share/i);
  });
});
