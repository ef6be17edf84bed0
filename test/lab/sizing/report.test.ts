import assert from "node:assert/strict";
import type { DatabaseResult, LogsResult, Result } from "../../../lab/sizing/measure";
import { spreadOf } from "../../../lab/logs/report";
import { tables } from "../../../lab/sizing/report";
import type { Usage } from "../../../lab/sizing/watch";

const MiB = 2 ** 20;

const usage = (memory: number, cpu: number): Usage => ({
  resident: { mean: memory * MiB, peak: 2 * memory * MiB },
  anonymous: (memory / 2) * MiB,
  cpu,
  heap: (memory / 4) * MiB,
});

const database = (memory: number, cpu: number): DatabaseResult => ({
  steady: usage(memory, cpu),
  series: 1_005,
  wal: 100 * MiB,
  disk: 200 * MiB,
  queries: {
    "one pod's series": spreadOf([memory]),
    "memory by namespace": spreadOf([1, 2]),
    "request rate by status": spreadOf([3]),
    "busiest 10 containers": spreadOf([4]),
  },
  restart: { seconds: 12.4, peak: 3 * memory * MiB },
  compaction: {
    peak: 4 * memory * MiB,
    blocks: { samples: 2_000, series: 10, chunkBytes: 3_000, indexBytes: 1_200 },
  },
});

const result = (series: number, mimir: number): Result => ({
  load: { series, minutes: 10, interval: "15s", churn: 0.01, gbPerDay: 0 },
  versions: {
    prometheus: "3.15.0",
    mimir: "3.0.5",
    minio: "RELEASE.2026",
    "victoria-metrics": "1.150.0",
    alloy: "1.10.0",
    loki: "3.6.3",
  },
  prometheus: database(2 * mimir, 4),
  mimir: database(mimir, 6),
  victoriaMetrics: { ...database(mimir / 2, 1), wal: 0 },
  vmagent: usage(mimir / 4, 1),
  vmalert: usage(mimir / 5, 0.5),
  alloy: usage(mimir, 2),
  objectStore: usage(80, 0.5),
  alertmanager: usage(16, 0.1),
  remoteWrite: { lag: 3, failed: 0, retried: 7, rate: 6_667 },
  s3: { requests: 2.5, bytes: 5 * MiB },
});

/** Rows of the table that begins with a title, split at two spaces or more. */
function rows(text: string, title: string): string[][] {
  const table = text.split("\n\n").find((each) => each.split(/ {2,}/).includes(title)) ?? assert.fail(text);
  return table.split("\n").map((line) => line.split(/ {2,}/));
}

