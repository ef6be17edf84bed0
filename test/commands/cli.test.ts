import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Preview } from "../../commands/shared/preview";
import { offline, offlineProcess, type Ended } from "../program/support/cli";
import { behaviours, failing, inFolder, pack } from "../engine/fixtures";

/** Runs the command line in this process. */
const run = (...args: Parameters<typeof offline>): Promise<Ended> => runWith({}, ...args);

/** The same in another environment, which is no job of GitHub's unless it says so. */
async function runWith(environment: Record<string, string>, ...args: Parameters<typeof offline>): Promise<Ended> {
  const all = { GITHUB_ACTIONS: "", ...environment };
  const before = Object.keys(all).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, all);
  try {
    return await offline(...args);
  } finally {
    for (const [name, value] of before)
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
  }
}

const fixture = ["--stack", "dev", "--program", behaviours];
/** A program that registers nothing but its stack. */
const nothing = ["--stack", "dev", "--program", failing, "--config", "how=not at all"];
const withPack = ["--policy-pack", pack];

describe("the offline command line", () => {
  it("ends with 1 where a mandatory policy is violated, prints tree, findings and requests, and writes the JSON contract", () =>
    inFolder(async (folder) => {
      const file = join(folder, "preview.json");
      const { code, out } = await run("preview", ...fixture, ...withPack, "--json", file);
      assert.equal(code, 1);
      assert.match(out, /^Stack dev, stage loki: 13 resources\n/);
      assert.match(out, /\n {3}observability:app:App app {2}\[protect, retain on delete\]\n {6}kubernetes:apps/);
      assert.match(out, /\[mandatory\] whole-stack: the whole stack\n {4}Tells of the stack\./);
      assert.match(out, /arm64 +2 +0\.50 +128 Mi/);
      assert.match(out, /Policy findings: 2 mandatory, 1 remediate, \d+ advisory\n$/);
      assert.doesNotMatch(out, /hush/);

      const preview = JSON.parse(readFileSync(file, "utf8")) as Preview;
      assert.deepEqual(Object.keys(preview).slice(0, 5), ["stack", "stage", "resources", "violations", "outputs"]);
      for (const resource of preview.resources) {
        const contract = Object.keys(resource).filter((key) => key !== "read");
        assert.deepEqual(contract, ["urn", "type", "name", "custom", "parent", "provider", "inputs", "options"]);
        assert.deepEqual(Object.keys(resource.options), [
          ...["protect", "retainOnDelete", "deleteBeforeReplace", "ignoreChanges", "dependsOn", "aliases", "import"],
        ]);
      }
    }));

  it("ends with 0 without findings, and writes nothing but JSON to standard output where asked", async () => {
    const { code, out } = await offlineProcess("preview", ...nothing, "--no-policies", "--json", "-");
    assert.deepEqual([code, (JSON.parse(out) as Preview).resources.length], [0, 1]);
  });

  it("ends its process with 2, and a message without a stack trace, where the program fails", async () => {
    const words = ["--stack", "dev", "--program", failing, "--no-policies", "--config", "how=run error"];
    const { code, out, errors } = await offlineProcess("preview", ...words);
    assert.deepEqual([code, out, errors], [2, "", "settings are wrong\n"]);
  });

  it("loads no library that has Node.js print a warning of its own", () => {
    const libraries = [
      "@kubernetes/client-node",
      "@pulumi/pulumi",
      "@pulumi/kubernetes",
      "@pulumi/policy",
      "yaml",
      "zod",
    ];
    const preloads = ["tsx/cjs", resolve(__dirname, "../../engine/late-modules.js")].flatMap((file) => [
      "--require",
      file,
    ]);
    const words = [...preloads, "--throw-deprecation", "-e", libraries.map((name) => `require("${name}");`).join("")];
    const { status, stderr } = spawnSync(process.execPath, words, { cwd: __dirname, encoding: "utf8" });
    assert.deepEqual([status, stderr], [0, ""]);
  });

  it("annotates a pull request as the policy command in a job of GitHub's, and leaves standard output to JSON", async () => {
    const github = { GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: resolve(behaviours, "../..") };
    const { code, out, errors } = await runWith(github, "policy", ...fixture, ...withPack, "--json", "-");
    const { violations } = JSON.parse(out) as Preview;
    const lines = errors.split("\n").filter((line) => line.startsWith("::"));
    const mandatory = violations.filter(({ level }) => level === "mandatory").length;
    assert.deepEqual([code, lines.filter((line) => line.startsWith("::error ")).length], [1, mandatory]);
    const file = "fixtures/behaviours/Pulumi.dev.yaml";
    assert.ok(
      lines.some((line) => line.startsWith(`::error file=${file},title=dev%3A whole-stack::the whole stack%0A`)),
    );
  });

  it("annotates that a stack can't be previewed", async () => {
    const { code, errors } = await runWith({ GITHUB_ACTIONS: "true" }, "policy", "--stack", "none");
    assert.equal(code, 2);
    assert.match(errors, /^::error file=Pulumi\.none\.yaml,title=none%3A can't be previewed::\S.*none/m);
  });

  it("prints only findings as the policy command, and annotates nothing anywhere else", async () => {
    const { code, out, errors } = await run("policy", ...nothing, ...withPack);
    assert.deepEqual([code, errors], [1, ""]);
    assert.doesNotMatch(out, /^::/m);
    assert.match(out, /^\[mandatory\] whole-stack: the whole stack\n {4}Tells of the stack\.\n/);
    assert.doesNotMatch(out, /Stack dev|cores/);
  });

  it("takes levels of policies from a file, and refuses a policy that the pack doesn't have", () =>
    inFolder(async (folder) => {
      const settings = join(folder, "policies.json");
      const withSettings = async (content: object) => {
        writeFileSync(settings, JSON.stringify(content));
        return run("policy", ...nothing, ...withPack, "--policy-pack-config", settings);
      };
      const relaxed = await withSettings({ "whole-stack": "advisory" });
      assert.equal(relaxed.code, 0, relaxed.errors);
      assert.match(relaxed.out, /^\[advisory\] whole-stack: /m);
      const unknown = await withSettings({ "no-such-policy": "mandatory" });
      assert.equal(unknown.code, 2);
      assert.match(unknown.errors, /no-such-policy: the pack has no such policy; it has .*whole-stack/);
    }));

  it("ends with 2, and a message without a stack trace, for what can't be previewed", async () => {
    const cases: [Parameters<typeof offline>, RegExp][] = [
      [["preview", "--stack", "nope", "--program", behaviours, "--no-policies"], /no stack 'nope'.*Stacks here: dev/],
      [["preview", ...nothing, "--no-policies", "--config", "a"], /--config a: expected key=value/],
      [["preview", ...nothing, "--policy-pack", behaviours], /no policy pack in/],
      [["preview", "--program", behaviours], /required option '--stack <name>' not specified/],
      [
        ["preview", "--stack", "dev", "--program", failing, "--no-policies", "--config", "how=run error"],
        /^settings are wrong\n$/,
      ],
      [
        ["policy", ...nothing, ...withPack, "--policy-pack-config", __filename],
        /cli\.test\.ts is not JSON \(.*allowed is/,
      ],
      [["preview", ...nothing, "--unknown"], /unknown option '--unknown'/],
    ];
    for (const [args, message] of cases) {
      const { code, out, errors } = await run(...args);
      assert.deepEqual([code, out], [2, ""], args.join(" "));
      assert.match(errors, message);
      assert.doesNotMatch(errors, /(engine|commands)\/\w+\.ts:\d+/);
    }
  });

  it("renders into a folder, and leaves it untouched when the program fails", () =>
    inFolder(async (folder) => {
      const [out, secrets] = [join(folder, "out"), join(folder, "secrets.yaml")];
      const broken = await run(
        "render",
        "--stack",
        "dev",
        "--program",
        failing,
        "--config",
        "how=throws",
        "--out",
        out,
      );
      assert.deepEqual([broken.code, existsSync(out)], [2, false]);
      const first = await run("render", ...fixture, "--out", out, "--with-secrets", secrets);
      assert.equal(first.code, 0);
      assert.match(first.out, /6 files in .*\nNot Kubernetes objects, not rendered: fixture:index:Thing, minio:/);
      assert.deepEqual([readdirSync(out).length, statSync(secrets).mode & 0o777], [7, 0o600]);
    }));
});
