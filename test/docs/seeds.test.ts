import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { root } from "./markdown";

const rows = readFileSync(join(root, "test/seeds.md"), "utf8")
  .split("\n")
  .filter((line) => /^\| (?!the plan says|tests in|`(?:test|e2e)\/)/.test(line));

/** What `npm run e2e` and `npm run e2e:long` run. */
const endToEnd = ["e2e", "e2e/stack", "e2e/long"].flatMap((folder) =>
  readdirSync(join(root, folder)).flatMap((file) => (file.endsWith(".test.ts") ? [`${folder}/${file}`] : [])),
);

const isRun = (file: string): boolean =>
  file.startsWith("test/")
    ? file.endsWith(".test.ts")
    : endToEnd.some(
        (test) => test === file || readFileSync(join(root, test), "utf8").includes(`support/${basename(file, ".ts")}"`),
      );

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
    const files = new Set(rows.flatMap((row) => [...row.matchAll(/`([^`]+\.ts)`/g)].map(([, file]) => file)));
    assert.deepEqual(
      [...files].filter((file) => !isRun(file)),
      [],
      "each run by a command",
    );
    const unread = rows.flatMap((row) => [...row.matchAll(/`([^`]+\.ts)`(?!: “[^”])/g)].map(([, file]) => file));
    assert.deepEqual(unread, [], "each file with the title of a test in it");
  });
});
