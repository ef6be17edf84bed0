import type { Settings } from "../../settings/schema";
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

const filling = "it holds Loki's lines and Mimir's blocks, and whatever else is on the same disks";

/**
 * Alerts on MinIO, if it is scraped: a NAS can fill up while the cluster's volumes don't. If it is no longer scraped, TargetsMissing fires;
 * if its clients get errors, LokiObjectStoreErrors and MimirObjectStoreErrors.
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
          description: `{{ $value | humanizePercentage }} of it is free: ${filling}. At 99 % MinIO accepts no more data; Loki and Mimir can then keep a few hours on their own volumes.`,
        },
      },
      {
        alert: "ObjectStoreFillingUp",
        expr: `${share} < 0.2\nand predict_linear(${free}[6h], 4 * 24 * 3600) < 0`,
        for: "1h",
        labels: { severity: "warning" },
        annotations: {
          summary: "The object store will be full within four days",
          description: `{{ $value | humanizePercentage }} of it is free; at the rate of the last six hours it will be full within four days: ${filling}.`,
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
          "MinIO can't read or write them: broken, unplugged, or not mounted. If there is only one drive, nothing can be stored or read.",
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
          "Answers of 500 and above to any client, by MinIO's own count. Its log shows why: a drive, its memory, or too many requests at once.",
      },
    },
  ];
}
