import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stringify } from "yaml";
import { chartArgs } from "../../../components/kube-prometheus-stack/chart-source";
import { checkSettings } from "../../../settings/check";
import { chartName } from "../../../engine/chart-name";
import { chartOf } from "../../../policy/lib/charts/release";
import { resourceOf } from "../../../policy/lib/resource";
import { temporaryFolder } from "../../support/temporary-folder";

const kps = "kube-prometheus-stack";

/** A chart in a folder of its own, with these dependencies in it. */
function folder({
  name = kps,
  version = "88.5.3",
  asks = ["grafana", "crds"],
  has = ["grafana-12.0.0.tgz", "crds"],
} = {}) {
  const path = join(temporaryFolder(), kps);
  mkdirSync(join(path, "charts"), { recursive: true });
  const dependencies = asks.map((each) => ({ name: each, version: "*", repository: "" }));
  writeFileSync(join(path, "Chart.yaml"), stringify({ apiVersion: "v2", name, version, dependencies }));
  for (const file of has) writeFileSync(join(path, "charts", file), "");
  return path;
}

describe("Where a chart comes from", () => {
  it("is upstream's repository, or a mirror of it, an OCI registry or a folder, each in the version that is asked for", () => {
    assert.deepEqual(chartArgs(kps, "88.5.3"), {
      ...{ chart: kps, version: "88.5.3" },
      repositoryOpts: { repo: "https://prometheus-community.github.io/helm-charts" },
    });
    const mirror = "https://charts.example.org/mirror";
    assert.deepEqual(chartArgs(kps, "1.2.3", { repository: mirror }).repositoryOpts, { repo: mirror });
    const oci = `oci://registry.example.org/charts/${kps}`;
    assert.deepEqual(chartArgs(kps, "1.2.3", { oci }), { chart: oci, version: "1.2.3" });
    const path = folder();
    assert.deepEqual(chartArgs(kps, "88.5.3", { path }), { chart: path, version: "88.5.3" });
  });

  it("is refused before the update for a folder that isn't there, is none, is another chart or version, or lacks a dependency", () => {
    const wrong: [string, RegExp][] = [
      [
        "/nowhere/kube-prometheus-stack",
        /is not there: helm pull kube-prometheus-stack --repo https.* --version 88\.5\.3/,
      ],
      [temporaryFolder(), /is no chart: it has no Chart\.yaml/],
      [folder({ version: "88.0.0" }), /is kube-prometheus-stack 88\.0\.0: put that version there/],
      [folder({ name: "other" }), /is other 88\.5\.3/],
      [folder({ has: ["crds-1.0.0.tgz"] }), /lacks its dependencies grafana: helm dependency build \//],
    ];
    for (const [path, message] of wrong) assert.throws(() => chartArgs(kps, "88.5.3", { path }), message);
  });

  it("is checked by the settings: its kind, its name at the end, and no tag", () => {
    const problems = (chart: object) => checkSettings({ kps: { chart } }, { now: new Date() }).problems;
    const wrong = [
      { repository: "oci://registry.example.org/charts" },
      { repository: "https://me:hush@charts.example.org" },
      { oci: "registry.example.org/charts/kube-prometheus-stack" },
      { oci: "oci://registry.example.org/charts/kube-prometheus-stack:88.5.3" },
      { oci: "oci://registry.example.org/charts/kps" },
      { path: "kube-prometheus-stack" },
      { path: "./charts/kps" },
      { name: "kube-prometheus-stack" },
    ];
    for (const chart of wrong)
      assert.equal(problems(chart).filter(({ key }) => key.startsWith("kps.chart")).length, 1, JSON.stringify(chart));
    const right = [
      { oci: "oci://registry.example.org:5000/a/b/kube-prometheus-stack" },
      { path: "./charts/kube-prometheus-stack" },
      { path: "../kube-prometheus-stack" },
      { path: "/srv/charts/kube-prometheus-stack-88.5.3.tgz" },
    ];
    for (const chart of right)
      assert.deepEqual(
        problems(chart).filter(({ key }) => key.startsWith("kps.chart")),
        [],
        JSON.stringify(chart),
      );
  });

  it("hides no chart from the policies, the plan and the checks, which know it by its name", () => {
    const places = [
      kps,
      `oci://registry.example.org/charts/${kps}`,
      `./charts/${kps}`,
      `/a/${kps}/`,
      `../${kps}-88.5.3.tgz`,
    ];
    for (const chart of places) {
      assert.equal(chartName(chart), kps, chart);
      const resource = {
        type: "kubernetes:helm.sh/v3:Release",
        urn: "urn:pulumi:a::b::c::d",
        name: "d",
        props: { chart },
      };
      assert.equal(chartOf(resourceOf({ ...resource, opts: {} } as never))?.name, kps, chart);
    }
  });
});
