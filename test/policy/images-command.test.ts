import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { promisify } from "node:util";
import { run } from "../../policy/lib/registry/command";
import { piNodesRunArm64Images as policy } from "../../policy/pi-nodes-run-arm64-images";
import { StandInRegistry } from "../commands/images/stand-in";
import { findings, object } from "./support";

const amd64 = { os: "linux", architecture: "amd64" };
const arm64 = { os: "linux", architecture: "arm64", variant: "v8" };

describe("observability-policy-images", () => {
  let registry: StandInRegistry;
  let folder: string;
  let file: string;
  const at = (name: string) => `${registry.host}/${name}`;
  const written = () => JSON.parse(readFileSync(file, "utf8"));
  const imagesOf = (settings = written()) => settings["pi-nodes-run-arm64-images"].images;

  beforeEach(async () => {
    registry = await StandInRegistry.start();
    folder = mkdtempSync(path.join(tmpdir(), "policy-images-"));
    file = path.join(folder, "policy-config.json");
    writeFileSync(file, "{}");
  });
  afterEach(async () => {
    rmSync(folder, { recursive: true });
    await StandInRegistry.stopAll();
  });

  async function ask(...args: string[]): Promise<{ code: number; out: string; error: string }> {
    const said = { out: "", error: "" };
    const output = { out: (text: string) => (said.out += text), error: (text: string) => (said.error += text) };
    const patience = { attempts: 1, firstWait: 1, longestWait: 1, wait: () => Promise.resolve() };
    const code = await run(args, output, { env: { HOME: folder, PATH: process.env.PATH }, patience });
    return { code, ...said };
  }

  it("writes the registry's answer into the file, by which the policy then decides", async () => {
    const { digest } = registry.index("org/app", "1.0.0", [arm64, amd64]);
    registry.single("org/old", amd64, "1.0.0");
    const piNodes = [{ labels: { "kubernetes.io/arch": "arm64" } }];
    writeFileSync(file, JSON.stringify({ all: "disabled", "pi-nodes-run-arm64-images": { piNodes } }));
    const { code, out } = await ask(file, at("org/app:1.0.0"), at("org/old:1.0.0"));
    assert.equal(code, 0);
    assert.match(out, /org\/app:1\.0\.0: linux\/amd64, linux\/arm64\n/);
    const settings = written();
    assert.deepEqual([settings.all, settings["pi-nodes-run-arm64-images"].piNodes], ["disabled", piNodes]);
    const platforms = ["linux/amd64", "linux/arm64"];
    assert.deepEqual(imagesOf()[0], { reference: at("org/app:1.0.0"), digest, platforms });
    const pod = (image: string) =>
      object("core/v1", "Pod", { metadata: { name: "x" }, spec: { containers: [{ name: "x", image }] } });
    const parameters = settings["pi-nodes-run-arm64-images"];
    assert.deepEqual(await findings(policy, pod(at("org/app:1.0.0")), parameters), []);
    assert.match((await findings(policy, pod(at("org/old:1.0.0")), parameters))[0], /which has linux\/amd64/);
    assert.match((await findings(policy, pod(at("org/new:1.0.0")), parameters))[0], /observability-policy-images/);
  });

  it("asks again for those that the file has, keeps a level, and lists none twice", async () => {
    registry.single("org/app", amd64, "1.0.0");
    writeFileSync(file, JSON.stringify({ "pi-nodes-run-arm64-images": "advisory" }));
    assert.equal((await ask(file, at("org/app:1.0.0"))).code, 0);
    assert.deepEqual(imagesOf()[0].platforms, ["linux/amd64"]);
    registry.index("org/app", "1.0.0", [arm64, amd64]);
    assert.equal((await ask(file, at("org/app:1.0.0"))).code, 0);
    assert.equal(imagesOf().length, 1);
    assert.deepEqual(imagesOf()[0].platforms, ["linux/amd64", "linux/arm64"]);
    assert.equal(written()["pi-nodes-run-arm64-images"].enforcementLevel, "advisory");
    const before = readFileSync(file, "utf8");
    assert.equal((await ask(file)).code, 0);
    assert.equal(readFileSync(file, "utf8"), before);
  });

  it("changes nothing where one image can't be looked up, and says which", async () => {
    registry.single("org/app", amd64, "1.0.0");
    const { code, error } = await ask(file, at("org/app:1.0.0"), at("org/gone:1.0.0"));
    assert.equal(code, 2);
    assert.match(error, /org\/gone:1\.0\.0: [^\n]*\n {2}to do: [^]*nothing was changed/);
    assert.equal(readFileSync(file, "utf8"), "{}");
    assert.deepEqual(readdirSync(folder), ["policy-config.json"]);
  });

  const wrong: [what: string, content: string | undefined, args: string[], says: RegExp][] = [
    ["no JSON", "{", [], /is not JSON/],
    ["a list", "[]", [], /is not an object of policies by name/],
    ["a policy that is a number", '{"pi-nodes-run-arm64-images": 3}', [], /neither a level nor an object/],
    [
      "an image without platforms",
      '{"pi-nodes-run-arm64-images": {"images": [{"reference": "a/b"}]}}',
      [],
      /platforms/,
    ],
    ["no image at all", "{}", [], /lists no images/],
    ["a reference that is none", "{}", ["Not An Image"], /no reference of an image/],
    ["an option that isn't there", "{}", ["--all"], /--all/],
    ["a mirror that is no URL", "{}", ["a/b:1", "--registry-mirror", "x"], /HOST=URL/],
  ];
  for (const [what, content, args, says] of wrong) {
    it(`says what is wrong with ${what}`, async () => {
      writeFileSync(file, content ?? "");
      const { code, error } = await ask(file, ...args);
      assert.equal(code, 2);
      assert.match(error, says);
      assert.equal(readFileSync(file, "utf8"), content);
    });
  }

  it("says what is wrong with a file that isn't there, and how it is called", async () => {
    assert.match((await ask(path.join(folder, "none.json"), "a/b:1")).error, /ENOENT.*none\.json/);
    assert.match((await ask()).error, /^observability-policy-images FILE/);
    assert.match((await ask("--help")).out, /^observability-policy-images FILE/);
  });

  it("is a command of the package", async () => {
    const { bin } = JSON.parse(readFileSync(path.resolve(__dirname, "../../policy/package.json"), "utf8"));
    const script = path.resolve(__dirname, "../../policy", bin["observability-policy-images"]);
    const { stdout } = await promisify(execFile)(process.execPath, [script, "--help"]);
    assert.match(stdout, /^observability-policy-images FILE/);
  });
});
