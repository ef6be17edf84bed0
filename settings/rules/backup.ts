import type { Rule } from "./rule";

/** Rules of the backup by a schedule. */
export const backupRules: readonly Rule[] = [
  {
    must: "a scheduled backup has a place and a key",
    check: ({ backup }) =>
      (["to", "endpoint", "secret"] as const).flatMap((key) =>
        backup.enabled && backup[key] === undefined
          ? [
              {
                key: `backup.${key}`,
                what: "is missing: backup.enabled needs a bucket, its server, and the Secret with its key",
                allowed: { to: "s3://BUCKET/PREFIX", endpoint: "http://host:port", secret: "name of a Secret" }[key],
                example: {
                  to: "s3://backup/production",
                  endpoint: "http://10.0.40.11:9000",
                  secret: "backup-object-store",
                }[key],
              },
            ]
          : [],
      ),
  },
  {
    must: "a backup is not part of what it saves",
    check: ({ backup, buckets, objectStore }) => {
      const bucket = backup.to?.split("/")[2];
      const own = Object.entries(buckets).find(([, name]) => name === bucket);
      const server = "endpoint" in objectStore ? objectStore.endpoint : undefined;
      if (!backup.enabled || !own || (server !== undefined && server !== backup.endpoint)) return [];
      return [
        {
          key: "backup.to",
          what: `is the stack's own bucket (buckets.${own[0]}): the backup would contain itself, and be lost with it`,
          allowed: "another bucket, best on another server",
          example: "s3://backup/production",
        },
      ];
    },
  },
  {
    must: "the age of a backup can be known",
    check: ({ backup, exporters }) =>
      backup.enabled && !exporters.kubeStateMetrics.enabled
        ? [
            {
              key: "exporters.kubeStateMetrics.enabled",
              what: "is false: there would be no alert when the backup is too old",
              allowed: "true with backup.enabled",
              example: true,
            },
          ]
        : [],
  },
];
