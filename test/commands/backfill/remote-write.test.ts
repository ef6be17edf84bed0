import assert from "node:assert/strict";
import { BinaryReader } from "google-protobuf";
import { RemoteWriteRequests } from "../../../commands/backfill/remote-write";

interface Series {
  labels: string[];
  /** Each as its time and its value's bits. */
  samples: string[];
}

/** What a message's fields are read by; others must not be there. */
function read(bytes: Uint8Array, fields: Record<number, (reader: BinaryReader) => void>): void {
  for (const reader = new BinaryReader(bytes); reader.nextField();) fields[reader.getFieldNumber()](reader);
}

/** The one literal that a request is, without Snappy's two lengths. */
function literalOf(request: Buffer): Buffer {
  const start = request.findIndex((byte) => byte < 128) + 1;
  assert.equal(request[start], 62 << 2);
  assert.equal(request.readUIntLE(start + 1, 3) + 1, request.length - start - 4);
  return request.subarray(start + 4);
}

/** The series of a request, in their order. */
function seriesIn(request: Buffer): Series[] {
  const all: Series[] = [];
  const series = (reader: BinaryReader) => {
    const one: Series = { labels: [], samples: [] };
    const text = (inner: BinaryReader) => void one.labels.push(inner.readString());
    let sample: string[] = [];
    read(reader.readBytes() as Uint8Array, {
      1: (inner) => read(inner.readBytes() as Uint8Array, { 1: text, 2: text }),
      2: (inner) => {
        sample = [];
        read(inner.readBytes() as Uint8Array, {
          1: (value) => void sample.push(value.readFixedHash64()),
          2: (time) => void sample.push(`${time.readInt64()}`),
        });
        one.samples.push(sample.join(" "));
      },
    });
    all.push(one);
  };
  read(literalOf(request), { 1: series });
  return all;
}

/** As `readFixedHash64` says it: eight bytes, the lowest first, each a character. */
const bitsOf = (high: number, low: number) => {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt32LE(low, 0);
  bytes.writeUInt32LE(high, 4);
  return bytes.toString("latin1");
};

const label = (name: string, value: string) => [Buffer.from(name), Buffer.from(value)] as const;
const time = 1_760_000_000_123;

describe("requests of remote_write", () => {
  it("have every sample once, bit by bit, in requests that VictoriaMetrics takes", () => {
    const sent: Buffer[] = [];
    const requests = new RemoteWriteRequests((request) => sent.push(request));
    const wanted = new Map<string, number>();
    for (const [name, count] of [
      ["first", 3],
      ["none", 0],
      ["more_than_a_request", 250_000],
      ["last", 1],
    ] as const) {
      requests.series([label("__name__", name), label("zone", "ü")]);
      for (let i = 0; i < count; i++) requests.sample(time + i, 0x7ff00000, i + 1);
      if (count > 0) wanted.set(`__name__ ${name} zone ü`, count);
    }
    requests.flush();
    assert.ok(sent.length > 1);
    sent.forEach((request) => assert.ok(request.length < 5 * 2 ** 20));

    const seen = new Map<string, number>();
    for (const { labels, samples } of sent.flatMap(seriesIn)) {
      const [key, before] = [labels.join(" "), seen.get(labels.join(" ")) ?? 0];
      samples.forEach((sample, i) => {
        const n = before + i;
        if (sample !== `${bitsOf(0x7ff00000, n + 1)} ${time + n}`) assert.fail(`sample ${n} of ${key} is ${sample}`);
      });
      seen.set(key, before + samples.length);
    }
    assert.deepEqual(seen, wanted);
  });

  it("are none without samples", () => {
    const requests = new RemoteWriteRequests(() => assert.fail("a request without samples"));
    requests.series([label("__name__", "none")]);
    requests.flush();
  });
});
