import { z } from "zod";
import { quantity, resources } from "../values";

/** Grafana: the stack's own, or one that exists. */
export const grafana = z
  .strictObject({
    create: z
      .boolean()
      .default(true)
      .describe(
        "false: a Grafana exists and is served by ConfigMaps that its sidecar reads (labels `grafana_datasource`, `grafana_dashboard`)",
      ),
    dashboardLabel: z
      .string()
      .default("grafana_dashboard")
      .describe("label by which an existing Grafana's sidecar finds dashboards"),
    dataSourceLabel: z
      .string()
      .default("grafana_datasource")
      .describe("label by which an existing Grafana's sidecar finds data sources"),
    ingress: z
      .strictObject({
        host: z
          .string()
          .regex(/^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/, "is not a host name")
          .meta({ allowed: "a host name without scheme or path", example: "grafana.example.org" })
          .describe("host name"),
        className: z.string().optional().describe("ingress class; default: the cluster's default class"),
        tlsSecret: z.string().optional().describe("Secret with the certificate; none: plain HTTP"),
        annotations: z
          .record(z.string(), z.string())
          .default({})
          .describe("annotations of the Ingress (cert-manager …)"),
      })
      .optional()
      .describe("way in; none: `kubectl port-forward`"),
    storage: quantity.default("2Gi").describe("size of the volume for Grafana's database, in bytes"),
    storageClass: z.string().optional().describe("storage class of that volume; default: cluster.storageClass"),
    resources: resources({ cpu: "50m", memory: "192Mi", memoryLimit: "512Mi" }),
  })
  .prefault({});
