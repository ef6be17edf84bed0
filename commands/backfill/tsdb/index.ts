import { readFileSync } from "node:fs";
import { Damaged, Output, Reader, crc32c, uint32, uint64, uvarint, varint } from "./bytes";

/** Where samples of a series are. */
export interface ChunkPlace {
  /** Time of the first sample, in milliseconds. */
  minTime: number;
  /** Time of the last sample. */
  maxTime: number;
  /** What finds the chunk. */
  reference: number;
}

const magic = 0xbaaad700;

/** Bytes, each a character: such strings are ordered as the bytes are, which is what the format asks for. */
const text = (bytes: Buffer) => bytes.toString("latin1");
const bytesOf = (symbol: string) => Buffer.from(symbol, "latin1");

/**
 * The index of a block, with more labels for every series. The file is in memory: series have to be sorted again, as a label between two
 * others changes their order.
 * @see https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/index.md
 */
export class Index {
  /** Every name and value, sorted. A series has their numbers. */
  readonly symbols: readonly string[];
  private readonly file: Buffer;
  /** Names and values of all series, one after the other, and where each series' begin. */
  private readonly labels: Uint32Array;
  private readonly starts: Uint32Array;
  /** Where each series' chunks are described. */
  private readonly places: Float64Array;
  private readonly order: Uint32Array;

  /**
   * @param path the file
   * @param added labels that every series gets which has none of that name, as Prometheus does with its external labels
   * @throws Damaged when it isn't an index, or one of another version
   */
  constructor(path: string, added: Readonly<Record<string, string>>) {
    this.file = readFileSync(path);
    const head = new Reader(this.file);
    if (this.file.length < 57 || head.uint32() !== magic || head.byte() !== 2)
      throw new Damaged(`${path} is no index of version 2`);
    const toc = new Reader(new Reader(this.file, this.file.length - 52).checked(48));
    const [symbolsAt, seriesAt, labelIndices, , postings] = [0, 0, 0, 0, 0].map(() => toc.uint64());

    const old = symbolsIn(this.file, symbolsAt);
    const extra = Object.entries(added).map((pair) => pair.map((part) => text(Buffer.from(part, "utf8"))));
    this.symbols = [...new Set([...old, ...extra.flat()])].sort((a, b) => (a < b ? -1 : 1));
    const number = new Map(this.symbols.map((symbol, i) => [symbol, i]));
    const numbers = Uint32Array.from(old, (symbol) => number.get(symbol)!);
    const pairs = extra.map(([name, value]) => [number.get(name)!, number.get(value)!] as const);

    const labels: number[] = [];
    const starts: number[] = [];
    const places: number[] = [];
    const reader = new Reader(this.file, seriesAt);
    for (const end = labelIndices || postings; ;) {
      reader.position = Math.ceil(reader.position / 16) * 16;
      if (reader.position >= end) break;
      const length = reader.uvarint();
      const start = reader.position;
      reader.checked(length);
      const entry = new Reader(this.file, start);
      starts.push(labels.length);
      const own = Array.from(
        { length: entry.uvarint() },
        () => [numbers[entry.uvarint()], numbers[entry.uvarint()]] as const,
      );
      const missing = pairs.filter(([name]) => !own.some((label) => label[0] === name));
      const all = missing.length === 0 ? own : [...own, ...missing].sort(([a], [b]) => a - b);
      for (const [name, value] of all) labels.push(name, value);
      places.push(entry.position);
    }
    starts.push(labels.length);
    this.labels = Uint32Array.from(labels);
    this.starts = Uint32Array.from(starts);
    this.places = Float64Array.from(places);
    this.order = Uint32Array.from(places, (_, i) => i).sort((a, b) => this.compare(a, b));
  }

  /** Every series, in the order of their labels. */
  *series(): Generator<{ labels: Uint32Array; chunks: ChunkPlace[] }> {
    for (const i of this.order)
      yield {
        labels: this.labels.subarray(this.starts[i], this.starts[i + 1]),
        chunks: chunksAt(this.file, this.places[i]),
      };
  }

  private compare(a: number, b: number): number {
    const [endA, endB] = [this.starts[a + 1], this.starts[b + 1]];
    let [i, j] = [this.starts[a], this.starts[b]];
    for (; i < endA && j < endB; i++, j++)
      if (this.labels[i] !== this.labels[j]) return this.labels[i] - this.labels[j];
    return endA - i - (endB - j);
  }
}

