import { tenant } from "../loki/config";
import { applications, type ApplicationName } from "../object-storage/applications";
import type { BucketUse } from "../object-storage/types";

/** What is in a bucket, as patterns of its objects' names (`*` stands for any text, slashes too): what is long, and what says that it is there. */
interface Layout {
  /** Written first, and deleted last. */
  data: readonly string[];
  /** Written when the data is there: it names it. */
  references: readonly string[];
}

/**
 * Loki uploads chunks before the index that names them, and deletes a chunk two hours after its entry (`compactor.retention_delete_delay`).
 * Mimir uploads a block's `meta.json` last and deletes it first, twelve hours after it marked the block (`compactor.deletion_delay`).
 * @see https://grafana.com/docs/loki/latest/operations/storage/retention/
 * @see https://grafana.com/docs/mimir/latest/references/architecture/components/compactor/#block-deletion
 */
const layouts: Readonly<Record<ApplicationName, Layout>> = {
  loki: { data: [`${tenant}/*`], references: ["index/*"] },
  mimir: { data: ["*/chunks/*", "*/index"], references: ["*/meta.json", "*-mark.json"] },
};

/** An object in each `incoming`: to S3 a folder without one isn't there, and nothing could be compared with it. */
export const asideFile = "put-aside";

/**
 * Names of no backup: Mimir's list of its blocks, which its compactor rebuilds from the blocks that are there, and may be ahead of those
 * that were copied; what an application writes into an empty bucket when it starts; what `mc` leaves of a file that it could not finish.
 */
const left = ["*/bucket-index.json.gz", "loki_cluster_seed.json", "__mimir_cluster/*", "*.part.minio", asideFile];

/** A step of a copy: a run of `mc mirror`. */
export interface Step {
  /** What it brings, for a person. */
  what: string;
  flags: readonly string[];
  /** Where the objects come from and go to, each of the bucket's own; `incoming` is a folder of the backup. */
  from: "stack" | "incoming" | "backup";
  to: "stack" | "incoming" | "backup";
}

const applicationOf = (use: BucketUse): ApplicationName =>
  (Object.keys(applications) as ApplicationName[]).find((name) =>
    (applications[name].buckets as readonly BucketUse[]).includes(use),
  )!;

const mirror = (excluded: readonly string[], ...more: string[]) => [
  "--overwrite",
  ...more,
  ...[...excluded, ...left].flatMap((pattern) => ["--exclude", pattern]),
];

/**
 * How a bucket is copied to a backup while it is written to. What names data is read before the data that was not there yet, and put beside the
 * backup until all that it names is in it; what is gone goes last. A copy that was ended at any step names nothing that it doesn't have.
 * @param use what the bucket is for
 * @returns the first step, which is the long one, and those that decide what the backup has
 */
export function backupSteps(use: BucketUse): { first: Step; then: readonly Step[] } {
  const { data, references } = layouts[applicationOf(use)];
  const [ofStack, ofIncoming] = [
    { from: "stack", to: "backup" },
    { from: "incoming", to: "backup" },
  ] as const;
  return {
    first: { what: "objects", flags: mirror(references), ...ofStack },
    then: [
      { what: "what names objects, put aside", flags: mirror(data, "--remove"), from: "stack", to: "incoming" },
      { what: "objects that have come since", flags: mirror(references), ...ofStack },
      { what: "what names them", flags: mirror([]), ...ofIncoming },
      { what: "names that are gone", flags: mirror(data, "--remove"), ...ofIncoming },
      { what: "objects that are gone", flags: mirror(references, "--remove"), ...ofStack },
    ],
  };
}

/**
 * How a bucket is copied back, before an application that may be running sees what names the data.
 * @param use what the bucket is for
 */
export function restoreSteps(use: BucketUse): readonly Step[] {
  const { references } = layouts[applicationOf(use)];
  const back = { from: "backup", to: "stack" } as const;
  return [
    { what: "objects", flags: mirror(references), ...back },
    { what: "what names them", flags: mirror([]), ...back },
  ];
}

/** A folder of Loki's bucket that an empty stack has, too, and which is looked into. */
export const indexFolder = "index/";

/**
 * Whether an entry at the top of a bucket, or of its {@link indexFolder}, was written by an application that has just started on it, and is no data.
 * Loki uploads its list of deletions five minutes after its start, also an empty one (`uploadTicker` in delete_requests_db_boltdb.go).
 */
export const isSeed = (name: string): boolean =>
  ["loki_cluster_seed.json", "__mimir_cluster/", `${indexFolder}delete_requests/`].includes(name);

/** Where a bucket is in a backup. */
export const folderOf = (use: BucketUse): string => `buckets/${use}`;

/** Where what names its objects is put aside. */
export const incomingOf = (use: BucketUse): string => `incoming/${use}`;

/** The file that says what of the buckets is in a backup. It is written last. */
export const bucketsFile = "buckets.json";

/** The file that says what of VictoriaMetrics' samples is in a backup. */
export const samplesFile = "samples.json";

/** Where these samples are in a backup. */
export const samplesFolder = "samples";

/** What mc says of an object that is not there; any other error says nothing about it. */
export const noObject = ["Object does not exist", "key does not exist"] as const;

/** The file that is there while a copy is made, or was not finished. */
export const unfinishedFile = "unfinished.json";

/** Seconds after which a `npm run backup` that said nothing in that file counts as killed. */
export const silence = 600;

/**
 * Seconds after a flush of Loki's writers after which its index is in the bucket: a quarter of an hour in memory, and twice a minute until
 * somebody looks (`defaultRotationPeriod` and `defaultRotationCheckPeriod` in head_manager.go, `UploadInterval` in shipper.go).
 */
export const indexDelay = 18 * 60;
