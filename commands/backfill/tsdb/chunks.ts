import { closeSync, mkdirSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { Damaged, Output, Reader, crc32c, uint32, uvarint } from "./bytes";

/** Kinds of chunks that Mimir 3.0 reads. Prometheus has others behind feature flags. */
export const encoding = { xor: 1, histogram: 2, floatHistogram: 3 } as const;

/** A chunk as it is in a file. */
export interface Chunk {
  encoding: number;
  data: Buffer;
}

/** Where a segment's first chunk is: after its magic number, its version and three zeros. */
const header = [0x85, 0xbd, 0x40, 0xdd, 1, 0, 0, 0];

/** Bytes up to which a segment is filled, as Prometheus does. */
const longestSegment = 512 * 2 ** 20;

const segmentPath = (folder: string, segment: number) => join(folder, `${segment + 1}`.padStart(6, "0"));

/**
 * How many samples a chunk has; every kind begins with that.
 * @see https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/chunks.md
 */
export const samplesIn = ({ encoding: kind, data }: Chunk): number =>
  data.readUInt16BE(0) & (kind === encoding.xor ? 0xffff : 0x3fff);

/** Reads the chunks of a block, of which it holds a mebibyte. */
export class ChunkReader {
  private window = Buffer.alloc(0);
  private readonly open = new Map<number, number>();
  private at = { segment: -1, offset: 0 };

  /** @param folder `chunks` of the block */
  constructor(private readonly folder: string) {}

  /**
   * One chunk.
   * @param reference as the index has it: the segment in the upper four bytes, the offset in the lower ones
   * @throws Damaged when its checksum is wrong
   */
  read(reference: number): Chunk {
    const segment = Math.floor(reference / 2 ** 32);
    const offset = reference % 2 ** 32;
    // A length takes five bytes at most; where the file ends before that there is less.
    const length = new Reader(this.bytes(segment, offset, 5));
    const size = length.uvarint();
    const entry = this.bytes(segment, offset + length.position, size + 5);
    if (entry.length < size + 5) throw new Damaged(`${this.folder} ends in the middle of a chunk`);
    const checked = entry.subarray(0, size + 1);
    if (entry.readUInt32BE(size + 1) !== crc32c(checked))
      throw new Damaged(`${this.folder} has a chunk whose checksum is wrong`);
    return { encoding: entry[0], data: entry.subarray(1, size + 1) };
  }

  /** Closes the segments. */
  close(): void {
    this.open.forEach((file) => closeSync(file));
  }

  private bytes(segment: number, offset: number, length: number): Buffer {
    const start = offset - this.at.offset;
    if (segment !== this.at.segment || start < 0 || start + length > this.window.length) {
      // What was returned before may still be used, so the window isn't filled again.
      const window = Buffer.allocUnsafe(Math.max(length, 2 ** 20));
      this.window = window.subarray(0, readSync(this.fileOf(segment), window, 0, window.length, offset));
      this.at = { segment, offset };
      return this.window.subarray(0, length);
    }
    return this.window.subarray(start, start + length);
  }

  private fileOf(segment: number): number {
    const file = this.open.get(segment) ?? openSync(segmentPath(this.folder, segment), "r");
    this.open.set(segment, file);
    return file;
  }
}

/** Writes chunks, in the order of their series. */
export class ChunkWriter {
  private segment = -1;
  private output?: Output;

  /** @param folder `chunks` of the new block; it is made */
  constructor(private readonly folder: string) {
    mkdirSync(folder);
  }

  /** Appends a chunk, and returns its reference. */
  write(chunk: Chunk): number {
    if (!this.output || this.output.position + chunk.data.length > longestSegment) {
      this.close();
      this.output = new Output(segmentPath(this.folder, ++this.segment));
      this.output.write(header);
    }
    const reference = this.segment * 2 ** 32 + this.output.position;
    const checked = Buffer.concat([Buffer.of(chunk.encoding), chunk.data]);
    this.output.write(uvarint(chunk.data.length));
    this.output.write(checked);
    this.output.write(uint32(crc32c(checked)));
    return reference;
  }

  /** Writes what is left. */
  close(): void {
    this.output?.close();
    this.output = undefined;
  }
}
