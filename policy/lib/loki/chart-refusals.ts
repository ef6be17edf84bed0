import { compareVersions } from "../charts/app-versions";
import type { Config } from "../config/config";
import { count } from "../config/read";
import type { Refusal } from "../finding";
import { along } from "../paths";
import { at, isBlock, Unknown } from "../unknown";

type Chart = NonNullable<Config["chart"]>;

/** Whether values are all that the chart `loki` gets, from the version on whose templates/validate.yaml ends in an error for some of them. */
export function isValidated({ name, version, isPartial }: Chart): boolean {
  return name === "loki" && !isPartial && (version === undefined || compareVersions(version, "6.0.0") >= 0);
}

const scalable = ["backend", "read", "write"];
/** How many of each of them the chart runs by default. */
const ofEach = 3;
const distributed = "ingester distributor querier queryFrontend queryScheduler indexGateway compactor ruler".split(" ");

/** What the chart looks at; undefined where that isn't known. */
interface Seen extends Pick<Chart, "values" | "version"> {
  isFilesystem: boolean;
  mode: unknown;
  /** Replicas of the single binary, and of the parts of the other two ways to run Loki the first that has some. */
  single: number | undefined;
  scalable: string | undefined;
  distributed: string | undefined;
}

/** A refusal of the chart. */
interface Rule extends Pick<Refusal, "found" | "wanted" | "fix"> {
  /** The key in the values that is wrong, if one is. */
  of(seen: Seen): string | undefined;
  says: string;
  /** The first version that says it, of charts whose version is named. Default: all from 6.0 on. */
  since?: string;
}

const someSingle = ({ single = 0 }: Seen) => single > 0;
const isTransition = ({ mode }: Seen) => mode instanceof Unknown || String(mode).includes("<->");

// Each was rendered by Helm with every version from 6.0.0 to 18.11.0 (6.7.2 refuses nothing).
const rules: readonly Rule[] = [
  {
    of: ({ values }) => (isFull(values.config) ? "config" : undefined),
    found: "a configuration beside the value loki",
    wanted: "its settings under loki",
    says: "Top level 'config' is not allowed",
    fix: "Move its blocks to loki.structuredConfig, or the whole as text to loki.config.",
  },
  {
    of: ({ values }) => (isBlock(at(values, "loki.config")) ? "loki.config" : undefined),
    found: "a mapping",
    wanted: "a text",
    says: "wrong type for value; expected string",
    fix: "Write its blocks into loki.structuredConfig.",
  },
  {
    of: ({ values }) =>
      at(values, "lokiCanary.enabled") === false && (at(values, "test.enabled") ?? true) === true
        ? "lokiCanary.enabled"
        : undefined,
    found: "false, and the chart's test, which needs the canary, is on (its default)",
    wanted: "test.enabled: false beside it",
    says: "Helm test requires the Loki Canary to be enabled",
    fix: "Set test.enabled: false, or leave the canary on.",
  },
  {
    of: ({ isFilesystem, single = 0 }) => (isFilesystem && single > 1 ? "singleBinary.replicas" : undefined),
    found: "more than 1, with loki.storage.type: filesystem",
    wanted: "1, or an object store",
    says: "Cannot run more than 1 Single Binary replica without an object storage backend",
    fix: "Set 1, or loki.storage.type: s3 with its buckets.",
  },
  {
    of: ({ isFilesystem, single, scalable, distributed }) =>
      isFilesystem && single === 0 ? replicasOf(scalable ?? distributed) : undefined,
    found: "more than 0, with loki.storage.type: filesystem",
    wanted: "0 beside singleBinary.replicas: 1, or an object store",
    says: "Cannot run scalable targets (backend, read, write) or distributed targets without an object storage backend",
    fix: "Set deploymentMode: SingleBinary, singleBinary.replicas: 1, and 0 replicas of backend, read and write.",
  },
  {
    of: (seen) => (seen.scalable && !isTransition(seen) ? replicasOf(seen.distributed) : undefined),
    found: "more than 0, as are those of backend, read or write",
    wanted: "0 in one of the two groups",
    says: "You have more than zero replicas configured for scalable targets (backend, read, write) and distributed targets",
    fix: "Set replicas: 0 of backend, read and write, or of the others.",
  },
  {
    of: (seen) => (someSingle(seen) ? replicasOf(seen.distributed) : undefined),
    found: "more than 0, as is singleBinary.replicas",
    wanted: "0 in one of the two",
    says: "You have more than zero replicas configured for both the single binary and distributed targets",
    fix: "Set replicas: 0 in one of the two.",
  },
  {
    of: (seen) => (someSingle(seen) && !isTransition(seen) ? replicasOf(seen.scalable) : undefined),
    found: "more than 0, as is singleBinary.replicas",
    wanted: "0 of backend, read and write",
    says: "You have more than zero replicas configured for both the single binary and simple scalable targets",
    fix: "Set replicas: 0 of backend, read and write.",
  },
  {
    of: unnamedBucket,
    found: "missing",
    wanted: "the name of a bucket",
    says: "Please define loki.storage.bucketNames",
    fix: "Write it, or loki.storage.type: filesystem for one process that keeps its data in a folder.",
  },
  {
    since: "17.0.0",
    of: ({ values }) =>
      at(values, "minio.enabled") === true && !at(values, "ignoreMinioDeprecation") ? "minio.enabled" : undefined,
    found: "true",
    wanted: "an object store of its own, or ignoreMinioDeprecation: true beside it",
    says: "The Loki chart builtin MinIO dependency is deprecated",
    fix: "Name a bucket of another store in loki.storage. For the time being, set ignoreMinioDeprecation: true.",
  },
];

