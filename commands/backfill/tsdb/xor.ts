import { Damaged } from "./bytes";

/** A sample: milliseconds since 1970, and the bits of its value. A staleness marker is a NaN that only its bits distinguish from others. */
export interface Sample {
  time: number;
  value: bigint;
}

/**
 * The samples of a chunk of floats, one by one: a value's bits are two numbers, as arithmetic with `bigint` would take ten times as long.
 * @param data what follows the encoding's number
 * @param take gets milliseconds since 1970, and the upper and lower 32 bits of the value
 * @see https://github.com/prometheus/prometheus/blob/main/tsdb/docs/format/chunks.md#xor-chunk-data
 */
export function eachSample(data: Buffer, take: (time: number, high: number, low: number) => void): void {
  const bits = new BitReader(data, 16);
  let [time, delta, high, low, width, trailing] = [0, 0, 0, 0, 64, 0];
  for (let i = 0, count = data.readUInt16BE(0); i < count; i++) {
    if (i === 0) {
      const zigzag = bits.uvarint();
      time = zigzag % 2 === 0 ? zigzag / 2 : -(zigzag + 1) / 2;
      high = bits.take(32);
      low = bits.take(32);
    } else {
      delta = i === 1 ? bits.uvarint() : delta + changeOfDelta(bits);
      time += delta;
      if (bits.take(1)) {
        if (bits.take(1)) {
          const leading = bits.take(5);
          width = bits.take(6) || 64;
          trailing = 64 - leading - width;
        }
        const upper = width > 32 ? bits.take(width - 32) : 0;
        const lower = bits.take(Math.min(width, 32));
        if (trailing >= 32) high ^= lower << (trailing - 32);
        else {
          // A shift by 32 is none in JavaScript.
          high ^= (upper << trailing) | (trailing > 0 ? lower >>> (32 - trailing) : 0);
          low ^= lower << trailing;
        }
      }
    }
    take(time, high >>> 0, low >>> 0);
  }
}

/**
 * The samples of a chunk of floats.
 * @param data what follows the encoding's number
 */
export function decodeXor(data: Buffer): Sample[] {
  const samples: Sample[] = [];
  eachSample(data, (time, high, low) => samples.push({ time, value: (BigInt(high) << 32n) | BigInt(low) }));
  return samples;
}

/** How many bits the change of the time between samples takes, by the number of ones before it. */
const widths = [0, 14, 17, 20, 64];

function changeOfDelta(bits: BitReader): number {
  let ones = 0;
  while (ones < 4 && bits.take(1)) ones++;
  const width = widths[ones];
  if (width === 0) return 0;
  if (width === 64) return (bits.take(32) | 0) * 2 ** 32 + bits.take(32);
  const value = bits.take(width);
  // One more positive number than two's complement has.
  return value > 2 ** (width - 1) ? value - 2 ** width : value;
}

/** The same samples as a chunk: the inverse of {@link decodeXor}. */
export function encodeXor(samples: readonly Sample[]): Buffer {
  const bits = new BitWriter();
  bits.put(BigInt(samples.length), 16);
  let [delta, leading, trailing] = [0, -1, 0];
  samples.forEach(({ time, value }, i) => {
    if (i === 0) {
      bits.uvarint(time < 0 ? BigInt(time) * -2n - 1n : BigInt(time) * 2n);
      return bits.put(value, 64);
    }
    const before = delta;
    delta = time - samples[i - 1].time;
    if (i === 1) bits.uvarint(BigInt(delta));
    else putChange(bits, delta - before);

    const change = value ^ samples[i - 1].value;
    if (change === 0n) return bits.put(0n, 1);
    const zeros = { leading: Math.min(64 - change.toString(2).length, 31), trailing: trailingZeros(change) };
    if (leading >= 0 && zeros.leading >= leading && zeros.trailing >= trailing) {
      bits.put(0b10n, 2);
    } else {
      ({ leading, trailing } = zeros);
      bits.put(0b11n, 2);
      bits.put(BigInt(leading), 5);
      bits.put(BigInt(64 - leading - trailing) % 64n, 6);
    }
    bits.put(change >> BigInt(trailing), 64 - leading - trailing);
  });
  return bits.bytes();
}

function putChange(bits: BitWriter, change: number): void {
  if (change === 0) return bits.put(0n, 1);
  const ones = widths.findIndex((width) => width > 0 && -(2 ** (width - 1)) < change && change <= 2 ** (width - 1));
  bits.put(ones === 4 ? 0b1111n : BigInt(2 ** (ones + 1) - 2), ones === 4 ? 4 : ones + 1);
  bits.put(BigInt.asUintN(widths[ones], BigInt(change)), widths[ones]);
}

function trailingZeros(value: bigint): number {
  let count = 0;
  for (; (value & 1n) === 0n; value >>= 1n) count++;
  return count;
}

class BitReader {
  constructor(
    private readonly data: Buffer,
    private position: number,
  ) {}

  /** So many bits, at most 32. */
  take(count: number): number {
    let value = 0;
    for (let left = count; left > 0;) {
      const byte = this.data[this.position >> 3];
      if (byte === undefined) throw new Damaged("has a chunk that ends in the middle of a sample");
      const there = 8 - (this.position & 7);
      const part = Math.min(left, there);
      value = value * (1 << part) + ((byte >> (there - part)) & ((1 << part) - 1));
      this.position += part;
      left -= part;
    }
    return value;
  }

  uvarint(): number {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = this.take(8);
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
    }
  }
}

class BitWriter {
  private readonly full: number[] = [];
  private byte = 0;
  private held = 0;

  put(value: bigint, count: number): void {
    for (let left = count; left > 0;) {
      const part = Math.min(left, 8 - this.held);
      left -= part;
      this.byte = (this.byte << part) | Number((value >> BigInt(left)) & BigInt(2 ** part - 1));
      this.held += part;
      if (this.held === 8) {
        this.full.push(this.byte);
        [this.byte, this.held] = [0, 0];
      }
    }
  }

  uvarint(value: bigint): void {
    for (; value >= 0x80n; value >>= 7n) this.put((value & 0x7fn) | 0x80n, 8);
    this.put(value, 8);
  }

  bytes(): Buffer {
    return Buffer.from(this.held === 0 ? this.full : [...this.full, this.byte << (8 - this.held)]);
  }
}
