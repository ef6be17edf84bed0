import { z } from "zod";
import { alertmanager } from "./sections/alerting";
import { cluster, kubernetes, namespace } from "./sections/cluster";
import { grafana } from "./sections/grafana";
import { logs } from "./sections/logs";
import { loki } from "./sections/loki";
import { exporters, kps, monitors } from "./sections/metrics";
import { metrics } from "./sections/metrics-collector";
import { mimir } from "./sections/mimir";
import { adopt, migration, stage } from "./sections/migration";
import { buckets, objectStore } from "./sections/object-store";
import { secrets, secretValues } from "./sections/secrets";
import { imageReference } from "./values";

/** Every setting of a stack: the keys of the Pulumi project `observability`. */
export const settingsSchema = z.strictObject({
  stage,
  cluster: cluster.describe("the cluster: its label, its nodes, where workloads may run"),
  kubernetes: kubernetes.describe("how Pulumi reaches the cluster"),
  namespace: namespace.describe("the stack's namespace"),
  migration: migration.describe("steps between stages"),
  adopt: adopt.describe("what exists already and is taken over"),
  secrets: secrets.describe("where secrets come from"),
  secretValues,
  objectStore: objectStore.describe("object storage"),
  buckets: buckets.describe("names of the buckets"),
  loki: loki.describe("Loki"),
  logs: logs.describe("the log collector"),
  kps: kps.describe("kube-prometheus-stack: operator and Prometheus"),
  mimir: mimir.describe("Mimir: in the stages that have it"),
  metrics: metrics.describe("the metrics collector: in the stages in which Mimir evaluates rules"),
  exporters: exporters.describe("node-exporter and kube-state-metrics"),
  monitors: monitors.describe("what of the cluster itself is scraped"),
  alertmanager: alertmanager.describe("Alertmanager"),
  grafana: grafana.describe("Grafana"),
  images: z
    .record(z.string(), imageReference)
    .default({})
    .describe(
      "name → image, of those that images.json has under that name, used in place of the first (a mirror, another version)",
    ),
});

/** Every setting, the given secrets among them. */
export type ParsedSettings = z.output<typeof settingsSchema>;

/** Given secrets in clear. */
export type SecretValues = ParsedSettings["secretValues"];

/** A stack's settings, validated, every default filled in, without the given secrets. */
export type Settings = Omit<ParsedSettings, "secretValues">;
