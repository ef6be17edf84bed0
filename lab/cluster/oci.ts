import { createHash } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { buffer } from "node:stream/consumers";
import { Header, pack, Pack } from "tar-stream";

/** A file, folder or link of an image. */
export type Entry = {
  /** Absolute path in the image. */
  path: string;
  /** Owner; root by default. */
  uid?: number;
  /** Permissions; by default 0755 for a folder, the source's own for a file of this machine, and 0644 for a text. */
  mode?: number;
} & ({ from: string } | { text: string } | { link: string } | { directory: true });

/** What the image says of its process, in the words of the OCI image specification. */
export interface ImageConfig {
  Entrypoint?: string[];
  Cmd?: string[];
  Env?: string[];
  User?: string;
  WorkingDir?: string;
  /** Default: SIGTERM. */
  StopSignal?: string;
}

interface Descriptor {
  mediaType: string;
  digest: string;
  size: number;
  annotations?: Record<string, string>;
}

/** Archives carry no time, so that the same content has the same digest. */
const fixedMtime = new Date(0);

/**
 * Writes an OCI image layout of one layer as a tar archive, as `ctr images import` and `kind load image-archive` read it.
 *
 * https://github.com/opencontainers/image-spec/blob/v1.1.1/image-layout.md
 *
 * @param out File to write.
 * @param reference Name under which containerd knows the image once it is imported.
 * @param architecture Architecture in Go's words (`amd64`).
 */
export async function writeImage(
  out: string,
  reference: string,
  architecture: string,
  entries: Entry[],
  config: ImageConfig,
): Promise<void> {
  const blobs = new Map<string, Buffer>();
  const blob = (mediaType: string, content: Buffer): Descriptor => {
    const hex = createHash("sha256").update(content).digest("hex");
    blobs.set(`blobs/sha256/${hex}`, content);
    return { mediaType, digest: `sha256:${hex}`, size: content.length };
  };

  const layer = blob("application/vnd.oci.image.layer.v1.tar", await layerOf(entries));
  const configuration = blob(
    "application/vnd.oci.image.config.v1+json",
    json({ architecture, os: "linux", config, rootfs: { type: "layers", diff_ids: [layer.digest] } }),
  );
  const manifest = blob(
    "application/vnd.oci.image.manifest.v1+json",
    json({
      schemaVersion: 2,
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      config: configuration,
      layers: [layer],
    }),
  );
  // containerd reads the name from this annotation; the specification's own, ref.name, holds a tag only
  const named = { ...manifest, annotations: { "io.containerd.image.name": reference } };

  const archive = pack();
  const written = buffer(archive);
  await put(archive, { name: "oci-layout" }, json({ imageLayoutVersion: "1.0.0" }));
  await put(archive, { name: "index.json" }, json({ schemaVersion: 2, manifests: [named] }));
  for (const [name, content] of blobs) await put(archive, { name }, content);
  archive.finalize();
  writeFileSync(out, await written);
}

/** One layer's tar: the entries by path, each with every folder above it. */
async function layerOf(entries: Entry[]): Promise<Buffer> {
  const byPath = new Map<string, Entry>();
  for (const entry of entries) {
    for (let dir = dirname(entry.path); dir !== "/"; dir = dirname(dir)) {
      if (!byPath.has(dir)) byPath.set(dir, { path: dir, directory: true });
    }
    byPath.set(entry.path, entry);
  }
  const layer = pack();
  const written = buffer(layer);
  for (const path of [...byPath.keys()].sort()) {
    const entry = byPath.get(path)!;
    const header = { name: path.slice(1), uid: entry.uid ?? 0, gid: entry.uid ?? 0 };
    if ("directory" in entry) await put(layer, { ...header, type: "directory", mode: entry.mode ?? 0o755 });
    else if ("link" in entry) await put(layer, { ...header, type: "symlink", linkname: entry.link, mode: 0o777 });
    else if ("text" in entry) await put(layer, { ...header, mode: entry.mode ?? 0o644 }, Buffer.from(entry.text));
    else
      await put(layer, { ...header, mode: entry.mode ?? statSync(entry.from).mode & 0o777 }, readFileSync(entry.from));
  }
  layer.finalize();
  return written;
}

function put(
  archive: Pack,
  header: Partial<Header> & Pick<Header, "name">,
  content: Buffer = Buffer.alloc(0),
): Promise<void> {
  return new Promise((resolve, reject) => {
    archive.entry({ mtime: fixedMtime, ...header }, content, (error) => (error ? reject(error) : resolve()));
  });
}

function json(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value));
}
