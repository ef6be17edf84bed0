import assert from "node:assert/strict";
import { run } from "../../../commands/pulumi/cli";
import { partsInState, type StateResource } from "../../../commands/shared/pulumi-cli/state";
import { StandInPulumi } from "./stand-in";
import { testStackWords } from "../../stacks/stacks";

const resource = (type: string, name: string, more: Partial<StateResource> = {}): StateResource => ({
  urn: `urn:pulumi:sandbox::observability::observability:some:Parent$${type}::${name}`,
  type,
  ...more,
});
const release = "kubernetes:helm.sh/v3:Release";
const namespace = (more: Partial<StateResource>) =>
  resource("kubernetes:core/v1:Namespace", "namespace", { inputs: { metadata: { name: "monitoring" } }, ...more });
const crds = (more: Partial<StateResource>) => resource(release, "prometheus-operator-crds", more);
const kps = (more: Partial<StateResource>) =>
  resource(release, "kube-prometheus-stack", { inputs: { namespace: "monitoring" }, ...more });
const item = (more: Partial<StateResource>) => resource("onepassword:index/item:Item", "grafana-admin", more);
const bucket = (more: Partial<StateResource>) => resource("minio:index/s3Bucket:S3Bucket", "loki", more);
const claim = (more: Partial<StateResource>) =>
  resource("kubernetes:objectbucket.io/v1alpha1:ObjectBucketClaim", "loki", {
    inputs: { metadata: { name: "loki-bucket", namespace: "monitoring" } },
    ...more,
  });
const other = resource("kubernetes:apps/v1:StatefulSet", "loki");
const provider = resource("pulumi:providers:kubernetes", "cluster");
const [retained, guarded] = [{ retainOnDelete: true }, { protect: true }];

const sandbox = testStackWords("sandbox");

describe("npm run destroy", () => {
  let pulumi: StandInPulumi;
  beforeEach(() => (pulumi = new StandInPulumi()));
  afterEach(() => pulumi.remove());

  async function destroy(resources: StateResource[] | undefined, ...words: string[]) {
    pulumi.install(undefined, undefined, resources && { deployment: { resources } });
    let said = "";
    const code = await run(["destroy", ...sandbox, ...words], { error: (text) => (said += text) });
    return { code, said, asked: pulumi.calls().map(({ args }) => args) };
  }
  const retain = (...parts: string[]) => ["--config", `removal=${JSON.stringify({ retain: parts })}`];

  it("says before Pulumi is asked what goes for good, what stays and what is protected", async () => {
    const state = [provider, namespace(guarded), crds(retained), item({}), bucket({}), other];
    const { code, said, asked } = await destroy(state, "--yes");
    assert.equal(code, 0);
    assert.deepEqual(asked, [["destroy", ...sandbox, "--yes"]]);
    assert.match(said, /stays +Release prometheus-operator-crds: Pulumi only forgets it/);
    assert.match(said, /deleted +3 resources/);
    assert.match(
      said,
      /lost +items, Item grafana-admin: generated passwords and keys; .* 30 days\. To keep it: removal\.retain: \[items\] and an update/,
    );
    assert.match(said, /lost +buckets, S3Bucket loki: /);
    assert.match(said, /protected +Namespace namespace: Pulumi refuses the whole destroy.*docs\/removing\.md/);
    assert.doesNotMatch(said, /cluster/);
  });

  it("says of a bucket claim that its bucket may go with all objects, unlike MinIO's", async () => {
    const { said } = await destroy([claim({}), other]);
    assert.match(
      said,
      /lost +buckets, ObjectBucketClaim loki: [^\n]*reclaimPolicy Delete, its bucket with all objects/,
    );
    assert.doesNotMatch(said, /MinIO/);
    assert.match((await destroy([claim(guarded)])).said, /protected +ObjectBucketClaim loki/);
  });

  it("starts nothing where the settings retain what the state doesn't yet", async () => {
    for (const state of [item({}), item(guarded)]) {
      const { code, said, asked } = await destroy([state, bucket(retained)], ...retain("items", "buckets"));
      assert.deepEqual([code, asked], [2, []]);
      assert.match(said, /retain: \[items\] is not deployed yet.*First: npm run up -- --stack sandbox --config-file /);
    }
    const done = await destroy([item(retained)], ...retain("items", "crds"));
    assert.equal(done.code, 0);
  });

  it("starts nothing where what is retained would lose what it lives by", async () => {
    const lost = await destroy([namespace({}), crds({}), kps(retained)], ...retain("kps"));
    assert.deepEqual([lost.code, lost.asked], [2, []]);
    assert.match(lost.said, /kps would stay, but needs crds, which would be deleted: add crds to removal\.retain/);
    assert.match(lost.said, /needs namespace, which would be deleted/);
    const claimed = await destroy([namespace({}), claim(retained)]);
    assert.deepEqual([claimed.code, claimed.asked], [2, []]);
    assert.match(claimed.said, /buckets would stay, but needs namespace, which would be deleted/);
    assert.equal((await destroy([namespace({}), bucket(retained)])).code, 0);
    const elsewhere = kps({ ...retained, inputs: { namespace: "prometheus" } });
    assert.equal((await destroy([namespace({}), crds(retained), elsewhere])).code, 0);
  });

  it("tells what is wrong all at once, with a part that there isn't, and minds no other setting", async () => {
    const { code, said, asked } = await destroy([], "-f", ...retain("everything"));
    assert.deepEqual([code, asked], [2, []]);
    assert.match(said, /--skip-preview is refused/);
    assert.match(said, /observability:removal\.retain: allowed: crds, kps, namespace, buckets, users, items/);
    assert.equal((await destroy([], "--config", "loki.retention=nonsense")).code, 0);
  });

  it("leaves it to Pulumi to say why there is no state", async () => {
    const { code, said, asked } = await destroy(undefined);
    assert.deepEqual([code, said, asked.length], [0, "", 1]);
  });

  it("is not the only one to read the state: which protected parts it has, or that nobody can say", async () => {
    pulumi.install(undefined, undefined, {
      deployment: { resources: [provider, crds({}), item({ external: true }), other] },
    });
    assert.deepEqual(await partsInState("sandbox"), new Set(["crds"]));
    pulumi.install();
    assert.equal(await partsInState("sandbox"), undefined);
    process.env.PULUMI_HOME = "/sys/nowhere";
    assert.equal(await partsInState("sandbox"), undefined);
  });
});
