import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import type { Preview } from "../../offline/preview";
import { behaviours, failing, inFolder, pack } from "./fixtures";

interface Result {
  code: number | null;
  out: string;
  errors: string;
}

/** Runs the command line as the scripts of package.json do. */
function run(...args: string[]): Promise<Result> {
  const main = resolve(__dirname, "../../offline/cli.ts");
  const child = spawn(process.execPath, ["--import", "tsx", main, ...args]);
  const [out, errors]: string[][] = [[], []];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => errors.push(chunk.toString()));
  return new Promise((done) => child.on("close", (code) => done({ code, out: out.join(""), errors: errors.join("") })));
}

const fixture = ["--stack", "dev", "--program", behaviours];
const clean = ["--policy-pack", pack, "--config", "crash=no"];

describe("the offline command line", () => {
  it("ends with 1 where a mandatory policy is violated, and prints tree, findings and requests", async () => {
    const { code, out } = await run("preview", ...fixture, ...clean);
    assert.equal(code, 1);
    assert.match(out, /^Stack dev, stage loki: 13 resources\n/);
    assert.match(out, /\n {3}observability:app:App app {2}\[protect, retain on delete\]\n {6}kubernetes:apps/);
    assert.match(out, /\[mandatory\] whole-stack: the whole stack\n {4}Tells of the stack\./);
    assert.match(out, /arm64 +2 +0\.50 +128 Mi/);
    assert.match(out, /Policy findings: 2 mandatory, 1 remediate, \d+ advisory\n$/);
    assert.doesNotMatch(out, /hush/);
  });

  it("ends with 0 without policies, and writes nothing but JSON to standard output where asked", async () => {
    const { code, out } = await run("preview", ...fixture, "--no-policies", "--json", "-");
    assert.equal(code, 0);
    const preview = JSON.parse(out) as Preview;
    assert.deepEqual(Object.keys(preview).slice(0, 5), ["stack", "stage", "resources", "violations", "outputs"]);
    for (const resource of preview.resources) {
      const contract = Object.keys(resource).filter((key) => key !== "read");
      const keys = ["urn", "type", "name", "custom", "parent", "provider", "inputs", "options"];
      assert.deepEqual(contract, keys);
      const options = [
        "protect",
        "retainOnDelete",
        "deleteBeforeReplace",
        "ignoreChanges",
        "dependsOn",
        "aliases",
        "import",
      ];
      assert.deepEqual(Object.keys(resource.options), options);
    }
  });

  it("prints only findings as the policy command, and writes JSON to a file beside it", () =>
    inFolder(async (folder) => {
      const file = join(folder, "findings.json");
      const { code, out } = await run("policy", ...fixture, ...clean, "--json", file);
      assert.equal(code, 1);
      assert.doesNotMatch(out, /Stack dev|cores/);
      const { violations } = JSON.parse(readFileSync(file, "utf8")) as Preview;
      assert.ok(violations.some(({ level, urn }) => level === "mandatory" && urn === null));
    }));

  it("ends with 2, and a message without a stack trace, for what can't be previewed", async () => {
    const cases: [string[], RegExp][] = [
      [["preview", "--stack", "nope", "--program", behaviours, "--no-policies"], /no stack 'nope'.*Stacks here: dev/],
      [["preview", ...fixture, "--no-policies", "--config", "a"], /--config a: expected key=value/],
      [["preview", ...fixture, "--policy-pack", behaviours], /no policy pack in/],
      [["policy", ...fixture, "--policy-pack", pack, "--config", "crash=at start"], /the pack is broken/],
      [["preview", "--program", behaviours], /required option '--stack <name>' not specified/],
      [
        ["preview", "--stack", "dev", "--program", failing, "--no-policies", "--config", "how=run error"],
        /^settings are wrong\n$/,
      ],
      [["preview", ...fixture, "--unknown"], /unknown option '--unknown'/],
    ];
    for (const [args, message] of cases) {
      const { code, out, errors } = await run(...args);
      assert.deepEqual([code, out], [2, ""], args.join(" "));
      assert.match(errors, message);
      assert.doesNotMatch(errors, /offline\/\w+\.ts:\d+/);
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
      assert.match(first.out, /6 files in .*\nNot objects of Kubernetes, so not rendered: fixture:index:Thing, minio:/);
      const made = readFileSync(secrets, "utf8");
      await run("render", ...fixture, "--out", out, "--with-secrets", secrets);
      assert.equal(readFileSync(secrets, "utf8"), made);
    }));
});
