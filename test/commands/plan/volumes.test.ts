import assert from "node:assert/strict";
import type { Options, Resource } from "../../../engine/graph";
import { stepsBetween } from "../../../commands/plan/steps";
import { volumesBetween, type Volume } from "../../../commands/plan/volumes";
import type { Properties } from "../../../engine/values";
import { graph, resource } from "../../engine/graphs";

/** What becomes of the volumes, with the names of those that go given. */
function volumes(before: Resource[], after: Resource[], reclaimed: string[] = []): Volume[] {
  const [source, target] = [graph(...before), graph(...after)];
  return volumesBetween(source, target, stepsBetween(source, target), reclaimed);
}

/** The only one. */
function volume(before: Resource[], after: Resource[], reclaimed?: string[]): Volume {
  const all = volumes(before, after, reclaimed);
  assert.equal(all.length, 1, JSON.stringify(all));
  return all[0];
}

type Policies = { whenDeleted?: string; whenScaled?: string };

function store(policies: Policies = {}, spec: Properties = {}, options: Partial<Options> = {}): Resource {
  return resource(
    "kubernetes:apps/v1:StatefulSet",
    {
      metadata: { name: "store", namespace: "home" },
      spec: {
        persistentVolumeClaimRetentionPolicy: policies,
        volumeClaimTemplates: [{ metadata: { name: "data" } }],
        ...spec,
      },
    },
    { name: "store", options },
  );
}

function kps(whenDeleted: string, values: Properties = {}, options: Partial<Options> = {}): Resource {
  const prometheusSpec = {
    storageSpec: { volumeClaimTemplate: { spec: {} } },
    persistentVolumeClaimRetentionPolicy: { whenDeleted },
  };
  return resource(
    "kubernetes:helm.sh/v3:Release",
    {
      ...{ name: "kps", namespace: "home", chart: "kube-prometheus-stack" },
      values: { prometheus: { prometheusSpec }, ...values },
    },
    { options },
  );
}

const [keep, drop] = [{ whenDeleted: "Retain" }, { whenDeleted: "Delete" }];
const claim = "prometheus-kps-kube-prometheus-stack-prometheus-db-prometheus-kps-kube-prometheus-stack-prometheus-0";

const sized = (storage: string) => ({ spec: { resources: { requests: { storage } } } });

