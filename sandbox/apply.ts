import type { KubernetesObject } from "../offline/objects";
import { imagesOf, isWorkload, type Kubectl } from "./kubectl";
import { waves, type Node } from "./waves";

/**
 * Stands in for Pulumi's engine where its CLI can't be had: applies a stack's objects in the order of their dependencies, each wave ready
 * before the next, and removes what an earlier run applied and this one does not. Volumes are never removed: no claim is among the objects.
 */

/** A resource of the graph; one without an object is a component. */
export interface Applicable extends Node {
  object?: KubernetesObject;
}

/** Why a workload is not run: by image reference. */
export type Unavailable = ReadonlyMap<string, string>;

/** How to apply. */
export interface ApplyOptions {
  /** Image references that can't be had here, each with the reason: the only reason for which a workload is left out. */
  unavailable: Unavailable;
  /** Deadline of each workload, in seconds; default 300. */
  timeout?: number;
  /** Is told of each step. */
  progress?: (line: string) => void;
}

/** Name of the ConfigMap that says what was applied. */
export const inventoryName = "observability-inventory";

/**
 * Applies a stack.
 * @param kubectl the cluster
 * @param namespace where the inventory of what was applied is kept
 * @param resources the graph, in order of registration
 * @throws Error when an object is refused or a workload isn't ready in time; run it again to go on
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
    await applyOrReplace(kubectl, runnable, progress);
    now.push(...runnable.map(identity));
    // Written before the wait: what a killed run had applied is known to the next one.
    await writeInventory(kubectl, namespace, [...new Set([...before, ...now])]);
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

// A Job's template can't change: the engine replaces such a Job, and so is it done here.
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

/**
 * Why a workload can't run here; undefined where it can.
 * @param unavailable image references that can't be had here, with the reason
 */
export function notRunReason(object: KubernetesObject, unavailable: Unavailable): string | undefined {
  if (!isWorkload(object)) return undefined;
  return imagesOf(object)
    .map((image) => unavailable.get(image))
    .find((why) => why !== undefined);
}

// `kind.group/namespace/name`: what `kubectl delete` takes, whichever kinds share a name.
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
  // Last applied, first removed: a custom resource before its definition.
  for (const id of [...identities].reverse()) {
    const [kind, namespace, name] = id.split("/");
    progress(`removed: ${id}`);
    await kubectl.run(["delete", kind, name, ...(namespace ? ["-n", namespace] : []), "--ignore-not-found", "--wait"]);
  }
}
