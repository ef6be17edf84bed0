import { z } from "zod";
import { lineRegex, streamSelector } from "../streams";
import { bytes, namespaceName, positiveNumber, resources } from "../values";

/** Kinds of secrets that the collector knows by their form. */
export const secretForms = ["authorization", "jwt", "aws-keys", "url-passwords", "passwords"] as const;

/** What is done with the lines of some streams. */
const lineRule = z.strictObject({
  selector: streamSelector.describe("the streams that it applies to, by the collector's labels"),
  firstLine: lineRegex
    .meta({ example: String.raw`^\d{4}-\d{2}-\d{2}` })
    .optional()
    .describe(
      "how an entry begins: lines that don't match, such as those of a stack trace, are joined to the one before",
    ),
  drop: lineRegex.optional().describe("lines that match this are not sent"),
  sample: positiveNumber
    .refine((v) => v <= 1, "is more than 1")
    .meta({ allowed: "a number above 0, at most 1", example: 0.1 })
    .optional()
    .describe("share of the lines to send, chosen at random"),
  redact: lineRegex
    .meta({ example: "card=([0-9]+)" })
    .optional()
    .describe("what its groups match, or the whole match if it has none, is replaced by ***"),
  metadata: z
    .array(
      z
        .string()
        .refine((v) => /^[a-zA-Z_]\w*(\.[a-zA-Z_]\w*)*$/.test(v), "is not a key of a JSON line")
        .meta({
          allowed: "letters, digits and '_', with dots between the keys of objects in objects",
          example: "http.status",
        }),
    )
    .default([])
    .describe("keys of JSON lines that Loki keeps with the line (structured metadata); dots become '_'"),
});

/** A rule for lines as the settings give it. */
export type LineRule = z.output<typeof lineRule>;

/** Folders below /var/log that are collected anyway. */
const ownFolders = ["pods", "containers", "journal"];

/** Whether one name in a path fits a pattern with `*` in it. */
const fits = (name: string, pattern: string): boolean =>
  new RegExp(`^${pattern.replace(/[.+]/g, "\\$&").replaceAll("*", ".*")}$`).test(name);

/** A file of a node. */
const nodeFile = z
  .string()
  .refine((v) => /^\/var\/log(\/(?!\.{1,2}(\/|$))[\w.@+*-]+)+$/.test(v), {
    error: "is not a file below /var/log",
    abort: true,
  })
  .refine((v) => !v.includes("**"), { error: "has ** in it, which would go through every folder", abort: true })
  .superRefine((v, context) => {
    const [folder, ...below] = v.slice("/var/log/".length).split("/");
    const own = ownFolders.find((name) => fits(name, folder));
    // The files of these folders are in them; a last `*` takes files only.
    if (own === undefined || (below.length === 0 && folder !== own)) return;
    const message = folder === own ? "is collected already" : `matches /var/log/${own}, which is collected already`;
    context.addIssue({ code: "custom", message });
  })
  .meta({
    allowed: "a path below /var/log, * allowed; not of pods, containers or the journal",
    example: "/var/log/syslog",
  });

/** What collects logs. */
const logAgents = ["alloy", "vector", "none"] as const;

/** Name of what collects logs. */
export type LogAgent = (typeof logAgents)[number];

/** The log collector: Grafana Alloy on every node, or none. */
export const logs = z
  .strictObject({
    agent: z
      .enum(logAgents)
      .default("alloy")
      .describe(
        "the log collector on the nodes; `none`: Loki first, tested by its canary, or your own collector (docs/log-collector.md)",
      ),
    source: z
      .enum(["files", "api"])
      .default("files")
      .describe(
        "`files` tails /var/log/pods; `api` asks the kubelet, needs no host path, but has no label `stream`, because that API merges stdout and stderr",
      ),
    journal: z.boolean().default(true).describe("collects the nodes' journal"),
    journalPath: z
      .enum(["/var/log/journal", "/run/log/journal"])
      .default("/var/log/journal")
      .describe("where the journal is (persistent or volatile)"),
    nodeFiles: z
      .array(nodeFile)
      .default([])
      .describe(
        "other files of the nodes, such as /var/log/syslog, read from their current end; nodes without them are fine",
      ),
    talos: z
      .boolean()
      .default(false)
      .describe(
        "the nodes run Talos, which has no journal: the collector receives what they send to their port 5170 (docs/talos.md)",
      ),
    events: z.boolean().default(true).describe("collects Kubernetes events, once per cluster"),
    includeNamespaces: z
      .array(namespaceName)
      .default([])
      .describe("only pods of these namespaces are collected; empty: all"),
    excludeNamespaces: z.array(namespaceName).default([]).describe("namespaces whose pods are not collected"),
    redact: z
      .array(z.enum(secretForms))
      .default([])
      .describe(
        "kinds of secrets to replace by *** in every line and event, recognized by their form: a help, no guarantee",
      ),
    lines: z
      .array(lineRule)
      .default([])
      .describe('rules for lines before they are sent, applied in order; also for events (`job="kubernetes-events"`)'),
    vector: z
      .strictObject({
        buffer: bytes
          .default("512Mi")
          .describe(
            "disk space on each node for lines that Loki doesn't accept yet; when it is full, Vector stops reading",
          ),
        hostMetrics: z
          .boolean()
          .default(false)
          .describe("also collect the nodes' CPU, memory, load and disks as metrics; node-exporter already does"),
        containerRuntime: z
          .enum(["containerd", "cri-o", "docker"])
          .default("containerd")
          .describe(
            "label `container_runtime`, also for init containers and deleted pods, for which Vector doesn't know it",
          ),
      })
      .prefault({})
      .describe("with `logs.agent: vector` only"),
    resources: resources({ cpu: "100m", memory: "256Mi", memoryLimit: "512Mi" }),
    eventsResources: resources({ cpu: "20m", memory: "96Mi", memoryLimit: "256Mi" }),
  })
  .prefault({});
