import { uvarint } from "./tsdb/bytes";

/** Bytes of a request after which the next one begins: VictoriaMetrics takes 32 MiB (`-maxInsertRequestSize`). */
const longest = 4 * 2 ** 20;

/** Most bytes of a sample: two tags and a length, a value, a time. */
const longestSample = 4 + 8 + 10;

/**
 * Writes requests of Prometheus's remote_write 1.0, a series after the other. Values are copied bit by bit: only their bits distinguish a staleness marker from
 * another NaN.
 * @see https://prometheus.io/docs/specs/prw/remote_write_spec/
 */
export class RemoteWriteRequests {
  private readonly buffer = Buffer.allocUnsafe(longest);
  private labels: Buffer = Buffer.alloc(0);
  /** Where the series begins that is written: there is room for its tag and length. */
  private start = 0;
  private end = 0;
  private empty = true;

  /** @param full gets each request that is full */
  constructor(private readonly full: (request: Buffer) => void) {}

  /**
   * Begins a series.
   * @param labels names and values, ordered by name
   */
  series(labels: readonly (readonly [name: Uint8Array, value: Uint8Array])[]): void {
    this.closeSeries();
    this.labels = Buffer.concat(
      labels.flatMap(([name, value]) => {
        const pair = [...field(1, name), ...field(2, value)];
        return field(1, Buffer.concat(pair));
      }),
    );
    if (this.end + this.labels.length + 16 + longestSample > longest) this.flush();
    this.openSeries();
  }

  /** Appends a sample to the series: milliseconds since 1970, and the value's upper and lower 32 bits. */
  sample(time: number, high: number, low: number): void {
    if (this.end + longestSample > longest) {
      this.flush();
      this.openSeries();
    }
    const { buffer } = this;
    const at = this.end;
    buffer[at] = 0x12; // samples = 2
    buffer[at + 2] = 0x09; // value = 1
    buffer.writeUInt32LE(low, at + 3);
    buffer.writeUInt32LE(high, at + 7);
    buffer[at + 11] = 0x10; // timestamp = 2
    this.end = at + 12;
    let rest = time;
    for (; rest >= 128; rest = Math.floor(rest / 128)) buffer[this.end++] = (rest % 128) | 0x80;
    buffer[this.end++] = rest;
    buffer[at + 1] = this.end - at - 2;
    this.empty = false;
  }

  /** Hands over what is left. */
  flush(): void {
    this.closeSeries();
    if (this.end > 0) this.full(snappy(this.buffer.subarray(0, this.end)));
    this.start = this.end = 0;
  }

  private openSeries(): void {
    this.start = this.end;
    // A tag, and a length of four bytes, of which the first three may say that another one follows.
    this.end += 5;
    this.end += this.labels.copy(this.buffer, this.end);
    this.empty = true;
  }

  private closeSeries(): void {
    if (this.empty) this.end = this.start;
    else {
      const length = this.end - this.start - 5;
      const bytes = [0, 7, 14].map((shift) => ((length >> shift) & 0x7f) | 0x80);
      this.buffer.set([0x0a, ...bytes, length >> 21], this.start); // timeseries = 1
    }
    this.start = this.end;
    this.empty = true;
  }
}

/** A field of bytes: its tag, its length and the bytes. */
const field = (number: number, bytes: Uint8Array): Uint8Array[] => [
  Buffer.of((number << 3) | 2, ...uvarint(bytes.length)),
  bytes,
];

/**
 * Snappy's format without its compression: one literal. Samples take 18 bytes so.
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 */
function snappy(bytes: Buffer): Buffer {
  const length = bytes.length - 1;
  // A literal whose length takes three bytes.
  const tag = [62 << 2, length & 255, (length >> 8) & 255, length >> 16];
  return Buffer.concat([Buffer.of(...uvarint(bytes.length), ...tag), bytes]);
}