describe("The benchmark's tables", () => {
  const text = tables([result(10_000, 100), result(100_000, 300)]);

  it("have a row for each program at each load, in the units that they name", () => {
    const [head, ...body] = rows(text, "PROGRAM");
    assert.deepEqual(
      body.map(([series, program]) => [series, program]),
      [
        ["10,000", "prometheus"],
        ["10,000", "mimir"],
        ["10,000", "victoria-metrics"],
        ["100,000", "prometheus"],
        ["100,000", "mimir"],
        ["100,000", "victoria-metrics"],
      ],
    );
    const mimir = Object.fromEntries(head.map((title, i) => [title, body[1][i]]));
    assert.deepEqual(mimir, {
      SERIES: "10,000",
      PROGRAM: "mimir",
      "IN MEMORY": "1,005",
      MEMORY: "100 MiB",
      PEAK: "200 MiB",
      ANONYMOUS: "50 MiB",
      HEAP: "25 MiB",
      "CPU s/min": "6.0",
      WAL: "100 MiB",
      DISK: "200 MiB",
      "READY AGAIN": "12 s",
      "REPLAY PEAK": "300 MiB",
      "COMPACTION PEAK": "400 MiB",
      "BYTES/SAMPLE": "1.50",
      "INDEX/SERIES": "120 B",
    });
  });

  it("have a row for what goes between the programs at each load", () => {
    const [, first] = rows(text, "SAMPLES/s");
    assert.deepEqual(first, ["10,000", "6,667", "3 s", "0", "7", "2.5", "5.0 MiB"]);
  });

  it("have a row for what is beside the databases at each load", () => {
    const [, first] = rows(text, "ALLOY MEMORY");
    assert.deepEqual(first, [
      "10,000",
      "80 MiB",
      "0.5",
      "100 MiB",
      "2.0",
      "25 MiB",
      "1.0",
      "20 MiB",
      "0.5",
      "16 MiB",
      "0.1",
    ]);
  });

  it("have the median and the 95th percentile of each query", () => {
    const [, prometheus, mimir] = rows(text, "QUERIED PROGRAM");
    assert.deepEqual(prometheus, ["10,000", "prometheus", "200, 200", "1, 2", "3, 3", "4, 4"]);
    assert.equal(mimir[2], "100, 100");
  });

  it("compare each with Prometheus at each load, Mimir and VictoriaMetrics also with what they need beside them, and each load with the first", () => {
    const [, ...body] = rows(text, "RATIO");
    const besidePrometheus = (series: string) => [
      [`mimir : prometheus at ${series}`, "0.50", "1.50", "1.00", "1.00", "0.50", "0.50"],
      [`victoria-metrics : prometheus at ${series}`, "0.25", "0.25", "0.00", "1.00", "0.25", "0.25"],
      [`mimir + alloy : prometheus at ${series}`, "1.00", "2.00", "1.00", "1.00", "0.50", "0.50"],
    ];
    assert.deepEqual(body, [
      ...besidePrometheus("10,000"),
      ["victoria-metrics + vmagent + vmalert : prometheus at 10,000", "0.47", "0.63", "0.00", "1.00", "0.25", "0.25"],
      ...besidePrometheus("100,000"),
      ["victoria-metrics + vmagent + vmalert : prometheus at 100,000", "0.47", "0.63", "0.00", "1.00", "0.25", "0.25"],
      ["prometheus, 100,000 : 10,000", "3.00", "1.00", "1.00", "1.00", "3.00", "3.00"],
      ["mimir, 100,000 : 10,000", "3.00", "1.00", "1.00", "1.00", "3.00", "3.00"],
      ["victoria-metrics, 100,000 : 10,000", "3.00", "1.00", "–", "1.00", "3.00", "3.00"],
    ]);
  });

  it("have nothing of lines where there were none", () => {
    assert.doesNotMatch(text, /LOKI|ALL THAT RUNS|written/);
  });

  describe("of a run with lines", () => {
    const logs = (stored: number): LogsResult => ({
      ...{ lines: 1_000, bytes: 200_000, seconds: 86.4, stored, retried: 3 },
      ...{ loki: usage(200, 3), collectors: usage(300, 2), events: usage(50, 0.1) },
      ...{ canaries: usage(60, 0.3), nodeExporters: usage(40, 0.2) },
      ...{ disk: 30 * MiB, bucket: 0 },
      queries: {
        "last lines of one pod": spreadOf([1, 9]),
        "a common word in one namespace": spreadOf([2]),
        "rate by namespace": spreadOf([3]),
      },
    });
    const withLines = (stored: number) => {
      const one = result(10_000, 100);
      return tables([{ ...one, load: { ...one.load, gbPerDay: 0.2 }, logs: logs(stored) }]);
    };

    it("have what Loki and the collectors of all nodes took, at the rate that there was", () => {
      const [head, row] = rows(withLines(1_000), "IN LOKI");
      assert.deepEqual(row, [
        ...["10,000", "0.2", "1,000", "all", "3"],
        ...["200 MiB", "400 MiB", "100 MiB", "3.0"],
        ...["300 MiB", "600 MiB", "150 MiB", "2.0"],
        ...["30 MiB", "0.0 MiB"],
      ]);
      assert.equal(head.length, row.length);
      const [, queries] = rows(withLines(1_000), "last lines of one pod: p50, p95 in ms");
      assert.deepEqual(queries, ["10,000", "1, 9", "2, 2", "3, 3"]);
    });

    it("add up all that runs, for each way to keep metrics", () => {
      const [, ...body] = rows(withLines(1_000), "ALL THAT RUNS");
      // Alertmanager, Loki, collectors, events, canaries and node-exporters: 666 MiB and 5.7 seconds.
      assert.deepEqual(body, [
        ["10,000", "0.2", "prometheus + the rest", "866 MiB", "1732 MiB", "433 MiB", "9.7"],
        ["10,000", "0.2", "mimir + alloy + the rest", "866 MiB", "1732 MiB", "433 MiB", "13.7"],
        ["10,000", "0.2", "victoria-metrics + vmagent + vmalert + the rest", "761 MiB", "1522 MiB", "381 MiB", "8.2"],
      ]);
    });

    it("say so when Loki has fewer lines than were written, or more", () => {
      assert.doesNotMatch(withLines(1_000), /that were written/);
      for (const [stored, what] of [
        [993, "7 lines are missing of 1,000"],
        [1_002, "2 too many of 1,000"],
      ] as const) {
        const text = withLines(stored);
        assert.ok(text.endsWith(`At 10,000 series Loki hasn't the lines that were written: ${what}.`), text);
        assert.equal(rows(text, "IN LOKI")[1][3], stored.toLocaleString("en-GB"));
      }
    });
  });

  it("don't divide by nothing", () => {
    const idle = { ...result(1_000, 50), prometheus: { ...database(50, 0), wal: 0 } };
    const [, row] = rows(tables([idle]), "RATIO");
    assert.deepEqual(row.slice(1), ["1.00", "–", "–", "1.00", "1.00", "1.00"]);
  });
});
