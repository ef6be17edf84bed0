import type { types } from "@pulumi/kubernetes";
import type { Settings } from "../../settings/schema";

/** What every component of a stack knows about the cluster that it is put into. */
export interface Environment {
  /** Namespace of everything namespaced; a plain string, so that no configuration is unknown in a preview. */
  namespace: string;
  /** Value of the label `cluster`, where the stack has one. */
  cluster?: string;
  /** DNS domain of the cluster, such as `cluster.local`. */
  dnsDomain: string;
  /** Labels of the nodes that may run workloads; agents run on all. */
  nodeSelector: Record<string, string>;
  /** Taints that workloads tolerate; agents tolerate all. */
  tolerations: types.input.core.v1.Toleration[];
  /** Address of the page on which each alert has a section of its name; default: alerts link to none. */
  runbooks?: string;
  /** Storage class of volumes whose settings name none; default: the cluster's own default. */
  storageClass?: string;
}

/**
 * The environment that a stack's settings describe.
 * @param settings the stack's settings
 */
export function environment(settings: Settings): Environment {
  const { name, dnsDomain, nodeSelector, tolerations, storageClass } = settings.cluster;
  const { runbooks } = settings.alertmanager;
  return {
    namespace: settings.namespace.name,
    cluster: name,
    dnsDomain,
    nodeSelector,
    tolerations,
    runbooks,
    storageClass,
  };
}

/**
 * DNS name of a Service, whole, so that no search domain is needed.
 * @param environment where the Service is
 * @param service its name
 */
export function serviceHost(environment: Pick<Environment, "namespace" | "dnsDomain">, service: string): string {
  return `${service}.${environment.namespace}.svc.${environment.dnsDomain}`;
}
