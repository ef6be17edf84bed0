import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ofStack, stackCommands } from "../../settings/of-stack";
import { problemsMessage } from "../../settings/problem";
import { root } from "../docs/markdown";

describe("A command in a message", () => {
  const named: [text: string, copied: string][] = [
    ["npm run up creates it", "npm run up -- --stack home creates it"],
    ["→ set it, and npm run up", "→ set it, and npm run up -- --stack home"],
    ["`npm run verify` shows why", "`npm run verify -- --stack home` shows why"],
    ["npm run up -- --refresh", "npm run up -- --stack home --refresh"],
    [
      "npm run preview:offline; npm run preview",
      "npm run preview:offline -- --stack home; npm run preview -- --stack home",
    ],
  ];
  for (const [text, copied] of named) it(`names the stack: ${text}`, () => assert.equal(ofStack(text, "home"), copied));

  it("stays as it is where it has a stack, or is of none", () => {
    for (const text of [
      "npm run up -- --stack other --refresh",
      "npm run policy:fields writes them",
      "npm run sandbox -- down",
      "npm run images:lock",
      "npm ci",
    ])
      assert.equal(ofStack(text, "home"), text);
  });

  it("names the stack's file, too, where the command was given one, also in a message that names the stack itself", () => {
    const mine = (text: string, file = "../mine/Pulumi.home.yaml") => ofStack(text, "home", file);
    assert.equal(
      mine("npm run up creates it"),
      "npm run up -- --stack home --config-file ../mine/Pulumi.home.yaml creates it",
    );
    assert.equal(
      mine("npm run up -- --refresh", "/my files/it's"),
      "npm run up -- --stack home --config-file '/my files/it'\\''s' --refresh",
    );
    const key = "secretValues.minioAdmin.password";
    const command = `npx pulumi config set --secret --path observability:${key}`;
    assert.equal(
      mine(problemsMessage("home", [{ key, what: "is missing", command }]))
        .split("\n")
        .at(-1),
      `      set it: ${command} --stack home --config-file ../mine/Pulumi.home.yaml`,
    );
    const named = "npm run up -- --stack home --config-file x, npm run up -- --stack homes";
    assert.equal(mine(named), named);
  });

  it("is one of those that docs/commands.md gives a stack, and each of them", () => {
    const page = readFileSync(join(root, "docs/commands.md"), "utf8");
    const documented = [...page.matchAll(/`npm run (\S+) -- --stack S/g)].map(([, script]) => script);
    assert.deepEqual([...new Set(documented)].sort(), [...stackCommands].sort());
  });

  it("names the stack in what is allowed for a setting, too", () => {
    const problem = { key: "migration.retireKps", what: "is true", allowed: "once `npm run verify` passes" };
    assert.match(problemsMessage("home", [problem]), /allowed: once `npm run verify -- --stack home` passes$/);
  });
});
