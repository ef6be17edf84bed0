import { z } from "zod";
import { bytes, hostName, labelKey, objectName, resources, text } from "../values";

/** Grafana: the stack's own, or one that exists. */
export const grafana = z
  .strictObject({
    create: z
      .boolean()
      .default(true)
      .describe(
        "false: a Grafana exists and is served by ConfigMaps that its sidecar reads (labels `grafana_datasource`, `grafana_dashboard`)",
      ),
    dashboardLabel: labelKey
      .default("grafana_dashboard")
      .describe("label by which an existing Grafana's sidecar finds dashboards"),
    dataSourceLabel: labelKey
      .default("grafana_datasource")
      .describe("label by which an existing Grafana's sidecar finds data sources"),
    claimDefault: z
      .boolean()
      .default(false)
      .describe(
        "with create: false: the stack's default data source is Grafana's; switch off the one that is (kube-prometheus-stack: `grafana.sidecar.datasources.isDefaultDatasource: false`) before, as Grafana does not start with two",
      ),
    ingress: z
      .strictObject({
        host: hostName.describe("host name"),
        className: objectName.optional().describe("ingress class; default: the cluster's default class"),
        tlsSecret: objectName.optional().describe("Secret with the certificate; none: plain HTTP"),
        annotations: z.record(labelKey, text).default({}).describe("annotations of the Ingress (cert-manager …)"),
      })
      .optional()
      .describe("way in; none: `kubectl port-forward`"),
    storage: bytes.default("2Gi").describe("size of the volume for Grafana's database, in bytes"),
    storageClass: objectName.optional().describe("storage class of that volume; default: cluster.storageClass"),
    resources: resources({ cpu: "50m", memory: "192Mi", memoryLimit: "512Mi" }),
  })
  .prefault({});
