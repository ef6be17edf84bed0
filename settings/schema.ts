import { z } from "zod";
import { alertmanager } from "./sections/alerting";
import { backup } from "./sections/backup";
import { cluster, kubernetes, namespace } from "./sections/cluster";
import { grafana } from "./sections/grafana";
import { logs } from "./sections/logs";
import { loki } from "./sections/loki";
import { crds, exporters, kps, monitors } from "./sections/metrics";
import { metrics } from "./sections/metrics-collector";
import { mimir } from "./sections/mimir";
import { adopt, migration, stage } from "./sections/migration";
import { networkPolicies } from "./sections/network-policies";
import { buckets, objectStore } from "./sections/object-store";
import { prometheusApi } from "./sections/prometheus-api";
import { probes } from "./sections/probes";
import { removal } from "./sections/removal";
import { rules } from "./sections/rules";
import { secrets, secretValues } from "./sections/secrets";
import { victoriaMetrics } from "./sections/victoria-metrics";
import { imageReference } from "./values";

/** Every setting of a stack: the keys of the Pulumi project `observability`. */
export const settingsSchema = z.strictObject({
  stage,
  cluster: cluster.describe("the cluster: its label, its nodes, where workloads may run"),
  kubernetes: kubernetes.describe("how Pulumi reaches the cluster"),
  namespace: namespace.describe("the stack's namespace"),
  networkPolicies: networkPolicies.describe("who may connect to the stack's pods"),
  migration: migration.describe("the steps between stages"),
  adopt: adopt.describe("what already exists and is adopted"),
  removal: removal.describe("what stays in the cluster when it is removed"),
  secrets: secrets.describe("where secrets come from"),
  secretValues,
  objectStore: objectStore.describe("object storage"),
  buckets: buckets.describe("names of the buckets"),
  backup: backup.describe("a scheduled backup of the buckets"),
  loki: loki.describe("Loki"),
  logs: logs.describe("the log collector"),
  crds: crds.describe("the Prometheus operator's CRDs: a separate release"),
  kps: kps.describe("kube-prometheus-stack: operator and Prometheus"),
  mimir: mimir.describe("Mimir: in the stages that have it"),
  victoriaMetrics: victoriaMetrics.describe("VictoriaMetrics: in the stages that have it"),
  metrics: metrics.describe("where metrics are kept; the metrics collector, from stage mimir-default on"),
  prometheusApi: prometheusApi.describe(
    "Prometheus' API at one address in every stage, read only: the Service `metrics`",
  ),
  exporters: exporters.describe("node-exporter, kube-state-metrics and the blackbox exporter"),
  monitors: monitors.describe("which parts of the cluster itself are scraped"),
  rules: rules.describe("rules and dashboards from upstream"),
  probes: probes.describe("what is probed from outside: web pages, ports, hosts, DNS servers"),
  alertmanager: alertmanager.describe("Alertmanager"),
  grafana: grafana.describe("Grafana"),
  images: z
    .record(z.string(), imageReference)
    .default({})
    .describe(
      "name → image: one that images.json lists under that name, used instead of the first (a mirror, another version)",
    ),
});

/** Every setting, the given secrets among them. */
export type ParsedSettings = z.output<typeof settingsSchema>;

/** Given secrets in clear. */
export type SecretValues = ParsedSettings["secretValues"];

/** A stack's settings, validated, every default filled in, without the given secrets. */
export type Settings = Omit<ParsedSettings, "secretValues">;
