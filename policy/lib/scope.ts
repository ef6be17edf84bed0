import { z } from "zod";
import { matches } from "./glob";
import type { Resource } from "./resource";

const pattern = (of: string) => z.string().min(1).optional().describe(`${of}; * stands for any text`);

const resources = z.strictObject({
  name: pattern("name in the Pulumi program, or of the Kubernetes object or release"),
  type: pattern("type as Pulumi writes it, such as kubernetes:core/v1:ConfigMap"),
  namespace: pattern("Kubernetes namespace"),
  stack: pattern("Pulumi stack"),
});

/** Parameters of every policy: which resources it looks at. Each entry means the resources that match all of its patterns. */
export const scope = {
  include: z
    .array(resources)
    .default([])
    .describe(
      "check only these resources, by name, type, namespace and stack (* stands for any text); empty: all resources",
    ),
  exclude: z
    .array(resources)
    .default([])
    .describe("don't check these resources, by name, type, namespace and stack (* stands for any text)"),
};

/** What {@link scope} says. */
export type Scope = z.infer<z.ZodObject<typeof scope>>;

/** Whether a policy looks at a resource. */
export function isInScope(resource: Resource, { include, exclude }: Scope): boolean {
  return (
    (include.length === 0 || include.some((each) => is(resource, each))) && !exclude.some((each) => is(resource, each))
  );
}

function is(resource: Resource, { name, type, namespace, stack }: Scope["include"][number]): boolean {
  const fits = (wanted: string | undefined, ...found: (string | undefined)[]) =>
    wanted === undefined || found.some((each) => each !== undefined && matches(wanted, each));
  return (
    fits(type, resource.type) &&
    fits(stack, resource.stack) &&
    fits(name, resource.name, resource.objectName) &&
    fits(namespace, resource.namespace)
  );
}