describe("the volumes of a plan", () => {
  it("says that a claim keeps its size when its template asks for another, and nothing where it asks for the same", () => {
    const template = (storage: string) => ({
      volumeClaimTemplates: [{ metadata: { name: "data" }, ...sized(storage) }],
    });
    const of = (storage: string) => [store(keep, template(storage))];
    const grown = volume(of("10Gi"), of("20Gi"));
    assert.match(grown.why, /; it keeps its 10Gi: a claim isn't resized with its template\. Make it 20Gi first/);
    assert.doesNotMatch(volume(of("10Gi"), of("10Gi")).why, /keeps its/);

    const release = (storage: string) => {
      const storageSpec = { volumeClaimTemplate: sized(storage) };
      return [kps("Retain", { prometheus: { prometheusSpec: { storageSpec } } })];
    };
    assert.deepEqual(
      [volume(release("70Gi"), release("100Gi")).fate, volume(release("70Gi"), release("100Gi")).why],
      [
        "stays",
        "it keeps its 70Gi: a claim isn't resized with its template. Make it 100Gi first (docs/growing-a-volume.md)",
      ],
    );
  });

  it("keeps a StatefulSet's claims when it goes, unless whenDeleted is Delete; Kubernetes' own default is Retain", () => {
    const kept = volume([store(keep)], []);
    assert.deepEqual([kept.fate, kept.lost, kept.why], ["kept", false, "whenDeleted is Retain"]);
    assert.equal(volume([store()], []).fate, "kept");
    const gone = volume([store(drop)], []);
    assert.deepEqual([gone.fate, gone.lost, gone.why], ["deleted", true, "whenDeleted is Delete"]);
    assert.deepEqual([gone.name, gone.namespace, gone.claims], ["store", "home", ["data-store-0"]]);
  });

  it("goes by the policy that is in force, not by the one that comes", () => {
    const replaced = (before: Policies, after: Policies) =>
      volume([store(before, { serviceName: "a" })], [store(after, { serviceName: "b" })]);
    assert.equal(replaced(keep, drop).fate, "kept");
    assert.match(replaced(keep, drop).why, /reused by the new workload$/);
    assert.deepEqual([replaced(drop, keep).fate, replaced(drop, keep).lost], ["deleted", true]);
  });

  it("leaves what stays, and lists what is new", () => {
    assert.deepEqual([volume([store(drop)], [store(keep)]).fate, volume([], [store()]).fate], ["stays", "made"]);
  });

  it("lists a claim for each replica and template, and what becomes of those of fewer replicas", () => {
    const templates = ["data", "wal"].map((name) => ({ metadata: { name } }));
    const two = volumes([], [store({}, { replicas: 2, volumeClaimTemplates: templates })]);
    assert.deepEqual(
      two.map(({ claims }) => claims),
      [
        ["data-store-0", "data-store-1"],
        ["wal-store-0", "wal-store-1"],
      ],
    );
    const scaled = (whenScaled: string) => volumes([store({ whenScaled }, { replicas: 3 })], [store({ whenScaled })]);
    const fates = (all: Volume[]) => all.map(({ claims, fate, lost }) => [claims.join(), fate, lost]);
    assert.deepEqual(fates(scaled("Retain")), [
      ["data-store-0", "stays", false],
      ["data-store-1,data-store-2", "kept", false],
    ]);
    assert.deepEqual(fates(scaled("Delete"))[1], ["data-store-1,data-store-2", "deleted", true]);
    const none = volumes([store(keep, { replicas: 1 })], [store(keep, { replicas: 0 })]);
    assert.deepEqual(fates(none), [["data-store-0", "kept", false]]);
  });

  it("shows the volume that KPS's operator made, by the policy in the release's values", () => {
    const kept = volume([kps("Retain")], []);
    assert.deepEqual([kept.name, kept.claims, kept.fate], ["prometheus", [claim], "kept"]);
    const clean = { fullnameOverride: "mine", cleanPrometheusOperatorObjectNames: true };
    assert.deepEqual(volume([kps("Retain", clean)], []).claims, ["prometheus-mine-db-prometheus-mine-0"]);
    const gone = volume([kps("Delete")], []);
    assert.deepEqual([gone.fate, gone.lost], ["deleted", true]);
    const off = { prometheus: { enabled: false } };
    assert.equal(volume([kps("Retain")], [kps("Retain", off)]).fate, "kept");
    assert.deepEqual(volumes([kps("Retain", off)], []), []);
    const elsewhere = resource("kubernetes:helm.sh/v3:Release", { ...kps("Delete").inputs, chart: "another" });
    assert.deepEqual(volumes([elsewhere], []), []);
  });

  it("loses nothing that the settings name, and says where naming it is not enough", () => {
    const named = volume([kps("Delete")], [], ["prometheus"]);
    assert.deepEqual([named.fate, named.lost], ["deleted", false]);
    assert.match(named.why, /named in migration\.reclaimVolumes$/);
    assert.equal(volume([store(drop)], [], ["prometheus"]).lost, true);
    const inVain = volume([kps("Retain")], [], ["prometheus"]);
    assert.equal(inVain.fate, "kept");
    assert.match(inVain.why, /first deploy migration\.retireKps$/);
  });

  it("warns where an operator that makes its StatefulSet anew would delete the volume with it", () => {
    const { fate, why } = volume([kps("Retain")], [kps("Delete")]);
    assert.equal(fate, "stays");
    assert.match(why, /is Delete: it is deleted when the operator deletes its StatefulSet, even to create it again$/);
    assert.equal(volume([kps("Retain")], [kps("Retain")]).why, "");
  });

  it("takes the claim of the Grafana inside a release for lost when Helm deletes it", () => {
    const grafana = (enabled: boolean, annotations: Properties = {}) => ({
      grafana: { enabled, persistence: { enabled: true, annotations } },
      prometheus: { enabled: false },
    });
    const change = (annotations?: Properties) =>
      volume([kps("Retain", grafana(true, annotations))], [kps("Retain", grafana(false, annotations))]);
    const gone = change();
    assert.deepEqual([gone.claims, gone.fate, gone.lost], [["kps-grafana"], "deleted", true]);
    assert.match(gone.why, /lacks helm\.sh\/resource-policy: keep$/);
    assert.equal(change({ "helm.sh/resource-policy": "keep" }).fate, "kept");
  });

  it("counts a claim that the program declares, and everything in a namespace that goes", () => {
    const declared = resource("kubernetes:core/v1:PersistentVolumeClaim", { metadata: { name: "own" } });
    const own = volume([declared], []);
    assert.deepEqual([own.namespace, own.claims, own.fate, own.lost], ["default", ["own"], "deleted", true]);
    const namespace = resource("kubernetes:core/v1:Namespace", { metadata: { name: "home" } }, { name: "home" });
    const gone = volume([namespace, store(keep)], []);
    assert.deepEqual([gone.fate, gone.lost, gone.why], ["deleted", true, "its namespace home is deleted"]);
  });

  it("lets nothing go of what is protected, or only forgotten", () => {
    assert.equal(volume([kps("Delete", {}, { protect: true })], []).fate, "stays");
    assert.equal(volume([store(drop, {}, { retainOnDelete: true })], []).fate, "kept");
  });
});
