import assert from "node:assert/strict";
import type { Options, Resource } from "../../../engine/graph";
import { immutables } from "../../../commands/plan/immutable";
import { stepsBetween, type Step } from "../../../commands/plan/steps";
import { typeOf } from "../../../engine/urn";
import { secret, unknownValue, type Properties, type Value } from "../../../engine/values";
import { graph, resource, urn } from "../../engine/graphs";

const steps = (before: Resource[], after: Resource[]): Step[] => stepsBetween(graph(...before), graph(...after));

/** The only step, from one resource to another. */
const step = (before: Resource[], after: Resource[]): Step => {
  const all = steps(before, after);
  assert.equal(all.length, 1);
  return all[0];
};

const configMap = "kubernetes:core/v1:ConfigMap";
const deployment = "kubernetes:apps/v1:Deployment";
const statefulSet = "kubernetes:apps/v1:StatefulSet";
const named = { metadata: { name: "it", namespace: "home" } };

describe("the steps of a plan", () => {
  it("creates what is new, deletes what is gone, leaves what is the same, and lists each resource once", () => {
    const [same, old, now] = ["same", "old", "now"].map((name) => resource(deployment, named, { name }));
    assert.deepEqual(
      steps([same, old], [same, now]).map((each) => [each.urn, each.op, each.changes]),
      [
        [now.urn, "create", []],
        [same.urn, "same", []],
        [old.urn, "delete", []],
      ],
    );
  });

  it("names each property that differs, deep in lists and objects, added and removed ones once, in a stable order", () => {
    const before = { z: 1, spec: { list: [{ a: 1 }, { a: 2 }], gone: { x: 1, y: 2 } }, "a.b/c": "text", keep: [] };
    const after = { spec: { added: { x: 1 }, list: [{ a: 1 }, { a: 3 }, { a: 4 }] }, keep: [], "a.b/c": "other", z: 1 };
    const { op, changes, why } = step([resource(deployment, before)], [resource(deployment, after)]);
    assert.deepEqual(changes, ['["a.b/c"]', "spec.added", "spec.gone", "spec.list[1].a", "spec.list[2]"]);
    assert.deepEqual([op, why], ["update", "changed in place"]);
  });

  it("tells that a secret changed and not what it is, and takes a value that became secret for the same", () => {
    const map = (token: Value) => [resource(configMap, { data: { token } }, { options: { ignoreChanges: [] } })];
    const changed = step(map(secret("hush-a")), map(secret("hush-b")));
    assert.deepEqual(changed.changes, ["data.token"]);
    assert.doesNotMatch(JSON.stringify(changed), /hush/);
    assert.equal(step(map(secret("hush-a")), map("hush-a")).op, "same");
  });

  it("takes an unknown value for the same, unless what it comes from is made anew", () => {
    const password = (length: number) => resource("random:index/randomPassword:RandomPassword", { length });
    const item = () =>
      resource(
        "onepassword:index/item:Item",
        { title: "a title", password: secret(unknownValue) },
        { propertyDependencies: { password: [password(1).urn] } },
      );
    const ops = (length: number) => steps([password(20), item()], [password(length), item()]).map((each) => each.op);
    assert.deepEqual(ops(20), ["same", "same"]);
    assert.deepEqual(ops(30).sort(), ["replace", "update"]);
  });

  it("follows the renewal of a value through an immutable field to the next resource", () => {
    const type = "minio:index/iamUser:IamUser";
    const attachment = "minio:index/iamUserPolicyAttachment:IamUserPolicyAttachment";
    const both = (name: string) => [
      resource(type, { name }),
      resource(
        attachment,
        { userName: unknownValue, policyName: "loki" },
        { propertyDependencies: { userName: [urn(type)] } },
      ),
    ];
    assert.deepEqual(
      steps(both("loki"), both("mimir")).map((each) => [typeOf(each.urn), each.op, each.changes]),
      [
        [type, "replace", ["name"]],
        [attachment, "replace", ["userName"]],
      ],
    );
  });

  it("knows a resource by its alias, and gives an alias that another one uses to that one", () => {
    const [old, other] = [resource(deployment, named, { name: "old" }), resource(deployment, named, { name: "other" })];
    const now = resource(deployment, named, { name: "now", options: { aliases: [old.urn, other.urn] } });
    const renamed = step([old], [now]);
    assert.deepEqual([renamed.op, renamed.why], ["same", `named ${old.urn} until now`]);
    const taken = steps([old], [old, now]).map((each) => [each.urn, each.op]);
    assert.deepEqual(taken, [
      [now.urn, "create"],
      [old.urn, "same"],
    ]);
  });

  it("leaves out what the program ignores, with * for any element, and replaces on what it names", () => {
    const of = (image: string, options: Partial<Options>) => [
      resource(deployment, { spec: { containers: [{ image, name: "a" }] } }, { options }),
    ];
    const change = (options: Partial<Options>) => step(of("a:1", options), of("a:2", options));
    assert.equal(change({ ignoreChanges: ["spec.containers[*].image"] }).op, "same");
    assert.equal(change({ ignoreChanges: ["spec"] }).op, "same");
    assert.equal(change({ ignoreChanges: ["spec.containers[*].name"] }).op, "update");
    const replaced = change({ replaceOnChanges: ["spec.containers[0].image"] });
    assert.equal(replaced.op, "replace");
    assert.match(replaced.why, /^spec\.containers\[0\]\.image changed, which the program asks to replace/);
    assert.equal(change({ replaceOnChanges: ["spec.replicas"] }).op, "update");
  });

  it("blocks the deletion of what is protected, and its replacement unless the same update unprotects it", () => {
    const of = (selector: string, protect: boolean) => [
      resource(deployment, { ...named, spec: { selector } }, { options: { protect } }),
    ];
    const deleted = step(of("a", true), []);
    assert.deepEqual([deleted.op, deleted.changes], ["blocked", []]);
    assert.match(deleted.why, /^protected, and would be deleted\. .*first remove the protection in a separate update$/);
    const replaced = step(of("a", true), of("b", true));
    assert.deepEqual([replaced.op, replaced.changes], ["blocked", ["spec.selector"]]);
    assert.match(replaced.why, /^protected, and would be replaced: spec\.selector can't be changed/);
    assert.equal(step(of("a", true), of("b", false)).op, "replace");
    const lifted = step(of("a", true), of("a", false));
    assert.deepEqual([lifted.op, lifted.why], ["same", "no longer protected"]);
    assert.equal(step(of("a", false), of("a", true)).why, "protected from now on");
  });

  it("says of what is retained that it stays", () => {
    const of = (selector: string) => [
      resource(deployment, { ...named, spec: { selector } }, { options: { retainOnDelete: true } }),
    ];
    const deleted = step(of("a"), []);
    assert.equal(deleted.op, "delete");
    assert.match(deleted.why, /stays in the cluster \(retainOnDelete\)/);
    assert.match(step(of("a"), of("b")).why, /the old one stays in the cluster \(retainOnDelete\)$/);
  });

  it("says which of old and new is there first: an object that keeps its name is deleted first, unless the program says otherwise", () => {
    const order = (name: string, options: Partial<Options> = {}, before = named) => {
      const of = (metadata: Properties, selector: string) => [
        resource(deployment, { metadata, spec: { selector } }, { options }),
      ];
      return step(of(before.metadata, "a"), of({ name, namespace: "home" }, "b"))
        .why.split("; ")
        .at(-1);
    };
    const [deletedFirst, madeFirst] = ["deleted, then created again", "created again, then the old one is deleted"];
    assert.equal(order("it"), deletedFirst);
    assert.equal(order("another"), madeFirst);
    assert.equal(order("it", { deleteBeforeReplace: false }), madeFirst);
    assert.equal(order("another", { deleteBeforeReplace: true }), deletedFirst);
    assert.equal(order("it", {}, { metadata: { name: "it", namespace: "elsewhere" } }), madeFirst);
  });

  it("creates nothing for what it takes over, and says of what it only reads that it never changes", () => {
    const imported = step([], [resource(deployment, named, { options: { import: "home/it" } })]);
    assert.deepEqual([imported.op, imported.why], ["create", "adopts home/it, which exists: nothing is created"]);
    const [read, own] = [resource(deployment, named, { read: true }), resource(deployment, named)];
    assert.equal(step([], [read]).op, "same");
    assert.deepEqual([step([read], []).op, step([read], []).why], ["same", "was only read: nothing is deleted"]);
    assert.match(step([read], [own]).why, /^only read until now: fails if it exists/);
    assert.deepEqual([step([own], [read]).op, step([read], [own]).op], ["replace", "create"]);
    assert.equal(step([resource(deployment, named, { options: { protect: true } })], [read]).op, "blocked");
  });

  it("says of a changed pod that it is made anew, and of a component that only a record changes", () => {
    const pod = (image: string) => [resource(deployment, { spec: { template: { image } } })];
    assert.equal(step(pod("a"), pod("b")).why, "changed in place: its pods are replaced");
    const component = (a: number) => [resource("observability:a:A", { a }, { custom: false })];
    assert.match(step(component(1), component(2)).why, /they change only in Pulumi's state/);
  });

  it("makes everything of a provider anew that leads to another cluster, not where an identifier says that it is the same", () => {
    const provider = "pulumi:providers:kubernetes";
    const both = (inputs: Properties) => [
      resource(provider, inputs),
      resource(deployment, named, { provider: `${urn(provider)}::${unknownValue}` }),
    ];
    const ops = (before: Properties, after: Properties) =>
      steps(both(before), both(after)).map((each) => [each.op, ...each.changes]);
    assert.deepEqual(ops({ context: "a" }, { context: "b" }), [
      ["replace", "provider"],
      ["replace", "context"],
    ]);
    assert.deepEqual(ops({ context: "a", clusterIdentifier: "x" }, { context: "b", clusterIdentifier: "x" }), [
      ["same"],
      ["update", "context"],
    ]);
    assert.deepEqual(ops({ context: "a" }, { context: "a", clusterIdentifier: "x" }), [
      ["same"],
      ["update", "clusterIdentifier"],
    ]);
    assert.deepEqual(ops({ clusterIdentifier: "x" }, { clusterIdentifier: "y" }), [
      ["replace", "provider"],
      ["replace", "clusterIdentifier"],
    ]);
  });
});

describe("the table of immutable fields", () => {
  /** For each row of the table one type that it is for, and a field beside it that can change. */
  const cases: [type: string, paths: string[], mutable: string][] = [
    ["kubernetes:monitoring.coreos.com/v1:ServiceMonitor", ["metadata.name", "metadata.namespace"], "metadata.labels"],
    [
      statefulSet,
      [
        "spec.podManagementPolicy",
        "spec.revisionHistoryLimit",
        "spec.serviceName",
        "spec.volumeClaimTemplates",
        "spec.selector",
      ],
      "spec.replicas",
    ],
    [deployment, ["spec.selector"], "spec.template"],
    ["kubernetes:apps/v1:DaemonSet", ["spec.selector"], "spec.template"],
    [
      "kubernetes:batch/v1:Job",
      ["spec.completions", "spec.parallelism", "spec.template", "spec.selector"],
      "spec.ttlSecondsAfterFinished",
    ],
    ["kubernetes:batch/v1:Job", ["spec.completionMode", "spec.podFailurePolicy", "spec.successPolicy"], "spec.suspend"],
    ["kubernetes:core/v1:Pod", ["spec"], "metadata.labels"],
    ["kubernetes:core/v1:Service", ["spec.clusterIP"], "spec.ports"],
    [
      "kubernetes:core/v1:PersistentVolumeClaim",
      ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
      "spec.resources.requests.storage",
    ],
    [
      "kubernetes:core/v1:PersistentVolumeClaim",
      ["spec.volumeMode", "spec.dataSource", "spec.dataSourceRef"],
      "metadata.labels",
    ],
    [
      "kubernetes:core/v1:PersistentVolume",
      ["spec.csi", "spec.hostPath", "spec.iscsi", "spec.local", "spec.nfs"],
      "spec.persistentVolumeReclaimPolicy",
    ],
    ["kubernetes:core/v1:Secret", ["type"], "metadata.labels"],
    ["kubernetes:core/v1:Secret", ["data", "stringData"], "metadata.labels"],
    [configMap, ["data", "binaryData"], "metadata.labels"],
    ["kubernetes:core/v1:ResourceQuota", ["spec.scopes"], "spec.hard"],
    ["kubernetes:rbac.authorization.k8s.io/v1:ClusterRoleBinding", ["roleRef"], "subjects"],
    ["kubernetes:rbac.authorization.k8s.io/v1:RoleBinding", ["roleRef"], "subjects"],
    ["kubernetes:storage.k8s.io/v1:StorageClass", ["parameters", "provisioner"], "allowVolumeExpansion"],
    ["kubernetes:storage.k8s.io/v1:StorageClass", ["reclaimPolicy", "volumeBindingMode"], "metadata.labels"],
    ["kubernetes:helm.sh/v3:Release", ["name", "namespace"], "values"],
    ["pulumi:providers:kubernetes", ["kubeconfig", "context", "cluster"], "enableServerSideApply"],
    ["pulumi:providers:kubernetes", ["clusterIdentifier"], "namespace"],
    ["minio:index/s3Bucket:S3Bucket", ["bucket", "bucketPrefix"], "quota"],
    ["minio:index/s3BucketVersioning:S3BucketVersioning", ["bucket"], "versioningConfiguration"],
    ["minio:index/s3BucketPolicy:S3BucketPolicy", ["bucket"], "policy"],
    ["minio:index/ilmPolicy:IlmPolicy", ["bucket"], "rules"],
    ["minio:index/iamUser:IamUser", ["name"], "secret"],
    ["minio:index/iamPolicy:IamPolicy", ["name", "namePrefix"], "policy"],
    ["minio:index/iamUserPolicyAttachment:IamUserPolicyAttachment", ["policyName", "userName"], "nothingElse"],
    ["minio:index/iamServiceAccount:IamServiceAccount", ["targetUser"], "policy"],
    ["onepassword:index/item:Item", ["category", "vault"], "title"],
  ];

  /** Inputs that have a value at a path. */
  const at = (path: string, value: Value): Properties =>
    path.split(".").reduceRight<Value>((inner, key) => ({ [key]: inner }), value) as Properties;
  const move = (type: string, path: string): Step =>
    step([resource(type, at(path, "before"))], [resource(type, at(path, "after"))]);

  for (const [type, paths, mutable] of cases) {
    it(`replaces ${type} for ${paths.join(", ")}, and changes ${mutable} in place`, () => {
      for (const path of paths) {
        const { op, changes, why } = move(type, path);
        assert.deepEqual([op, changes], ["replace", [path]]);
        assert.ok(why.startsWith(`${path} can't be changed`), why);
      }
      assert.equal(move(type, mutable).op, "update");
    });
  }

  it("replaces what is random for any of its inputs, and everything that comes with a field", () => {
    for (const input of ["length", "keepers.rotation", "special", "byteLength"]) {
      assert.equal(move("random:index/randomPassword:RandomPassword", input).op, "replace", input);
    }
    assert.equal(move(statefulSet, "spec.volumeClaimTemplates.deep.down").op, "replace");
    const without = resource(statefulSet, {});
    assert.equal(step([without], [resource(statefulSet, at("spec.serviceName", "a"))]).op, "replace");
    assert.equal(step([without], [resource(statefulSet, at("spec.replicas", 2))]).op, "update");
  });

  it("has a case here for each row, and a source", () => {
    const covered = new Set([...cases.flatMap(([, paths]) => paths), "*"]);
    for (const { types, paths, source } of immutables) {
      assert.deepEqual(
        paths.filter((path) => !covered.has(path)),
        [],
        String(types),
      );
      assert.notEqual(source, "");
    }
  });

  it("changes ConfigMaps and Secrets in place where their provider may, unless they are immutable", () => {
    const provider = "pulumi:providers:kubernetes";
    const ops = (type: string, settings: Properties, more: Properties = {}) => {
      const of = (word: string) => [
        resource(provider, settings),
        resource(type, { ...more, data: { word } }, { provider: `${urn(provider)}::${unknownValue}` }),
      ];
      return steps(of("a"), of("b"))[0].op;
    };
    assert.equal(ops(configMap, {}), "replace");
    assert.equal(ops(configMap, { enableConfigMapMutable: true }), "update");
    assert.equal(ops(configMap, { enableConfigMapMutable: true }, { immutable: true }), "replace");
    assert.equal(ops("kubernetes:core/v1:Secret", { enableConfigMapMutable: true }), "replace");
    assert.equal(ops("kubernetes:core/v1:Secret", { enableSecretMutable: "true" }), "update");
  });

  it("says what becomes of a StatefulSet's claims, and what to do before", () => {
    const { why } = move(statefulSet, "spec.volumeClaimTemplates");
    assert.match(why, /the new StatefulSet uses them unchanged/);
    assert.match(why, /first `kubectl patch pvc` each claim/);
  });
});
