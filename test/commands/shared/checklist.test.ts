import assert from "node:assert/strict";
import { checklist } from "../../../commands/shared/checklist";

const rows = [
  { mark: "✗", cells: ["cluster", "nodes"], detail: "one two three", todo: "four five six", notes: ["seven"] },
  { mark: "✓", cells: ["secrets", "a"], detail: "eight" },
  { mark: "–", cells: [], detail: "nine, ten  not run: why" },
];

const stack = "home";

describe("A checklist", () => {
  it("aligns what was found, with what to do and the notes below it", () => {
    assert.deepEqual(checklist(rows, { stack }).split("\n"), [
      "✗ cluster  nodes  one two three",
      "                  → four five six",
      "                  · seven",
      "✓ secrets  a      eight",
      "– nine, ten  not run: why",
    ]);
  });

  it("breaks its lines at the width of a terminal, below where their text begins", () => {
    const [row] = rows;
    const detail = `${"word ".repeat(12)}end`;
    const lines = checklist([{ ...row, detail, todo: detail }], { columns: 78, stack }).split("\n");
    assert.deepEqual(lines, [
      `✗ cluster  nodes  ${"word ".repeat(12)}`.trimEnd(),
      "                  end",
      `                  → ${"word ".repeat(11)}`.trimEnd(),
      "                    word end",
      "                  · seven",
    ]);
  });

  it("leaves the column to a terminal that is too narrow for it", () => {
    assert.deepEqual(checklist([rows[0]], { columns: 30, stack }).split("\n"), [
      "✗ cluster  nodes  one two",
      "    three",
      "    → four five six",
      "    · seven",
    ]);
  });

  it("advises commands that can be copied", () => {
    const [row] = rows;
    const told = checklist([{ ...row, detail: "see npm run plan", todo: "npm run up -- --refresh", notes: [] }], {
      stack,
    });
    assert.match(told, /see npm run plan -- --stack home\n +→ npm run up -- --stack home --refresh$/);
    const configFile = "Pulumi.mine.yaml";
    const ofFile = checklist([{ ...row, detail: "see npm run plan", notes: [] }], { stack, configFile });
    assert.match(ofFile, /see npm run plan -- --stack home --config-file Pulumi\.mine\.yaml$/m);
  });
});