const objectStores = ["s3", "gcs", "azure", "swift", "alibabacloud"];
const isEmpty = (value: unknown) => value === undefined || value === null || value === "";

// The chart 6.0 has names by default; up to 6.44, one of them is enough.
function unnamedBucket({ values, version }: Seen): string | undefined {
  if (version === undefined) return undefined;
  const kept = at(values, "loki.storage.type") ?? "s3";
  if (at(values, "minio.enabled") || at(values, "loki.config") || !objectStores.includes(String(kept)))
    return undefined;
  const hasOwn = ["s3", "bucketnames"].some((key) => !isEmpty(at(values, `loki.storage_config.aws.${key}`)));
  const hasRules =
    at(values, "loki.rulerConfig.storage.type") !== "local" && (at(values, "ruler.enabled") ?? true) === true;
  const missing = [hasOwn ? [] : "chunks", hasRules ? "ruler" : []]
    .flat()
    .map((key) => `loki.storage.bucketNames.${key}`)
    .find((key) => isEmpty(at(values, key)));
  const since = isEmpty(at(values, "loki.storage.bucketNames")) ? "6.1.0" : "6.45.0";
  return compareVersions(version, since) >= 0 ? missing : undefined;
}

// Values may be a part of somebody's, of which what isn't there says little: not where a version is named, or how many single binaries run.
const isWhole = ({ values, version }: Pick<Chart, "values" | "version">) =>
  version !== undefined || at(values, "singleBinary.replicas") !== undefined;

const replicasOf = (part: string | undefined) => (part === undefined ? undefined : `${part}.replicas`);
const isFull = (config: unknown) => (isBlock(config) ? Object.keys(config).length > 0 : Boolean(config));

/** Values with which the chart `loki` ends in an error instead of rendering, so that nothing is installed or updated. */
export function* chartRefusals(chart: Config["chart"]): Iterable<Refusal> {
  if (!chart || !isValidated(chart)) return;
  const { values, version, path } = chart;
  const seen = seenIn(chart);
  for (const { of, says, since, ...rest } of rules) {
    if (since !== undefined && (version === undefined || compareVersions(version, since) < 0)) continue;
    const key = of(seen);
    if (key === undefined) continue;
    const isDefault = key.endsWith(".replicas") && at(values, key) === undefined;
    const found = isDefault ? `missing, which means ${ofEach}` : rest.found;
    yield { ...rest, path: along(path, key), found, why: `The chart refuses to render: "${says}".` };
  }
}

function seenIn({ values, version }: Chart): Seen {
  const replicas = (part: string, byDefault: number) => {
    const given = count(at(values, part), "replicas");
    if ("value" in given) return given.value;
    return at(values, `${part}.replicas`) === undefined ? byDefault : undefined;
  };
  const some = (parts: readonly string[], byDefault: number) =>
    parts.find((part) => (replicas(part, byDefault) ?? 0) > 0);
  return {
    values,
    version,
    isFilesystem: at(values, "loki.storage.type") === "filesystem",
    mode: at(values, "deploymentMode"),
    single: replicas("singleBinary", 0),
    scalable: some(scalable, isWhole({ values, version }) ? ofEach : 0),
    distributed: some(distributed, 0),
  };
}
