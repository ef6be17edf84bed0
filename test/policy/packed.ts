import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import path from "node:path";
import { run } from "../../lab/cluster/run";
import { configured, startPack, type Analyzer, type Violation } from "../../engine/analyzer";
import type { Resource } from "../../engine/graph";
import type { Loader } from "../../engine/runtime";
import type { Properties } from "../../engine/values";
import { readPolicySettings, type PolicySettings } from "../../engine/policy-config";
import { mostAtFirst } from "../../policy/lib/message";
import { startPackInline } from "../program/support/inline-pack";
import { faults } from "./faults";
import { ordinary } from "./ordinary";
import { configMap, object, release, type TestResource } from "./support";

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
  configMap(
    `schema_config: {configs: [{object_store: s3, store: tsdb, schema: v13, index: {period: 24h}}]}\ncompactor: {${compactor}}\n`,
  );

const pod = (image: string) =>
  object("core/v1", "Pod", {
    metadata: { namespace: "monitoring", name: "app" },
    spec: { containers: [{ name: "app", image }] },
  });

// As the engine says that a file of values is empty.
const emptyAsset = { "4dabf18193072939515e22adb298388d": "c44067f5952c0a294b673a41bacd8c17", hash: "e3b0c442" };

/** Resources, and the policies under test here that refuse each. */
const cases: [TestResource, string[]][] = [
  [loki("retention_enabled: true, delete_request_store: s3"), []],
  [loki("retention_enable: true"), ["configuration-fields-are-known"]],
  [
    release("loki", { loki: { compactor: { retention_enabled: true } } }, { valueYamlFiles: [emptyAsset] }),
    ["retention-requires-delete-request-store", "pi-nodes-run-arm64-images"],
  ],
  // By the list of images that the package brings along.
  [pod("docker.io/grafana/loki:3.6.3"), []],
  [pod("docker.io/example/app:1.0"), ["pi-nodes-run-arm64-images"]],
];

// The settings of a stack with arm64 nodes.
const withPis = { "app:cluster": JSON.stringify({ nodes: [{ name: "pi5", arch: "arm64" }] }) };
const configuration = { values: withPis, secretKeys: [] };
const deployment = { project: "app", stack: "dev", organization: "organization", dryRun: true };

/** A pack that is served as the engine does, in a stack with arm64 nodes: asks it with these levels and parameters. */
export type Served = (settings: PolicySettings) => Promise<Analyzer>;

/**
 * Serves a pack while something is done with it.
 * @param folder where it is; what it needs is looked up from there
 * @param loader `ts-node`: as Pulumi's CLI serves it
 */
export async function whileServed(
  folder: string,
  loader: Loader,
  act: (served: Served) => Promise<void>,
): Promise<void> {
  const { ready, stop } = startPack(folder, deployment, configuration, loader);
  try {
    await act(async (settings) => configured(await ready, deployment, settings, stop));
  } finally {
    stop();
  }
}

/** Serves a pack in this process, with what its files say now. */
export function servedHere(folder: string): Served {
  for (const file of Object.keys(require.cache)) if (file.startsWith(folder + path.sep)) delete require.cache[file];
  return (settings) => startPackInline(folder, deployment, configuration, settings, "tsx").ready;
}

/** Asks a pack over the analyzer protocol about good resources and bad ones. */
export async function assertJudges(served: Served): Promise<void> {
  const analyzer = await served({});
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
}

/**
 * Asks a pack with its profile for Loki and Mimir about ordinary workloads, and about each fault of Loki and Mimir that it knows.
 * @param folder where the pack is
 */
export async function assertProfile(served: Served, folder: string): Promise<void> {
  const profile = readPolicySettings(path.join(folder, "profiles/loki-and-mimir.json"));
  const analyzer = await served(profile);
  const judged = async (...resources: TestResource[]): Promise<Violation[]> => {
    const graph = new Map(resources.map(registered).map((each) => [each.urn, each]));
    assert.equal(graph.size, resources.length, "two resources have one URN");
    const each = await Promise.all([...graph.values()].map((resource) => analyzer.analyze(resource, graph)));
    return [...each.flat(), ...(await analyzer.analyzeStack(graph))];
  };
  assert.deepEqual(await judged(...ordinary), []);
  for (const { what, resources, refusedBy } of faults) {
    const found = await judged(...ordinary, ...resources);
    const refused = found.filter(
      ({ level }) => level === (refusedBy in profile && profile[refusedBy]) || level === "mandatory",
    );
    assert.deepEqual(
      [...new Set(refused.map(({ policy }) => policy))],
      [refusedBy],
      `${what}: ${JSON.stringify(found)}`,
    );
    for (const { message } of found) assert.ok(message.split("\n\n")[0].length <= mostAtFirst, message);
  }
  const configured = Object.keys(profile).filter((name) => name !== "all");
  assert.deepEqual([...new Set(faults.map(({ refusedBy }) => refusedBy))].sort(), configured.sort());
}

/**
 * Configures a pack as each example of its README shows, and has it judge a good resource.
 * @param folder where the pack is
 * @returns how many there are
 */
export async function assertReadme(served: Served, folder: string): Promise<number> {
  const readme = readFileSync(path.join(folder, "README.md"), "utf8");
  const examples = [...readme.matchAll(/^( *)```json\n([^]*?)\n *```$/gm)].map(([, , text]) => JSON.parse(text));
  for (const settings of examples) {
    const analyzer = await served(settings);
    const found = await analyzer.analyze(registered(cases[0][0]), new Map());
    assert.deepEqual(found, [], JSON.stringify(settings));
  }
  return examples.length;
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
