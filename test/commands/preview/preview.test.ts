import assert from "node:assert/strict";
import { ProgramFailed } from "../../../engine/errors";
import { offlinePreview, type Preview } from "../../../commands/shared/preview";
import { runInline } from "../../program/support/inline";
import { behaviours, failing, find } from "../../engine/fixtures";

const stack = "urn:pulumi:dev::fixture::pulumi:pulumi:Stack::fixture-dev";
const app = "urn:pulumi:dev::fixture::observability:app:App::app";
const cluster = "urn:pulumi:dev::fixture::pulumi:providers:kubernetes::cluster";

describe("offline preview", () => {
  let preview: Preview;
  let again: Preview;

  before(async () => {
    const options = { stack: "dev", program: behaviours };
    // In a process of its own, as for users, and in this one.
    [preview, again] = await Promise.all([offlinePreview(options), offlinePreview({ ...options, start: runInline })]);
  });

  it("gives a child a URN with its parent's type, and the stack as the parent of what has none", () => {
    const secret = find(preview, "kubernetes:core/v1:Secret", "app");
    assert.equal(secret.urn, "urn:pulumi:dev::fixture::observability:app:App$kubernetes:core/v1:Secret::app");
    assert.equal(secret.parent, app);
    assert.equal(secret.custom, true);
    const component = find(preview, "observability:app:App", "app");
    assert.deepEqual([component.urn, component.parent, component.custom], [app, stack, false]);
    assert.equal(find(preview, "pulumi:pulumi:Stack", "fixture-dev").parent, null);
  });

  it("lists parents before children, in the same order in every run, also of two at once", () => {
    const urns = preview.resources.map(({ urn }) => urn);
    assert.deepEqual(
      again.resources.map(({ urn }) => urn),
      urns,
    );
    for (const { parent, urn } of preview.resources) {
      assert.ok(parent === null || urns.indexOf(parent) < urns.indexOf(urn), urn);
    }
    assert.equal(urns.length, 13);
  });

  it("marks a secret at the leaf where it is, deep in lists and objects, and leaves its neighbours plain", () => {
    const { values } = find(preview, "kubernetes:helm.sh/v3:Release", "chart").inputs;
    assert.deepEqual(values, { password: { secret: true }, list: [1, { deep: { secret: true } }], odd: "yes" });
  });

  it("shows the keys of a Secret and none of its values", () => {
    const { stringData } = find(preview, "kubernetes:core/v1:Secret", "app").inputs;
    assert.deepEqual(stringData, { given: { secret: true }, fixed: { secret: true } });
  });

  it("has no secret in clear anywhere", () => {
    assert.doesNotMatch(JSON.stringify(preview), /hush|kubeconfig"?: ?"|1b47061264138c4ac30d75fd1eb44270/);
  });

  it("marks what only a provider knows as unknown, and a secret of it as secret", () => {
    const { data } = find(preview, "kubernetes:core/v1:ConfigMap", "unnamed").inputs;
    assert.deepEqual(data.phase, { unknown: true });
    assert.deepEqual(preview.outputs.bucketId, { unknown: true });
    assert.deepEqual(find(preview, "kubernetes:core/v1:Secret", "unknown").inputs.data, { secret: true });
    assert.doesNotMatch(JSON.stringify(preview), /04da6b54-80e4-46f7-96ec-b56ff0331ba9/);
  });

  it("knows the name of an object that is read, and shows it as read", () => {
    const existing = find(preview, "kubernetes:core/v1:Namespace", "existing");
    assert.equal(existing.read, true);
    assert.equal(find(preview, "kubernetes:core/v1:ConfigMap", "unnamed").inputs.data.namespace, "kube-system");
    assert.equal(preview.outputs.kind, "Namespace");
  });

  it("names the provider of a resource, its own or its parent's, and null for a package's default one", () => {
    assert.equal(find(preview, "kubernetes:helm.sh/v3:Release", "chart").provider, cluster);
    assert.equal(find(preview, "kubernetes:apps/v1:Deployment", "app").provider, cluster);
    assert.equal(find(preview, "minio:index/s3Bucket:S3Bucket", "bucket").provider, null);
    assert.equal(find(preview, "observability:app:App", "app").provider, null);
  });

  it("passes protect and retainOnDelete on to children that don't say otherwise", () => {
    const options = (type: string, name: string) => find(preview, type, name).options;
    assert.deepEqual(
      [options("kubernetes:core/v1:Secret", "app").protect, options("kubernetes:core/v1:Secret", "app").retainOnDelete],
      [true, true],
    );
    const generated = options("random:index/randomPassword:RandomPassword", "app-generated");
    assert.deepEqual([generated.protect, generated.retainOnDelete], [true, false]);
    const release = options("kubernetes:helm.sh/v3:Release", "chart");
    assert.deepEqual([release.protect, release.retainOnDelete], [false, false]);
  });

  it("shows import, deleteBeforeReplace and ignoreChanges", () => {
    const release = find(preview, "kubernetes:helm.sh/v3:Release", "chart").options;
    assert.deepEqual([release.import, release.deleteBeforeReplace, release.ignoreChanges], ["apps/chart", true, []]);
    const deployment = find(preview, "kubernetes:apps/v1:Deployment", "app").options;
    assert.deepEqual([deployment.import, deployment.ignoreChanges], [null, ["spec.replicas"]]);
  });

  it("lists what a resource waits for: dependsOn, the resources its inputs use, the children of a component", () => {
    const under = (type: string, name: string) => `urn:pulumi:dev::fixture::observability:app:App$${type}::${name}`;
    const secret = under("kubernetes:core/v1:Secret", "app");
    const generated = under("random:index/randomPassword:RandomPassword", "app-generated");
    assert.deepEqual(find(preview, "kubernetes:apps/v1:Deployment", "app").options.dependsOn, [secret, generated]);
    assert.deepEqual(find(preview, "kubernetes:helm.sh/v3:Release", "chart").options.dependsOn, [
      under("kubernetes:apps/v1:Deployment", "app"),
      secret,
      under("kubernetes:core/v1:Secret", "unknown"),
      generated,
    ]);
  });

  it("resolves aliases to URNs, those that follow from a renamed parent too", () => {
    assert.deepEqual(find(preview, "observability:app:App", "app").options.aliases, [
      "urn:pulumi:dev::fixture::observability:app:App::old",
    ]);
    assert.deepEqual(find(preview, "minio:index/s3Bucket:S3Bucket", "bucket").options.aliases, [
      "urn:pulumi:dev::fixture::minio:old:Bucket::bucket",
    ]);
    // The child's name starts with its parent's, so it was named after it.
    assert.deepEqual(find(preview, "random:index/randomPassword:RandomPassword", "app-generated").options.aliases, [
      "urn:pulumi:dev::fixture::observability:app:App$random:index/randomPassword:RandomPassword::old-generated",
    ]);
  });

  it("answers a data source of 1Password with an unknown secret, and any other with an unknown", () => {
    assert.deepEqual(preview.outputs.vaultName, { secret: true });
    assert.deepEqual(preview.outputs.otherData, { unknown: true });
  });

  it("records a component's inputs, a resource among them by its URN", () => {
    const { inputs } = find(preview, "observability:app:App", "app");
    assert.deepEqual(inputs, { replicas: 2, provider: cluster, key: { secret: true } });
  });

  it("registers the resource of a parameterized package", () => {
    assert.deepEqual(find(preview, "fixture:index:Thing", "thing").inputs, { size: 3 });
  });

  it("gives the stack's outputs", () => {
    assert.equal(preview.outputs.dryRun, true);
    assert.deepEqual(preview.outputs.password, { secret: true });
    assert.deepEqual(preview.outputs.nodes, [{ name: "a", cores: 4 }]);
    assert.deepEqual([preview.stack, preview.stage], ["dev", "loki"]);
  });

  it("sums what pods request by the architecture that they are bound to", () => {
    const [{ architecture, pods, cpu, memory }] = preview.requests;
    assert.deepEqual([architecture, pods, cpu, memory], ["arm64", 2, 0.5, 128 * 2 ** 20]);
  });

  it("takes a stage, the stage before and settings from its caller", async () => {
    const changed = await offlinePreview({
      stack: "dev",
      program: behaviours,
      stage: "mimir",
      from: "loki",
      config: ["fixture:replicas=5", "nodes[0].name=b", "nodes[1].name=c"],
      start: runInline,
    });
    assert.equal(changed.stage, "mimir");
    assert.equal(changed.requests[0].pods, 5);
    assert.deepEqual(changed.outputs.nodes, [{ name: "b", cores: 4 }, { name: "c" }]);
  });
});

