import { chartOf } from "../charts/release";
import { count, text, type Setting } from "../config/read";
import { along, inner } from "../paths";
import { podsOf } from "../pods/find";
import { parseReference } from "../reference";
import type { Resource } from "../resource";
import { at, Unknown } from "../unknown";
import { own } from "../own";

/** A setting, and where it is. */
interface Placed<T> {
  path: string;
  setting: Setting<T>;
}

/** A VictoriaMetrics of one process, which has all samples on a volume of its own. */
export interface Single {
  replicas: Placed<number>;
  /** Of its volumes: where an application's own claims are given in two ways, both. */
  storageClasses: Placed<string>[];
}

/** Where the number of replicas and the storage class are, below a block. */
interface Layout {
  block: string;
  replicas: string;
  storageClasses: readonly string[];
}

const operated = { replicas: "replicaCount", storageClasses: ["storage.storageClassName"] };

// From the values of victoria-metrics-single 0.14 and victoria-metrics-k8s-stack 0.40.
const charts: Readonly<Record<string, Layout | undefined>> = {
  "victoria-metrics-single": {
    block: "server",
    replicas: "replicaCount",
    storageClasses: ["persistentVolume.storageClass", "persistentVolume.storageClassName"],
  },
  "victoria-metrics-k8s-stack": { block: "vmsingle.spec", ...operated },
};

const ofOperator = /^kubernetes:operator\.victoriametrics\.com\/\w+:VMSingle(Patch)?$/;
const workloads = /^kubernetes:apps\/\w+:(Deployment|StatefulSet)(Patch)?$/;

/**
 * The VictoriaMetrics of one process that a resource makes: by a workload with its image, by the operator, or by a chart.
 * @returns undefined for any other resource, also for VictoriaMetrics' cluster
 */
export function singleOf(resource: Resource): Single | undefined {
  const { type, props } = resource;
  const chart = chartOf(resource);
  const layout = own(charts, chart?.name ?? "");
  if (chart) return layout && laidOut(chart.values, "values", layout);
  if (ofOperator.test(type)) return laidOut(props, "", { block: "spec", ...operated });
  return workloads.test(type) && runs(resource) ? native(props) : undefined;
}

function laidOut(values: unknown, path: string, { block, replicas, storageClasses }: Layout): Single {
  const last = (keys: string) => keys.split(".").at(-1)!;
  const place = <T>(keys: string, read: (block: unknown, key: string) => Setting<T>): Placed<T> => {
    const whole = `${block}.${keys}`;
    return { path: along(path, whole), setting: read(at(values, whole.slice(0, whole.lastIndexOf("."))), last(keys)) };
  };
  return { replicas: place(replicas, count), storageClasses: storageClasses.map((keys) => place(keys, text)) };
}

const runs = (resource: Resource) =>
  podsOf(resource)
    .flatMap((pods) => (pods instanceof Unknown ? [] : pods.images))
    .some(({ image }) => typeof image === "string" && /\/victoria-metrics$/.test(parseReference(image).repository));

function native(props: Resource["props"]): Single {
  const claims = at(props, "spec.volumeClaimTemplates");
  return {
    replicas: { path: "spec.replicas", setting: count(props.spec, "replicas") },
    storageClasses: (Array.isArray(claims) ? claims : []).map((claim: unknown, index) => ({
      path: `${inner("spec.volumeClaimTemplates", index)}.spec.storageClassName`,
      setting: text(at(claim, "spec"), "storageClassName"),
    })),
  };
}
