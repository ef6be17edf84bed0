import { seconds } from "../../settings/units";

/** Name of the lifecycle rule of a bucket's versions. */
export const versionsRule = "deleted-versions";

/**
 * A setting in days, as S3 counts the age of versions and the period of a lock.
 * @param duration one of whole days
 */
export const days = (duration: string): number => seconds(duration) / 86_400;

/**
 * The lifecycle of a bucket that keeps versions: what was deleted or overwritten goes after some days, and then the marker that stood in its
 * place. Objects in use stay: they go by the retention of Loki and Mimir, which know what else names them.
 *
 * Nothing of unfinished uploads: MinIO refuses `AbortIncompleteMultipartUpload`, and removes them after a day without being asked
 * (`stale_uploads_expiry`).
 * @param keepDeleted a duration of whole days
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_LifecycleRule.html
 */
export const versionsLifecycle = (keepDeleted: string): object => ({
  Rules: [
    {
      ID: versionsRule,
      Status: "Enabled",
      Filter: { Prefix: "" },
      NoncurrentVersionExpiration: { NoncurrentDays: days(keepDeleted) },
      Expiration: { ExpiredObjectDeleteMarker: true },
    },
  ],
});
