import { compareVersions } from "../charts/app-versions";
import type { Config } from "../config/config";
import { count } from "../config/read";
import type { Refusal } from "../finding";
import { along } from "../paths";
import { at, isBlock, type Block } from "../unknown";

type Chart = NonNullable<Config["chart"]>;

/** Whether values are all that the chart `loki` gets, from the version on whose templates/validate.yaml ends in an error for some of them. */
export function isValidated({ name, version, isPartial }: Chart): boolean {
  return name === "loki" && !isPartial && (version === undefined || compareVersions(version, "6.0.0") >= 0);
}

const scalable = ["backend", "read", "write"];
const distributed = "ingester distributor querier queryFrontend queryScheduler indexGateway compactor ruler".split(" ");

/** What the chart looks at; undefined where that isn't known. */
interface Seen {
  values: Block;
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
}

const someSingle = ({ single = 0 }: Seen) => single > 0;
const isTransition = ({ mode }: Seen) => typeof mode !== "string" || mode.includes("<->");

// Each was rendered with the chart 6.43 by Helm; templates/validate.yaml of 18 has the same.
const rules: readonly Rule[] = [
  {
    of: ({ values }) => (isFull(values.config) ? "config" : undefined),
    found: "a configuration beside the value loki",
    wanted: "its settings under loki",
    says: "Top level 'config' is not allowed",
    fix: "Move its blocks to loki.structuredConfig, or the whole as text to loki.config.",
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
];

const replicasOf = (part: string | undefined) => (part === undefined ? undefined : `${part}.replicas`);
const isFull = (config: unknown) => (isBlock(config) ? Object.keys(config).length > 0 : Boolean(config));

/** Values with which the chart `loki` ends in an error instead of rendering, so that nothing is installed or updated. */
export function* chartRefusals(chart: Config["chart"]): Iterable<Refusal> {
  if (!chart || !isValidated(chart)) return;
  const seen = seenIn(chart);
  for (const { of, says, ...rest } of rules) {
    const key = of(seen);
    if (key !== undefined)
      yield { ...rest, path: along(chart.path, key), why: `The chart refuses to render: "${says}".` };
  }
}

// Only replicas that the values name: what the chart has by default differs between its versions.
function seenIn({ values }: Chart): Seen {
  const replicas = (part: string) => {
    const given = count(at(values, part), "replicas");
    return "value" in given ? given.value : undefined;
  };
  const some = (parts: readonly string[]) => parts.find((part) => (replicas(part) ?? 0) > 0);
  return {
    values,
    isFilesystem: at(values, "loki.storage.type") === "filesystem",
    mode: at(values, "deploymentMode"),
    single: replicas("singleBinary"),
    scalable: some(scalable),
    distributed: some(distributed),
  };
}
