import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isWholeExport } from "../../../commands/backup/native";
import { placeOf, type Place } from "../../../commands/backup/place";
import { backup } from "../../../commands/backup/backup";
import { restore } from "../../../commands/backup/restore";
import { VictoriaMetrics } from "../../../commands/backup/victoria-metrics";
import type { Api } from "../../../commands/shared/api/api-server";
import { temporaryFolder } from "../../support/temporary-folder";
import { MemoryMc } from "./memory-mc";

const day = 86_400;
const { signal } = new AbortController();

/** An export: a time range, and a name and a block for each sample. */
function nativeOf(times: readonly number[]): Buffer {
  const field = (text: string) => {
    const length = Buffer.alloc(4);
    length.writeUInt32BE(text.length);
    return Buffer.concat([length, Buffer.from(text)]);
  };
  return Buffer.concat([Buffer.alloc(16), ...times.flatMap((time) => [field("up"), field(`${time}`)])]);
}

/** A VictoriaMetrics that has a sample at each of some times, in seconds since 1970. */
class StandIn {
  times = new Set<number>();
  version = "v1.150.0";
  keepsTwice = false;
  /** Exports that end with an error. */
  failing = 0;
  /** What was exported, as `start end`. */
  exported: string[] = [];

  readonly api: Api = {
    server: "http://victoria-metrics",
    request: (path, { form, into, body } = {}) => {
      if (path === "/metrics")
        return answer(
          `vm_app_version{version="x", short_version="${this.version}"} 1\nflag{name="dedup.minScrapeInterval", value="${this.keepsTwice ? "0s" : "1ms"}", is_set="true"} 1\n`,
        );
      if (path === "/api/v1/query") {
        const [, seconds] = /\[([\d.]+)s\]/.exec(form!.get("query")!)!;
        const end = Number(form!.get("time"));
        const found = this.between(end - Number(seconds), end).length;
        return answer(JSON.stringify({ data: { result: found === 0 ? [] : [{ value: [end, `${found}`] }] } }));
      }
      if (path === "/api/v1/export/native") {
        const [start, end] = [form!.get("start"), form!.get("end")].map(Number);
        this.exported.push(new Date(start * 1000).toISOString().slice(0, 10));
        const whole = nativeOf(this.between(start - 0.001, end));
        writeFileSync(into!, this.failing-- > 0 ? Buffer.concat([whole, Buffer.from("cannot read")]) : whole);
        return answer("");
      }
      assert.equal(path, "/api/v1/import/native");
      const text = readFileSync((body as { file: string }).file, "latin1");
      for (const [time] of text.matchAll(/\d{10}/g)) this.times.add(Number(time));
      return answer("", 204);
    },
  };

  private between(after: number, until: number): number[] {
    return [...this.times].filter((time) => time > after && time <= until);
  }
}

const answer = (body: string, status = 200) => Promise.resolve({ status, body });

