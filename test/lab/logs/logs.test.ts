import assert from "node:assert/strict";
import { logFigures, withRun, type LogFigures } from "../../../commands/size/figures";
import { clusterLabel, commonWord, labelsOf, linesOf, namespaces, needleOf, podCount } from "../../../lab/logs/lines";
import { pushBody } from "../../../lab/logs/push";
import { logsPart, page, planTable, spreadOf } from "../../../lab/logs/report";
import { withPart } from "../../../commands/shared/page";
import { figures, result } from "../../commands/size/figures";
import { fileText } from "../../settings/support";

describe("The benchmark's day of lines", () => {
  const day = (slices: number) => Array.from({ length: slices }, (_, slice) => linesOf(slice, slices, 50_000)).flat();

  it("is the same whenever it is asked for, and no two slices are alike", () => {
    assert.deepEqual(linesOf(3, 10, 50_000), linesOf(3, 10, 50_000));
    assert.notDeepEqual(linesOf(3, 10, 50_000), linesOf(4, 10, 50_000));
  });

  it("is of 50 pods with eight labels each, half of them with JSON", () => {
    const streams = linesOf(0, 10, 50_000);
    assert.equal(new Set(streams.map(({ labels }) => JSON.stringify(labels))).size, podCount);
    assert.ok(streams.every(({ labels }) => Object.keys(labels).length === 8 && labels.cluster === clusterLabel));
    const json = streams.filter(({ lines }) =>
      lines.every((line) => typeof JSON.parse(`[${line[0] === "{" ? line : 0}]`)[0] === "object"),
    );
    assert.equal(json.length, podCount / 2);
  });

  it("has as many bytes as were asked for, and a little more for the last line of each pod", () => {
    const bytes = linesOf(0, 10, 1e6).reduce((sum, { lines }) => sum + lines.join("").length, 0);
    assert.ok(bytes >= 1e6 && bytes < 1.02e6, `${bytes}`);
  });

  it("has the rare word of a namespace once, and the common one in about a hundredth of the lines", () => {
    const streams = day(10);
    for (const namespace of namespaces) {
      const found = streams.flatMap(({ labels, lines }) =>
        lines.filter((line) => line.includes(needleOf(namespace))).map(() => labels.namespace),
      );
      assert.deepEqual(found, [namespace]);
    }
    const lines = streams.flatMap((stream) => stream.lines);
    const share = lines.filter((line) => line.includes(commonWord)).length / lines.length;
    assert.ok(share > 0.005 && share < 0.02, `${share}`);
  });
});

