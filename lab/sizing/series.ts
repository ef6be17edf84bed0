/** Metrics like those of a cluster: pods, each with the same families of series, some of which move at every scrape. */

/** How a value changes from scrape to scrape. */
type Motion = "constant" | "counter" | "gauge";

interface Family {
  name: string;
  motion: Motion;
  /** Labels beside the pod's own, as text: `,phase="Running"`. */
  labels?: string;
  /** The constant value, a counter's mean increase a second, or a gauge's mean. */
  size: number;
}

const perPhase = ["Pending", "Running", "Succeeded", "Failed", "Unknown"].map((phase): Family => ({
  name: "kube_pod_status_phase",
  motion: "constant",
  labels: `,phase="${phase}"`,
  size: phase === "Running" ? 1 : 0,
}));

const perResource = ["requests", "limits"].flatMap((kind): Family[] => {
  const name = `kube_pod_container_resource_${kind}`;
  return [
    { name, motion: "constant", labels: `,resource="cpu",unit="core"`, size: 0.1 },
    { name, motion: "constant", labels: `,resource="memory",unit="byte"`, size: 2 ** 27 },
  ];
});

/** The series of one pod, in the order of the exposition. Half of them never move: most of kube-state-metrics's don't. */
const families: readonly Family[] = [
  { name: "kube_pod_info", motion: "constant", labels: `,created_by_kind="ReplicaSet",host_ip="10.0.0.7"`, size: 1 },
  ...perPhase,
  ...perResource,
  { name: "kube_pod_container_status_ready", motion: "constant", size: 1 },
  { name: "kube_pod_container_status_restarts_total", motion: "constant", size: 3 },
  { name: "container_cpu_usage_seconds_total", motion: "counter", labels: `,cpu="total"`, size: 0.07 },
  ...["receive", "transmit"].map((way): Family => ({
    name: `container_network_${way}_bytes_total`,
    motion: "counter",
    labels: `,interface="eth0"`,
    size: 2600,
  })),
  ...["reads", "writes"].map((way): Family => ({
    name: `container_fs_${way}_bytes_total`,
    motion: "counter",
    labels: `,device="/dev/nvme0n1"`,
    size: 900,
  })),
  ...["200", "404", "500"].map((code): Family => ({
    name: "http_requests_total",
    motion: "counter",
    labels: `,code="${code}",method="GET",handler="/api/v1/items"`,
    size: code === "200" ? 4 : 0.1,
  })),
  { name: "container_memory_working_set_bytes", motion: "gauge", size: 9e7 },
  { name: "container_memory_rss", motion: "gauge", size: 6e7 },
  { name: "go_goroutines", motion: "gauge", size: 80 },
  { name: "process_open_fds", motion: "gauge", size: 40 },
];

/** How many series a pod has. */
export const seriesPerPod = families.length;

/** Pods of one target: about what a kubelet of a well-filled node exposes. */
const podsPerTarget = 200;

/** What is scraped, all targets together. */
export interface Fleet {
  /** Exactly how many series there are at any time. */
  series: number;
  /** Share of the pods that is replaced by others, with other names, in ten minutes. */
  churn: number;
}

/** How many targets the series are split over. */
export const targetCount = ({ series }: Fleet): number => Math.ceil(series / (podsPerTarget * seriesPerPod));

/**
 * What a target answers to a scrape, in Prometheus's text format.
 * @param fleet all that is scraped
 * @param target its number, from 0
 * @param seconds since the start
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/
 */
export function exposition(fleet: Fleet, target: number, seconds: number): string {
  const first = target * podsPerTarget;
  const pods = Array.from({ length: Math.min(podsPerTarget, podCount(fleet) - first) }, (_, i) => first + i);
  const labels = pods.map((pod) => podLabels(pod, generation(fleet, pod, seconds)));
  const lines: string[] = [];
  families.forEach((family, f) => {
    if (family.name !== families[f - 1]?.name) {
      lines.push(`# TYPE ${family.name} ${family.name.endsWith("_total") ? "counter" : "gauge"}`);
    }
    pods.forEach((pod, i) => {
      const series = pod * seriesPerPod + f;
      // Only the last pod may have fewer.
      if (series >= fleet.series) return;
      lines.push(`${family.name}{${labels[i]}${family.labels ?? ""}} ${value(family, series, seconds)}`);
    });
  });
  return `${lines.join("\n")}\n`;
}

const podCount = ({ series }: Fleet) => Math.ceil(series / seriesPerPod);

/** How often a pod has been replaced: they take turns, each after its share of the time. */
function generation(fleet: Fleet, pod: number, seconds: number): number {
  const pods = podCount(fleet);
  const replaced = Math.floor((pods * fleet.churn * seconds) / 600);
  return Math.floor((replaced + pods - 1 - pod) / pods);
}

function podLabels(pod: number, generation: number): string {
  const id = (salt: number, digits: number) =>
    mix(pod + salt, generation)
      .toString(16)
      .padStart(8, "0")
      .slice(-digits);
  const app = `service-${pod % 40}`;
  return [
    `namespace="team-${pod % 12}"`,
    `pod="${app}-${id(1, 8)}-${pod}"`,
    `container="${app}"`,
    `node="worker-${pod % 6}"`,
    `uid="${id(2, 8)}-${id(3, 4)}-${id(4, 4)}-${id(5, 4)}-${id(6, 8)}${id(7, 4)}"`,
  ].join(",");
}

function value({ motion, size }: Family, series: number, seconds: number): number {
  const own = 0.5 + unit(series, 0);
  switch (motion) {
    case "constant":
      return size;
    case "counter": // rises always, and never by the same amount twice
      return rounded(size * own * (1000 + seconds + 5 * Math.sin(seconds / 60 + series)), size);
    case "gauge":
      return rounded(size * own * (1 + unit(series, Math.floor(seconds)) / 10), size);
  }
}

/** Bytes and things are whole numbers; seconds have six decimals. */
const rounded = (value: number, size: number) => (size < 1 ? Math.round(value * 1e6) / 1e6 : Math.round(value));

/** A number from 0 up to 1 that two others determine. */
const unit = (a: number, b: number) => mix(a, b) / 2 ** 32;

/** 32 bits of two numbers, well mixed. */
function mix(a: number, b: number): number {
  let h = Math.imul(a + 0x9e3779b9, 0x85ebca6b) ^ Math.imul(b + 0x165667b1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}
