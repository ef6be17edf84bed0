import { mkdirSync, statSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as breathe } from "node:timers/promises";
import { ChunkReader, ChunkWriter, encoding, samplesIn, type Chunk } from "./chunks";
import { Index, IndexWriter, type ChunkPlace } from "./index";
import { decodeXor, encodeXor } from "./xor";

/** A span of time in milliseconds since 1970; the end is no part of it. */
export interface Span {
  minTime: number;
  maxTime: number;
}

/** What was written of a block. */
export interface CutBlock {
  numSeries: number;
  numChunks: number;
  numSamples: number;
  /** Its files, as Mimir asks for them: path in the block, and bytes. */
  files: { rel_path: string; size_bytes: number }[];
  /** Chunks that were left out, by reason. */
  left: Map<string, number>;
}

/** A block that is read once and written in parts. */
export class BlockCutter {
  private readonly index: Index;

  /**
   * @param folder of the block
   * @param added labels that every series gets which has none of that name
   */
  constructor(
    private readonly folder: string,
    added: Readonly<Record<string, string>>,
  ) {
    this.index = new Index(join(folder, "index"), added);
  }

  /**
   * Writes what the block has of a span as a block: `index` and `chunks`. A chunk within the span is copied as it is; one of floats that
   * crosses an end is encoded again; other ones that do are left out and counted.
   * @param span what is written
   * @param target an empty folder
   * @param signal stops it
   */
  async cut(span: Span, target: string, signal?: AbortSignal): Promise<CutBlock> {
    mkdirSync(target, { recursive: true });
    const [chunks, source] = [new ChunkWriter(join(target, "chunks")), new ChunkReader(join(this.folder, "chunks"))];
    const index = new IndexWriter(join(target, "index"), this.index.symbols);
    const result: CutBlock = { numSeries: 0, numChunks: 0, numSamples: 0, files: [], left: new Map() };
    let seen = 0;
    try {
      for (const series of this.index.series()) {
        // A timer or Ctrl-C gets its turn.
        if (++seen % 1000 === 0) await breathe(undefined, { signal });
        const places = series.chunks.flatMap((place) => {
          const piece = pieceOf(place, span, source, result.left);
          if (!piece) return [];
          result.numSamples += samplesIn(piece.chunk);
          return [{ ...piece.place, reference: chunks.write(piece.chunk) }];
        });
        if (places.length === 0) continue;
        index.add(series.labels, places);
        result.numSeries++;
        result.numChunks += places.length;
      }
    } finally {
      source.close();
      chunks.close();
      index.close();
    }
    const paths = [
      "index",
      ...readdirSync(join(target, "chunks"))
        .sort()
        .map((name) => `chunks/${name}`),
    ];
    result.files = paths.map((path) => ({ rel_path: path, size_bytes: statSync(join(target, path)).size }));
    return result;
  }
}

const known: readonly number[] = Object.values(encoding);

function pieceOf(
  place: ChunkPlace,
  { minTime, maxTime }: Span,
  source: ChunkReader,
  left: Map<string, number>,
): { place: ChunkPlace; chunk: Chunk } | undefined {
  if (place.maxTime < minTime || place.minTime >= maxTime) return undefined;
  const leave = (reason: string) => void left.set(reason, (left.get(reason) ?? 0) + 1);
  const chunk = source.read(place.reference);
  if (!known.includes(chunk.encoding))
    return leave(`of encoding ${chunk.encoding}, which Mimir doesn't read`) as undefined;
  if (place.minTime >= minTime && place.maxTime < maxTime) return { place, chunk };
  if (chunk.encoding !== encoding.xor) return leave("of native histograms, across midnight") as undefined;
  const samples = decodeXor(chunk.data).filter(({ time }) => time >= minTime && time < maxTime);
  if (samples.length === 0) return undefined;
  return {
    place: { ...place, minTime: samples[0].time, maxTime: samples[samples.length - 1].time },
    chunk: { encoding: encoding.xor, data: encodeXor(samples) },
  };
}
