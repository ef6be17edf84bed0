import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./markdown";

const rows = readFileSync(join(root, "test/seeds.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| (?!the plan says)/.test(line));

describe("test/seeds.md", () => {
  it("has something for every line of the plans: a test, or that it is open", () => {
    assert.ok(rows.length > 50);
    assert.deepEqual(
      rows.filter((row) => !/`[^`]+\.ts`: “|\*\*Open\*\*/.test(row)),
      [],
    );
  });

  it("names tests that are there", () => {
    const wrong = rows.flatMap((row) =>
      [...row.matchAll(/`([^`]+\.ts)`: ((?:“[^”]+”(?:, )?)+)/g)].flatMap(([, file, titles]) => {
        if (!existsSync(join(root, file))) return [file];
        const text = readFileSync(join(root, file), "utf8");
        return [...titles.matchAll(/“([^”]+)”/g)]
          .filter(([, title]) => !text.includes(title))
          .map(([, title]) => `${file}: ${title}`);
      }),
    );
    assert.deepEqual(wrong, []);
    const unread = rows.flatMap((row) => [...row.matchAll(/`([^`]+\.ts)`(?!: “[^”])/g)].map(([, file]) => file));
    assert.deepEqual(unread, [], "each file with the title of a test in it");
  });
});
