import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { run } from "../../cluster/run";
import { startAnalyzer, type Violation } from "../../offline/analyzer";
import type { Resource } from "../../offline/graph";
import type { Loader } from "../../offline/runtime";
import type { Properties } from "../../offline/values";
import { configMap, object, type TestResource } from "./support";

const pack = path.resolve(__dirname, "../../policy");

/** Packs the policy pack as `npm pack` does. @returns the tarball, in the folder */
export async function packInto(folder: string): Promise<string> {
  const said = await run("npm", ["pack", "--json", "--loglevel", "error", "--pack-destination", folder], { cwd: pack });
  // What scripts of the package print comes before it.
  const [{ filename }] = JSON.parse(said.slice(said.search(/^\[/m))) as [{ filename: string }];
  return path.join(folder, filename);
}

/** Unpacks a package where npm would install it. @returns its folder */
export async function unpackInto(folder: string, tarball: string): Promise<string> {
  const installed = path.join(folder, "node_modules/observability-policy");
  mkdirSync(installed, { recursive: true });
  await run("tar", ["-xzf", tarball, "--strip-components=1", "-C", installed]);
  return installed;
}

const loki = (compactor: string) =>
  configMap(`schema_config: {configs: [{object_store: s3, store: tsdb, schema: v13}]}\ncompactor: {${compactor}}\n`);

const pod = (image: string) =>
  object("core/v1", "Pod", {
    metadata: { namespace: "monitoring", name: "app" },
    spec: { containers: [{ name: "app", image }] },
  });

/** Resources, and the policies under test here that refuse each. */
const cases: [TestResource, string[]][] = [
  [loki("retention_enabled: true, delete_request_store: s3"), []],
  [loki("retention_enabled: true"), ["retention-requires-delete-request-store"]],
  // By the list of images that the package brings along.
  [pod("docker.io/grafana/loki:3.6.3"), []],
  [pod("docker.io/example/app:1.0"), ["pi-nodes-run-arm64-images"]],
];

/**
 * Serves a pack and asks it over the analyzer protocol about good resources and bad ones.
 * @param folder where it is; what it needs is looked up from there
 * @param loader `ts-node`: as Pulumi's CLI serves it
 */
export async function assertJudges(folder: string, loader: Loader): Promise<void> {
  const deployment = { project: "app", stack: "dev", organization: "organization", dryRun: true };
  const { ready, stop } = startAnalyzer(folder, deployment, { values: {}, secretKeys: [] }, {}, loader);
  try {
    const analyzer = await ready;
    const relevant = new Set(cases.flatMap(([, policies]) => policies));
    for (const [resource, expected] of cases) {
      const found: Violation[] = await analyzer.analyze(registered(resource), new Map());
      const refused = found.filter(({ level, policy }) => level === "mandatory" && relevant.has(policy));
      assert.deepEqual(
        refused.map(({ policy }) => policy),
        expected,
        JSON.stringify(resource),
      );
    }
  } finally {
    stop();
  }
}

function registered({ type, name, props }: TestResource): Resource {
  return {
    urn: `urn:pulumi:dev::app::${type}::${name}`,
    ...{ type, name, custom: true, providers: {}, read: false, id: "", propertyDependencies: {} },
    inputs: props as Properties,
    outputs: props as Properties,
    options: {
      ...{ ignoreChanges: [], replaceOnChanges: [], additionalSecretOutputs: [], dependsOn: [], aliases: [] },
      customTimeouts: {},
    },
  };
}
