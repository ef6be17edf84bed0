import { createReadStream } from "node:fs";

/** Bytes of the time range that an export begins with. */
const header = 16;

/**
 * Whether a file is a whole export of VictoriaMetrics: a time range, and then names and blocks of samples, each after its length (four bytes, big-endian).
 * VictoriaMetrics begins its answer before it has read all: an error comes as text behind the blocks, and the answer ends as a good one does.
 * @param file its path
 * @see https://docs.victoriametrics.com/victoriametrics/single-server-victoriametrics/#how-to-export-data-in-native-format
 */
export async function isWholeExport(file: string): Promise<boolean> {
  /** Bytes to the next length, bytes of it that were read, and its value so far. */
  let [skip, read, length] = [header, 0, 0];
  let [bytes, fields] = [0, 0];
  for await (const chunk of createReadStream(file)) {
    const part = chunk as Buffer;
    bytes += part.length;
    for (let at = 0; at < part.length;) {
      if (skip > 0) {
        const step = Math.min(skip, part.length - at);
        [skip, at] = [skip - step, at + step];
        continue;
      }
      length = length * 256 + part[at++];
      if (++read < 4) continue;
      // VictoriaMetrics itself takes no longer ones.
      if (length > 2 ** 20) return false;
      [skip, read, length] = [length, 0, 0];
      fields++;
    }
  }
  return bytes >= header && skip === 0 && read === 0 && fields % 2 === 0;
}
