import type { types } from "@pulumi/kubernetes";
import type { Environment } from "./environment";

/** Volumes outlive their workload: going back a stage never touches data. */
export const retainVolumes: types.input.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy = {
  whenDeleted: "Retain",
  whenScaled: "Retain",
};

/**
 * A claim template of a StatefulSet.
 * @param environment for the storage class of a claim that names none
 * @param claim its name, size in bytes as a Kubernetes quantity, and storage class
 */
export function volumeClaim(
  environment: Environment,
  claim: { name: string; size: string; storageClass?: string },
): types.input.core.v1.PersistentVolumeClaim {
  return {
    metadata: { name: claim.name },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: claim.storageClass ?? environment.storageClass,
      resources: { requests: { storage: claim.size } },
    },
  };
}
