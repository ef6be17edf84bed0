import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stringify } from "yaml";
import { hostTool } from "../lab/cluster/tools";
import { journalRules, podFileRules, podRules, type Rule } from "../components/alloy/config";
import { alloyRule, targetRules } from "../components/alloy/metrics-config";
import { scrapeConfigSpec } from "../components/monitors/scrape-config";
import { baseTargets } from "../components/monitors/targets";
import { settingsSchema } from "../settings/schema";
import { discovered, excludedNamespaces, journalUnits } from "../test/components/alloy/pods";
import { publicLabels } from "../test/components/alloy/relabel";
import { found } from "../test/components/alloy/targets";

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

  /** What becomes of each target; undefined when it is dropped. `job` is what Prometheus knows of all of them. */
  function relabel(targets: readonly Labels[], rules: readonly Rule[], job: object = {}): (Labels | undefined)[] {
    const static_configs = targets.map((labels, index) => ({
      targets: [`target-${index}`],
      labels: { ...labels, __address__: undefined },
    }));
    const file = join(folder, "prometheus.yaml");
    const scrape = { job_name: "alloy", ...job, static_configs, relabel_configs: rules };
    writeFileSync(file, stringify({ scrape_configs: [scrape] }));
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

  it("labels the cluster's own targets as the ScrapeConfigs of the stages before do, and as kube-prometheus-stack did", () => {
    const { monitors } = settingsSchema.parse({
      monitors: {
        scheduler: { selector: { component: "kube-scheduler" } },
        controllerManager: { endpoints: ["10.0.0.1"] },
        proxy: { selector: { "k8s-app": "kube-proxy" } },
        etcd: { endpoints: ["10.0.0.1"] },
      },
    });
    for (const target of baseTargets({ settings: monitors, dropApiserverHistograms: true })) {
      const cases = found.filter(({ of }) => of === target.name);
      const metas = cases.map(({ meta }) => meta);
      const { jobName, scheme = "HTTP", metricsPath, relabelings } = scrapeConfigSpec(target);
      // As the operator writes it: the job by a first step (generateScrapeConfig in pkg/prometheus/promcfg.go).
      const prometheus = relabel(
        metas,
        [{ target_label: "job", replacement: jobName }, ...relabelings.map(alloyRule)],
        { scheme: scheme.toLowerCase(), metrics_path: metricsPath },
      );
      const alloy = relabel(metas, targetRules(target));
      assert.deepEqual(alloy, prometheus, target.name);
      // Addresses are promtool's, and so are the instances that are made of them.
      assert.deepEqual(
        alloy.map((labels) => labels && { ...publicLabels(labels), instance: "", path: labels.__metrics_path__ }),
        cases.map(({ labels: { url, ...labels } = {} }) =>
          url === undefined ? undefined : { ...labels, instance: "", path: new URL(url).pathname },
        ),
        target.name,
      );
    }
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
