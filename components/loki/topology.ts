import type { Settings } from "../../config/schema";
import type { Resources } from "../../config/values";
import { serviceHost, type Environment } from "../kubernetes/environment";

/** Loki's ports, in every pod and every Service. */
export const ports = { http: 3100, grpc: 9095, memberlist: 7946 } as const;

/** Headless Service by which all of Loki's pods find one another. */
export const memberlistService = "loki-memberlist";

/** A set of equal Loki processes. */
export interface Workload {
  /** Name of the workload and of its Service. */
  name: string;
  /** Label `app.kubernetes.io/component`. */
  component: string;
  /** What the processes run: `-target`. */
  target: "all" | "write" | "read" | "backend";
  replicas: number;
  resources: Resources;
  /** Whether each has a volume: for the write-ahead log, the index cache, the compactor's marks. */
  persistent: boolean;
}

/** Which workloads there are, and which of them does what. In a single binary one does all. */
export interface Topology {
  workloads: Workload[];
  /** Takes lines: distributor and ingester. */
  write: Workload;
  /** Answers queries: query frontend and querier. */
  read: Workload;
  /** Everything else: query scheduler, index gateway, compactor, ruler. */
  backend: Workload;
}

/** What a request, or a setting, is for. */
export type Role = "write" | "read" | "backend";

/**
 * Loki's processes in the mode that the settings choose.
 * @param settings Loki's settings
 * @see https://grafana.com/docs/loki/latest/get-started/deployment-modes/
 */
export function topology(settings: Settings["loki"]): Topology {
  if (settings.mode === "single-binary") {
    const all = workload("loki", "single-binary", "all", settings.singleBinary);
    return { workloads: [all], write: all, read: all, backend: all };
  }
  const write = workload("loki-write", "write", "write", settings.write);
  const read = { ...workload("loki-read", "read", "read", settings.read), persistent: false };
  const backend = workload("loki-backend", "backend", "backend", settings.backend);
  return { workloads: [write, read, backend], write, read, backend };
}

function workload(
  name: string,
  component: string,
  target: Workload["target"],
  sizes: Settings["loki"]["singleBinary"],
): Workload {
  return { name, component, target, ...sizes, persistent: true };
}

/** Headless Service of a workload that has volumes: it governs the StatefulSet, and resolves to each ready pod. */
export function headlessService(workload: Workload): string {
  return `${workload.name}-headless`;
}

/**
 * Base URL of a workload inside the cluster.
 * @param environment where it is
 * @param workload the workload
 */
export function httpUrl(environment: Environment, workload: Workload): string {
  return `http://${serviceHost(environment, workload.name)}:${ports.http}`;
}
