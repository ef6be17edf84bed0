import type * as client from "@kubernetes/client-node" with { "resolution-mode": "import" };
import { gunzipSync } from "node:zlib";
import { isMap } from "../../engine/json";
import type { Unseen } from "./unseen";

/** Values of a chart. */
export type Values = Record<string, unknown>;

/** A Helm release: its latest revision. */
export interface Release {
  namespace: string;
  name: string;
  revision: number;
  /** Such as `deployed`, `failed`, `pending-upgrade`. */
  status: string;
  /** Name of the chart. */
  chart: string;
  chartVersion: string;
  /** The values that were given (`helm get values`). */
  values: Values;
  /** The chart's own values. */
  defaults: Values;
  /** What the chart rendered: YAML, a document for each object. */
  manifest: string;
}

/** The fields of Helm's record of a release that are read: https://github.com/helm/helm/blob/main/pkg/release/v1/release.go */
interface Stored {
  chart?: { metadata?: { name?: string; version?: string }; values?: Values };
  config?: Values;
  manifest?: string;
}

/** A record contains the chart's templates: a few megabytes at most. */
const largest = 64 * 2 ** 20;

/** What Helm's Secrets record. */
export interface Recorded {
  /** The releases, the latest revision of each. */
  releases: Release[];
  /** `namespace/name` of those that were uninstalled with `--keep-history`: only the record is left. */
  uninstalled: string[];
}

/**
 * The releases that Helm's Secrets record.
 * @param secrets Secrets of type `helm.sh/release.v1`
 * @param unseen where a record that can't be read is noted
 */
export function releasesIn(secrets: readonly client.V1Secret[], unseen: Unseen[]): Recorded {
  const latest = new Map<string, client.V1Secret>();
  for (const secret of secrets) {
    const key = called(secret);
    const before = latest.get(key);
    if (!before || revision(secret) > revision(before)) latest.set(key, secret);
  }
  const isUninstalled = ({ metadata }: client.V1Secret) => metadata?.labels?.status === "uninstalled";
  const all = [...latest.values()];
  const releases = all
    .filter((secret) => !isUninstalled(secret))
    .flatMap((secret) => {
      const stored = decoded(secret);
      const { name, version } = stored?.chart?.metadata ?? {};
      if (!stored || !name || !version) {
        unseen.push({ what: `Helm release ${called(secret)}`, why: "its record can't be read" });
        return [];
      }
      return {
        namespace: secret.metadata?.namespace ?? "",
        name: secret.metadata?.labels?.name ?? "",
        revision: revision(secret),
        status: secret.metadata?.labels?.status ?? "unknown",
        chart: name,
        chartVersion: version.replace(/^v/, ""),
        values: stored.config ?? {},
        defaults: stored.chart?.values ?? {},
        manifest: stored.manifest ?? "",
      };
    });
  return { releases, uninstalled: all.filter(isUninstalled).map(called) };
}

const called = ({ metadata }: client.V1Secret) => `${metadata?.namespace}/${metadata?.labels?.name}`;

const revision = ({ metadata }: client.V1Secret) => Number(metadata?.labels?.version ?? 0);

/** Helm compresses and encodes it, then Kubernetes encodes it again. */
function decoded({ data }: client.V1Secret): Stored | undefined {
  try {
    const packed = Buffer.from(Buffer.from(data?.release ?? "", "base64").toString("latin1"), "base64");
    const isPacked = packed[0] === 0x1f && packed[1] === 0x8b;
    const text = isPacked ? gunzipSync(packed, { maxOutputLength: largest }) : packed;
    const stored: unknown = JSON.parse(text.toString("utf8"));
    return isMap<unknown>(stored) ? (stored as Stored) : undefined;
  } catch {
    return undefined;
  }
}
