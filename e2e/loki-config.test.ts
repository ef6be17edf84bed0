import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { hostTool } from "../lab/cluster/tools";
import { configFile } from "../components/loki/pod";
import { selectors } from "../test/settings/selectors";
import { renderPart } from "./support/deploy";

// What every stack renders, in each mode, against the real Loki's own check of configurations.

const stacks = ["staging", "production", "sandbox"];
const modes = {
  "single-binary": ["loki.mode=single-binary", "loki.replicationFactor=1"],
  "simple-scalable": ["loki.mode=simple-scalable"],
  distributed: ["loki.mode=distributed", "loki.patternIngester=true"],
};

/** Three writers, as chunks are only cached where each line has several. */
const cached = {
  "single-binary": ["loki.mode=single-binary", "loki.singleBinary.replicas=3"],
  "simple-scalable": ["loki.mode=simple-scalable", "loki.write.replicas=3"],
  distributed: ["loki.mode=distributed"],
};
const caches = ["loki.replicationFactor=3", "loki.caches.chunks.size=1Gi", "loki.caches.results.replicas=2"];

/** What the pods of each mode run. */
const targets = {
  "single-binary": ["all"],
  "simple-scalable": ["backend", "read", "write"],
  distributed: [
    "compactor",
    "distributor",
    "index-gateway",
    "ingester",
    "pattern-ingester",
    "querier",
    "query-frontend",
    "query-scheduler",
    "ruler",
  ],
};

const period = (i: number, from: string, store: string, objectStore: string, schema: string) =>
  [
    `from=${from}`,
    `store=${store}`,
    `object_store=${objectStore}`,
    `schema=${schema}`,
    "index.prefix=index_",
    "index.period=24h",
  ].map((value) => `loki.schemaConfigs[${i}].${value}`);

/** Settings that change what is in the configuration, on top of a stack. */
const variations: Record<string, string[]> = {
  "everything that can be off is off": ["loki.structuredMetadata=false", "loki.volume=false"],
  "patterns are detected": ["loki.patternIngester=true"],
  "an older period of another index": [
    ...period(0, "2022-06-01", "boltdb-shipper", "s3", "v12"),
    ...period(1, "2024-04-01", "tsdb", "aws", "v13"),
  ],
  "limits at their edges": [
    "loki.limits.maxStreams=0",
    "loki.limits.maxQueryLength=0s",
    "loki.limits.queryTimeout=1d",
    "loki.limits.maxLineSize=1MB",
    "loki.retention=1y",
    "loki.compactionInterval=1h30m",
  ],
  "streams with a retention of their own": [
    'loki.retentionStreams[0].selector={namespace="dev", app=~`web|api`}',
    "loki.retentionStreams[0].period=24h",
    'loki.retentionStreams[1].selector={app=~"a[.]b"}',
    "loki.retentionStreams[1].period=1y",
    "loki.retentionStreams[1].priority=2",
  ],
};

interface Rendered {
  config: string;
  /** Arguments of each kind of pod, without the configuration's file. */
  pods: string[][];
}

/** The configuration that a stack's pods mount, and what each of them is told to run. */
async function rendered(stack: string, config: string[]): Promise<Rendered> {
  const resources = await renderPart({ namespace: "monitoring", stack, config, components: ["loki"] });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- objects of every kind
  const objects = resources.flatMap(({ object }) => (object ? [object as any] : []));
  const text = objects.find(({ kind, metadata }) => kind === "ConfigMap" && metadata.name === "loki").data[configFile];
  const args: string[][] = objects.map(({ spec }) => spec?.template?.spec?.containers?.[0].args ?? []);
  const ofLoki = args.filter((each) => each.some((arg) => arg.startsWith("-target=")));
  return { config: text, pods: ofLoki.map((each) => each.filter((arg) => !arg.startsWith("-config.file="))) };
}

describe("Loki's own check of the configuration", function () {
  this.timeout(5 * 60_000);

  const folder = mkdtempSync(join(tmpdir(), "loki-config-"));
  let loki: string;
  let sandbox: Rendered;

  before(async () => {
    loki = await hostTool("loki");
    sandbox = await rendered("sandbox", []);
  });
  after(() => rmSync(folder, { recursive: true, force: true }));

  /** What Loki says of a configuration; undefined when it accepts it. */
  const refusal = async (config: string, pod: string[], address = "10.42.0.7"): Promise<string | undefined> => {
    const file = join(folder, "config.yaml");
    writeFileSync(file, config);
    const args = [`-config.file=${file}`, ...pod, "-verify-config"];
    // The exit code tells: with log level `warn` success prints nothing.
    return promisify(execFile)(loki, args, { env: { POD_IP: address } }).then(
      () => undefined,
      (error: { stderr: string }) => error.stderr,
    );
  };

  const accepts = async ({ config, pods }: Rendered, address?: string) => {
    assert.ok(pods.length > 0, "no pod runs Loki");
    for (const pod of pods) assert.equal(await refusal(config, pod, address), undefined, pod.join(" "));
  };

  for (const stack of stacks) {
    for (const mode of ["single-binary", "simple-scalable", "distributed"] as const) {
      it(`accepts stack ${stack}, ${mode}`, async () => {
        const made = await rendered(stack, modes[mode]);
        const run = made.pods.flat().flatMap((arg) => /^-target=(?:tenant-configs,)?(.*)/.exec(arg)?.[1] ?? []);
        assert.deepEqual(run.sort(), targets[mode]);
        await accepts(made);
      });
    }
  }

  for (const mode of ["single-binary", "simple-scalable", "distributed"] as const)
    it(`accepts caches in memcached, ${mode}`, async () => {
      const made = await rendered("sandbox", [...cached[mode], ...caches]);
      assert.equal(made.config.match(/addresses: dnssrvnoa\+/g)?.length, 2);
      await accepts(made);
    });

  for (const [what, config] of Object.entries(variations)) {
    it(`accepts ${what}`, async () => accepts(await rendered("staging", config)));
  }

  it("accepts a pod's address of IPv6", async () => accepts(sandbox, "fd00:10:42::7"));

  it("accepts and refuses the selectors that the settings accept and refuse", async () => {
    const refused = async (selector: string) => {
      const config = parse(sandbox.config);
      config.limits_config.retention_stream = [{ selector, period: "24h", priority: 1 }];
      return (await refusal(stringify(config), sandbox.pods[0])) !== undefined;
    };
    // Its expansion of variables changes others, which is why loki.retentionStreams refuses them.
    const unchanged = selectors.takes.filter((selector) => !/[\\$]/.test(selector));
    for (const selector of unchanged) assert.equal(await refused(selector), false, selector);
    for (const selector of selectors.refuses) assert.equal(await refused(selector), true, selector);
  });

  it("refuses the same without delete_request_store, in the words of seed 000", async () => {
    const broken = parse(sandbox.config);
    delete broken.compactor.delete_request_store;
    assert.match(
      (await refusal(stringify(broken), sandbox.pods[0])) ?? "accepted",
      /CONFIG ERROR: invalid compactor config: compactor\.delete-request-store should be configured when retention is enabled/,
    );
  });
});