function symbolsIn(file: Buffer, at: number): string[] {
  const length = new Reader(file, at).uint32();
  const reader = new Reader(new Reader(file, at + 4).checked(length));
  return Array.from({ length: reader.uint32() }, () => text(reader.take(reader.uvarint())));
}

function chunksAt(file: Buffer, at: number): ChunkPlace[] {
  const reader = new Reader(file, at);
  let [time, reference] = [0, 0];
  return Array.from({ length: reader.uvarint() }, (_, i) => {
    const minTime = i === 0 ? reader.varint() : time + reader.uvarint();
    time = minTime + reader.uvarint();
    reference = i === 0 ? reader.uvarint() : reference + reader.varint();
    return { minTime, maxTime: time, reference };
  });
}

/** Writes an index: its symbols first, then series in the order of their labels. */
export class IndexWriter {
  private readonly output: Output;
  private readonly seriesAt: number;
  /** Series by name and value, whose numbers together are the key. */
  private readonly lists = new Map<number, number[]>();
  private readonly all: number[] = [];

  /**
   * @param path the file, which must not exist
   * @param symbols every name and value, sorted; more than are used do no harm
   */
  constructor(
    path: string,
    private readonly symbols: readonly string[],
  ) {
    this.output = new Output(path);
    this.output.write([...uint32(magic), 2]);
    const parts = symbols.flatMap((symbol) => {
      const bytes = bytesOf(symbol);
      return [Buffer.from(uvarint(bytes.length)), bytes];
    });
    this.writeSized(Buffer.concat([Buffer.from(uint32(symbols.length)), ...parts]));
    this.output.align(16);
    this.seriesAt = this.output.position;
  }

  /** Adds a series: the numbers of its names and values, and its chunks. */
  add(labels: Uint32Array, chunks: readonly ChunkPlace[]): void {
    this.output.align(16);
    const id = this.output.position / 16;
    const bytes: number[] = uvarint(labels.length / 2);
    labels.forEach((number) => bytes.push(...uvarint(number)));
    bytes.push(...uvarint(chunks.length));
    chunks.forEach(({ minTime, maxTime, reference }, i) => {
      const before = chunks[i - 1];
      bytes.push(...(before ? uvarint(minTime - before.maxTime) : varint(minTime)), ...uvarint(maxTime - minTime));
      bytes.push(...(before ? varint(reference - before.reference) : uvarint(reference)));
    });
    this.output.write(uvarint(bytes.length));
    this.output.writeChecked(Uint8Array.from(bytes));

    this.all.push(id);
    for (let i = 0; i < labels.length; i += 2) {
      const key = labels[i] * this.symbols.length + labels[i + 1];
      const list = this.lists.get(key);
      if (list) list.push(id);
      else this.lists.set(key, [id]);
    }
  }

  /** Writes which series have which label, and the table of contents. */
  close(): void {
    const { output, symbols } = this;
    this.output.align(4);
    const postingsAt = output.position;
    const table: Buffer[] = [];
    const list = (name: Buffer, value: Buffer, ids: readonly number[]) => {
      output.align(4);
      table.push(Buffer.of(2, ...uvarint(name.length)), name, Buffer.from(uvarint(value.length)), value);
      table.push(Buffer.from(uvarint(output.position)));
      const bytes = Buffer.allocUnsafe(4 + 4 * ids.length);
      [ids.length, ...ids].forEach((number, i) => bytes.writeUInt32BE(number, 4 * i));
      this.writeSized(bytes);
    };
    list(Buffer.alloc(0), Buffer.alloc(0), this.all);
    for (const key of [...this.lists.keys()].sort((a, b) => a - b)) {
      const [name, value] = [Math.floor(key / symbols.length), key % symbols.length];
      list(bytesOf(symbols[name]), bytesOf(symbols[value]), this.lists.get(key)!);
    }
    const tableAt = output.position;
    this.writeSized(Buffer.concat([Buffer.from(uint32(this.lists.size + 1)), ...table]));
    // The two tables of label indices are no longer read: Prometheus writes none either.
    const toc = [5, this.seriesAt, postingsAt, tableAt, postingsAt, tableAt].flatMap(uint64);
    output.write([...toc, ...uint32(crc32c(Uint8Array.from(toc)))]);
    output.close();
  }

  private writeSized(content: Uint8Array): void {
    this.output.write(uint32(content.length));
    this.output.writeChecked(content);
  }
}
