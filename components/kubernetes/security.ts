import type { types } from "@pulumi/kubernetes";

/**
 * Security contexts of the Pod Security Standard `restricted`, with a read-only root.
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
 */

/**
 * A pod that runs as one user, whose volumes belong to it.
 * @param uid user, group and fsGroup
 */
export function restrictedPod(uid: number): types.input.core.v1.PodSecurityContext {
  return {
    runAsNonRoot: true,
    runAsUser: uid,
    runAsGroup: uid,
    fsGroup: uid,
    // Without it the kubelet walks the whole volume at each start, which takes minutes on a full write-ahead log.
    fsGroupChangePolicy: "OnRootMismatch",
    seccompProfile: { type: "RuntimeDefault" },
  };
}

/** A container without privileges, capabilities or a writable root. */
export const restrictedContainer: types.input.core.v1.SecurityContext = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ["ALL"] },
};
