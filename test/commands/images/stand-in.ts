import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** An answer that a test puts in the place of the registry's own. */
export interface Answer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** A request as the registry got it. */
export interface Asked {
  method: string;
  path: string;
  authorization?: string;
  accept?: string;
  body: string;
}

export const ociIndex = "application/vnd.oci.image.index.v1+json";
export const ociManifest = "application/vnd.oci.image.manifest.v1+json";
const ociConfig = "application/vnd.oci.image.config.v1+json";
export const dockerList = "application/vnd.docker.distribution.manifest.list.v2+json";
export const dockerManifest = "application/vnd.docker.distribution.manifest.v2+json";
export const dockerConfig = "application/vnd.docker.container.image.v1+json";

const running: Server[] = [];

/** The digest of a text. */
export const digestOf = (text: string): string => `sha256:${createHash("sha256").update(text).digest("hex")}`;

/** A registry of one process, on loopback: what it was given, by the OCI distribution API. */
export class StandInRegistry {
  /** host:port */
  host = "";
  /** Every request, in order. */
  readonly asked: Asked[] = [];
  /** Asked before the registry itself answers; undefined lets it. */
  before: (asked: Asked) => Answer | "hang up" | undefined = () => undefined;
  private readonly documents = new Map<string, { mediaType: string; text: string }>();

  /** Starts it. */
  static async start(): Promise<StandInRegistry> {
    const registry = new StandInRegistry();
    const server = createServer((request, response) => void registry.answer(request, response)).listen(0, "127.0.0.1");
    running.push(server);
    await once(server, "listening");
    registry.host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    return registry;
  }

  /** Ends all that were started. */
  static async stopAll(): Promise<void> {
    await Promise.all(
      running.splice(0).map((server) => {
        server.closeAllConnections();
        return new Promise((done) => server.close(done));
      }),
    );
  }

  /** Keeps a document under its digest, and under a tag where one is given. */
  put(
    repository: string,
    mediaType: string,
    content: object | string,
    tag?: string,
  ): { mediaType: string; digest: string; size: number } {
    const text = typeof content === "string" ? content : JSON.stringify(content);
    const digest = digestOf(text);
    for (const name of [digest, tag]) this.documents.set(`${repository} ${name}`, { mediaType, text });
    return { mediaType, digest, size: text.length };
  }

  /** Keeps an image for one platform. @returns its manifest's descriptor */
  single(repository: string, platform: object, tag?: string, types = [ociManifest, ociConfig]) {
    const [manifest, configType] = types;
    const config = this.put(repository, configType, { ...platform, rootfs: { type: "layers", diff_ids: [] } });
    return this.put(repository, manifest, { schemaVersion: 2, mediaType: manifest, config, layers: [] }, tag);
  }

  /** Keeps an index of images for these platforms. */
  index(repository: string, tag: string, platforms: object[], types = [ociIndex, ociManifest, ociConfig]) {
    const [index, ...ofManifest] = types;
    const manifests = platforms.map((platform) => ({
      ...this.single(repository, platform, undefined, ofManifest),
      platform,
    }));
    return this.put(repository, index, { schemaVersion: 2, mediaType: index, manifests }, tag);
  }

  private async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    const { method = "", url: path = "" } = request;
    const { authorization, accept } = request.headers;
    const asked = { method, path, authorization, accept, body: Buffer.concat(parts).toString() };
    this.asked.push(asked);
    const given = this.before(asked);
    if (given === "hang up") return void request.socket.destroy();
    const { status, headers, body } = given ?? this.own(path);
    response.writeHead(status, headers).end(body);
  }

  private own(path: string): Answer {
    const [, repository, reference] = /\/v2\/(.+)\/(?:manifests|blobs)\/([^/]+)$/.exec(path) ?? [];
    const document = this.documents.get(`${repository} ${reference}`);
    if (!document) {
      const errors = [{ code: "MANIFEST_UNKNOWN", message: "manifest unknown" }];
      return { status: 404, headers: { "content-type": "application/json" }, body: JSON.stringify({ errors }) };
    }
    const { mediaType, text } = document;
    return { status: 200, headers: { "content-type": mediaType, "docker-content-digest": digestOf(text) }, body: text };
  }
}
