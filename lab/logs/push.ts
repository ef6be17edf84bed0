import type { PodLines } from "./lines";

/**
 * The body of a push as collectors send it: Protobuf, framed as Snappy. It is not compressed: what that takes is the sender's affair, and the receiver's
 * part of it is small.
 * @param streams lines in ASCII, each stream's evenly spread over the time
 * @param start of that time, in milliseconds since 1970
 * @param milliseconds its length
 * @see https://github.com/grafana/loki/blob/v3.6.3/pkg/push/push.proto
 */
export function pushBody(streams: readonly PodLines[], start: number, milliseconds: number): Buffer {
  const bytes = streams.reduce((sum, { lines }) => sum + lines.reduce((all, line) => all + line.length + 64, 1024), 0);
  const message = new Message(bytes);
  for (const { labels, lines } of streams) {
    const selector = Object.entries(labels).map(([name, value]) => `${name}="${value}"`);
    message.nested(1, () => {
      message.text(1, `{${selector.join(", ")}}`);
      lines.forEach((line, i) => {
        const time = start + (milliseconds * i) / lines.length;
        const seconds = Math.floor(time / 1000);
        message.nested(2, () => {
          message.nested(1, () => {
            message.number(1, seconds);
            message.number(2, Math.floor((time - seconds * 1000) * 1e6));
          });
          message.text(2, line);
        });
      });
    });
  }
  return snappyLiteral(message.content());
}

/** Bytes of every number here: lengths that aren't known yet have room for themselves, and Protobuf takes numbers that are padded. */
const numberBytes = 5;

/** A message that is written once, from its start to its end. */
class Message {
  private readonly buffer: Buffer;
  private at = 0;

  constructor(bytes: number) {
    this.buffer = Buffer.allocUnsafe(bytes);
  }

  /** A field with a number of at most 35 bits. */
  number(field: number, value: number): void {
    this.buffer[this.at++] = field << 3;
    writeVarint(this.buffer, this.at, value);
    this.at += numberBytes;
  }

  text(field: number, text: string): void {
    this.nested(field, () => (this.at += this.buffer.write(text, this.at, "latin1")));
  }

  /** A field with what `write` writes. */
  nested(field: number, write: () => void): void {
    this.buffer[this.at++] = (field << 3) | 2;
    const start = (this.at += numberBytes);
    write();
    writeVarint(this.buffer, start - numberBytes, this.at - start);
  }

  content(): Buffer {
    return this.buffer.subarray(0, this.at);
  }
}

/** Writes a varint in {@link numberBytes} bytes. */
function writeVarint(buffer: Buffer, at: number, value: number): void {
  for (let i = 0; i < numberBytes; i++) {
    buffer[at + i] = (value % 0x80) | (i < numberBytes - 1 ? 0x80 : 0);
    value = Math.floor(value / 0x80);
  }
}

/**
 * One literal, with its length in four bytes.
 * @see https://github.com/google/snappy/blob/main/format_description.txt
 */
function snappyLiteral(content: Buffer): Buffer {
  const head = Buffer.alloc(numberBytes + 5);
  writeVarint(head, 0, content.length);
  head[numberBytes] = 63 << 2;
  head.writeUInt32LE(content.length - 1, numberBytes + 1);
  return Buffer.concat([head, content]);
}
