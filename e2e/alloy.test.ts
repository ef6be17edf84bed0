import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { hostTool } from "../cluster/tools";
import { journalRules, podFileRules, podRules, type Rule } from "../components/alloy/config";
import { settingsSchema } from "../config/schema";
import { discovered, excludedNamespaces, journalUnits } from "../test/components/alloy/pods";
import { publicLabels } from "../test/components/alloy/relabel";

type Labels = Record<string, string>;

/** Alloy relabels with Prometheus's library (`model/relabel`), which promtool has too. */
describe("Alloy's relabelling, done by Prometheus", function () {
  this.timeout("20m"); // the first time, promtool is built

  let promtool: string;
  let folder: string;
  before(async () => {
    promtool = await hostTool("promtool");
    folder = mkdtempSync(join(tmpdir(), "alloy-relabelling-"));
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** What becomes of each target; undefined when it is dropped. */
  function relabel(targets: readonly Labels[], rules: readonly Rule[]): (Labels | undefined)[] {
    const static_configs = targets.map((labels, index) => ({
      targets: [`target-${index}`],
      labels: { ...labels, __address__: undefined },
    }));
    const file = join(folder, "prometheus.yaml");
    writeFileSync(file, stringify({ scrape_configs: [{ job_name: "alloy", static_configs, relabel_configs: rules }] }));
    // promtool collects for as long as it is told to.
    const text = execFileSync(promtool, ["check", "service-discovery", "--timeout=3s", file, "alloy"], {
      encoding: "utf8",
    });
    const found = JSON.parse(text) as { discoveredLabels: Labels; labels?: Labels }[];
    const byAddress = new Map(found.map(({ discoveredLabels, labels }) => [discoveredLabels.__address__, labels]));
    return targets.map((_, index) => {
      assert.ok(byAddress.has(`target-${index}`), `promtool did not find target ${index}`);
      const labels = byAddress.get(`target-${index}`) ?? {};
      return Object.keys(labels).length > 0 ? labels : undefined;
    });
  }

  it("labels the lines of each container as seed 004 does, finds its file, and leaves out those that are to be left out", () => {
    const { logs } = settingsSchema.parse({ logs: { excludeNamespaces: excludedNamespaces } });
    const rules = [...podRules(logs), ...podFileRules];
    const results = relabel(
      discovered.map(({ meta }) => meta),
      rules,
    ).map((labels, index) => {
      const lines = publicLabels(labels ?? {});
      delete lines.instance; // Prometheus gives every target one; Alloy does not
      return { what: discovered[index].what, labels: lines, path: labels?.__path__ };
    });
    assert.deepEqual(
      results,
      discovered.map(({ what, labels = {}, path }) => ({ what, labels, path })),
    );
  });

  it("labels each journal entry with its unit, and bounds their number", () => {
    const results = relabel(
      journalUnits.map(({ fields }) => fields),
      journalRules,
    );
    assert.deepEqual(
      results.map((labels) => labels?.unit),
      journalUnits.map(({ unit }) => unit),
    );
  });
});
