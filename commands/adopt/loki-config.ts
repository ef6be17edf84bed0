import { parse } from "yaml";
import { isMap } from "../../engine/json";
import { at, textAt } from "./config-values";
import type { Inventory, PlainObject } from "./inventory";
import { isStacks } from "../shared/belongings";
import type { Values } from "./release";

/** A configuration of Loki in the cluster; it may contain keys of the object store. */
export interface LokiConfig {
  /** The ConfigMap or Secret that contains it. */
  source: PlainObject;
  config: Values;
}

/** Loki's bucket in a configuration; its key is not read. */
export interface LokiBucket {
  bucket: string;
  /** With its scheme; undefined: AWS's own. */
  endpoint?: string;
  region?: string;
  forcePathStyle?: boolean;
}

/** Every configuration of a Loki that is not this program's, each once. */
export function lokiConfigs({ configMaps, secrets }: Inventory): LokiConfig[] {
  const texts = [
    ...configMaps.flatMap((source) => [
      ...Object.values(source.data ?? {}).map((text) => ({ source, text })),
      ...decoded(source, source.binaryData),
    ]),
    ...secrets.flatMap((source) => decoded(source, source.data)),
  ];
  const found = texts
    .filter(({ source, text }) => !isStacks(source) && text.includes("schema_config"))
    .flatMap(({ source, text }) => {
      const config = configIn(text);
      return config ? [{ source, config }] : [];
    });
  const same = (a: LokiConfig, b: LokiConfig) => JSON.stringify(a.config) === JSON.stringify(b.config);
  return found.filter((each, i) => found.findIndex((other) => same(each, other)) === i);
}

const decoded = (source: PlainObject, data: Record<string, string> = {}) =>
  Object.values(data).map((base64) => ({ source, text: Buffer.from(base64, "base64").toString() }));

function configIn(text: string): Values | undefined {
  try {
    const config: unknown = parse(text);
    return isMap<unknown>(config) && Array.isArray(at(config, "schema_config.configs")) ? config : undefined;
  } catch {
    return undefined;
  }
}

/** Where a configuration can name the bucket, in the order in which Loki reads them. */
const places = [
  "storage_config.object_store.s3",
  "storage_config.aws",
  "common.storage.object_store.s3",
  "common.storage.s3",
];

/**
 * The bucket of chunks and index.
 * @param config Loki's configuration
 * @see https://grafana.com/docs/loki/latest/configure/#aws_storage_config
 */
export function bucketOf(config: Values): LokiBucket | undefined {
  for (const place of places) {
    const s3 = at(config, place);
    const found = isMap<unknown>(s3) ? fromKeys(s3) : undefined;
    if (found) return found;
  }
  return undefined;
}

function fromKeys(s3: Values): LokiBucket | undefined {
  // `s3://key:secret@host/bucket`, or `s3://region/bucket`.
  const [, host, path] = /^s3:\/\/(?:[^@]*@)?([^/]+)(?:\/(.+))?$/.exec(textAt(s3, "s3") ?? "") ?? [];
  const bucket = textAt(s3, "bucketnames") ?? textAt(s3, "bucket_name") ?? path;
  if (!bucket) return undefined;
  const isHost = host !== undefined && /[.:]/.test(host);
  const address = textAt(s3, "endpoint") ?? (isHost ? host : undefined);
  const region = textAt(s3, "region") ?? (isHost ? undefined : host);
  const pathStyle = s3.s3forcepathstyle ?? (s3.bucket_lookup_type === "path" || undefined);
  return {
    bucket,
    ...(address && { endpoint: withScheme(address, s3.insecure === true) }),
    ...(region && { region }),
    ...(typeof pathStyle === "boolean" && { forcePathStyle: pathStyle }),
  };
}

const withScheme = (address: string, insecure: boolean): string =>
  /^https?:\/\//.test(address) ? address : `${insecure ? "http" : "https"}://${address}`;

/** Whether a text contains an environment variable (`-config.expand-env`). */
export const isPlaceholder = (text: string | undefined): boolean => text?.includes("${") ?? false;
