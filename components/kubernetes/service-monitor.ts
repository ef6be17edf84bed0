import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import type * as pulumi from "@pulumi/pulumi";

/**
 * An endpoint of a ServiceMonitor.
 * @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.Endpoint
 */
export interface Endpoint {
  /** Name of the Service's port. */
  port?: string;
  /** HTTP path; default `/metrics`. */
  path?: string;
  /** `http` (default) or `https`. */
  scheme?: "http" | "https";
  /** Prometheus duration; default: Prometheus's own scrape interval. */
  interval?: string;
  /** Keeps the labels of the scraped samples where they clash with the target's. */
  honorLabels?: boolean;
  /** Keeps timestamps of the scraped samples; default true, as in the operator. */
  honorTimestamps?: boolean;
  /** File with the bearer token. */
  bearerTokenFile?: string;
  /** TLS of the scrape. */
  tlsConfig?: { caFile?: string; insecureSkipVerify?: boolean; serverName?: string };
  /** Relabelling of the target. */
  relabelings?: Relabeling[];
  /** Relabelling of each sample. */
  metricRelabelings?: Relabeling[];
}

/** One relabelling step. */
export interface Relabeling {
  sourceLabels?: string[];
  separator?: string;
  targetLabel?: string;
  regex?: string;
  replacement?: string;
  action?: "replace" | "keep" | "drop" | "labeldrop" | "labelkeep" | "labelmap" | "hashmod" | "lowercase" | "uppercase";
}

/** Gives a target the label `node`: where its pod runs. */
export const nodeLabel: Relabeling = { sourceLabels: ["__meta_kubernetes_pod_node_name"], targetLabel: "node" };

/** What a ServiceMonitor says. */
export interface ServiceMonitorArgs {
  /** Namespace of the ServiceMonitor. */
  namespace: string;
  /** Its labels. */
  labels: Record<string, string>;
  /** Labels of the Services that it scrapes. */
  selector: Record<string, string>;
  /** Namespaces of those Services; default: its own. */
  namespaces?: string[];
  /** Label of the Service that becomes `job`; default: the Service's name. */
  jobLabel?: string;
  /** What is scraped of each. */
  endpoints: Endpoint[];
}

/**
 * Registers a ServiceMonitor; its CRD must exist before (`dependsOn`).
 * @param name name of the resource and of the object
 * @see https://prometheus-operator.dev/docs/api-reference/api/#monitoring.coreos.com/v1.ServiceMonitor
 */
export function serviceMonitor(
  name: string,
  args: ServiceMonitorArgs,
  opts: pulumi.CustomResourceOptions,
): CustomResource {
  const { namespace, labels, selector, namespaces, jobLabel, endpoints } = args;
  return new CustomResource(
    name,
    {
      apiVersion: "monitoring.coreos.com/v1",
      kind: "ServiceMonitor",
      metadata: { name, namespace, labels },
      spec: {
        ...(jobLabel && { jobLabel }),
        selector: { matchLabels: selector },
        ...(namespaces && { namespaceSelector: { matchNames: namespaces } }),
        endpoints,
      },
    },
    opts,
  );
}
