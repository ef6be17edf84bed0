import assert from "node:assert/strict";
import { beside, settingsFor, withSizes } from "../../../commands/size/beside";
import { run } from "../../../commands/size/cli";
import { demandOf } from "../../../commands/size/demand";
import { at, lineThrough } from "../../../commands/size/fit";
import { queryAt, sizesFor } from "../../../commands/size/formula";
import { topology } from "../../../components/loki/topology";
import { settingsSchema } from "../../../settings/schema";
import { runInline } from "../../program/support/inline";
import { testStackWords } from "../../stacks/stacks";
import { figures } from "./figures";

const GiB = 2 ** 30;

/** 86.4 GB a day are a megabyte a second. */
const demand = { bytesPerDay: 86.4e9, retention: 30 * 86_400, series: 100_000, streams: 50 };
const scalable = settingsSchema.parse({ loki: { mode: "simple-scalable", replicationFactor: 3 } });
const hybrid = settingsSchema.parse({ metrics: { backend: "victoria-metrics" } });
const needOf = (name: string, settings = scalable, wanted = demand) =>
  sizesFor(settings, wanted, figures).needs.find((each) => each.name === name) ?? assert.fail(name);

const words = (...more: string[]) => [...testStackWords("ceph-large"), ...more];
const ask = async (...args: string[]) => {
  let [out, errors] = ["", ""];
  const terminal = { out: (text: string) => (out += text), error: (text: string) => (errors += text) };
  return { code: await run(args, { ...terminal, start: runInline }), out, errors };
};

