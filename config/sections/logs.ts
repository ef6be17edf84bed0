import { z } from "zod";
import { namespaceName, resources } from "../values";

/** The log collector: Grafana Alloy on every node. */
export const logs = z
  .strictObject({
    source: z
      .enum(["files", "api"])
      .default("files")
      .describe(
        "`files` tails /var/log/pods; `api` asks the kubelet, needs no host path, and has no `stream` label as that API merges stdout and stderr",
      ),
    journal: z.boolean().default(true).describe("collects the nodes' journal"),
    journalPath: z
      .enum(["/var/log/journal", "/run/log/journal"])
      .default("/var/log/journal")
      .describe("where it lies (persistent or volatile)"),
    events: z.boolean().default(true).describe("collects Kubernetes events, once per cluster"),
    excludeNamespaces: z.array(namespaceName).default([]).describe("namespaces whose pods are not collected"),
    resources: resources({ cpu: "100m", memory: "256Mi", memoryLimit: "512Mi" }),
    eventsResources: resources({ cpu: "20m", memory: "96Mi", memoryLimit: "256Mi" }),
  })
  .prefault({});
