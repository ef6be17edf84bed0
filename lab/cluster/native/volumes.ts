import type { V1PersistentVolume, V1PersistentVolumeClaim } from "@kubernetes/client-node" with {
  "resolution-mode": "import",
};
import { chmodSync, mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { provisionerName } from "./addons";

/*
 * Provides volumes: a process of its own in the node (`volumes.ts KUBECONFIG FOLDER`). It makes a folder and a `local` volume for each claim that the
 * scheduler has placed, and removes both once the claim is gone. The controller manager's own hostpath provisioner makes folders that only root can
 * write, and kubelet doesn't change the group of those: Loki (uid 10001) fails there.
 *
 * https://github.com/kubernetes/design-proposals-archive/blob/main/storage/container-storage-interface.md#provisioning-and-deleting (the annotations)
 */

const provisionedBy = "pv.kubernetes.io/provisioned-by";
const provisionerOfClaim = "volume.kubernetes.io/storage-provisioner";
const nodeOfClaim = "volume.kubernetes.io/selected-node";

const secondsBetweenLooks = 1;

/** The volume for a claim; undefined when the claim has one, isn't ours, or isn't placed yet. */
export function volumeFor(claim: V1PersistentVolumeClaim, dir: string): V1PersistentVolume | undefined {
  const annotations = claim.metadata?.annotations ?? {};
  const node = annotations[nodeOfClaim];
  if (claim.spec?.volumeName || annotations[provisionerOfClaim] !== provisionerName || !node) return undefined;
  const { uid, name, namespace, resourceVersion } = claim.metadata!;
  const volume = `pvc-${uid}`;
  return {
    apiVersion: "v1",
    kind: "PersistentVolume",
    metadata: { name: volume, annotations: { [provisionedBy]: provisionerName } },
    spec: {
      accessModes: claim.spec?.accessModes,
      capacity: { storage: claim.spec?.resources?.requests?.storage ?? "0" },
      claimRef: { apiVersion: "v1", kind: "PersistentVolumeClaim", uid, name, namespace, resourceVersion },
      local: { path: join(dir, volume) },
      nodeAffinity: {
        required: {
          nodeSelectorTerms: [
            { matchExpressions: [{ key: "kubernetes.io/hostname", operator: "In", values: [node] }] },
          ],
        },
      },
      persistentVolumeReclaimPolicy: "Delete",
      storageClassName: claim.spec?.storageClassName,
      volumeMode: "Filesystem",
    },
  };
}

/** Whether a volume is ours, its claim is gone, and it isn't to be kept. */
export function isReclaimable(volume: V1PersistentVolume): boolean {
  return (
    volume.metadata?.annotations?.[provisionedBy] === provisionerName &&
    volume.status?.phase === "Released" &&
    volume.spec?.persistentVolumeReclaimPolicy === "Delete"
  );
}

async function main(kubeconfig: string, dir: string): Promise<never> {
  const { CoreV1Api, KubeConfig } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  const api = config.makeApiClient(CoreV1Api);

  const look = async () => {
    const claims = await api.listPersistentVolumeClaimForAllNamespaces();
    const volumes = await api.listPersistentVolume();
    const existing = new Set(volumes.items.map((volume) => volume.metadata?.name));
    for (const volume of claims.items.map((claim) => volumeFor(claim, dir))) {
      if (!volume || existing.has(volume.metadata?.name)) continue;
      const path = volume.spec!.local!.path;
      mkdirSync(path, { recursive: true });
      chmodSync(path, 0o777); // not through mkdir, whose mode the umask narrows
      await api.createPersistentVolume({ body: volume });
      console.log(`made ${path}`);
    }
    for (const volume of volumes.items.filter(isReclaimable)) {
      rmSync(volume.spec!.local!.path, { recursive: true, force: true });
      await api.deletePersistentVolume({ name: volume.metadata!.name! });
      console.log(`removed ${volume.spec!.local!.path}`);
    }
  };

  for (;;) {
    await look().catch((error: Error) => console.error(error.message)); // the API server may not be up yet: the next look will show it
    await sleep(secondsBetweenLooks * 1000);
  }
}

if (require.main === module) {
  const [kubeconfig, dir] = process.argv.slice(2);
  void main(kubeconfig, dir);
}
