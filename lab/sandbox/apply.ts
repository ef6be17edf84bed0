import type { KubernetesObject } from "../../commands/shared/objects";
import { isWorkload, notRunReason, type Unavailable } from "../../commands/verify/unavailable";
import type { Kubectl } from "./kubectl";
import { waves, type Node } from "./waves";

/**
 * Replaces Pulumi's engine if its CLI is not available: applies a stack's objects in the order of their dependencies, each wave ready
 * before the next, and removes what an earlier run applied and this one doesn't. Volumes are never removed: claims are not among the objects.
 */

/** A resource of the graph; without an object it is a component. */
export interface Applicable extends Node {
  object?: KubernetesObject;
}

/** How to apply. */
export interface ApplyOptions {
  /** Image references that can't be pulled here, each with the reason: only such workloads are left out. */
  unavailable: Unavailable;
  /** Deadline of each workload, in seconds; default 300. */
  timeout?: number;
  /** Called for each step. */
  progress?: (line: string) => void;
}

/** Name of the ConfigMap that lists what was applied. */
const inventoryName = "observability-inventory";

/**
 * Applies a stack.
 * @param kubectl the cluster
 * @param namespace where the inventory of what was applied is kept
 * @param resources the graph, in order of registration
 * @throws Error if an object is refused or a workload isn't ready in time; run it again to continue
 */
export async function apply(
  kubectl: Kubectl,
  namespace: string,
  resources: readonly Applicable[],
  options: ApplyOptions,
): Promise<void> {
  const { unavailable, timeout = 300, progress = () => undefined } = options;
  const before = await readInventory(kubectl, namespace);
  const now: string[] = [];
  const steps = waves(resources).map((wave) => wave.flatMap((r) => (r.object ? [r.object] : [])));
  for (const [i, objects] of steps.filter((s) => s.length > 0).entries()) {
    const runnable = objects.filter((o) => notRunReason(o, unavailable) === undefined);
    progress(`wave ${i + 1}: ${runnable.length} objects`);
    now.push(...runnable.map(identity));
    // Written before anything is applied, so that the next run knows what a killed run created. The namespace itself comes first.
    const known = () => writeInventory(kubectl, namespace, [...new Set([...before, ...now])]);
    await known();
    await applyOrReplace(kubectl, runnable, progress);
    if (runnable.some(({ kind }) => kind === "Namespace")) await known();
    await Promise.all(
      runnable.map((object) =>
        kubectl.ready(object, timeout).then(() => isWorkload(object) && progress(`  ready: ${identity(object)}`)),
      ),
    );
  }
  await remove(
    kubectl,
    before.filter((id) => !now.includes(id)),
    progress,
  );
  await writeInventory(kubectl, namespace, now);
}

/**
 * What applying a stack would change; nothing is stored.
 * @param unavailable image references that can't be pulled here, with the reason
 * @returns a unified diff and the objects that would be removed, for a person; empty if nothing would change
 */
export async function changes(
  kubectl: Kubectl,
  namespace: string,
  resources: readonly Applicable[],
  unavailable: Unavailable,
): Promise<string> {
  const objects = resources
    .flatMap(({ object }) => (object ? [object] : []))
    .filter((object) => notRunReason(object, unavailable) === undefined);
  const now = objects.map(identity);
  const gone = (await readInventory(kubectl, namespace)).filter((id) => !now.includes(id));
  return [await kubectl.diff(objects), ...gone.map((id) => `would be removed: ${id}`)]
    .filter((x) => x !== "")
    .join("\n");
}

// A Job's template can't change: as in the engine, such a Job is replaced.
async function applyOrReplace(
  kubectl: Kubectl,
  objects: readonly KubernetesObject[],
  progress: (line: string) => void,
) {
  const jobs = objects.filter(({ kind }) => kind === "Job");
  const others = objects.filter(({ kind }) => kind !== "Job");
  if (others.length > 0) await kubectl.apply(others);
  for (const job of jobs) {
    try {
      await kubectl.apply([job]);
    } catch (error) {
      if (!/field is immutable/.test((error as Error).message)) throw error;
      progress(`replaced: ${identity(job)}`);
      await kubectl.run(["delete", "job", job.metadata.name, "-n", job.metadata.namespace ?? "default", "--wait"]);
      await kubectl.apply([job]);
    }
  }
}

// `kind.group/namespace/name`, for `kubectl delete`: kinds may share a name.
function identity({ apiVersion, kind, metadata }: KubernetesObject): string {
  const group = apiVersion.includes("/") ? `.${apiVersion.split("/")[0]}` : "";
  return `${kind}${group}/${metadata.namespace ?? ""}/${metadata.name}`;
}

async function readInventory(kubectl: Kubectl, namespace: string): Promise<string[]> {
  const text = await kubectl.run([
    "get",
    "configmap",
    inventoryName,
    "-n",
    namespace,
    "--ignore-not-found",
    "-o",
    "jsonpath={.data.objects}",
  ]);
  return text.split("\n").filter((line) => line !== "");
}

async function writeInventory(kubectl: Kubectl, namespace: string, objects: readonly string[]): Promise<void> {
  const exists = await kubectl.run(["get", "namespace", namespace, "--ignore-not-found", "-o", "name"]);
  if (exists.trim() === "") return;
  await kubectl.apply([
    {
      apiVersion: "v1",
      kind: "ConfigMap",
      metadata: { name: inventoryName, namespace },
      data: { objects: objects.join("\n") },
    },
  ]);
}

async function remove(
  kubectl: Kubectl,
  identities: readonly string[],
  progress: (line: string) => void,
): Promise<void> {
  // In reverse order: a custom resource before its definition.
  for (const id of [...identities].reverse()) {
    const [kind, namespace, name] = id.split("/");
    progress(`removed: ${id}`);
    await kubectl.run(["delete", kind, name, ...(namespace ? ["-n", namespace] : []), "--ignore-not-found", "--wait"]);
  }
}
