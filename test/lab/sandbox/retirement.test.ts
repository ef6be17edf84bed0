import assert from "node:assert/strict";
import { withRetirement } from "../../../lab/sandbox/retirement";
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
