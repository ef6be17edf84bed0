import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable } from "node:stream";
import { buffer } from "node:stream/consumers";
import { extract, Header } from "tar-stream";
import { Entry, writeImage } from "../../../lab/cluster/oci";

type Files = Map<string, { header: Header; content: Buffer }>;

async function untar(archive: Buffer): Promise<Files> {
  const files: Files = new Map();
  const reader = extract();
  Readable.from([archive]).pipe(reader as unknown as NodeJS.WritableStream);
  for await (const entry of reader) {
    files.set(entry.header.name, { header: entry.header, content: await buffer(entry as unknown as Readable) });
  }
  return files;
}

describe("Image archives", () => {
  let dir: string;
  let out: string;
  beforeEach(() => {
    dir = mkdtempSync(join(tmpdir(), "oci-"));
    out = join(dir, "image.tar");
  });
  afterEach(() => rmSync(dir, { recursive: true }));

  const entries = (): Entry[] => {
    writeFileSync(join(dir, "program"), "\x7fELF", { mode: 0o700 });
    return [
      { path: "/usr/bin/program", from: join(dir, "program"), mode: 0o755 },
      { path: "/etc/conf", text: "first" },
      { path: "/etc/conf", text: "second" },
      { path: "/data", directory: true, uid: 10001 },
      { path: "/bin/sh", link: "/bin/busybox" },
    ];
  };

  async function written(
    reference = "example.org/program:1.2",
  ): Promise<{ manifest: Record<string, unknown>; files: Files }> {
    await writeImage(out, reference, "arm64", entries(), { Entrypoint: ["/usr/bin/program"], User: "10001" });
    const files = await untar(readFileSync(out));
    const index = JSON.parse(files.get("index.json")!.content.toString()) as { manifests: Record<string, unknown>[] };
    return { manifest: index.manifests[0], files };
  }

  const blob = (files: Files, descriptor: { digest: string }) =>
    files.get(`blobs/${descriptor.digest.replace(":", "/")}`)!.content;

  async function layer(files: Files, manifest: Record<string, unknown>): Promise<Files> {
    const content = JSON.parse(blob(files, manifest as { digest: string }).toString()) as {
      layers: { digest: string }[];
    };
    return untar(blob(files, content.layers[0]));
  }

  it("carry the name that containerd gives the image", async () => {
    const { manifest } = await written();
    assert.deepEqual(manifest.annotations, { "io.containerd.image.name": "example.org/program:1.2" });
  });

  it("name every blob by its digest", async () => {
    const { files } = await written();
    const blobs = [...files].filter(([name]) => name.startsWith("blobs/"));
    assert.equal(blobs.length, 3);
    for (const [name, { content }] of blobs) {
      assert.equal(name, `blobs/sha256/${createHash("sha256").update(content).digest("hex")}`);
    }
  });

  it("say how the process starts and for which architecture it is", async () => {
    const { files, manifest } = await written();
    const { config } = JSON.parse(blob(files, manifest as { digest: string }).toString()) as {
      config: { digest: string };
    };
    const configuration = JSON.parse(blob(files, config).toString()) as Record<string, unknown>;
    assert.equal(configuration.architecture, "arm64");
    assert.deepEqual(configuration.config, { Entrypoint: ["/usr/bin/program"], User: "10001" });
  });

  it("hold files, folders above them, owners, modes and links; the later of two entries of one path wins", async () => {
    const { files, manifest } = await written();
    const content = await layer(files, manifest);
    assert.equal(content.get("usr/bin/program")!.content.toString(), "\x7fELF");
    assert.equal(content.get("usr/bin/program")!.header.mode, 0o755);
    assert.equal(content.get("etc/conf")!.content.toString(), "second");
    assert.equal(content.get("bin/sh")!.header.linkname, "/bin/busybox");
    const folder = (name: string) => content.get(name) ?? content.get(`${name}/`);
    assert.equal(folder("data")!.header.uid, 10001);
    for (const parent of ["usr", "usr/bin", "etc", "bin"]) assert.equal(folder(parent)!.header.type, "directory");
  });

  it("are the same for the same content, whenever they are written", async () => {
    await written();
    const first = readFileSync(out);
    await written();
    assert.ok(first.equals(readFileSync(out)));
  });
});
