import type { KubernetesObject } from "../offline/objects";
import { isWorkload, type Kubectl } from "./kubectl";
import type { SandboxStack } from "./stack";
import { notRunReason, type Unavailable } from "./apply";

/** A row of the closing table. */
export interface Row {
  /** What it is, such as `StatefulSet loki`. */
  component: string;
  /** `ready 1/1`, `complete`, or `not run: reason`. */
  state: string;
  /** Where it is reached inside the cluster; empty for what serves nothing. */
  address: string;
  /** Whether it is as it should be. */
  ok: boolean;
}

interface Live {
  spec?: { replicas?: number };
  status?: {
    readyReplicas?: number;
    replicas?: number;
    numberReady?: number;
    desiredNumberScheduled?: number;
    succeeded?: number;
  };
}

/**
 * What became of each workload and release of a stack, as the cluster says now.
 * @param unavailable image references that can't be had here, with the reason: the only one for which a workload may be missing
 */
export async function table(kubectl: Kubectl, stack: SandboxStack, unavailable: Unavailable): Promise<Row[]> {
  const objects = stack.resources.flatMap(({ object }) => (object ? [object] : []));
  const services = objects.filter(({ kind }) => kind === "Service");
  const workloads = objects.filter(isWorkload).map(async (object): Promise<Row> => {
    const component = `${object.kind} ${object.metadata.name}`;
    const address = addresses(object, services).join(", ");
    const reason = notRunReason(object, unavailable);
    if (reason !== undefined) return { component, state: `not run: ${reason}`, address: "", ok: true };
    const { metadata, kind } = object;
    const live = await kubectl.json<Live>([
      "get",
      `${kind}/${metadata.name}`,
      "-n",
      metadata.namespace ?? stack.namespace,
    ]);
    return { component, ...state(kind, live), address };
  });
  const releases = stack.releases.map(({ name, notRun, instead }): Row => {
    const said = notRun ? `not run: ${notRun}` : `ready: ${instead ?? "installed"}`;
    return { component: `Release ${name}`, state: said, address: "", ok: true };
  });
  return [...(await Promise.all(workloads)), ...releases].sort((a, b) => a.component.localeCompare(b.component));
}

function state(kind: string, { spec, status }: Live): Pick<Row, "state" | "ok"> {
  if (kind === "Job") return status?.succeeded ? { state: "complete", ok: true } : { state: "not complete", ok: false };
  const wanted = status?.desiredNumberScheduled ?? spec?.replicas ?? 1;
  const ready = status?.numberReady ?? status?.readyReplicas ?? 0;
  return { state: `${ready === wanted ? "ready" : "not ready"} ${ready}/${wanted}`, ok: ready === wanted };
}

interface ServiceSpec {
  selector?: Record<string, string>;
  ports: { port: number }[];
  clusterIP?: string;
}

// A Service's selector is a part of the labels of the pods that it serves.
function addresses(workload: KubernetesObject, services: readonly KubernetesObject[]): string[] {
  const labels =
    (workload.spec as { template?: { metadata?: { labels?: Record<string, string> } } }).template?.metadata?.labels ??
    {};
  return services.flatMap(({ metadata, spec }) => {
    const { selector, ports, clusterIP } = spec as ServiceSpec;
    // Headless ones are for the pods among themselves.
    const serves =
      selector !== undefined && clusterIP !== "None" && Object.entries(selector).every(([k, v]) => labels[k] === v);
    return serves ? [`${metadata.name}.${metadata.namespace}:${ports[0].port}`] : [];
  });
}

/**
 * Rows as text, in columns.
 * @param rows with the same keys each
 */
export function columns(rows: readonly string[][]): string {
  const widths = rows[0].map((_, i) => Math.max(...rows.map((row) => row[i].length)));
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i]))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
