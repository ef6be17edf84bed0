import assert from "node:assert/strict";
import {
  appendFileSync,
  chmodSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { filesIn, importedFiles } from "../../../commands/import-logs/files";
import { Journal } from "../../../commands/import-logs/journal";
import { layouts } from "../../../commands/import-logs/layout";
import { linesOf, type Position } from "../../../commands/import-logs/lines";
import { inOrder } from "../../../commands/import-logs/merge";

const { airflow } = layouts;
const now = BigInt(Date.parse("2026-11-22T00:00:00Z")) * 1_000_000n;
const begin: Position = { offset: 0, at: 0n };
const ns = (text: string) => BigInt(Date.parse(text)) * 1_000_000n;

describe("Airflow's files", () => {
  const paths: [string, unknown][] = [
    [
      "dag_id=etl/run_id=scheduled__2026-11-01T00:00:00+00:00/task_id=group.load/attempt=2.log",
      {
        labels: { component: "task", dag_id: "etl", task_id: "group.load" },
        metadata: { run_id: "scheduled__2026-11-01T00:00:00+00:00", try_number: "2" },
      },
    ],
    [
      "dag_id=etl/run_id=r/task_id=m/map_index=3/attempt=1.log.trigger.7.log",
      {
        labels: { component: "task", dag_id: "etl", task_id: "m" },
        metadata: { run_id: "r", map_index: "3", try_number: "1", part: "trigger.7" },
      },
    ],
    [
      "etl/load/2021-01-05T00:00:00+00:00/1.log",
      {
        labels: { component: "task", dag_id: "etl", task_id: "load" },
        metadata: { run_id: "2021-01-05T00:00:00+00:00", try_number: "1" },
      },
    ],
    [
      "scheduler/2026-11-01/team/etl.py.log",
      { labels: { component: "scheduler" }, metadata: { dag_file: "team/etl.py" } },
    ],
    ["dag_processor_manager/dag_processor_manager.log.2", "statistics of the DAG processor, in rotated files"],
    ["lost+found/x", undefined],
    ["dag_id=etl/run_id=r/task_id=m/attempt=1.log.gz", undefined],
    ["dag_id=etl/attempt=1.log", undefined],
  ];
  for (const [path, source] of paths)
    it(`are known by their paths: ${path}`, () => assert.deepEqual(airflow.fileAt(path), source));

  const times: [line: string, time: string | undefined, precision: bigint][] = [
    ["[2026-11-01T10:11:12.123+0000] {a.py:1} INFO - x", "2026-11-01T10:11:12.123Z", 1_000_000n],
    ["[2026-11-01T10:11:12.123+0200] {a.py:1} INFO - x", "2026-11-01T08:11:12.123Z", 1_000_000n],
    ["[2021-01-05 10:11:12,123] {a.py:1} INFO - x", "2021-01-05T10:11:12.123Z", 1_000_000n],
    ['{"timestamp":"2026-11-01T10:11:12.123000Z","event":"x"}', "2026-11-01T10:11:12.123Z", 1000n],
    ['{"event":"x","timestamp": "2026-11-01T10:11:12Z"}', "2026-11-01T10:11:12Z", 1_000_000_000n],
    ["Traceback (most recent call last):", undefined, 0n],
    ["[2026-13-01T10:11:12.123+0000] no month", undefined, 0n],
    ["at [2026-11-01T10:11:12.123+0000]", undefined, 0n],
  ];
  for (const [line, time, precision] of times)
    it(`have the time that a line begins with: ${line}`, () =>
      assert.deepEqual(airflow.stampOf(line), time === undefined ? undefined : { at: ns(time), precision }));
});

describe("Lines to import", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "import-logs-"))));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const file = (text: string, path = "x", at = new Date()) => {
    const full = join(folder, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
    utimesSync(full, at, at);
    return { path: full, size: Buffer.byteLength(text) };
  };
  const { stampOf } = airflow;
  const read = (one: { path: string; size: number }, from = begin, longest = 1000) => [
    ...linesOf({ ...one, spread: 5, from, stampOf, now, longest }),
  ];
  const time = "2026-11-01T10:00:00.000";
  const at = ns(`${time}Z`);

  it("keep their order: one without a time of its own, or with an earlier one, is a nanosecond after the line above", () => {
    const lines = read(
      file(
        `[${time}+0000] a\n  b\n[${time}+0000] c\r\n\n[2026-11-01T09:00:00.000+0000] d\n[2027-01-01T00:00:00.000+0000] e\n`,
      ),
    );
    assert.deepEqual(
      lines.map((line) => [line.at - at, line.text.replace(/^\[.*\] /, "")]),
      [
        [5n, "a"],
        [6n, "  b"],
        [7n, "c"],
        [8n, ""],
        [9n, "d"],
        [10n, "e"],
      ],
    );
  });

  it("above the first time are as old as that, or as the file where there is none", () => {
    assert.deepEqual(
      read(file(`*** Reading\n[${time}+0000] a\n`)).map((line) => line.at - at),
      [0n, 5n],
    );
    const changed = new Date("2026-10-01T00:00:00Z");
    assert.equal(read(file("no time\n", "y", changed))[0].at, ns(changed.toISOString()));
  });

  it("are the same whether read at once or from any of them on, of whatever length", () => {
    const text = Array.from({ length: 3000 }, (_, i) => `[${time}+0000] ${"ü".repeat(i % 50)} ${i}\n`).join("");
    const one = file(text);
    const all = read(one);
    assert.equal(all.length, 3000);
    assert.equal(all[2999].end, one.size);
    for (const stop of [0, 1, 700, 2999])
      assert.deepEqual(read(one, { offset: all[stop].end, at: all[stop].at }), all.slice(stop + 1));
  });

  it("that are too long are cut, and the next one is whole", () => {
    const one = file(`[${time}+0000] ${"x".repeat(600_000)}\nnext\n`);
    const [long, next] = read(one, begin, 100);
    assert.equal(long.text.length, 100);
    assert.deepEqual([next.text, next.end], ["next", one.size]);
  });

  it("are left while they have no end, unless nobody has written for an hour", () => {
    assert.deepEqual(
      read(file("whole\nhalf")).map(({ text }) => text),
      ["whole"],
    );
    const old = file("whole\nhalf", "x", new Date(Date.now() - 7_200_000));
    assert.deepEqual(
      read(old).map(({ text, end }) => [text, end]),
      [
        ["whole", 6],
        ["half", 10],
      ],
    );
  });

  it("of many files come in the order of their times", () => {
    const files = Array.from({ length: 20 }, (_, f) => {
      const times = Array.from({ length: 30 }, (_, i) => BigInt(1 + ((f * 7) % 13) * 10 + i * (1 + (f % 4))));
      return { file: f, first: times[0], lines: () => times.map((each) => ({ at: each, text: "", end: 0 })).values() };
    });
    const order = [...inOrder(files)].map(({ line }) => line.at);
    assert.equal(order.length, 600);
    assert.deepEqual(
      order,
      [...order].sort((a, b) => (a < b ? -1 : Number(a > b))),
    );
  });

  it("are those that a journal doesn't have: a run that was killed goes on, and one that was finished has another name", async () => {
    const path = "dag_id=a/run_id=b/task_id=c/attempt=1.log";
    const one = file(`[${time}+0000] a\n[${time}+0000] b\n`, join("logs", path));
    file("gone", join("logs", "lost+found"));
    symlinkSync(dirname(one.path), join(folder, "logs", "latest"));
    const args = { folder: join(folder, "logs"), layout: airflow, now, longest: 1000 };
    const name = join(folder, "journal");
    const open = () => Journal.open(name, "/logs");

    const first = open();
    assert.equal(first.begun, false);
    assert.equal(first.start("/logs", "one"), "one");
    const [{ lines }] = (await filesIn({ ...args, journal: first })).files;
    const line = lines().next().value!;
    first.confirm([[path, { offset: line.end, at: line.at }]]);
    appendFileSync(name, '{"read":{"dag'); // killed while it wrote

    const second = open();
    const found = await filesIn({ ...args, journal: second });
    assert.deepEqual([...found.left.keys()], ["not a path of this layout"]);
    assert.equal(second.start("/logs", "two"), "one");
    const rest = [...inOrder(found.files)].map((each) => each.line);
    assert.deepEqual(
      rest.map(({ text, at: when }) => [text.slice(-1), when > line.at]),
      [["b", true]],
    );
    second.confirm([[path, { offset: rest[0].end, at: rest[0].at }]]);
    second.finish("now");

    const third = open();
    assert.equal(third.start("/logs", "three"), "three");
    const nothing = await filesIn({ ...args, journal: third });
    assert.deepEqual([nothing.files, nothing.done], [[], 1]);
    const [imported] = await importedFiles({ ...args, journal: third });
    appendFileSync(one.path, `[${time}+0000] c\n`);
    assert.equal([...inOrder([imported])].length, 2);
    assert.equal([...inOrder(await importedFiles({ ...args, journal: open() }))].length, 2);

    writeFileSync(one.path, "less\n");
    assert.deepEqual(
      (await filesIn({ ...args, journal: open() })).left.get("shorter than when it was imported: overwritten"),
      [path],
    );
  });

  it("go on under the name of a run that wasn't finished, and the journal knows how far that had come", () => {
    const name = join(folder, "journal");
    const open = () => Journal.open(name, "/logs");
    const first = open();
    first.start("/logs", "one");
    first.confirm([["old", { offset: 1, at: 500n }]]);
    first.finish("now");
    first.start("/logs", "two");
    // Killed before the first confirmation: Loki may have a request of it.
    assert.deepEqual([open().begun, open().newest], [true, 0n]);
    first.confirm([["x", { offset: 1, at: 70n }]]);
    first.confirm([["y", { offset: 1, at: 60n }]]);
    assert.equal(open().newest, 70n);
    open().start("/logs", "three");
    assert.deepEqual([open().newest, open().start("/logs", "three")], [70n, "two"]);
  });

  it("of what can't be read are named, and the rest is not", async () => {
    file(`[${time}+0000] a\n`, join("logs", "dag_id=a/run_id=b/task_id=c/attempt=1.log"));
    const closed = join(folder, "logs", "lost+found");
    mkdirSync(closed);
    const journal = Journal.open(join(folder, "journal"), "/logs");
    // Root may read everything: only who is somebody else sees it, from within, as what is above the folder need not be open to others.
    const [root, home] = [process.getuid?.() === 0, process.cwd()];
    chmodSync(folder, 0o755);
    chmodSync(closed, root ? 0o700 : 0);
    process.chdir(folder);
    if (root) process.seteuid!(65_534);
    try {
      const { files, left } = await filesIn({ folder: "logs", layout: airflow, journal, now, longest: 1000 });
      assert.deepEqual([files.length, ...left], [1, ["not readable by you", ["lost+found"]]]);
    } finally {
      if (root) process.seteuid!(0);
      process.chdir(home);
      chmodSync(closed, 0o700);
    }
  });

  it("are refused with the journal of another folder, with what is no journal, and from a folder without any", async () => {
    const name = join(folder, "journal");
    Journal.open(name, "/logs").start("/logs", "one");
    assert.throws(
      () => Journal.open(name, "/other"),
      /is the journal of another folder, \/logs\n→ .*--journal.*first line/s,
    );
    writeFileSync(name, "Hello\n");
    assert.throws(() => Journal.open(name, "/logs"), /is not a journal of import-logs/);
    const journal = Journal.open(join(folder, "other"), "/logs");
    await assert.rejects(
      filesIn({ folder, layout: airflow, journal, now, longest: 100 }),
      /has no file of this layout\n→ --from must be the folder/,
    );
    await assert.rejects(
      filesIn({ folder: join(folder, "none"), layout: airflow, journal, now, longest: 100 }),
      /ENOENT/,
    );
  });
});
