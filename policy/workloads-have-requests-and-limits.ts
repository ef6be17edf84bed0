import { z } from "zod";
import type { Advice } from "./lib/finding";
import { definePolicy } from "./lib/policy";
import { demands, shortfalls, type Shortfall } from "./lib/pods/resources";
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
      yield each instanceof Unknown ? each : { ...each, ...advice[each.fault] };
    }
  },
});

const fix = "Set it, or take it out of this policy's parameter demand.";
const advice: Readonly<Record<Shortfall["fault"], Advice>> = {
  everything: {
    why: "Pods without requests overfill a node, and without a memory limit one leak takes all of it.",
    fix: "Set them, or change this policy's parameter demand.",
  },
  "requests.cpu": {
    why: "Without it, the scheduler assumes that the pod needs no CPU, and on a busy node it gets almost none.",
    fix,
  },
  "requests.memory": {
    why: "Without it, the scheduler can overfill the node's memory, and this pod is among the first to be evicted.",
    fix,
  },
  "limits.memory": {
    why: "Without it, one memory leak takes the whole node's memory, and the kernel kills any process.",
    fix,
  },
  "limits.cpu": { why: "Without it, the container may use every idle core of the node.", fix },
  excess: {
    why: "Kubernetes refuses a container whose request is above its limit.",
    fix: "Raise the limit or lower the request.",
  },
};
