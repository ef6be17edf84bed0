import { z } from "zod";
import { namespacedName, replicas, resources } from "../values";

/** The one address with Prometheus' API. */
export const prometheusApi = z
  .strictObject({
    replicas: replicas.default(1).describe("replicas of the nginx behind the Service `metrics`"),
    resources: resources({ cpu: "10m", memory: "16Mi", memoryLimit: "64Mi" }),
    formerNames: z
      .array(namespacedName.refine((v) => /^[^/]+\/[a-z][a-z0-9-]{0,62}$/.test(v), "is not the name of a Service"))
      .refine((v) => new Set(v).size === v.length, "has a name twice")
      .meta({
        allowed: "a list of namespace/name, each a Service that kube-prometheus-stack had",
        example: ["monitoring/prometheus-operated"],
      })
      .default([])
      .describe(
        "Services of kube-prometheus-stack whose names lead to the Service `metrics` once it is gone: in stage `kps-removed` with `migration.from: kps-removed`, or with `kps.enabled: false`",
      ),
  })
  .prefault({});
