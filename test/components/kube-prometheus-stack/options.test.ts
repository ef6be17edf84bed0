import assert from "node:assert/strict";
import { join } from "node:path";
import { offlinePreview, type PreviewResource } from "../../../commands/shared/preview";
import { runInline } from "../../program/support/inline";

describe("A release of kube-prometheus-stack", () => {
  let releases: Map<string, PreviewResource>;
  before(async () => {
    const program = join(__dirname, "fixtures", "program");
    const { resources } = await offlinePreview({ stack: "dev", program, start: runInline });
    const found = resources.filter(({ type }) => type === "kubernetes:helm.sh/v3:Release");
    releases = new Map(found.map((resource) => [resource.name, resource]));
  });

  const options = (name: string) => releases.get(name)!.options;

  it("is protected, as its CRDs are, until it is retired", () => {
    assert.deepEqual(
      ["crds", "new", "adopted", "retired"].map((name) => options(name).protect),
      [true, true, true, false],
    );
  });

  it("is imported where it exists, and only there", () => {
    assert.equal(options("adopted").import, "prometheus/kps");
    assert.equal(options("new").import, null);
  });

  it("comes back under its name after its removal, and is not imported", () => {
    const { inputs, options } = releases.get("back")!;
    assert.deepEqual([inputs.namespace, inputs.name, options.import], ["prometheus", "kps", null]);
  });

  it("has values of which a preview knows everything and nothing is secret", () => {
    for (const { inputs } of releases.values()) assert.doesNotMatch(JSON.stringify(inputs), /"(secret|unknown)":true/);
  });
});
