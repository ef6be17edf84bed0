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

  /** What becomes of a target; undefined when it is dropped. */
  function relabel({ __address__ = "target", ...labels }: Labels, rules: readonly Rule[]): Labels | undefined {
    const job = { job_name: "alloy", static_configs: [{ targets: [__address__], labels }], relabel_configs: rules };
    const file = join(folder, "prometheus.yaml");
    writeFileSync(file, stringify({ scrape_configs: [job] }));
    const [found] = JSON.parse(
      execFileSync(promtool, ["check", "service-discovery", file, "alloy"], { encoding: "utf8" }),
    );
    return found.labels && Object.keys(found.labels).length > 0 ? found.labels : undefined;
  }

  const { logs } = settingsSchema.parse({ logs: { excludeNamespaces: excludedNamespaces } });
  for (const { what, meta, labels, path } of discovered) {
    it(labels ? `labels ${what} as seed 004 does and finds its file` : `leaves out ${what}`, () => {
      const result = relabel(meta, [...podRules(logs), ...podFileRules]);
      // Prometheus gives every target an instance; Alloy does not.
      const { instance: _, ...public_ } = publicLabels(result ?? {});
      assert.deepEqual(public_, labels ?? {});
      assert.equal(result?.__path__, path);
    });
  }

  for (const { fields, unit } of journalUnits) {
    it(`labels journal entries of ${JSON.stringify(Object.values(fields))} ${unit ? `unit ${unit}` : "without a unit"}`, () => {
      assert.equal(relabel(fields, journalRules)?.unit, unit);
    });
  }
});
