import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readImages, writeImages } from "../../../commands/images/file";
import { digestOf, dockerConfig, dockerList, dockerManifest, ociIndex, ociManifest, StandInRegistry } from "./stand-in";
import { ListOfImages } from "./support";

const amd64 = { os: "linux", architecture: "amd64" };
const arm64 = { os: "linux", architecture: "arm64", variant: "v8" };

describe("The lock of images", () => {
  let registry: StandInRegistry;
  let list: ListOfImages;
  const at = (path: string) => `${registry.host}/${path}`;

  beforeEach(async () => {
    registry = await StandInRegistry.start();
    list = new ListOfImages({ name: "app", reference: at("org/app:1.0") });
  });
  afterEach(async () => {
    list.remove();
    await StandInRegistry.stopAll();
  });

  describe("writes the digest of the tag and the platforms", () => {
    const attestation = { os: "unknown", architecture: "unknown" };
    const cases: [what: string, put: () => { digest: string }, platforms: string[]][] = [
      ["of an OCI index", () => registry.index("org/app", "1.0", [arm64, amd64]), ["linux/amd64", "linux/arm64"]],
      [
        "of a Docker manifest list",
        () => registry.index("org/app", "1.0", [amd64, arm64], [dockerList, dockerManifest, dockerConfig]),
        ["linux/amd64", "linux/arm64"],
      ],
      [
        "of a single OCI manifest, by its configuration",
        () => registry.single("org/app", amd64, "1.0"),
        ["linux/amd64"],
      ],
      [
        "of a single Docker manifest, by its configuration",
        () => registry.single("org/app", amd64, "1.0", [dockerManifest, dockerConfig]),
        ["linux/amd64"],
      ],
      [
        "without attestations, Windows and what a plain node of the architecture doesn't run",
        () =>
          registry.index("org/app", "1.0", [
            ...[amd64, attestation, { os: "windows", architecture: "arm64" }],
            ...[
              { ...arm64, variant: "v9" },
              { os: "linux", architecture: "arm", variant: "v7" },
            ],
          ]),
        ["linux/amd64", "linux/arm"],
      ],
      [
        "of an index that doesn't say the platform of an image, by that image's configuration",
        () =>
          registry.put(
            "org/app",
            ociIndex,
            { schemaVersion: 2, manifests: [registry.single("org/app", amd64)] },
            "1.0",
          ),
        ["linux/amd64"],
      ],
    ];
    for (const [what, put, platforms] of cases) {
      it(what, async () => {
        const { digest } = put();
        const { code, out } = await list.lock();
        assert.equal(code, 0, out);
        const [{ source, ...entry }] = list.entries;
        assert.deepEqual(entry, { name: "app", reference: at("org/app:1.0"), digest, platforms });
        assert.equal(source, "https://example.org/app");
        assert.match(out, new RegExp(`app: digest null → ${digest}`));
      });
    }

    it("asks for every type of index and manifest", async () => {
      registry.index("org/app", "1.0", [amd64]);
      await list.lock();
      const accept = registry.asked[0].accept ?? "";
      for (const type of [ociIndex, ociManifest, dockerList, dockerManifest]) assert.ok(accept.includes(type), type);
    });
  });

  it("writes in the form of Prettier, whatever the form before, and the second run changes nothing", async () => {
    registry.index("org/app", "1.0", [amd64, arm64]);
    await list.lock();
    const first = list.text;
    assert.match(first, /^ {6}"platforms": \["linux\/amd64", "linux\/arm64"\],$/m);
    const { code, out } = await list.lock();
    assert.deepEqual([code, out], [0, "images.json: 1 image looked up, up to date.\n"]);
    assert.equal(list.text, first);
    assert.deepEqual(readdirSync(list.folder), ["images.json"]);
  });

  it("says progress and what it waits for on standard error", async () => {
    const { digest } = registry.index("org/app", "1.0", [amd64]);
    const { out, error } = await list.lock();
    assert.equal(error, `[1/1] app ${at("org/app:1.0")}: ${digest.slice(0, 19)}… linux/amd64\n`);
    assert.doesNotMatch(out, /\[1\/1\]/);
  });

  describe("--check", () => {
    it("ends with 1 where a digest lacks, a tag was moved or a platform was added, and writes nothing", async () => {
      const old = registry.index("org/app", "1.0", [amd64]);
      const before = list.text;
      const lacking = await list.lock("--check");
      assert.equal(lacking.code, 1);
      assert.match(lacking.out, /images\.json is out of date: run `npm run images:lock`/);
      assert.equal(list.text, before);

      const moved = registry.index("org/app", "1.0", [amd64, arm64]);
      list.write({ name: "app", reference: at("org/app:1.0"), digest: old.digest });
      const { code, out } = await list.lock("--check");
      assert.equal(code, 1);
      assert.ok(out.includes(`app: digest ${old.digest} → ${moved.digest}; its tag was moved`), out);
      assert.ok(out.includes("app: platforms linux/amd64 → linux/amd64, linux/arm64"), out);
    });

    it("ends with 0 where all is as the registry has it, and with 2 where nobody knows", async () => {
      registry.index("org/app", "1.0", [amd64]);
      await list.lock();
      assert.equal((await list.lock("--check")).code, 0);
      list.write({ name: "app", reference: at("org/app:1.1") });
      assert.equal((await list.lock("--check")).code, 2);
    });
  });

  describe("--only", () => {
    it("looks up the images of these names, several of one name too, and leaves the others", async () => {
      for (const tag of ["1.0", "2.0"]) registry.index("org/app", tag, [amd64]);
      list.write(
        { name: "app", reference: at("org/app:1.0") },
        { name: "other", reference: at("org/other:1.0") },
        { name: "app", reference: at("org/app:2.0") },
      );
      assert.equal((await list.lock("--only", "app")).code, 0);
      assert.deepEqual(
        list.entries.map(({ digest }) => digest !== null),
        [true, false, true],
      );
    });

    it("refuses a name that the list doesn't have, and says which it has", async () => {
      const { code, error } = await list.lock("--only", "app", "apps");
      assert.equal(code, 2);
      assert.match(error, /images\.json has no image named apps; it has app\./);
      assert.deepEqual(registry.asked, []);
    });
  });

  it("writes nothing at all where one image has a problem, and tells the problems of all", async () => {
    registry.index("org/app", "1.0", [amd64]);
    list.write(
      { name: "app", reference: at("org/app:1.0") },
      { name: "gone", reference: at("org/gone:1.0") },
      { name: "pi", reference: at("org/app:1.0").replace("1.0", "2.0"), platforms: ["linux/amd64", "linux/arm64"] },
    );
    registry.single("org/app", amd64, "2.0");
    const before = list.text;
    const { code, out, error } = await list.lock();
    assert.deepEqual([code, out, list.text], [2, "", before]);
    assert.match(error, /images\.json: 2 of 3 images could not be looked up; nothing was changed\./);
    assert.ok(error.includes(`gone (${at("org/gone:1.0")}): ${registry.host} has no org/gone:1.0`), error);
    assert.match(error, /HTTP 404, MANIFEST_UNKNOWN: manifest unknown\)\n {6}to do: Correct the reference/);
    assert.match(
      error,
      /images\.json says linux\/arm64, but \S+ only has it for linux\/amd64\n {6}to do: .*exec format/,
    );
  });

  it("locks an image that the list has for amd64 only, where the registry has no more", async () => {
    const { digest } = registry.single("org/app", amd64, "1.0");
    assert.equal((await list.lock()).code, 0);
    assert.deepEqual([list.entries[0].digest, list.entries[0].platforms], [digest, ["linux/amd64"]]);
  });

  it("tells a problem that all images share once", async () => {
    list.write({ name: "a", reference: at("org/a:1.0") }, { name: "b", reference: at("org/b:1.0") });
    await StandInRegistry.stopAll();
    const { code, error } = await list.lock();
    assert.equal(code, 2);
    assert.equal(error.match(/to do:/g)?.length, 1);
    assert.match(error, /a \(.*\),\n {2}b \(.*\): 127\.0\.0\.1:\d+ can't be reached \(ECONNREFUSED\)/);
    assert.match(error, /run this on a machine with internet/);
  });

  describe("refuses", () => {
    const refused: [what: string, put: () => void, message: RegExp][] = [
      [
        "what the registry itself calls otherwise",
        () => {
          const headers = { "content-type": ociIndex, "docker-content-digest": digestOf("another") };
          registry.before = () => ({ status: 200, headers, body: "{}" });
        },
        /calls manifests\/1\.0 sha256:\w+, but what came is sha256:/,
      ],
      [
        "a configuration that isn't what the manifest names",
        () => {
          registry.single("org/app", amd64, "1.0");
          registry.before = ({ path }) => (path.includes("/blobs/") ? { status: 200, body: "{}" } : undefined);
        },
        /calls blobs\/sha256:\w+ sha256:\w+, but what came is sha256:/,
      ],
      [
        "a Helm chart",
        () => {
          const config = registry.put("org/app", "application/vnd.cncf.helm.config.v1+json", {});
          registry.put("org/app", ociManifest, { schemaVersion: 2, config, layers: [] }, "1.0");
        },
        /is not an image for containers, but application\/vnd\.cncf\.helm/,
      ],
      [
        "Docker's old format",
        () => registry.put("org/app", "application/vnd.docker.distribution.manifest.v1+prettyjws", {}, "1.0"),
        /is not an image for containers, but .*v1\+prettyjws/,
      ],
      [
        "a page of a proxy",
        () =>
          (registry.before = () => ({ status: 200, headers: { "content-type": "text/html" }, body: "<p>Log in</p>" })),
        /is not a JSON object\n {6}to do: .*proxy's log-in page/,
      ],
      [
        "more than a manifest may have",
        () => registry.put("org/app", ociIndex, `{"a":"${"a".repeat(5 * 2 ** 20)}"}`, "1.0"),
        /sends more than a manifest may have/,
      ],
      [
        "an index of indices without end",
        () => {
          const inner = { mediaType: ociIndex, digest: digestOf("{}") };
          let index = registry.put("org/app", ociIndex, { manifests: [inner] });
          for (let i = 0; i < 5; i++) index = registry.put("org/app", ociIndex, { manifests: [index] }, "1.0");
        },
        /is not an image for containers, but .*index/,
      ],
      [
        "an image for Windows only",
        () => registry.index("org/app", "1.0", [{ os: "windows", architecture: "amd64" }]),
        /only has it for other systems than Linux/,
      ],
    ];
    for (const [what, put, message] of refused) {
      it(what, async () => {
        put();
        const before = list.text;
        const { code, error } = await list.lock();
        assert.match(error, message);
        assert.deepEqual([code, list.text], [2, before]);
      });
    }

    it("a list that isn't right, before it asks anybody", async () => {
      list.write({ name: "app", reference: "app:1.0" });
      const { code, error } = await list.lock();
      assert.equal(code, 2);
      assert.match(error, /images\[0\]\.reference: "app:1\.0" is not an image reference/);
      writeFileSync(list.file, "{");
      assert.match((await list.lock()).error, /images\.json: 1 problem; nothing was changed/);
      assert.equal((await list.lock("--file", join(list.folder, "none.json"))).code, 2);
      assert.deepEqual(registry.asked, []);
    });

    for (const [args, message] of [
      [["--registry-mirror", "docker.io"], /host=URL/],
      [["--concurrency", "0"], /whole number from 1/],
      [["--checks"], /unknown option/],
    ] as const) {
      it(`the command line ${args.join(" ")}`, async () => {
        const { code, error } = await list.lock(...args);
        assert.match(error, message);
        assert.equal(code, 2);
      });
    }
  });

  it("asks a mirror in place of a registry, below its path", async () => {
    const { digest } = registry.index("library/app", "1.0", [amd64]);
    registry.before = (asked) => (asked.path.startsWith("/hub/v2/") ? undefined : { status: 500 });
    list.write({ name: "app", reference: "docker.io/app:1.0" });
    // The stand-in has no path of its own: it answers by what comes after it.
    const { code } = await list.lock("--registry-mirror", `docker.io=http://${registry.host}/hub`);
    assert.equal(registry.asked[0].path, "/hub/v2/library/app/manifests/1.0");
    assert.equal(code, 0);
    assert.equal(list.entries[0].digest, digest);
  });

  it("looks up no more images at a time than --concurrency says", async () => {
    const names = ["a", "b", "c", "d", "e"];
    for (const name of names) registry.index(`org/${name}`, "1.0", [amd64]);
    list.write(...names.map((name) => ({ name, reference: at(`org/${name}:1.0`) })));
    let most = 0;
    let open = 0;
    const fetched = globalThis.fetch;
    globalThis.fetch = async (...args) => {
      most = Math.max(most, ++open);
      return fetched(...args).finally(() => open--);
    };
    try {
      assert.equal((await list.lock("--concurrency", "2")).code, 0);
    } finally {
      globalThis.fetch = fetched;
    }
    assert.equal(most, 2);
  });

  it("leaves this repository's list in its own form", async () => {
    const own = readFileSync(join(__dirname, "../../../images.json"), "utf8");
    writeFileSync(list.file, own);
    await writeImages(list.file, readImages(list.file));
    // A folder without Prettier's settings has another width, which no entry reaches.
    assert.equal(list.text, own);
  });
});