describe("The sizes of a stack", () => {
  it("count the CPU of a writer by the lines that it gets in the busiest minute, each as often as it is held", () => {
    // 1 MB/s, three copies on three writers, three times that in the busiest minute, 40 seconds a gigabyte
    assert.equal(needOf("loki-write").cpu.toFixed(2), "0.15");
    const single = settingsSchema.parse({ loki: { mode: "single-binary" } });
    // The same, and the costliest of the quick queries: 0.1 + 0.02 · 86.4 seconds in a second.
    assert.equal(needOf("loki", single).cpu.toFixed(2), "1.95");
  });

  it("have more writers where the settings' can't take the lines", () => {
    assert.equal(needOf("loki-write").replicas, 3);
    // 10 MB/s, three copies and three times that in the busiest minute are 90 MB/s, or 3.6 cores; a writer takes one.
    assert.equal(needOf("loki-write", scalable, { ...demand, bytesPerDay: 864e9 }).replicas, 4);
  });

  it("give each component of mode distributed what it took by itself", () => {
    const loki = { mode: "distributed", replicationFactor: 3 };
    const of = (name: string, wanted = demand) => needOf(name, settingsSchema.parse({ loki }), wanted);
    // As above: 9 MB/s in the busiest minute, by three ingesters at 40 seconds a gigabyte, by two distributors at 10.
    const writing = ["loki-ingester", "loki-distributor"].map((name) => of(name));
    assert.deepEqual(
      writing.map(({ replicas, cpu, memory }) => [replicas, cpu.toFixed(2), memory / 2 ** 20]),
      [
        [3, "0.15", 256],
        [2, "0.05", 128],
      ],
    );
    assert.ok(writing[0].volume! >= 1e6 * 7200 && writing[1].volume === undefined);
    // 15 MB/s, so often held and three times that, are 135 MB/s or 1.35 cores.
    assert.equal(of("loki-distributor", { ...demand, bytesPerDay: 1296e9 }).replicas, 2);
    assert.equal(of("loki-distributor", { ...demand, bytesPerDay: 2592e9 }).replicas, 3);
    // The costliest of the quick queries, 0.1 + 0.02 · 86.4 seconds, on three queriers.
    assert.deepEqual([of("loki-querier").cpu.toFixed(2), of("loki-querier").memory / 2 ** 20], ["0.65", 448]);
    assert.ok(of("loki-index-gateway").volume! > 0);
    const workloads = (more: object) =>
      sizesFor(settingsSchema.parse({ loki: { ...loki, ...more } }), demand, figures)
        .needs.map(({ name }) => name)
        .filter((name) => name.startsWith("loki"));
    for (const more of [{}, { patternIngester: false }])
      assert.deepEqual(
        workloads(more).sort(),
        topology(settingsSchema.parse({ loki: { ...loki, ...more } }).loki)
          .workloads.map(({ name }) => name)
          .sort(),
      );
  });

  it("say how many hours of chunks memcached has room for", () => {
    const loki = { mode: "distributed", replicationFactor: 3, caches: { chunks: { size: "9G", replicas: 3 } } };
    const { cached } = sizesFor(settingsSchema.parse({ loki }), demand, figures);
    // A megabyte of lines a second are a quarter of that in chunks, which three writers may cut differently.
    assert.deepEqual(cached, { least: 36_000, most: 108_000 });
    assert.equal(sizesFor(scalable, demand, figures).cached, undefined);
  });

  it("have memory for the streams that are open, beyond those that were measured", () => {
    const [few, many] = [demand, { ...demand, streams: 1000 }].map((wanted) => needOf("loki-write", scalable, wanted));
    assert.equal(few.memory, 256 * 2 ** 20);
    // Chunks and blocks of 950 more streams, half full, and half as much again for Go's collector.
    const more = (950 * (1_572_864 + 262_144)) / 2;
    assert.ok(Math.abs(many.memory - (200 * 2 ** 20 + 1.5 * more)) < 64 * 2 ** 20, `${many.memory}`);
    assert.equal(many.memoryLimit, 2 * many.memory);
  });

  it("request what is always taken, with a limit that the most fits in", () => {
    const [peak, single] = [1000 * 2 ** 20, settingsSchema.parse({ loki: { mode: "single-binary" } })];
    const results = figures.results.map((one) => ({
      ...one,
      programs: { ...one.programs, loki: { ...one.programs.loki, peak } },
      // One class took 100 MiB more than the other.
      classes: one.classes.map((each, i) => ({
        ...each,
        peaks: { ...each.peaks, loki: (600 + 100 * (i % 2)) * 2 ** 20 },
      })),
    }));
    const { memory, memoryLimit } = sizesFor(single, demand, { ...figures, results }).needs[0];
    assert.deepEqual(
      [memory, memoryLimit].map((bytes) => bytes / 2 ** 20),
      [576, 1152],
    );
  });

  it("have memory for patterns in what writes, where no process of their own detects them", () => {
    const more = (loki: object) => {
      const [without, withThem] = [false, true].map((patternIngester) =>
        sizesFor(settingsSchema.parse({ loki: { ...loki, patternIngester } }), demand, figures),
      );
      const memoryIn = ({ needs }: typeof without) => new Map(needs.map(({ name, memory }) => [name, memory]));
      const before = memoryIn(without);
      return [...memoryIn(withThem)].filter(([name, memory]) => before.get(name) !== memory).map(([name]) => name);
    };
    assert.deepEqual(more({}), ["loki"]);
    assert.deepEqual(more({ mode: "simple-scalable" }), ["loki-write"]);
    assert.deepEqual(more({ mode: "distributed" }), ["loki-pattern-ingester"]);
  });

  it("have a bucket for each day that is kept, and say what copies may add", () => {
    const { buckets } = sizesFor(scalable, demand, figures);
    const chunks = (86.4e9 / 4) * 30;
    assert.deepEqual(buckets.chunks, { least: chunks, most: 3 * chunks });
    assert.deepEqual(buckets.index, { least: 86.4e6 * 30, most: 86.4e6 * 90 });
  });

  it("have the log of an outage of the object store on a writer's volume", () => {
    const { volume = 0 } = needOf("loki-write");
    assert.ok(volume >= 1e6 * 7200 && volume < 8 * GiB, `${volume}`);
    assert.equal(needOf("loki-read").volume, undefined);
  });

  it("have what was measured of Mimir and Prometheus, half of the CPU and disk where they scrape half as often", () => {
    const { cpu, memory, volume } = needOf("prometheus");
    assert.deepEqual([cpu.toFixed(2), memory / 2 ** 20, (volume ?? 0) / GiB], ["0.05", 768, 15]);
    const often = settingsSchema.parse({ ...scalable, kps: { scrapeInterval: "15s" } });
    assert.deepEqual([needOf("mimir", often).cpu, (needOf("mimir", often).volume ?? 0) / GiB], [0.1, 10]);
    // Between 100,000 and 400,000 in proportion; the limit is what mimir.limits.maxSeries may take.
    const more = needOf("mimir", often, { ...demand, series: 200_000 });
    assert.deepEqual([more.memory / 2 ** 20, more.memoryLimit / 2 ** 20], [1216, 2368]);
  });

  it("share Mimir's series among its replicas, each as often as it is held", () => {
    const mimir = { replicas: 3, replicationFactor: 3 };
    const three = settingsSchema.parse({ ...scalable, mimir });
    assert.deepEqual([needOf("mimir", three).replicas, needOf("mimir", three).memory / 2 ** 20], [3, 768]);
    const once = settingsSchema.parse({ ...scalable, mimir: { ...mimir, replicationFactor: 1 } });
    assert.ok(needOf("mimir", once).memory < 512 * 2 ** 20);
  });

  it("have what was measured of VictoriaMetrics, vmagent and vmalert in Mimir's place", () => {
    const { needs, buckets } = sizesFor(hybrid, demand, figures);
    assert.deepEqual(
      needs.map(({ name }) => name),
      ["loki", "prometheus", "victoria-metrics", "vmagent", "vmalert"],
    );
    assert.equal(buckets.blocks, 0);
    const of = (name: string, more: object = {}, series = 100_000) => {
      const settings = settingsSchema.parse({ metrics: { backend: "victoria-metrics" }, ...more });
      const { cpu, memory, volume } = needOf(name, settings, { ...demand, series });
      return [Math.round(cpu * 1000), memory / 2 ** 20, volume === undefined ? undefined : volume / GiB];
    };
    const often = { kps: { scrapeInterval: "15s" } };
    // The table's volume for 14 days, and a gibibyte that is kept free.
    assert.deepEqual(of("victoria-metrics", often), [120, 384, 31]);
    assert.deepEqual(of("vmagent", often), [80, 192, 7]);
    assert.deepEqual(of("vmalert", often), [20, 128, undefined]);
    // Half as much is scraped, kept and waiting; between the measured sizes in proportion; above them as between the last two.
    assert.deepEqual(of("victoria-metrics"), [60, 384, 16]);
    assert.deepEqual(of("vmagent", {}, 75_000), [40, 192, 4]);
    assert.deepEqual(of("victoria-metrics", often, 200_000), [200, 704, 61]);
    const week = { ...often, victoriaMetrics: { retention: "7d" } };
    assert.deepEqual(of("victoria-metrics", week), [120, 384, 16]);
  });

  it("are never a limit or a volume that the settings refuse", () => {
    // 300,000 series may be there in an hour: 2 KiB of memory each, and 20 bytes of vmagent's volume every 30 s of 4 h.
    const small = { ...demand, series: 10_000 };
    assert.equal(needOf("victoria-metrics", hybrid, small).memoryLimit, 608 * 2 ** 20);
    assert.equal(needOf("vmagent", hybrid, small).volume, 4 * GiB);
    const limits = { maxHourlySeries: 20_000, maxDailySeries: 40_000 };
    const few = settingsSchema.parse({ ...hybrid, victoriaMetrics: { limits } });
    assert.equal(needOf("vmagent", few, small).volume, 2 * GiB);
    assert.ok(needOf("victoria-metrics", few, small).memoryLimit < 608 * 2 ** 20);
  });

  it("become settings of a stack file, in which no volume shrinks", () => {
    const compared = sizesFor(scalable, demand, figures).needs.map((need) => beside(need, scalable));
    const paths = new Map(withSizes(compared));
    assert.equal(paths.get("loki.write.resources.requests.memory"), "256Mi");
    assert.equal(paths.get("loki.storage"), "10Gi");
    assert.equal(paths.get("kps.storage"), "70Gi");
    assert.equal(paths.get("loki.write.resources.limits.cpu"), undefined);
    const limited = settingsSchema.parse({
      loki: { ...scalable.loki, write: { resources: { limits: { cpu: "50m" } } } },
    });
    const raised = new Map(withSizes([beside(needOf("loki-write"), limited)]));
    assert.equal(raised.get("loki.write.resources.limits.cpu"), "150m");
    const { loki } = settingsSchema.parse(
      Object.fromEntries(
        Object.entries(settingsFor(compared, "30d")).map(([key, value]) => [key.replace("observability:", ""), value]),
      ),
    );
    assert.deepEqual([loki.retention, loki.write.resources.requests.cpu], ["30d", "150m"]);
  });

  it("name what the settings give too little of", () => {
    const tight = settingsSchema.parse({
      loki: { ...scalable.loki, write: { replicas: 2, resources: { limits: { memory: "384Mi" } } } },
    });
    assert.deepEqual(beside(needOf("loki-write"), tight).short, ["replicas", "memoryLimit"]);
  });

  it("are asked for by a question of which every problem is said at once", () => {
    const wrong = { gbPerDay: "-100", retention: "0s", series: "0", streams: "many", headroom: "100" };
    assert.throws(
      () => demandOf(wrong, settingsSchema.parse({}), { ...figures, results: [] }),
      ({ message }: Error) => {
        const starts = ["--gb-per-day -100:", "--series 0:", "--streams many:", "--headroom 100:", "--retention 0s:"];
        const lines = [...starts, "loki.mode single-binary:"];
        assert.deepEqual(
          message.split("\n").map((line, i) => line.startsWith(lines[i])),
          lines.map(() => true),
        );
        return true;
      },
    );
    const beyond = { gbPerDay: "1", series: "700000", streams: "20000", headroom: "30" };
    assert.throws(
      () => demandOf(beyond, scalable, figures),
      /mimir\.limits\.maxSeries, 600000.*\n.*loki\.limits\.maxStreams, 10000/,
    );
    // Which of the two limits counts depends on the backend.
    assert.throws(
      () => demandOf({ ...beyond, series: "300001", streams: "10" }, hybrid, figures),
      ({ message }: Error) =>
        /^--series 300001: .*victoriaMetrics\.limits\.maxHourlySeries, 300000: .*maxHourlySeries=300001 /.test(
          message,
        ) && !message.includes("mimir"),
    );
    const { maxHourlySeries } = hybrid.victoriaMetrics.limits;
    assert.equal(demandOf({ ...beyond, series: `${maxHourlySeries}`, streams: "10" }, hybrid, figures).series, 300_000);
  });
});

