import { KeptValues } from "../../engine/generated";
import type { KubernetesObject } from "../../commands/shared/objects";
import { offlineRender } from "../../commands/shared/render";
import { apply, type Applicable, type ApplyOptions } from "../../lab/sandbox/apply";
import { notRunReason } from "../../commands/verify/unavailable";
import { withoutCharts } from "../../lab/sandbox/releases";
import { testCluster } from "./cluster";
import { leftOut } from "./note";
import { prompt } from "./prompt";
import { testStack } from "../../test/stacks/stacks";

/** A part of a stack in a namespace of its own. */
export interface PartOptions {
  namespace: string;
  /** The stack of the tests' own whose settings count. */
  stack: string;
  /** Settings of this test, as `--config` takes them. */
  config?: string[];
  /** Folders of the components that are applied, such as `loki`; their dependencies on others are left out. */
  components: readonly string[];
  /** Generated secrets of an earlier render, and of the next: without them each render is a rotation. */
  generated?: KeptValues;
  /** Changes an object, such as {@link prompt}; default: none. */
  edit?: (object: KubernetesObject) => KubernetesObject;
}

/**
 * Renders a part of a stack, with objects in place of its Helm releases.
 * @returns its graph, in order of registration
 */
export async function renderPart({
  namespace,
  stack,
  config = [],
  components,
  generated = new KeptValues({}),
  edit = (o) => o,
}: PartOptions): Promise<Applicable[]> {
  const { resources } = await offlineRender(
    { ...testStack(stack), config: [...config, `namespace.name=${namespace}`, "namespace.create=false"] },
    generated,
  );
  const isPart = (urn: string) => components.some((folder) => urn.includes(`::observability:${folder}:`));
  const chosen = withoutCharts(
    resources.filter(({ urn }) => isPart(urn)),
    [],
    "its own namespace",
  );
  const urns = new Set(chosen.map(({ urn }) => urn));
  return chosen.map(({ urn, parent, dependsOn, object }) => ({
    urn,
    parent: parent && urns.has(parent) ? parent : undefined,
    dependsOn: dependsOn.filter((d) => urns.has(d)),
    object: object && edit(object),
  }));
}

/**
 * Applies a part of a stack to a namespace made for it, promptly ({@link prompt}), and waits until it is ready.
 * @throws Error when something isn't ready in time
 */
export async function deploy(options: PartOptions): Promise<Applicable[]> {
  const { edit = (o) => o } = options;
  const resources = await renderPart({ ...options, edit: (object) => edit(prompt(object)) });
  await makeNamespace(options.namespace);
  await applyHere(options.namespace, resources);
  return resources;
}

/**
 * Applies a stack or a part of it as far as its images can be had here, notes what of it can't, and waits until the rest is ready.
 * @param namespace where the inventory of what was applied is kept
 * @param resources the graph, in order of registration
 * @param progress is told of each step
 * @throws Error when something isn't ready within seven minutes
 */
export async function applyHere(
  namespace: string,
  resources: readonly Applicable[],
  progress?: ApplyOptions["progress"],
): Promise<void> {
  const { kubectl, unavailable } = await testCluster();
  for (const { object } of resources) {
    const why = object && notRunReason(object, unavailable);
    if (object && why) leftOut(`${object.kind} ${object.metadata.name}`, why);
  }
  await apply(kubectl, namespace, resources, { unavailable, timeout: 420, progress });
}

/**
 * Makes a test's namespace anew: what an interrupted run left is removed first.
 * @param namespace its name
 * @param enforce level of the Pod Security Standards that its pods must keep: the API server refuses others here
 */
export async function makeNamespace(
  namespace: string,
  enforce: "restricted" | "privileged" = "restricted",
): Promise<void> {
  await removeNamespace(namespace);
  const { kubectl } = await testCluster();
  const labels = { "pod-security.kubernetes.io/enforce": enforce };
  await kubectl.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } }]);
  // A controller makes it by and by; until then the API server refuses every pod that names no other.
  await kubectl.run(["wait", "serviceaccount/default", "-n", namespace, "--for=create", "--timeout=180s"]);
}

/** Removes a test's namespace with everything in it, its volumes too, and waits until it is gone. */
export async function removeNamespace(namespace: string): Promise<void> {
  const { kubectl } = await testCluster();
  await leaveNamespace(namespace);
  await kubectl.run(["delete", "namespace", namespace, "--ignore-not-found", "--wait", "--timeout=400s"]);
}

/** Has a test's namespace removed with everything in it, its volumes and roles too; that takes its time, for which nobody waits. */
export async function leaveNamespace(namespace: string): Promise<void> {
  const { kubectl } = await testCluster();
  await removeClusterRoles(namespace);
  const atOnce = ["--ignore-not-found", "--wait=false"];
  await kubectl.run(["delete", "namespace", namespace, ...atOnce]);
  // Loki takes its whole grace period to flush to an object store that goes at the same time. What it has is thrown away here.
  await kubectl.run(["delete", "pods", "--all", "-n", namespace, "--grace-period=1", ...atOnce]);
}

/** Removes what gives the accounts of a namespace roles in the whole cluster, and the roles of its own among them. */
async function removeClusterRoles(namespace: string): Promise<void> {
  const { kubectl } = await testCluster();
  const { items } = await kubectl.json<{ items: ClusterRoleBinding[] }>(["get", "clusterrolebindings"]);
  const own = items.filter(({ subjects = [] }) => subjects.some((subject) => subject.namespace === namespace));
  const names = own.flatMap(({ metadata, roleRef }) => [
    `clusterrolebinding/${metadata.name}`,
    ...(roleRef.name.startsWith(namespace) ? [`clusterrole/${roleRef.name}`] : []),
  ]);
  if (names.length > 0) await kubectl.run(["delete", "--ignore-not-found", "--wait=false", ...names]);
}

interface ClusterRoleBinding {
  metadata: { name: string };
  roleRef: { name: string };
  subjects?: { namespace?: string }[];
}
