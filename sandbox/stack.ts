import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { operatorCrds } from "../cluster/crds";
import { stateDir } from "../cluster/paths";
import { KeptValues } from "../offline/generated";
import { offlineRender, type RenderedResource } from "../offline/render";
import { readGenerated, writeSecrets } from "../offline/render-files";
import type { PreviewOptions } from "../offline/preview";
import type { KubernetesObject } from "../offline/objects";
import type { Applicable } from "./apply";

/** A stack as the stand-in for the engine applies it. */
export interface SandboxStack {
  /** Its namespace. */
  namespace: string;
  /** Its graph, in order of registration. */
  resources: Applicable[];
}

/** Folder of what the sandbox keeps between its runs; it goes with the cluster. */
export function sandboxFolder(): string {
  const folder = join(stateDir(), "sandbox");
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return folder;
}

/** File of the sandbox's generated secrets, in clear (mode 0600): other keys would be a rotation. */
export function secretsFile(): string {
  return join(sandboxFolder(), "secrets.yaml");
}

/**
 * Renders a stack with its generated secrets, which are made once and kept.
 * @param options stack and settings
 * @param secretsFile where generated secrets are kept between runs (mode 0600)
 * @throws {InvalidInput} for a stack or setting that does not exist
 * @throws {ProgramFailed} when the program ends with an error
 */
export async function sandboxStack(options: PreviewOptions, secretsFile: string): Promise<SandboxStack> {
  const generator = new KeptValues(readGenerated(secretsFile));
  const rendered = await offlineRender(options, generator);
  writeSecrets(rendered, secretsFile, generator.values);
  const crds = await operatorCrds();
  const manifests = crds.files.map((file) => parse(readFileSync(file, "utf8")) as KubernetesObject);
  const resources = rendered.resources.flatMap((resource) => withCrds(resource, manifests));
  return { namespace: namespaceOf(resources), resources };
}

// In the place of the CRDs' release stand the CRDs of the operator's Go module, so that what depends on the one depends on the others.
function withCrds({ release, ...resource }: RenderedResource, crds: readonly KubernetesObject[]): Applicable[] {
  if (release?.chart !== "prometheus-operator-crds") return [resource];
  const each = crds.map((object) => ({
    urn: `${resource.urn}/${object.metadata.name}`,
    parent: resource.parent,
    dependsOn: resource.dependsOn,
    object,
  }));
  return [...each, { ...resource, object: undefined, dependsOn: [...resource.dependsOn, ...each.map((e) => e.urn)] }];
}

function namespaceOf(resources: readonly Applicable[]): string {
  const namespace = resources.map((r) => r.object?.metadata.namespace).find((n) => n !== undefined);
  if (namespace === undefined) throw new Error("the stack has no object in a namespace");
  return namespace;
}
