import assert from "node:assert/strict";
import { readArguments } from "../../../commands/pulumi/arguments";

const read = (...words: string[]) => readArguments("up", words);
const problems = (...words: string[]) => read("--stack", "dev", ...words).problems.join("\n");

describe("What npm run up passes on", () => {
  it("is everything as it was written, after the policy pack", () => {
    const words = ["--stack", "dev", "--yes", "--target", "urn:x", "-p", "4", "--refresh=false", "-m", "why so"];
    assert.deepEqual(read(...words).args, ["up", "--policy-pack", "policy", ...words]);
    assert.deepEqual(read(...words).problems, []);
  });

  it("has the user's policy packs beside this one, and this one once", () => {
    assert.deepEqual(read("--stack=dev", "--policy-pack", "mine").args, [
      ...["up", "--policy-pack", "policy", "--stack=dev", "--policy-pack", "mine"],
    ]);
    for (const words of [["--policy-pack=policy/"], ["--policy-pack", "mine,./policy"]])
      assert.deepEqual(read("--stack=dev", ...words).args, ["up", "--stack=dev", ...words]);
  });

  it("names the stack however it is written", () => {
    for (const words of [["--stack", "dev"], ["--stack=dev"], ["-s", "dev"], ["-sdev"], ["-s=dev"], ["-ys", "dev"]])
      assert.equal(read(...words).stack, "dev", words.join(" "));
  });

  it("has the settings of the command line apart, for their check", () => {
    assert.deepEqual(read("--config", "a=1", "-cb=2", "--config-path").config, ["a=1", "b=2"]);
  });
});

describe("npm run up refuses", () => {
  it("to skip the preview, however it is written, and says why", () => {
    for (const words of [
      ["--skip-preview"],
      ["--skip-preview=true"],
      ["-f"],
      ["-yf"],
      ["-fy"],
      ["-rf"],
      ["--yes", "--skip-preview"],
      ["--", "--stack=x", "-f"].slice(2),
    ])
      assert.match(
        problems(...words),
        /--skip-preview is refused: policies .* run after .* only the preview/,
        words[0],
      );
  });

  it("nothing that only looks like it", () => {
    for (const words of [["-m", "-f"], ["-mfix"], ["--message", "skip-preview"], ["-t", "urn:f"], ["-y"], ["--yes"]])
      assert.equal(problems(...words), "", words.join(" "));
  });

  it("to ignore protection, to use other settings than those checked, and another program", () => {
    assert.match(problems("--ignore-protect"), /--ignore-protect is refused: .*docs\/removing\.md/);
    assert.match(problems("-C", "/elsewhere"), /--cwd is refused/);
  });

  it("a command line without a stack, and tells everything at once", () => {
    const all = read("production", "-f").problems;
    assert.equal(all.length, 2);
    assert.match(all.join("\n"), /npm passes on only what follows --, for example: npm run up -- --stack production/);
  });
});

describe("npm run destroy", () => {
  it("passes on what it is given without the policy pack, which destroy has no use for, and refuses to go without its preview", () => {
    const words = ["--stack", "dev", "--yes"];
    assert.deepEqual(readArguments("destroy", words), {
      stack: "dev",
      config: [],
      args: ["destroy", ...words],
      problems: [],
    });
    const { problems } = readArguments("destroy", [...words, "-f", "--ignore-protect"]);
    assert.match(problems.join("\n"), /--skip-preview is refused: only the preview finds everything that is protected/);
    assert.match(problems.join("\n"), /--ignore-protect is refused/);
  });
});
