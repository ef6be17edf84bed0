import { Namespace } from "@pulumi/kubernetes/core/v1";
import { Provider } from "@pulumi/kubernetes/provider";
import type * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../config/schema";
import { labels } from "./labels";

/**
 * The explicit provider of a stack's cluster, and its namespace.
 * @param settings the stack's settings
 * @returns options for everything that goes into the namespace
 */
export function cluster(settings: Settings): { provider: Provider; dependsOn: pulumi.Resource[] } {
  const provider = new Provider("cluster", {
    kubeconfig: settings.kubernetes.kubeconfig,
    context: settings.kubernetes.context,
    // Without these a changed Secret or ConfigMap is deleted and made anew, under its running pods.
    enableSecretMutable: true,
    enableConfigMapMutable: true,
  });
  return { provider, dependsOn: settings.namespace.create ? [namespace(settings.namespace.name, provider)] : [] };
}

function namespace(name: string, provider: Provider): Namespace {
  // node-exporter and the log collector read the node itself. Clusters that enforce a Pod Security Standard by default, such as Talos,
  // would refuse their pods; every other pod is `restricted` by its own security context.
  const admission = { "pod-security.kubernetes.io/enforce": "privileged" };
  // Deleting a namespace deletes every volume claim in it.
  return new Namespace(
    "namespace",
    { metadata: { name, labels: { ...labels({ name: "observability" }), ...admission } } },
    { provider, protect: true },
  );
}
