import { receiverFieldNames } from "../../settings/sections/receivers";
import { givenSecrets } from "../../settings/sections/secrets";
import { Generator, placeholders } from "../../engine/generated";
import { Graph } from "../../engine/graph";
import { knownAnswers } from "../../engine/materialise";
import { Diagnostic } from "../../engine/engine";
import { cover, HelmRelease, inClear, KubernetesObject, objectOf, releaseOf, withPlaceholders } from "./objects";
import { PreviewOptions, settingsOf } from "./preview";
import { run } from "../../engine/run";
import { containsSecret, reveal } from "../../engine/values";

/** One resource of a rendered stack. */
export interface RenderedResource {
  urn: string;
  type: string;
  custom: boolean;
  /** true when the program only reads the object (`Type.get`) */
  read: boolean;
  /** URN; undefined for the stack */
  parent?: string;
  /** URNs that it waits for */
  dependsOn: string[];
  /** the Kubernetes object that it stands for, secrets in clear */
  object?: KubernetesObject;
  /** the Helm release that it stands for, secrets in clear */
  release?: HelmRelease;
  /** the same with a readable placeholder for each secret */
  covered?: { object?: KubernetesObject; release?: HelmRelease };
}

/** A stack as it would be after an update. */
export interface Rendered {
  /** in order of registration: parents and dependencies stand before what needs them */
  resources: RenderedResource[];
  diagnostics: Diagnostic[];
}

/**
 * Runs a stack's program with every output known, and gives what it would make in Kubernetes. Generated passwords come
 * from `generator`; what 1Password would answer is a placeholder; nothing outside Kubernetes is rendered.
 *
 * @param generator makes or finds generated values; by default placeholders stand in for them
 * @throws {InvalidInput} for a stack or setting that does not exist
 * @throws {ProgramFailed} when the program ends with an error
 */
export async function offlineRender(options: PreviewOptions, generator: Generator = placeholders): Promise<Rendered> {
  const { project, configuration } = settingsOf(options);
  const deployment = { project: project.name, stack: options.stack, organization: "organization", dryRun: false };
  const itemLabels = [
    ...new Set([...Object.values(givenSecrets).flatMap(({ fields }) => fields), ...receiverFieldNames]),
  ];
  const { graph, diagnostics } = await run({
    ...{ project, deployment, configuration },
    loader: options.loader ?? "tsx",
    start: options.start,
    answers: knownAnswers(generator, itemLabels),
  });
  const resources = [...graph.values()].map((resource): RenderedResource => {
    const object = objectOf(resource, graph);
    const release = releaseOf(resource, graph);
    const values = (covering: typeof cover) =>
      release && { ...release, values: covering(release.values) as HelmRelease["values"] };
    return {
      urn: resource.urn,
      type: resource.type,
      custom: resource.custom,
      read: resource.read,
      parent: resource.parent,
      dependsOn: resource.options.dependsOn,
      object: object && inClear(object),
      release: values(reveal),
      covered: { object: object && withPlaceholders(object), release: values(cover) },
    };
  });
  return { resources, diagnostics: [...diagnostics, ...exposed(graph)] };
}

/** A secret outside a Secret: only a placeholder of it is written. */
const exposed = (graph: Graph): Diagnostic[] =>
  [...graph.values()]
    .filter(({ type, inputs }) => /^kubernetes:(?!core\/v1:Secret$)/.test(type) && containsSecret(inputs))
    .map(({ urn }) => ({
      severity: "warning",
      message: "has a secret outside a Kubernetes Secret: a placeholder is rendered instead",
      urn,
    }));