describe("A push of the benchmark's", () => {
  it("is what Loki's own definition says, in a frame that only Snappy's format knows", () => {
    const labels = labelsOf(0);
    const body = pushBody([{ labels, lines: ["first", "second"] }], 1_800_000_000_500, 1000);
    // length, a literal with its length in four bytes, then the message
    const [length, at] = varint(body, 0);
    assert.equal(body[at], 0xfc);
    assert.equal(body.readUInt32LE(at + 1) + 1, length);
    const message = body.subarray(at + 5);
    assert.equal(message.length, length);
    const [stream] = fieldsOf(message);
    const [selector, ...entries] = fieldsOf(stream.content);
    assert.match(selector.content.toString(), /^\{cluster="benchmark", namespace="team-0", /);
    assert.deepEqual(
      entries.map(({ content }) => {
        const [time, line] = fieldsOf(content);
        const [seconds, nanoseconds] = fieldsOf(time.content).map(({ value }) => value);
        return [seconds, nanoseconds, line.content.toString()];
      }),
      [
        [1_800_000_000, 500_000_000, "first"],
        [1_800_000_001, 0, "second"],
      ],
    );
  });
});

describe("The benchmark's page", () => {
  it("has percentiles by the nearest rank", () => {
    const hundred = Array.from({ length: 100 }, (_, i) => 100 - i);
    assert.deepEqual(spreadOf(hundred), { count: 100, p50: 50, p95: 95, p99: 99 });
    assert.deepEqual(spreadOf([7]), { count: 1, p50: 7, p95: 7, p99: 7 });
  });

  const rows = (some: LogFigures, name: string, variant: string) =>
    page(some)
      .split("### At 100 GB a day")[1]
      .split("\n")
      .filter((row) => row.startsWith(`| ${name} | \`${variant}\` |`))
      .map((row) => row.split(" | ").slice(2).join(" | "));

  it("carries the CPU of each class of each configuration to 100 GB a day, by what it reads", () => {
    assert.deepEqual(rows(figures, "a rare word anywhere", "chart"), [
      "200 GB | 200 | – | – | no: 200 cores for a second |",
    ]);
    assert.deepEqual(rows(figures, "last lines of one pod", "chart"), [
      "1.0 MB, as of any day | 0.01 | 200 ms | 20 ms | yes |",
    ]);
  });

  it("carries growing milliseconds only from three volumes on: through two there is always a line", () => {
    const three = { ...figures, results: [...figures.results, result("chart", 3)] };
    assert.deepEqual(rows(three, "a rare word anywhere", "chart"), [
      "200 GB | 200 | 200 + 0 ms a GB = 0.2 s (±0 %) | 20 + 0 ms a GB = 0.0 s (±0 %) | no: 200 cores for a second |",
    ]);
  });

  it("tells a query that waits from one that works", () => {
    const [first, ...rest] = figures.results.filter(({ variant }) => variant === "chart");
    const slow = (kind: "cold" | "warm") => {
      const classes = first.classes.map((one) => ({ ...one, [kind]: { ...one[kind], p95: 1500 } }));
      return rows({ ...figures, results: [{ ...first, classes }, ...rest] }, "label values", "chart");
    };
    assert.deepEqual(
      [slow("cold"), slow("warm")],
      [
        ["0.0 MB, as of any day | 0.00 | 1500 ms | 20 ms | no: it waits |"],
        ["0.0 MB, as of any day | 0.00 | 200 ms | 1500 ms | no: it waits |"],
      ],
    );
  });

  it("carries no milliseconds where other work used the cores", () => {
    const busy = { ...figures, runs: figures.runs.map((run) => ({ ...run, load: 2.1 })) };
    assert.deepEqual(rows(busy, "a rare word anywhere", "chart"), [
      "200 GB | 200 | – | – | no: 200 cores for a second |",
    ]);
    assert.deepEqual(rows(busy, "last lines of one pod", "chart"), ["1.0 MB, as of any day | 0.01 | – | – | yes |"]);
  });

  it("says which figures of the plan are wrong: memory and bucket too small, CPU and index too large", () => {
    const rows = planTable(figures).split("\n").slice(2);
    const verdicts = Object.fromEntries(
      rows.map((row) => row.split(" | ")).map((cells, i) => [`${i} ${cells[0].slice(2)}`, cells[3]]),
    );
    assert.equal(verdicts["0 replicas of loki-write"], "right |");
    assert.equal(verdicts["1 CPU of each"], "7 times what is needed |");
    assert.equal(verdicts["2 memory of each"], "right |");
    assert.equal(verdicts["9 chunks in the bucket"], "too small: 0.72 of it |");
    assert.equal(verdicts["10 index in the bucket"], "6 times what is needed |");
  });

  it("names the run of each configuration where one was measured apart, and compares it with no other run's", () => {
    const [apart] = figures.results.filter(({ variant }) => variant === "distributed");
    const day = { ...figures.runs[0], day: "2026-11-24" };
    const all = withRun(figures, { runs: [day], results: [apart] });
    assert.deepEqual(all.runs, [figures.runs[0], day]);
    // What it measured takes the place of what was known of that configuration: of two volumes, one is left.
    const before = figures.results.filter(({ variant }) => variant !== "distributed");
    assert.deepEqual(all.results, [...before, { ...apart, run: 1 }]);
    const text = page(all);
    assert.match(text, /^Run 1: .* on 2026-11-23\. A machine\.\n\nRun 2: .* on 2026-11-24\./);
    assert.match(text, /^\| `single-binary` \(1\) \| 1\.0 \| 10\.0 \(1\.00 ×\) /m);
    assert.match(text, /^\| `distributed` \(2\) \| 1\.0 \| 10\.0 \| /m);
    // A run of which nothing is left goes.
    assert.deepEqual(withRun(all, { runs: [day], results: [apart] }), all);
  });

  it("is written from the figures that npm run size counts with", () => {
    const text = fileText(logsPart.page);
    assert.equal(withPart(text, logsPart, page(logFigures)), text);
  });
});

function varint(buffer: Buffer, at: number): [value: number, next: number] {
  let value = 0;
  for (let factor = 1; ; factor *= 0x80) {
    const byte = buffer[at++];
    value += (byte & 0x7f) * factor;
    if (byte < 0x80) return [value, at];
  }
}

/** Fields of a message: numbers, or what has a length. */
function fieldsOf(message: Buffer): { value: number; content: Buffer }[] {
  const fields: { value: number; content: Buffer }[] = [];
  for (let at = 0; at < message.length;) {
    const isLong = (message[at] & 7) === 2;
    const [value, next] = varint(message, at + 1);
    at = isLong ? next + value : next;
    fields.push({ value, content: message.subarray(next, at) });
  }
  return fields;
}
