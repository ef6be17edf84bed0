import type { KubernetesObject } from "../shared/objects";
import type { Api } from "../shared/api/api-server";

/** Images that a cluster can't pull: reference to reason. */
export type Unavailable = ReadonlyMap<string, string>;

/**
 * The ConfigMap in which the throw-away cluster lists the images that it can't pull. Other clusters don't have it: everything is expected to run there.
 */
const unavailableImages = { namespace: "kube-system", name: "unavailable-images", key: "images.json" } as const;

/**
 * The images that the cluster can't pull.
 * @param api the cluster
 */
export async function unavailableOn(api: Api): Promise<Unavailable> {
  const { namespace, name, key } = unavailableImages;
  const { status, body } = await api.request(`/api/v1/namespaces/${namespace}/configmaps/${name}`);
  if (status !== 200) return new Map();
  const { data } = JSON.parse(body) as { data: Record<string, string> };
  return new Map(Object.entries(JSON.parse(data[key]) as Record<string, string>));
}

/**
 * The ConfigMap as it is applied.
 * @param images the images that the cluster can't pull
 */
export const unavailableConfigMap = (images: Unavailable): KubernetesObject => ({
  apiVersion: "v1",
  kind: "ConfigMap",
  metadata: { namespace: unavailableImages.namespace, name: unavailableImages.name },
  data: { [unavailableImages.key]: JSON.stringify(Object.fromEntries(images)) },
});

/**
 * Why a workload can't run on a cluster; undefined if it can.
 * @param object the workload; other objects have no pods
 * @param unavailable images that the cluster can't pull, each with the reason
 */
export function notRunReason(object: KubernetesObject, unavailable: Unavailable): string | undefined {
  if (!isWorkload(object)) return undefined;
  return imagesOf(object)
    .map((image) => unavailable.get(image))
    .find((why) => why !== undefined);
}

/** Whether an object runs pods. */
export function isWorkload(object: KubernetesObject): boolean {
  return ["Deployment", "StatefulSet", "DaemonSet", "Job", "CronJob", "Pod"].includes(object.kind);
}

/**
 * The images of a workload's pods.
 * @param object a workload
 */
export function imagesOf(object: KubernetesObject): string[] {
  const spec = object.spec as PodTemplate | undefined;
  const pod = spec?.jobTemplate?.spec.template.spec ?? spec?.template?.spec ?? (spec as PodSpec | undefined);
  return [...(pod?.initContainers ?? []), ...(pod?.containers ?? [])].map((c) => c.image);
}

interface PodSpec {
  containers?: { image: string }[];
  initContainers?: { image: string }[];
}

interface PodTemplate {
  template?: { spec: PodSpec };
  jobTemplate?: { spec: { template: { spec: PodSpec } } };
}
