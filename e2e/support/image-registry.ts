import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { stringify } from "yaml";
import { debianProgram } from "../../lab/cluster/debian";
import { freePort, startServer, type LocalServer } from "../../lab/cluster/server";

/** Docker's own registry on loopback, empty at first, its content in memory. */
export interface ImageRegistry extends Pick<LocalServer, "stop"> {
  /** host:port */
  host: string;
}

/**
 * Starts a registry, of Debian's package `docker-registry`.
 * @param auth whom it lets in, as its configuration has it; by default everybody. https://distribution.github.io/distribution/about/configuration/#auth
 */
export async function startRegistry(auth?: object): Promise<ImageRegistry> {
  const program = await debianProgram("docker-registry", "usr/bin/docker-registry");
  const cwd = mkdtempSync(join(tmpdir(), "registry-"));
  const host = `127.0.0.1:${await freePort()}`;
  const config = { version: "0.1", storage: { inmemory: {} }, http: { addr: host }, ...(auth && { auth }) };
  writeFileSync(join(cwd, "config.yml"), stringify(config));
  const server = await startServer(program, ["serve", "config.yml"], { cwd, ready: `http://${host}/` });
  const stop = async () => {
    await server.stop();
    rmSync(cwd, { recursive: true });
  };
  return { host, stop };
}

/** What is pushed, as the documents that name it describe it. */
export interface Pushed {
  mediaType: string;
  digest: string;
  size: number;
}

/** The two families of documents. */
export const families = {
  oci: {
    index: "application/vnd.oci.image.index.v1+json",
    manifest: "application/vnd.oci.image.manifest.v1+json",
    config: "application/vnd.oci.image.config.v1+json",
    layer: "application/vnd.oci.image.layer.v1.tar+gzip",
  },
  docker: {
    index: "application/vnd.docker.distribution.manifest.list.v2+json",
    manifest: "application/vnd.docker.distribution.manifest.v2+json",
    config: "application/vnd.docker.container.image.v1+json",
    layer: "application/vnd.docker.image.rootfs.diff.tar.gzip",
  },
};

/** Pushes images of one small file over the distribution API. */
export class Pusher {
  constructor(
    private readonly host: string,
    private readonly repository: string,
    private readonly family: (typeof families)["oci"] = families.oci,
    private readonly authorization?: string,
  ) {}

  /** An image for one platform. */
  async image(platform: { os: string; architecture: string; variant?: string }, tag?: string): Promise<Pushed> {
    const { config: configType, layer: layerType, manifest: manifestType } = this.family;
    const archive = pack();
    archive.entry({ name: "architecture", mtime: new Date(0) }, platform.architecture);
    archive.finalize();
    const tar = await buffer(archive);
    const layer = await this.blob(layerType, gzipSync(tar));
    const rootfs = { type: "layers", diff_ids: [digestOf(tar)] };
    const config = await this.blob(configType, json({ ...platform, config: {}, rootfs }));
    return this.manifest(manifestType, { config, layers: [layer] }, tag);
  }

  /** An image for several platforms. */
  async index(platforms: { os: string; architecture: string; variant?: string }[], tag: string): Promise<Pushed> {
    const manifests = [];
    for (const platform of platforms) manifests.push({ ...(await this.image(platform)), platform });
    return this.manifest(this.family.index, { manifests }, tag);
  }

  private async manifest(mediaType: string, content: object, tag?: string): Promise<Pushed> {
    const body = json({ schemaVersion: 2, mediaType, ...content });
    const digest = digestOf(body);
    await this.send(`manifests/${tag ?? digest}`, "PUT", body, mediaType);
    return { mediaType, digest, size: body.length };
  }

  private async blob(mediaType: string, body: Buffer): Promise<Pushed> {
    const digest = digestOf(body);
    const upload = await this.send("blobs/uploads/", "POST");
    const to = new URL(upload.headers.get("location") ?? "", `http://${this.host}`);
    to.searchParams.set("digest", digest);
    await this.send(to.href, "PUT", body, "application/octet-stream");
    return { mediaType, digest, size: body.length };
  }

  private async send(path: string, method: string, body?: Buffer, type?: string): Promise<Response> {
    const url = new URL(path, `http://${this.host}/v2/${this.repository}/`);
    const headers = {
      ...(type && { "content-type": type }),
      ...(this.authorization && { authorization: this.authorization }),
    };
    const response = await fetch(url, { method, headers, body: body && new Uint8Array(body) });
    if (!response.ok) throw new Error(`${method} ${url.href}: ${response.status} ${await response.text()}`);
    return response;
  }
}

const json = (value: object) => Buffer.from(JSON.stringify(value));

const digestOf = (content: Buffer) => `sha256:${createHash("sha256").update(content).digest("hex")}`;