describe("offline preview of a program that fails", () => {
  const inItsProcess: Record<string, RegExp> = {
    // The line in the source, not in what tsx makes of it.
    throws: /it broke\n.*failing\/index\.ts:9:11/,
    exits: /exit code 3/,
  };
  const failures: Record<string, RegExp> = {
    ...inItsProcess,
    rejects: /it broke later/,
    logs: /something is wrong/,
    duplicates: /Duplicate resource URN 'urn:pulumi:dev::failing::pulumi:providers:kubernetes::twice'/,
    calls: /kubernetes:index:method is a method that only its provider can answer/,
  };

  it("is refused with what the program said, however it fails", async () => {
    const attempts = Object.entries(failures).map(async ([how, message]) => {
      const start = how in inItsProcess ? undefined : runInline;
      const attempt = offlinePreview({ stack: "dev", program: failing, config: [`how=${how}`], start });
      await assert.rejects(attempt, (error: Error) => {
        assert.ok(error instanceof ProgramFailed, how);
        assert.match(error.message, message, how);
        return true;
      });
    });
    await Promise.all(attempts);
  });

  it("warns of a component that only a provider can expand", async () => {
    const preview = await offlinePreview({ stack: "dev", program: failing, config: ["how=remote"], start: runInline });
    assert.match(preview.diagnostics[0].message, /fixture:index:Chart chart is created by a provider/);
  });
});
