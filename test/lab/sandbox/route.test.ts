import assert from "node:assert/strict";
import { type Step, settingsOf, stepsBefore, withRetirement } from "../../../lab/sandbox/route";
import type { Backend, StageName } from "../../../stages";
import { loadStackSettings } from "../../../commands/shared/settings";
import { testStack } from "../../stacks/stacks";

describe("The sandbox's settings", () => {
  const stage = (name: string, ...given: string[]) => withRetirement([...given, `stage=${name}`]);

  for (const name of ["loki", "dual-write", "mimir-default", "kps-removed"])
    it(`are valid in stage ${name} without anything else given`, () => {
      assert.equal(loadStackSettings({ ...testStack("sandbox"), config: stage(name) }).settings.stage, name);
    });

  it("retire kube-prometheus-stack at once, with its volume", () => {
    const { migration } = loadStackSettings({
      ...testStack("sandbox"),
      config: stage("mimir-default", "migration.retireKps=true"),
    }).settings;
    assert.deepEqual(
      [migration.retireKps, migration.dualWriteDays, migration.reclaimVolumes],
      [true, 0, ["prometheus"]],
    );
  });

  it("leave what was given as it is", () => {
    const given = ["migration.reclaimVolumes=[]", "migration.dualWriteDays=0"];
    assert.deepEqual(stage("kps-removed", ...given), [...given, "stage=kps-removed", "migration.retireKps=true"]);
    assert.deepEqual(stage("loki"), ["stage=loki"]);
  });
});

describe("The sandbox's way to a stage", () => {
  const of = (stage: StageName, retire = false) => ({ stage, retire });
  const way = (...[from, to, backend = "mimir"]: [Step | undefined, Step, Backend?]) =>
    stepsBefore(from, to, backend).map(({ stage, retire }) => stage + (retire ? ", retiring" : ""));

  it("is direct to any stage on a new cluster, to the next one, and to the same", () => {
    assert.deepEqual(way(undefined, of("kps-removed")), []);
    assert.deepEqual(way(of("loki"), of("dual-write")), []);
    assert.deepEqual(way(of("mimir-default", true), of("kps-removed")), []);
    assert.deepEqual(way(of("kps-removed", true), of("kps-removed", true)), []);
    assert.deepEqual(way(of("kps-removed", true), of("mimir-default")), []);
  });

  it("goes through the retirement, which was left out, and through every other stage", () => {
    assert.deepEqual(way(of("mimir-default"), of("kps-removed", true)), ["mimir-default, retiring"]);
    assert.deepEqual(way(of("loki"), of("kps-removed", true), "victoria-metrics"), [
      "dual-write",
      "victoria-metrics-default",
      "victoria-metrics-default, retiring",
    ]);
    assert.deepEqual(way(of("kps-removed", true), of("loki")), ["mimir-default", "dual-write"]);
  });

  it("takes the settings that were given, and those of the retirement only into its own step", () => {
    const given = ["loki.retention=7d", "stage=kps-removed", "migration.reclaimVolumes[0]=prometheus"];
    const step = (...now: [StageName, boolean?]) => {
      const config = settingsOf(of(...now), given);
      const { stage, migration, loki } = loadStackSettings({ ...testStack("sandbox"), config }).settings;
      return [stage, migration.retireKps, migration.reclaimVolumes, loki.retention];
    };
    assert.deepEqual(step("dual-write"), ["dual-write", false, undefined, "7d"]);
    assert.deepEqual(step("mimir-default", true), ["mimir-default", true, ["prometheus"], "7d"]);
  });
});
