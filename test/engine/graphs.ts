import type { Graph, Options, Resource } from "../../engine/graph";
import { urnOf } from "../../engine/urn";
import type { Properties } from "../../engine/values";

type Part = Partial<Omit<Resource, "options">> & { options?: Partial<Options> };

/** The URN of a resource at the top. */
export const urn = (type: string, name = "it"): string =>
  urnOf({ stack: "dev", project: "plan" }, undefined, type, name);

/** A resource as a run of a program registers it; `rest` sets what is not as usual. */
export function resource(type: string, inputs: Properties, { options, ...rest }: Part = {}): Resource {
  const name = rest.name ?? "it";
  return {
    ...{ urn: urn(type, name), type, name, custom: true, providers: {}, read: false, inputs, outputs: {}, id: "" },
    propertyDependencies: {},
    ...rest,
    options: {
      ...{ ignoreChanges: [], replaceOnChanges: [], additionalSecretOutputs: [], dependsOn: [], aliases: [] },
      customTimeouts: {},
      ...options,
    },
  };
}

/** A graph of these. */
export const graph = (...resources: Resource[]): Graph => new Map(resources.map((each) => [each.urn, each]));