describe("a backup of VictoriaMetrics' samples", () => {
  const now = Math.floor(Date.now() / 1000);
  let [mc, own, told] = [new MemoryMc(), new StandIn(), [] as string[]];
  let to: Place;
  beforeEach(() => {
    [mc, own, told] = [new MemoryMc(), new StandIn(), []];
    to = placeOf("s3://backup/home", "http://key:secret@nas:9000", mc);
    for (let age = 0; age < 13; age++) for (let i = 1; i <= 10; i++) own.times.add(now - age * day - i);
  });

  const of = (it: StandIn, retention = 14 * day) =>
    new VictoriaMetrics({ program: it.api, retention, signal, tell: (line) => void told.push(line) });
  const common = () => ({
    ...{ stores: { buckets: [], hosts: {} }, mc, parts: {}, signal },
    tell: (line: string) => void told.push(line),
  });
  const backupOf = (more: { acceptLoss?: boolean; retention?: number } = {}) =>
    backup({
      ...{ ...common(), stack: "home", to, writers: [], settle: 0, acceptLoss: false, ...more },
      victoriaMetrics: of(own, more.retention),
    });
  const restoreInto = (it: StandIn, intoExisting = false) =>
    restore({ ...common(), from: to, intoExisting, victoriaMetrics: of(it) });
  const files = () => mc.below("target/backup/home/samples");

  it("has every sample, and brings back those that retention leaves", async () => {
    await backupOf();
    assert.deepEqual(
      files(),
      own.exported.map((start) => `${start}.native`),
    );
    const other = new StandIn();
    assert.deepEqual(await restoreInto(other), []);
    assert.deepEqual(other.times, own.times);
  });

  it("exports again an export that ends with an error, and gives up after three", async () => {
    own.failing = 1;
    await backupOf();
    assert.equal(own.exported.length, files().length + 1);
    own.failing = 99;
    own.times.add(now - 100);
    await assert.rejects(backupOf(), /export failed\n→ its log says why/);
  });

  it("keeps what retention takes, until the whole week is too old", async () => {
    await backupOf();
    const before = files();
    own.exported = [];
    await backupOf({ retention: 2 * day });
    assert.deepEqual(own.exported, []);
    const oldest = (Math.ceil(Date.now() / 1000 / day) - 3) * day;
    const left = before.filter((file) => Date.parse(file.slice(0, 10)) / 1000 + 7 * day > oldest);
    assert.ok(left.length < before.length);
    assert.deepEqual(files(), left);
    assert.deepEqual(await restoreInto(new StandIn()), []);
  });

  it("refuses to replace a day by one of which most is gone, but with a word of consent", async () => {
    await backupOf();
    const before = new Map(mc.objects);
    own.times = new Set([...own.times].filter((time) => time > now - day));
    await assert.rejects(backupOf(), /less than half of the backup's samples of .* \(0 of \d+\)[^]*--accept-loss/);
    assert.deepEqual(mc.objects, before);
    await backupOf({ acceptLoss: true });
    const other = new StandIn();
    await restoreInto(other);
    for (const time of own.times) assert.ok(other.times.has(time));
  });

  it("is refused where it would double samples, and says that it is of another version", async () => {
    await backupOf();
    own.version = "v2.0.0";
    await assert.rejects(
      restoreInto(own),
      /has samples of .* …\n→ use a VictoriaMetrics with an empty volume; or --into-existing/,
    );
    assert.ok(
      told.some((line) => /exported by VictoriaMetrics v1\.150\.0, and this is v2\.0\.0/.test(line)),
      told.join("\n"),
    );
    own.keepsTwice = true;
    await assert.rejects(restoreInto(own, true), /would keep duplicates .*\n→ victoriaMetrics\.dedupInterval/);
    mc.objects.delete("target/backup/home/samples.json");
    await assert.rejects(restoreInto(own), /samples are not in this backup; .*--without samples/);
  });

  it("is not brought from a damaged file", async () => {
    await backupOf();
    const name = `target/backup/home/samples/${files().at(-1)}`;
    const text = mc.objects.get(name)!;
    mc.objects.set(name, `${text.slice(0, 16)}\x7f${text.slice(17)}`);
    await assert.rejects(restoreInto(new StandIn()), /\.native of s3:\/\/backup\/home .* is damaged/);
  });

  it("goes into a folder and out of it", async () => {
    const folder = temporaryFolder();
    const [place, file] = [placeOf(join(folder, "new"), undefined, mc), join(folder, "file")];
    writeFileSync(file, "one");
    await place.put(file, "samples/a");
    await place.get("samples/a", join(folder, "back"));
    assert.equal(readFileSync(join(folder, "back"), "utf8"), "one");
    await assert.rejects(placeOf(file, undefined, mc).put(file, "samples/a"), /can't be written to/);
  });
});

describe("an export in native format", () => {
  it("is whole up to its last byte, and nowhere before", async () => {
    const file = join(temporaryFolder(), "export");
    const all = nativeOf([1_700_000_000, 1_700_000_001]);
    const ends = [16, 16 + 20, 16 + 40];
    for (let end = 0; end <= all.length; end++) {
      writeFileSync(file, all.subarray(0, end));
      assert.equal(await isWholeExport(file), ends.includes(end), `${end} bytes`);
    }
  });
});
