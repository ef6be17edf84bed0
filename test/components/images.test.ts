import assert from "node:assert/strict";
import list from "../../images.json";
import { architectures, image, imageNames, type ImageName } from "../../components/images";

describe("images.json and image()", () => {
  it("gives the fully qualified reference of an image by its name", () => {
    assert.equal(image("loki"), "docker.io/grafana/loki:3.6.3");
  });

  it("names no image twice, neither by name nor by reference", () => {
    const names = list.images.map((each) => each.name);
    const references = list.images.map((each) => each.reference);
    assert.deepEqual([...new Set(names)], names);
    assert.deepEqual([...new Set(references)], references);
  });

  it("writes every reference as registry host, repository and an exact tag", () => {
    for (const { reference } of list.images) {
      assert.match(reference, /^[a-z0-9-]+(\.[a-z0-9-]+)+(\/[a-z0-9._-]+)+:[A-Za-z0-9_][A-Za-z0-9._-]*$/);
      assert.doesNotMatch(reference, /:latest$/);
    }
  });

  it("lets the program name every image of the list, and no other", () => {
    assert.deepEqual(
      list.images.map((each) => each.name),
      imageNames,
    );
  });

  it("refuses a name that the list doesn't have, and says which it has", () => {
    assert.throws(
      () => image("promtail" as ImageName),
      /images\.json has no image named "promtail"; it has loki, loki-canary, .*Add "promtail" there/,
    );
  });

  it("names the architectures that all images of a pod have", () => {
    assert.deepEqual(architectures([image("loki"), image("nginx")]), ["amd64", "arm64"]);
  });

  it("refuses to name architectures of an image that the list doesn't have", () => {
    assert.throws(
      () => architectures(["docker.io/grafana/promtail:3.5.1"]),
      /images\.json doesn't have the image docker\.io\/grafana\/promtail:3\.5\.1/,
    );
  });

  it("refuses a pod without images", () => {
    assert.throws(() => architectures([]), /No node could run all images of this pod/);
  });
});
