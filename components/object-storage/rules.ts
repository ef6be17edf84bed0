import type { Settings } from "../../config/schema";
import type { AlertingRule, RuleGroup } from "../rules/types";

/** Label `job` of MinIO's targets, inside the cluster or on a NAS. */
export const minioJob = "minio";

/** Where MinIO has the metrics that these alerts are made of. */
export const metricsPath = "/minio/v2/metrics/cluster";

/**
 * Whether there are metrics of the object store.
 * @param objectStore the stack's setting
 */
export function isScraped(objectStore: Settings["objectStore"]): boolean {
  return objectStore.kind === "embedded" || (objectStore.kind === "minio" && objectStore.metrics);
}

const of = (metric: string) => `${metric}{job="${minioJob}"}`;
const free = of("minio_cluster_capacity_usable_free_bytes");
const share = `${free} / ${of("minio_cluster_capacity_usable_total_bytes")}`;
const rate = (metric: string) => `sum by (cluster, namespace) (rate(${of(metric)}[5m]))`;

const filling = "Loki's lines and Mimir's blocks are in it, and whatever else is on the same disks";

/**
 * Alerts on MinIO, where it is scraped: a NAS fills without any volume of the cluster filling. That it isn't scraped any more tells TargetsMissing;
 * what its clients see of it, LokiObjectStoreErrors and MimirObjectStoreErrors.
 * @see https://github.com/minio/minio/blob/master/docs/metrics/prometheus/list.md
 */
export const minioRules: RuleGroup[] = [
  {
    name: "object-store",
    rules: [
      {
        alert: "ObjectStoreFillingUp",
        expr: `${share} < 0.05`,
        for: "5m",
        labels: { severity: "critical" },
        annotations: {
          summary: "The object store is almost full",
          description: `{{ $value | humanizePercentage }} of it is free: ${filling}. At 99 % MinIO takes nothing more: Loki and Mimir then keep on their volumes what they can't store, for hours.`,
        },
      },
      {
        alert: "ObjectStoreFillingUp",
        expr: `${share} < 0.2\nand predict_linear(${free}[6h], 4 * 24 * 3600) < 0`,
        for: "1h",
        labels: { severity: "warning" },
        annotations: {
          summary: "The object store is full within four days",
          description: `{{ $value | humanizePercentage }} of it is free, and at the pace of the last six hours nothing is left in four days: ${filling}.`,
        },
      },
      ...health(),
    ],
  },
];

function health(): AlertingRule[] {
  return [
    {
      alert: "ObjectStoreDriveOffline",
      expr: `${of("minio_cluster_drive_offline_total")} > 0`,
      for: "5m",
      labels: { severity: "critical" },
      annotations: {
        summary: "{{ $value }} drives of the object store are offline",
        description:
          "MinIO can't read or write them: broken, unplugged, or mounted nowhere. With one drive only, nothing can be stored or read.",
      },
    },
    {
      alert: "ObjectStoreServerErrors",
      expr: `${rate("minio_s3_requests_5xx_errors_total")}\n/ ${rate("minio_s3_requests_total")} > 0.05`,
      for: "10m",
      labels: { severity: "warning" },
      annotations: {
        summary: "{{ $value | humanizePercentage }} of the requests to the object store fail",
        description:
          "Answers of 500 and above, by MinIO's own count, whoever asks. Its log says why: a drive, its memory, too many requests at a time.",
      },
    },
  ];
}
