import { createHash } from "node:crypto";
import { mediaTypes } from "./media-types";
import { ImageProblem } from "./problem";
import type { Registry } from "./registry";

/** A document of a registry, whose content is what its digest says. */
export interface Document {
  /** `sha256:…`, computed from what came. */
  digest: string;
  mediaType: string;
  content: Record<string, unknown>;
}

/** A manifest has 4 MB at most (https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pushing-manifests); a configuration is smaller. */
const mostBytes = 4 * 2 ** 20;

/** One repository of a registry: the documents that describe its images. */
export class Repository {
  /**
   * @param from the registry
   * @param name such as `grafana/loki`
   */
  constructor(
    private readonly from: Registry,
    private readonly name: string,
  ) {}

  /** The registry's host, for messages. */
  get registry(): string {
    return this.from.host;
  }

  /**
   * An index or a manifest.
   * @param reference a tag, or a digest
   * @throws ImageProblem when it isn't there, can't be read, or isn't what its digest says
   */
  manifest(reference: string): Promise<Document> {
    return this.get(`manifests/${reference}`, reference, [...mediaTypes.index, ...mediaTypes.manifest]);
  }

  /**
   * What an image's manifest names as its configuration.
   * @param digest as the manifest has it
   * @throws ImageProblem as of {@link manifest}
   */
  config(digest: string): Promise<Document> {
    return this.get(`blobs/${digest}`, digest, mediaTypes.config);
  }

  private async get(path: string, reference: string, accept: string[]): Promise<Document> {
    const response = await this.from.get(this.name, path, accept);
    const body = await bytesOf(response, this.registry);
    const digest = `sha256:${createHash("sha256").update(body).digest("hex")}`;
    const said = response.headers.get("docker-content-digest");
    const wanted = reference.includes(":") ? reference : said;
    for (const other of [wanted, said]) {
      if (other && other !== digest) throw altered(this.registry, path, other, digest);
    }
    const content = parse(body, this.registry, path);
    const type = (response.headers.get("content-type") ?? "").split(";")[0].trim();
    const declared = typeof content.mediaType === "string" ? content.mediaType : type;
    return { digest, mediaType: declared, content };
  }
}

async function bytesOf(response: Response, host: string): Promise<Buffer> {
  const parts: Uint8Array[] = [];
  let size = 0;
  for await (const part of response.body ?? []) {
    parts.push(part);
    size += part.length;
    if (size > mostBytes) {
      throw new ImageProblem(
        `${host} sends more than a manifest may have (4 MB)`,
        "Is this a registry? Check the host.",
      );
    }
  }
  return Buffer.concat(parts);
}

function parse(body: Buffer, host: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(body.toString());
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch {
    // said below
  }
  const remedy = "Is this a registry? A proxy's log-in page answers like this. Ask the same URL with curl.";
  throw new ImageProblem(`${host} answers ${path} with something that is not a JSON object`, remedy);
}

function altered(host: string, path: string, said: string, digest: string): ImageProblem {
  const remedy = /^sha256:/.test(said)
    ? "Something between here and the registry changes what it sends. Don't use it; try another network, or without the mirror or proxy."
    : "Only sha256 digests are written. Take a tag that was pushed with one.";
  return new ImageProblem(`${host} calls ${path} ${said}, but what came is ${digest}`, remedy);
}
