import { closeSync, openSync, writeSync } from "node:fs";

/** A file of a block isn't what its format says: it was copied badly, or is of a version that isn't known here. */
export class Damaged extends Error {}

/** Reads numbers as Prometheus's database writes them. Integers are exact up to 2^53: milliseconds and offsets stay far below. */
export class Reader {
  /**
   * @param bytes what is read
   * @param position of the next byte
   */
  constructor(
    readonly bytes: Buffer,
    public position = 0,
  ) {}

  /** One byte. */
  byte(): number {
    return this.bytes.readUInt8(this.position++);
  }

  /** Four bytes, the highest first. */
  uint32(): number {
    this.position += 4;
    return this.bytes.readUInt32BE(this.position - 4);
  }

  /** Eight bytes, the highest first. */
  uint64(): number {
    return this.uint32() * 2 ** 32 + this.uint32();
  }

  /** Seven bits a byte, the lowest first. */
  uvarint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.byte();
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }

  /** The same with the sign in the lowest bit. */
  varint(): number {
    const value = this.uvarint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** So many bytes; no copy. */
  take(length: number): Buffer {
    if (this.position + length > this.bytes.length) throw new Damaged("ends in the middle of an entry");
    this.position += length;
    return this.bytes.subarray(this.position - length, this.position);
  }

  /**
   * So many bytes, whose checksum follows them.
   * @throws Damaged when the checksum is another
   */
  checked(length: number): Buffer {
    const content = this.take(length);
    if (this.uint32() !== crc32c(content)) throw new Damaged("has an entry whose checksum is wrong");
    return content;
  }
}

/** The bytes of a number, seven bits each. */
export function uvarint(value: number): number[] {
  const bytes: number[] = [];
  for (; value >= 128; value = Math.floor(value / 128)) bytes.push((value % 128) | 0x80);
  return [...bytes, value];
}

/** The same of a number that may be negative. */
export const varint = (value: number): number[] => uvarint(value < 0 ? -2 * value - 1 : 2 * value);

/** Four bytes, the highest first. */
export const uint32 = (value: number): number[] => [
  value >>> 24,
  (value >>> 16) & 255,
  (value >>> 8) & 255,
  value & 255,
];

/** Eight bytes, the highest first. */
export const uint64 = (value: number): number[] => [...uint32(Math.floor(value / 2 ** 32)), ...uint32(value % 2 ** 32)];

const castagnoli = Uint32Array.from({ length: 256 }, (_, byte) => {
  let sum = byte;
  for (let bit = 0; bit < 8; bit++) sum = sum & 1 ? (sum >>> 1) ^ 0x82f63b78 : sum >>> 1;
  return sum >>> 0;
});

/** CRC-32 with Castagnoli's polynomial, which zlib's isn't. */
export function crc32c(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (let i = 0; i < bytes.length; i++) sum = castagnoli[(sum ^ bytes[i]) & 255] ^ (sum >>> 8);
  return (sum ^ 0xffffffff) >>> 0;
}

/** Writes a file from its beginning to its end, a mebibyte at a time. */
export class Output {
  private readonly file: number;
  private readonly buffer = Buffer.allocUnsafe(2 ** 20);
  private held = 0;
  private written = 0;

  /** @param path the file, which must not exist */
  constructor(path: string) {
    this.file = openSync(path, "wx");
  }

  /** Offset of the next byte. */
  get position(): number {
    return this.written + this.held;
  }

  /** Appends bytes. */
  write(bytes: ArrayLike<number>): void {
    if (this.held + bytes.length > this.buffer.length) this.flush();
    if (bytes.length > this.buffer.length) this.written += writeAll(this.file, Buffer.from(bytes));
    else {
      this.buffer.set(bytes, this.held);
      this.held += bytes.length;
    }
  }

  /** Appends bytes and their checksum. */
  writeChecked(bytes: Uint8Array): void {
    this.write(bytes);
    this.write(uint32(crc32c(bytes)));
  }

  /** Appends zeros up to a multiple of `size`. */
  align(size: number): void {
    this.write(new Uint8Array((size - (this.position % size)) % size));
  }

  /** Writes what is held, and closes the file. */
  close(): void {
    this.flush();
    closeSync(this.file);
  }

  private flush(): void {
    this.written += writeAll(this.file, this.buffer.subarray(0, this.held));
    this.held = 0;
  }
}

function writeAll(file: number, bytes: Uint8Array): number {
  for (let done = 0; done < bytes.length;) done += writeSync(file, bytes, done);
  return bytes.length;
}
