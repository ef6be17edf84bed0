import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { stateDir } from "../cluster/paths";
import { KeptValues } from "../../engine/generated";
import { offlineRender } from "../../commands/shared/render";
import { readGenerated, writeSecrets } from "../../commands/render/files";
import type { PreviewOptions } from "../../commands/shared/preview";
import type { Applicable } from "./apply";
import { operatorDefinitions, withoutCharts } from "./releases";

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
 * Renders a stack with its generated secrets, which are made once and kept, and with objects in the place of its charts.
 * @param options stack and settings
 * @param secretsFile where generated secrets are kept between runs (mode 0600)
 * @throws {InvalidInput} for a stack or setting that does not exist
 * @throws {ProgramFailed} if the program ends with an error
 */
export async function sandboxStack(options: PreviewOptions, secretsFile: string): Promise<SandboxStack> {
  const generator = new KeptValues(readGenerated(secretsFile));
  const rendered = await offlineRender(options, generator);
  writeSecrets(rendered, secretsFile, generator.values);
  const resources = withoutCharts(rendered.resources, await operatorDefinitions());
  return { namespace: namespaceOf(resources), resources };
}

function namespaceOf(resources: readonly Applicable[]): string {
  const namespace = resources.map((r) => r.object?.metadata.namespace).find((n) => n !== undefined);
  if (namespace === undefined) throw new Error("the stack has no object in a namespace");
  return namespace;
}
