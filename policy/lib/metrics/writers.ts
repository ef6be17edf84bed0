import { chartOf } from "../charts/release";
import { count, type Setting } from "../config/read";
import { own } from "../own";
import { along } from "../paths";
import { podsOf, podSpecOf } from "../pods/find";
import { parseReference } from "../reference";
import type { Resource } from "../resource";
import { at, isBlock, Unknown } from "../unknown";

/** How many replicas write the same series. */
export interface Writers {
  path: string;
  replicas: Setting<number>;
}

/** Where a resource, or the values of a chart, say how many of what there are, and whether those write the same series. */
interface Layout {
  block: string;
  replicas: string;
  write?: (block: unknown) => boolean;
}

const has = (key: string) => (block: unknown) => {
  const list = at(block, key);
  return list instanceof Unknown || (Array.isArray(list) ? list.length > 0 : isBlock(list));
};
const agent = { replicas: "replicaCount", write: (block: unknown) => at(block, "daemonSetMode") !== true };
const alert = { replicas: "replicaCount", write: has("remoteWrite") };
/** A label that tells its replicas apart is on by default. */
const prometheus = (cleared: (block: unknown) => boolean) => ({
  replicas: "replicas",
  write: (block: unknown) => has("remoteWrite")(block) && cleared(block),
});

const kinds: Readonly<Record<string, Layout>> = {
  "operator.victoriametrics.com/VMAgent": { block: "spec", ...agent },
  "operator.victoriametrics.com/VMAlert": { block: "spec", ...alert },
  "monitoring.coreos.com/Prometheus": {
    ...{ block: "spec", ...prometheus((block) => at(block, "replicaExternalLabelName") === "") },
  },
};

// From the values of kube-prometheus-stack 88, victoria-metrics-k8s-stack 0.40 and victoria-metrics-agent 0.15.
const charts: Readonly<Record<string, readonly Layout[]>> = {
  "kube-prometheus-stack": [
    {
      block: "prometheus.prometheusSpec",
      ...prometheus((block) => at(block, "replicaExternalLabelNameClear") === true),
    },
  ],
  "victoria-metrics-k8s-stack": [
    { block: "vmagent.spec", ...agent },
    // The chart gives it remoteWrite itself.
    { block: "vmalert.spec", replicas: "replicaCount" },
  ],
  "victoria-metrics-agent": [{ block: "", replicas: "replicaCount" }],
};

const workloads = /^kubernetes:apps\/\w+:(Deployment|StatefulSet)(Patch)?$/;
const operated = /^kubernetes:([\w.]+)\/\w+:(\w+?)(Patch)?$/;

/**
 * What writes metrics, where several replicas of it write the same series: vmagent, vmalert and Prometheus, by workloads with their images, by their
 * operators, and by charts.
 */
export function writersOf(resource: Resource): Writers[] {
  const { type, props } = resource;
  const chart = chartOf(resource);
  if (chart) return (own(charts, chart.name ?? "") ?? []).flatMap((layout) => laidOut(chart.values, "values", layout));
  if (workloads.test(type)) return ofWorkload(resource);
  const [, group, kind] = operated.exec(type) ?? [];
  const layout = own(kinds, `${group}/${kind}`);
  return layout ? laidOut(props, "", layout) : [];
}

function laidOut(values: unknown, path: string, { block, replicas, write }: Layout): Writers[] {
  const part = block === "" ? values : at(values, block);
  if (write?.(part) === false) return [];
  return [{ path: along(path, block === "" ? replicas : `${block}.${replicas}`), replicas: count(part, replicas) }];
}

/** vmagents that share the targets among them don't write the same; vmalerts do once they write at all. */
function ofWorkload(resource: Resource): Writers[] {
  const { props } = resource;
  const replicas = count(props.spec, "replicas");
  // Most have one, and their pods needn't be read.
  if (!("unreadable" in replicas) && !("value" in replicas && replicas.value > 1)) return [];
  const images = podsOf(resource).flatMap((pods) => (pods instanceof Unknown ? [] : pods.images));
  const runs = (program: string) =>
    images.some(({ image }) => typeof image === "string" && parseReference(image).repository.endsWith(`/${program}`));
  const words = JSON.stringify(podSpecOf(props)?.spec.containers ?? []);
  const writes =
    (runs("vmagent") && !words.includes("-promscrape.cluster.membersCount=")) ||
    (runs("vmalert") && words.includes("-remoteWrite.url="));
  return writes ? [{ path: "spec.replicas", replicas }] : [];
}
