import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { stringify } from "yaml";
import type { MonitoringObject } from "../components/alloy/unsupported";
import { cannotScrape, scrapesDifferently } from "../components/vmagent/unsupported";
import { hostTool } from "../lab/cluster/tools";

// What plan and verify say that vmagent leaves out of a monitor, against a real vmagent that reads the job which the operator makes of it.

interface Case {
  /** The field of a ScrapeConfig, or of a discovery of it. */
  field: string;
  value: unknown;
  /** Its place in Prometheus's configuration. */
  key: string;
  discovery?: [field: string, key: string, rest: object];
}

const cases: Case[] = [
  { field: "proxyFromEnvironment", value: true, key: "proxy_from_environment" },
  { field: "noProxy", value: "a", key: "no_proxy" },
  { field: "proxyConnectHeader", value: { a: ["b"] }, key: "proxy_connect_header" },
  { field: "trackTimestampsStaleness", value: true, key: "track_timestamps_staleness" },
  { field: "targetLimit", value: 1, key: "target_limit" },
  { field: "labelNameLengthLimit", value: 1, key: "label_name_length_limit" },
  { field: "labelValueLengthLimit", value: 1, key: "label_value_length_limit" },
  { field: "bodySizeLimit", value: "1MB", key: "body_size_limit" },
  { field: "keepDroppedTargets", value: 1, key: "keep_dropped_targets" },
  { field: "fallbackScrapeProtocol", value: "PrometheusText0.0.4", key: "fallback_scrape_protocol" },
  { field: "scrapeProtocols", value: ["PrometheusText0.0.4"], key: "scrape_protocols" },
  { field: "scrapeNativeHistograms", value: true, key: "scrape_native_histograms" },
  { field: "convertClassicHistogramsToNHCB", value: true, key: "convert_classic_histograms_to_nhcb" },
  { field: "nameEscapingScheme", value: "AllowUTF8", key: "metric_name_escaping_scheme" },
  { field: "nameValidationScheme", value: "UTF8", key: "metric_name_validation_scheme" },
  ...(["path_prefix", "health_filter"] as const).map((key): Case => {
    const field = key === "path_prefix" ? "pathPrefix" : "healthFilter";
    return { field, value: "a", key, discovery: ["consulSDConfigs", "consul_sd_configs", { server: "a" }] };
  }),
  {
    ...{ field: "labelSelector", value: "a=b", key: "label_selector" },
    discovery: ["hetznerSDConfigs", "hetzner_sd_configs", { role: "hcloud" }],
  },
];

/** Fields that it takes, and of which nothing may be said. */
const taken = {
  honor_labels: true,
  honor_timestamps: true,
  sample_limit: 1,
  label_limit: 1,
  enable_compression: false,
  follow_redirects: false,
  params: { a: ["b"] },
  proxy_url: "http://a:1",
  basic_auth: { username: "a", password: "b" },
  tls_config: { insecure_skip_verify: true, server_name: "a" },
};

/** Steps of relabelling: with a set of labels and without, by action. */
const steps = ["keep", "drop", "hashmod", "lowercase", "uppercase"].map((action) => ({
  action,
  ...(action === "hashmod" && { modulus: 2 }),
  ...(!["keep", "drop"].includes(action) && { target_label: "a" }),
}));

describe("What vmagent leaves out of a monitor", function () {
  this.timeout("15m"); // the first time, vmagent is built

  const folder = mkdtempSync(join(tmpdir(), "vmagent-config-"));
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** What vmagent says of a job. */
  async function said(job: object, strict: boolean): Promise<string> {
    const file = join(folder, "prometheus.yaml");
    const targets = { static_configs: [{ targets: ["a:1"] }] };
    writeFileSync(file, stringify({ scrape_configs: [{ job_name: "it", ...targets, ...job }] }));
    const flags = [`-promscrape.config=${file}`, "-dryRun", "-remoteWrite.url=http://a"];
    const program = promisify(execFile)(await hostTool("vmagent"), [
      ...flags,
      `-promscrape.config.strictParse=${strict}`,
    ]);
    return program.then(
      ({ stderr }) => stderr,
      (error: { stderr: string }) => error.stderr,
    );
  }
  const scrapeConfig = (spec: object): MonitoringObject => ({
    ...{ kind: "ScrapeConfig", metadata: { name: "it", namespace: "monitoring" }, spec },
  });
  const told = (spec: object) => {
    const readable = { namespace: "monitoring", secrets: [], configMaps: [], scrapeConfigs: [] };
    return [...cannotScrape(scrapeConfig(spec), readable), ...scrapesDifferently(scrapeConfig(spec))];
  };

  for (const { field, value, key, discovery } of cases)
    it(`is ${field}: vmagent doesn't know it, takes the job without it, and it is told`, async () => {
      const [sdField, sdKey, rest] = discovery ?? [];
      const job = sdKey ? { [sdKey]: [{ ...rest, [key]: value }] } : { [key]: value };
      assert.match(await said(job, true), new RegExp(`field ${key} not found`));
      assert.doesNotMatch(await said(job, false), /skipping|fatal/);
      const spec = sdField ? { [sdField]: [{ ...rest, [field]: value }] } : { [field]: value };
      assert.deepEqual(
        told(spec).map((each) => each.includes(`${field} is left out: `)),
        [true],
      );
    });

  it("is none of the others: it reads them all strictly", async () => {
    assert.doesNotMatch(await said(taken, true), /not found|skipping|fatal/);
  });

  for (const { action, ...rest } of steps)
    it(`is the whole job where a step of relabelling has the action ${action} and no labels`, async () => {
      assert.match(
        await said({ relabel_configs: [{ action, ...rest }] }, false),
        /skipping .* missing `source_labels`/,
      );
      assert.doesNotMatch(
        await said({ relabel_configs: [{ action, source_labels: ["b"], ...rest }] }, false),
        /skipping|fatal/,
      );
      assert.match(told({ relabelings: [{ action }] })[0], /leaves out the whole job/);
    });
});