describe("A query with another volume of the day", () => {
  const readOf = (...reads: number[]) =>
    reads.map((bytes, i) => {
      const [result] = figures.results;
      const [query] = result.classes;
      return { ...result, bytes: (i + 1) * 1e9, classes: [{ ...query, bytes, cpuSeconds: 0.01 * (i + 1) }] };
    });
  const at100 = (...reads: number[]) => queryAt(readOf(...reads), "last lines of one pod", 100e9);

  it("costs what it did where it reads as much, whatever the volume: what CPU differed by is no growth", () => {
    assert.deepEqual(at100(1e6, 1.1e6), { read: 1.1e6, grows: false, cpuSeconds: 0.02 });
    assert.deepEqual(at100(1.1e6, 1e6), { read: 1.1e6, grows: false, cpuSeconds: 0.02 });
    // Twice as much, but nothing of the day.
    assert.deepEqual(at100(1e5, 2e5), { read: 2e5, grows: false, cpuSeconds: 0.02 });
    // Only the index is read.
    assert.deepEqual(at100(0, 0), { read: 0, grows: false, cpuSeconds: 0.02 });
  });

  it("costs more where it reads more", () => {
    const { read, grows, cpuSeconds } = at100(1e7, 2e7);
    assert.deepEqual([read, grows, cpuSeconds.toFixed(2)], [1e9, true, "1.00"]);
  });
});

