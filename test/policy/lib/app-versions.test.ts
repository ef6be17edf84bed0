import assert from "node:assert/strict";
import { appVersionOf } from "../../../policy/lib/charts/app-versions";

describe("the program that a version of a chart installs", () => {
  const cases: [chart: string, version: string | undefined, program: string | undefined][] = [
    ["mimir-distributed", "3.1.0", "2.0"],
    ["mimir-distributed", "5.0.0", "2.9"],
    ["mimir-distributed", "5.6.1", "2.15"],
    ["mimir-distributed", "v5.8.0", "2.17"],
    ["mimir-distributed", "^5.2", "2.17"],
    ["mimir-distributed", ">=5.0.0 <5.6.0", "2.14"],
    ["mimir-distributed", "6.0.1", "3.0"],
    ["mimir-distributed", undefined, undefined],
    ["mimir", "5.6.1", undefined],
  ];
  for (const [chart, version, program] of cases)
    it(`is ${program ?? "not known"} of ${chart} ${version ?? "without a version"}`, () => {
      assert.equal(appVersionOf(chart, version), program);
    });
});
