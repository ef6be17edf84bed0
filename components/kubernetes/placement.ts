import type { types } from "@pulumi/kubernetes";
import { architectures } from "../images";
import type { Environment } from "./environment";

type PodSpec = Pick<
  types.input.core.v1.PodSpec,
  "nodeSelector" | "tolerations" | "affinity" | "topologySpreadConstraints"
>;

const hostname = "kubernetes.io/hostname";

/**
 * Where a workload's pods may run: the environment's nodes, and of those only the ones whose architecture each image has.
 * @param environment the stack's environment
 * @param images references of all images of the pod
 * @param spread labels of a workload with several replicas: its pods prefer nodes of their own
 */
export function placement(
  environment: Environment,
  images: readonly string[],
  spread?: Record<string, string>,
): PodSpec {
  return {
    nodeSelector: environment.nodeSelector,
    tolerations: environment.tolerations,
    affinity: { ...nodeAffinity(images), ...(spread && { podAntiAffinity: preferOwnNode(spread) }) },
  };
}

/**
 * Where an agent's pods run: every node whose architecture each image has, whatever its taints.
 * @param images references of all images of the pod
 */
export function everyNode(images: readonly string[]): PodSpec {
  return { tolerations: [{ operator: "Exists" }], affinity: nodeAffinity(images) };
}

function nodeAffinity(images: readonly string[]): types.input.core.v1.Affinity {
  const values = architectures(images);
  return {
    nodeAffinity: {
      requiredDuringSchedulingIgnoredDuringExecution: {
        nodeSelectorTerms: [
          {
            matchExpressions: [
              { key: "kubernetes.io/os", operator: "In", values: ["linux"] },
              { key: "kubernetes.io/arch", operator: "In", values },
            ],
          },
        ],
      },
    },
  };
}

// Preferred, not required: three replicas must also come up on a cluster of two nodes.
function preferOwnNode(matchLabels: Record<string, string>): types.input.core.v1.PodAntiAffinity {
  return {
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        podAffinityTerm: { topologyKey: hostname, labelSelector: { matchLabels } },
      },
    ],
  };
}
