import { z } from "zod";
import type { Refusal } from "./lib/finding";
import { definePolicy } from "./lib/policy";
import { demands, shortfalls, type Demand, type Shortfall } from "./lib/pods/resources";
import { Unknown } from "./lib/unknown";

/**
 * Refuses a container without requests or without a memory limit: on a node of 8 GB, one memory leak takes everything down. A missing request
 * equals the limit, as in Kubernetes. A pod's own resources count for its containers.
 */
export const workloadsHaveRequestsAndLimits = definePolicy({
  name: "workloads-have-requests-and-limits",
  description: "Every container requests CPU and memory, and has a memory limit.",
  url: "https://kubernetes.io/docs/concepts/configuration/manage-resources-containers/",
  severity: "medium",
  parameters: {
    demand: z
      .array(z.enum(demands))
      .default(["requests.cpu", "requests.memory", "limits.memory"])
      .describe("what each container must set"),
  },
  *check(resource, { demand }) {
    for (const each of shortfalls(resource, demand)) {
      yield each instanceof Unknown ? each : refusalOf(each, demand);
    }
  },
});

function refusalOf(each: Shortfall, demand: readonly Demand[]): Refusal {
  const { path } = each;
  switch (each.fault) {
    case "nothing":
      return {
        path,
        found: `without ${demand.join(", ")}`,
        wanted: "all of them",
        why: "Pods without requests overfill a node, and without a memory limit one leak takes all of it.",
        fix: "Set them, or change this policy's parameter demand.",
      };
    case "missing": {
      const fix = "Set it, or take it out of this policy's parameter demand.";
      return { path, found: each.found, ...missing[each.demand], fix };
    }
    case "excess":
      return {
        path,
        found: each.found,
        wanted: `at most ${each.limit}`,
        why: "Kubernetes refuses a container whose request is above its limit.",
        fix: "Raise the limit or lower the request.",
      };
  }
}

const missing: Readonly<Record<Demand, Pick<Refusal, "wanted" | "why">>> = {
  "requests.cpu": {
    wanted: "CPU cores, such as 100m",
    why: "Without it, the scheduler assumes that the pod needs no CPU, and on a busy node it gets almost none.",
  },
  "requests.memory": {
    wanted: "bytes, such as 256Mi",
    why: "Without it, the scheduler can overfill the node's memory, and this pod is among the first to be evicted.",
  },
  "limits.memory": {
    wanted: "bytes, such as 512Mi",
    why: "Without it, one memory leak takes the whole node's memory, and the kernel kills any process.",
  },
  "limits.cpu": {
    wanted: "CPU cores, such as 1",
    why: "Without it, the container may use every idle core of the node.",
  },
};
