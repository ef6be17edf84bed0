import { stageOf } from "../stages";
import type { ParsedSettings, Settings } from "./schema";
import type { podSecurityLevels } from "./sections/cluster";

/** A level of the Pod Security Standards. */
export type PodSecurityLevel = (typeof podSecurityLevels)[number];

type Read = Pick<Settings & ParsedSettings, "exporters" | "logs" | "adopt">;

/**
 * The settings by which pods of the stack read their node itself, which every level but `privileged` refuses: host paths, host ports and the node's network.
 * All other pods are `restricted` (policy `containers-are-restricted`).
 * @param settings the stack's
 */
export function nodeReaders({ exporters, logs, adopt }: Read): string[] {
  const collects = logs.agent !== "none";
  const keys = {
    "exporters.nodeExporter.enabled": exporters.nodeExporter.enabled && !adopt.kps?.keepExporters,
    "adopt.kps.keepExporters": adopt.kps?.keepExporters,
    'logs.source: "files"': collects && logs.source === "files",
    "logs.journal": collects && logs.journal,
    "logs.nodeFiles": collects && logs.nodeFiles.length > 0,
    "logs.talos": collects && logs.talos,
  };
  return Object.entries(keys).flatMap(([key, reads]) => (reads ? [key] : []));
}

/**
 * The strictest level whose enforcement refuses none of the pods that are known to be in the stack's namespace. An adopted release of
 * kube-prometheus-stack has pods of its own values: what they are is not known.
 * @param settings the stack's
 */
export const strictestLevel = (settings: Read & Parameters<typeof stageOf>[0]): PodSecurityLevel =>
  nodeReaders(settings).length > 0 || (settings.adopt.kps && stageOf(settings).kps) ? "privileged" : "restricted";
