import type { types } from "@pulumi/kubernetes";
import type { Environment } from "./environment";

/** Volumes outlive their workload: going back a stage never touches data. */
export const retainVolumes: types.input.apps.v1.StatefulSetPersistentVolumeClaimRetentionPolicy = {
  whenDeleted: "Retain",
  whenScaled: "Retain",
};

/** Name of a StatefulSet's claim template, and of the volume in its pods. */
export const dataVolume = "data";

/** Size of a volume in bytes as a Kubernetes quantity, and its storage class; default: the environment's. */
export interface VolumeSettings {
  storage: string;
  storageClass?: string;
}

/**
 * The claim template of a StatefulSet.
 * @param environment for the storage class of a claim that names none
 * @param settings size and storage class
 */
export function volumeClaim(
  environment: Environment,
  { storage, storageClass = environment.storageClass }: VolumeSettings,
): types.input.core.v1.PersistentVolumeClaim {
  return {
    metadata: { name: dataVolume },
    spec: {
      accessModes: ["ReadWriteOnce"],
      storageClassName: storageClass,
      resources: { requests: { storage } },
    },
  };
}
