import { KeptValues } from "../../offline/generated";
import type { KubernetesObject } from "../../offline/objects";
import { offlineRender } from "../../offline/render";
import { apply, type Applicable } from "../../sandbox/apply";
import { testCluster } from "./cluster";

/** A part of a stack in a namespace of its own. */
export interface PartOptions {
  namespace: string;
  /** The stack whose settings count. */
  stack: string;
  /** Settings of this test, as `--config` takes them. */
  config?: string[];
  /** Folders of the components that are applied, such as `loki`; their dependencies on others are left out. */
  components: readonly string[];
  /** Generated secrets of an earlier render, and of the next: without them each render is a rotation. */
  generated?: KeptValues;
  /** Changes an object before it is applied. */
  edit?: (object: KubernetesObject) => KubernetesObject;
}

/**
 * Renders a part of a stack.
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
    { stack, config: [...config, `namespace.name=${namespace}`, "namespace.create=false"] },
    generated,
  );
  const isPart = (urn: string) => components.some((folder) => urn.includes(`::observability:${folder}:`));
  const chosen = resources.filter(({ urn }) => isPart(urn));
  const urns = new Set(chosen.map(({ urn }) => urn));
  return chosen.map(({ urn, parent, dependsOn, object }) => ({
    urn,
    parent: parent && urns.has(parent) ? parent : undefined,
    dependsOn: dependsOn.filter((d) => urns.has(d)),
    object: object && edit(object),
  }));
}

/**
 * Applies a part of a stack to a namespace made for it, and waits until it is ready.
 * @throws Error when something isn't ready in time
 */
export async function deploy(options: PartOptions): Promise<Applicable[]> {
  const { kubectl, unavailable } = await testCluster();
  const resources = await renderPart(options);
  await makeNamespace(options.namespace);
  await apply(kubectl, options.namespace, resources, { unavailable, timeout: 420 });
  return resources;
}

/** Makes a test's namespace anew: what an interrupted run left is removed first. */
export async function makeNamespace(namespace: string): Promise<void> {
  await removeNamespace(namespace);
  const { kubectl } = await testCluster();
  // The pods must be what the Pod Security Standard calls restricted: the API server refuses others here.
  const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
  await kubectl.apply([{ apiVersion: "v1", kind: "Namespace", metadata: { name: namespace, labels } }]);
}

/** Removes a test's namespace with everything in it, its volumes too. */
export async function removeNamespace(namespace: string): Promise<void> {
  const { kubectl } = await testCluster();
  const remove = ["delete", "namespace", namespace, "--ignore-not-found"];
  await kubectl.run([...remove, "--wait=false"]);
  // Loki takes its whole grace period to flush to an object store that goes at the same time. What it has is thrown away here.
  await kubectl.run([
    "delete",
    "pods",
    "--all",
    "-n",
    namespace,
    "--grace-period=1",
    "--wait=false",
    "--ignore-not-found",
  ]);
  await kubectl.run([...remove, "--wait", "--timeout=180s"]);
}
