import { z } from "zod";
import { isOfSubChart, slotsOf } from "./lib/charts/known";
import { chartOf, type Chart } from "./lib/charts/release";
import { podsOf } from "./lib/pods/find";
import { demanding, demandOf, demands, excesses, type Demand } from "./lib/pods/resources";
import { definePolicy, type Finding } from "./lib/policy";
import { at, Unknown } from "./lib/unknown";

const reasons: Readonly<Record<Demand, { wanted: string; fix: string }>> = {
  "requests.cpu": {
    wanted: "CPU cores, such as 100m",
    fix: "Without it the scheduler places the pod as if it used none, and on a busy node it gets next to none.",
  },
  "requests.memory": {
    wanted: "bytes, such as 256Mi",
    fix: "Without it the scheduler fills a node beyond its memory, and this pod is among the first to be evicted.",
  },
  "limits.memory": {
    wanted: "bytes, such as 512Mi",
    fix: "Without it one leak takes the memory of the whole node, and the kernel kills what it likes.",
  },
  "limits.cpu": { wanted: "CPU cores, such as 1", fix: "Without it the container may take every idle core of a node." },
};

/**
 * Refuses a container that doesn't say what it needs, or whose memory has no bound: on a node of 8 GB one leak takes everything with it.
 * A request that is missing beside a limit is the limit, as Kubernetes fills it in; a pod's own resources count for its containers.
 */
export const workloadsHaveRequestsAndLimits = definePolicy({
  name: "workloads-have-requests-and-limits",
  description: "Every container asks for CPU and memory, and its memory has a limit.",
  url: "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
  severity: "medium",
  parameters: {
    demand: z
      .array(z.enum(demands))
      .default(["requests.cpu", "requests.memory", "limits.memory"])
      .describe("what each container must say"),
  },
  *check(resource, { demand }) {
    for (const pods of podsOf(resource)) {
      if (pods instanceof Unknown) {
        yield pods;
        continue;
      }
      for (const { path, fields } of demanding(pods)) {
        const place = `${path}.resources`;
        yield* missing(demand, place, fields.resources, pods.ofOperator ? undefined : pods.spec.resources);
        yield* tooMuch(place, fields.resources);
      }
    }
    const chart = chartOf(resource);
    // What isn't named here may be named there.
    if (chart && chart.unreadable.length === 0) yield* ofChart(chart, demand);
  },
});

// Grafana and the exporters are charts of their own, which are often taken over as they run: demanded is what their values begin to say.
function* ofChart({ name = "", values }: Chart, demand: readonly Demand[]): Iterable<Finding> {
  for (const { path, resources = path.replace(/[^.]+$/, "resources") } of slotsOf(name, values, {})?.used ?? []) {
    const given = at(values, resources);
    if (given === undefined && isOfSubChart(path)) continue;
    yield* missing(demand, `values.${resources}`, given);
    yield* tooMuch(`values.${resources}`, given);
  }
}

function* missing(demand: readonly Demand[], path: string, resources: unknown, ofPod?: unknown): Iterable<Finding> {
  for (const each of demand) {
    const value = demandOf(resources, each, ofPod);
    if (value instanceof Unknown) yield value;
    else if (value === undefined) {
      const { wanted, fix } = reasons[each];
      const given = at(resources, each);
      yield { path: `${path}.${each}`, found: given === undefined ? "missing" : JSON.stringify(given), wanted, fix };
    }
  }
}

function* tooMuch(path: string, resources: unknown): Iterable<Finding> {
  for (const { path: request, request: found, limit, of } of excesses(resources)) {
    const fix =
      "Kubernetes refuses a container that asks for more than it may take. Raise the limit or lower the request.";
    yield { path: `${path}.${request}`, found, wanted: `at most ${of}, ${limit}`, fix };
  }
}
