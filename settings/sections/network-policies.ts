import { z } from "zod";
import { namespaceName } from "../values";

const cidr = z
  .string()
  .refine((v) => [z.cidrv4(), z.cidrv6()].some((kind) => kind.safeParse(v).success), "is not a range of addresses")
  .meta({ allowed: "a range of addresses in CIDR notation", example: "10.0.40.0/24" });

/**
 * The stack's Services with NetworkPolicies, of every stage and mode: what a stage doesn't have may be named before it comes, and stays through a step back.
 * Not those by which the members of a ring find one another, nor Loki's caches.
 */
export const services = [
  "alertmanager",
  "alloy",
  "alloy-events",
  "alloy-metrics",
  "alloy-rules",
  "blackbox-exporter",
  "grafana",
  "kube-state-metrics",
  "loki",
  "loki-backend",
  "loki-canary",
  "loki-compactor",
  "loki-distributor",
  "loki-gateway",
  "loki-index-gateway",
  "loki-ingester",
  "loki-pattern-ingester",
  "loki-querier",
  "loki-query-frontend",
  "loki-query-scheduler",
  "loki-read",
  "loki-ruler",
  "loki-write",
  "metrics",
  "mimir",
  "minio",
  "vector",
  "victoria-metrics",
  "vmagent",
  "vmalert",
  "vmalert-operator",
] as const;

/** NetworkPolicies: who may connect to the stack's pods. */
export const networkPolicies = z
  .strictObject({
    enabled: z
      .boolean()
      .default(false)
      .describe(
        "allows only connections that the stack's own configurations need; requires a network plug-in that enforces NetworkPolicies",
      ),
    implementation: z
      .enum(["kubernetes", "cilium"])
      .default("kubernetes")
      .describe(
        "`cilium`: a CiliumNetworkPolicy covers nodes and the API server, because Cilium doesn't apply address ranges to them",
      ),
    nodes: z
      .array(cidr)
      .default([])
      .describe(
        "addresses of the nodes: connections through the API server (`npm run verify`) come from them; not for `cilium`",
      ),
    allow: z
      .partialRecord(z.enum(services), z.array(namespaceName))
      .default({})
      .meta({
        allowed: `Service → a list of namespaces; Services: ${services.join(", ")}`,
        example: { "loki-gateway": ["shop"] },
      })
      .describe(
        "Service of the stack → other namespaces whose pods may connect to it, for example to push lines; " +
          "a Service with an Ingress or HTTPRoute needs its controller's namespace (`[]`: the controller uses the nodes' network, or is Cilium's own)",
      ),
  })
  .prefault({});
