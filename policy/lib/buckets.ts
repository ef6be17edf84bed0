import { placeOf, type Config } from "./config/config";
import { text, type Setting } from "./config/read";
import { hasAlertmanager, hasRuler, storageOf } from "./mimir/storage";
import { along } from "./paths";
import { at, isBlock } from "./unknown";

/** A bucket that a configuration uses. */
export interface BucketUse {
  /** What lies in it, such as `blocks_storage` or `Loki's chunks`. */
  content: string;
  path: string;
  /** `s3`, `gcs`, `azure` … */
  backend: Setting<string>;
  /** Host of the object store; missing for that of a cloud. */
  endpoint: Setting<string>;
  /** Its name, and what else the backend needs to distinguish it. */
  names: Setting<string>[];
  prefix: Setting<string>;
}

/** A place of Loki's configuration that names a bucket. */
interface Place {
  content: string;
  backend: string;
  /** Where the settings are, the first that has one counts. */
  blocks: string[];
  name: string;
  /** Where a prefix is set, if it can be. */
  prefix?: string;
  /** Which name of the chart's `loki.storage.bucketNames` it is. */
  inChart?: string;
}

const backends = [
  { backend: "s3", own: "aws", name: "bucketnames" },
  { backend: "gcs", own: "gcs", name: "bucket_name" },
  { backend: "azure", own: "azure", name: "container_name" },
] as const;

const lokiPlaces: readonly Place[] = backends.flatMap(({ backend, own, name }) => [
  {
    content: "Loki's chunks and index",
    backend,
    blocks: [`storage_config.${own}`, `common.storage.${backend}`],
    name,
    inChart: "chunks",
  },
  { content: "Loki's rules", backend, blocks: [`ruler.storage.${backend}`], name, inChart: "ruler" },
]);
const thanosPlaces: readonly Place[] = backends.map(({ backend, name }) => ({
  content: "Loki's chunks and index",
  backend,
  blocks: [`storage_config.object_store.${backend}`],
  name: backend === "s3" ? "bucket_name" : name,
  prefix: "storage_config.object_store.storage_prefix",
}));

/** The buckets that a configuration of Mimir uses: of its blocks, its rules and its Alertmanager's state. */
export function mimirBuckets(config: Config): BucketUse[] {
  const ruler = hasRuler(config) === false ? [] : ["ruler_storage"];
  const blocks = ["blocks_storage", ...ruler, ...(hasAlertmanager(config) ? ["alertmanager_storage"] : [])];
  return blocks.flatMap((block) => {
    const { backend, prefix, bucket, paths } = storageOf(config, block);
    const kind = "value" in backend ? backend.value : "s3";
    if (["filesystem", "local"].includes(kind)) return [];
    const places = [at(config.content, `${block}.${kind}`), at(config.content, `common.storage.${kind}`)];
    const endpoint = ownMinio(config, true) ?? firstGiven(places.map((place) => text(place, "endpoint")));
    return [{ content: block, path: paths.bucket, backend, endpoint, names: bucket, prefix }];
  });
}

/**
 * The buckets that a configuration of Loki uses: of its chunks and of its rules. `bucketnames` may be several, with commas between them, and
 * may stand in the address `s3://key:secret@host/bucket`.
 */
export function lokiBuckets(config: Config): BucketUse[] {
  const usesThanos = at(config.content, "storage_config.use_thanos_objstore") === true;
  return [...(usesThanos ? thanosPlaces : lokiPlaces), ...namedStores(config)].flatMap((place) =>
    ofLoki(config, place),
  );
}

function ofLoki(config: Config, place: Place): BucketUse[] {
  const { content, backend, blocks, name, prefix, inChart } = place;
  const found = blocks.map((block) => at(config.content, block));
  const storage = at(config.chart?.values, "loki.storage");
  const isOfChart = inChart !== undefined && (at(storage, "type") ?? "s3") === backend;
  const ofChart = isOfChart ? text(at(storage, "bucketNames"), inChart) : ({ missing: "missing" } as const);
  if (!found.some(isBlock) && "missing" in ofChart) return [];
  const addresses = found.map((block) => address(text(block, "s3")));
  const names = firstGiven([
    ...found.map((block) => text(block, name)),
    ...addresses.map(({ bucket }) => bucket),
    ofChart,
  ]);
  const endpoint = firstGiven([
    ...found.map((block) => text(block, "endpoint")),
    ...addresses.map(({ host }) => host),
    ...(isOfChart ? [text(at(storage, backend), "endpoint")] : []),
  ]);
  const own = blocks.find((_, index) => !("missing" in text(found[index], name))) ?? blocks[0];
  const path =
    "missing" in ofChart || names !== ofChart
      ? placeOf(config, `${own}.${name}`)
      : along(config.chart?.path ?? "", `loki.storage.bucketNames.${inChart}`);
  const lastDot = prefix?.lastIndexOf(".") ?? 0;
  const prefixed = prefix && text(at(config.content, prefix.slice(0, lastDot)), prefix.slice(lastDot + 1));
  return split(names).map((each) => ({
    content,
    path,
    backend: { value: backend },
    endpoint: ownMinio(config, false) ?? endpoint,
    names: [each, ...(backend === "azure" ? [firstGiven(found.map((block) => text(block, "account_name")))] : [])],
    prefix: prefixed || { missing: "missing" },
  }));
}

function namedStores({ content }: Config): Place[] {
  return backends.flatMap(({ backend, own, name }) => {
    const stores = at(content, `storage_config.named_stores.${own}`);
    return Object.keys(isBlock(stores) ? stores : {}).map((store) => ({
      content: `Loki's store ${store}`,
      backend,
      blocks: [`storage_config.named_stores.${own}.${store}`],
      name,
    }));
  });
}

/** The endpoint of a MinIO that comes with the chart, which nothing else uses. */
export const chartsOwn = "the MinIO of the chart";

function ownMinio({ chart }: Config, byDefault: boolean): Setting<string> | undefined {
  if (!chart) return undefined;
  const isOn = at(chart.values, "minio.enabled") ?? byDefault;
  return isOn === true ? { value: `${chartsOwn} at ${chart.path}` } : undefined;
}

function address(url: Setting<string>): { host: Setting<string>; bucket: Setting<string> } {
  if (!("value" in url)) return { host: url, bucket: url };
  const [, host = "", bucket = ""] = /^s3:\/\/(?:[^@/]*@)?([^/]*)\/?([^/?]*)/.exec(url.value) ?? [];
  const given = (part: string): Setting<string> => (part === "" ? { missing: "missing" } : { value: part });
  return { host: given(host), bucket: given(bucket) };
}

function split(names: Setting<string>): Setting<string>[] {
  return "value" in names ? names.value.split(",").map((name) => ({ value: name.trim() })) : [names];
}

function firstGiven(settings: Setting<string>[]): Setting<string> {
  return settings.find((setting) => !("missing" in setting)) ?? { missing: "missing" };
}