describe("npm run size", () => {
  const question = ["--gb-per-day", "100", "--retention", "30d", "--series", "200000"];

  it("answers for the plan's cluster, whose nodes have room for it with 30 % of each free", async () => {
    const { code, out, errors } = await ask(...words(...question, "--json", "-"));
    assert.deepEqual([code, errors], [0, ""]);
    const answer = JSON.parse(out);
    assert.deepEqual([answer.fit.fits, answer.headroom], ["yes", 30]);
    const given = Object.fromEntries(
      answer.needs.map(({ name, given: { replicas, cpu, memory } }: never) => [name, [replicas, cpu, memory / GiB]]),
    );
    assert.deepEqual(
      [given["loki-write"], given["loki-read"], given["loki-backend"]],
      [
        [3, 1, 2],
        [3, 1, 2],
        [2, 0.5, 1],
      ],
    );
    assert.ok(answer.needs.every(({ cpu, memory }: { cpu: number; memory: number }) => cpu > 0 && memory > 0));
  });

  it("answers for the example for a few Raspberry Pis, and its answer is valid where VictoriaMetrics is all there is", async () => {
    const pi = [...testStackWords("pi"), "--gb-per-day", "1", "--series", "50000", "--streams", "100"];
    const { code, out, errors } = await ask(...pi, "--json", "-");
    assert.deepEqual([code, errors], [0, ""]);
    const { needs, settings, buckets, fit } = JSON.parse(out);
    assert.deepEqual(
      needs.map(({ name }: { name: string }) => name),
      ["loki", "prometheus", "victoria-metrics", "vmagent", "vmalert"],
    );
    assert.deepEqual([buckets.blocks, fit.fits], [0, "yes"]);
    const { metrics, victoriaMetrics } = Object.fromEntries(
      Object.entries(settings).map(([key, value]) => [key.replace("observability:", ""), value]),
    ) as Record<string, { replicas?: number; storage: string; resources: object; rulesResources: object }>;
    assert.deepEqual(Object.keys(metrics).sort(), ["resources", "rulesResources", "storage"]);
    assert.deepEqual(Object.keys(victoriaMetrics).sort(), ["resources", "storage"]);
    const alone = ["--config", "stage=kps-removed", "--config", "kps.enabled=false"];
    // More than was measured, and no more than VictoriaMetrics takes.
    const last = await ask(...pi, "--series", "200000", ...alone);
    assert.deepEqual([last.code, last.errors], [0, ""]);
    assert.match(last.out, /^vmagent [^]*^No more than 100,000 series were measured: /m);
    assert.doesNotMatch(last.out, /^prometheus |Mimir's blocks/m);
  });

  it("ends with 1 where the nodes have no room for it, and says what is lacking", async () => {
    const small = ["--config", "cluster.nodes[0].cpu=2", "--config", "cluster.nodes[0].memory=5Gi"];
    const { code, out } = await ask(...words(...question, ...small));
    assert.equal(code, 1);
    assert.match(out, /The stack does not fit its nodes:\n.*no node; each asks for/);
  });

  it("ends with 2 for a question that has no answer", async () => {
    const { code, out, errors } = await ask(...words("--gb-per-day", "0", "--series", "1", "--retention", "1h"));
    assert.deepEqual([code, out], [2, ""]);
    assert.match(errors, /^--gb-per-day 0: .*\n--retention 1h: /);
  });
});

describe("A line through measured points", () => {
  it("carries on what grows, and never falls below nothing", () => {
    const line = lineThrough([
      [1, 30],
      [2, 50],
    ]);
    assert.deepEqual([line.fixed, line.slope, line.error, at(line, 100)], [10, 20, 0, 2010]);
    const falling = lineThrough([
      [1, 5],
      [2, 3],
    ]);
    assert.deepEqual([falling.fixed, falling.slope], [4, 0]);
    const steep = lineThrough([
      [1, 1],
      [2, 4],
    ]);
    assert.deepEqual([steep.fixed, steep.slope.toFixed(2)], [0, "1.80"]);
    assert.deepEqual(lineThrough([[5, 7]]).slope, 0);
  });
});
