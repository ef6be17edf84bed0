import assert from "node:assert/strict";
import list from "../../images.json";
import { checkedList, alternatives, imageNames, type ImageName } from "../../settings/image-list";
import { architectures, image, images } from "../../components/images";

describe("images.json and image()", () => {
  it("gives the fully qualified reference of an image by its name", () => {
    assert.match(image("loki"), /^docker\.io\/grafana\/loki:3\.6\.3(@sha256:[0-9a-f]{64})?$/);
  });

  it("has every image that the program can name, and no other", () => {
    assert.deepEqual([...new Set(list.images.map((each) => each.name))], imageNames);
  });

  it("takes in place of an image only what the list has under its name", () => {
    const reference = list.images[0].reference;
    assert.deepEqual(images({ loki: reference }, "loki", "nginx"), { loki: image("loki"), nginx: image("nginx") });
    // With the digest too, once the list has one.
    assert.deepEqual(alternatives("loki"), [...new Set([reference, image("loki")])]);
  });

  it("refuses a name that the list doesn't have, and says which it has", () => {
    assert.throws(
      () => image("promtail" as ImageName),
      /images\.json has no image named "promtail"; it has loki, loki-canary, .*Add "promtail" there/,
    );
  });

  it("names the architectures that all images of a pod have", () => {
    const of = (wanted: string) =>
      list.images.find(({ name }) => name === wanted)!.platforms.map((platform) => platform.split("/")[1]);
    const common = of("loki").filter((each) => of("nginx").includes(each));
    assert.deepEqual(architectures([image("loki"), image("nginx")]), common);
    assert.ok(["amd64", "arm64"].every((each) => common.includes(each)));
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

describe("the check of images.json", () => {
  const good = { ...list.images[0], digest: `sha256:${"a".repeat(64)}` };
  const refused = (...images: unknown[]) => {
    try {
      checkedList({ images });
    } catch (error) {
      return (error as Error).message;
    }
    return "";
  };

  it("takes an image with a digest, one without, and several of one name", () => {
    assert.equal(
      refused(good, { ...good, reference: "registry.example.org:5000/grafana/loki:3.6.3", digest: null }),
      "",
    );
  });

  const cases: [what: string, entry: Record<string, unknown>, message: RegExp][] = [
    [
      "a tag",
      { reference: "docker.io/grafana/loki" },
      /reference: "docker.io\/grafana\/loki" is not an image reference/,
    ],
    ["an exact tag", { reference: "docker.io/grafana/loki:latest" }, /reference: .* is not an image reference/],
    ["a registry", { reference: "grafana/loki:3.6.3" }, /reference: .* is not an image reference/],
    ["its digest apart", { reference: `${good.reference}@${good.digest}` }, /reference: .* is not an image reference/],
    ["a whole digest", { digest: "sha256:abc" }, /digest: "sha256:abc" is not a digest/],
    ["platforms", { platforms: [] }, /platforms: \[\] is too small/],
    ["platforms that nodes have", { platforms: ["arm64"] }, /platforms\[0\]: "arm64" is not a platform/],
    ["a page that says so", { source: undefined }, /source: is missing/],
    ["no key that nobody reads", { tag: "3.6.3" }, /tag: "3.6.3" is set here, but there is no such setting/],
  ];
  for (const [what, wrong, message] of cases) {
    it(`wants ${what}, and says what is allowed`, () => {
      const text = refused(good, { ...good, reference: "docker.io/grafana/loki:3.6.4", ...wrong });
      assert.match(text, /^images\.json: 1 problem; nothing was changed\.\n {2}images\[1\]\./);
      assert.match(text, message);
      assert.match(text, /\n {6}allowed: \S/);
    });
  }

  it("wants each image once, and tells all problems at once", () => {
    assert.match(refused(good, good), /images\[1\]\.reference: ".*" appears twice/);
    assert.match(refused({ ...good, reference: "loki" }, { ...good, platforms: [] }), /^images\.json: 2 problems/);
  });
});
