import { CustomResource } from "@pulumi/kubernetes/apiextensions";
import { NetworkPolicy } from "@pulumi/kubernetes/networking/v1";
import * as pulumi from "@pulumi/pulumi";
import type { Settings } from "../../settings/schema";
import { connectionsOf } from "../kubernetes/connections";
import type { Environment } from "../kubernetes/environment";
import { labels } from "../kubernetes/labels";
import { networkPolicies, type PoliciesArgs } from "./policies";

/** Arguments of {@link NetworkPolicies}. */
export interface NetworkPoliciesArgs extends Pick<PoliciesArgs, "outsiders" | "scraper" | "open"> {
  environment: Environment;
  settings: Settings["networkPolicies"];
}

/** The stack's NetworkPolicies. It comes last: they are made of what every other component has registered. */
export class NetworkPolicies extends pulumi.ComponentResource {
  constructor(name: string, args: NetworkPoliciesArgs, opts: pulumi.ComponentResourceOptions) {
    super("observability:network-policies:NetworkPolicies", name, args, opts);
    const { environment, settings } = args;
    const { namespace } = environment;
    const metadata = (policy: string) => ({ name: policy, namespace, labels: labels({ name: "network-policies" }) });
    for (const policy of networkPolicies({ ...args, namespace, connections: connectionsOf(environment) }))
      new NetworkPolicy(policy.name, { metadata: metadata(policy.name), spec: policy.spec }, { parent: this });
    if (settings.implementation === "cilium")
      new CustomResource(
        "from-nodes",
        {
          apiVersion: "cilium.io/v2",
          kind: "CiliumNetworkPolicy",
          metadata: metadata("from-nodes"),
          spec: {
            endpointSelector: { matchLabels: { "app.kubernetes.io/part-of": "observability" } },
            // `ingress` is Cilium's own proxy for Ingress and HTTPRoute: https://docs.cilium.io/en/stable/security/policy/language/#entities-based
            ingress: [{ fromEntities: ["host", "remote-node", "kube-apiserver", "ingress"] }],
          },
        },
        { parent: this },
      );
    this.registerOutputs({});
  }
}
