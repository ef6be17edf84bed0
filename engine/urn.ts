/** Pulumi's resource names: `urn:pulumi:<stack>::<project>::<parent type>$…$<type>::<name>`. */

const stackType = "pulumi:pulumi:Stack";

/** Everything between the project and the name: the types of the ancestors, joined by `$`, and the resource's own. */
export const qualifiedTypeOf = (urn: string): string => urn.split("::")[2];

/** The last part of a URN: the name that the program gave. It may itself contain `::`. */
export const nameOf = (urn: string): string => urn.split("::").slice(3).join("::");

/** The resource's own type, without its ancestors'. */
export const typeOf = (urn: string): string => qualifiedTypeOf(urn).split("$").at(-1) ?? "";

/** Whether the URN is that of the stack itself. */
export const isStack = (urn: string): boolean => qualifiedTypeOf(urn) === stackType;

/**
 * Makes a URN as the engine does: the stack's type is not part of it.
 *
 * @param where the stack and project that the resource belongs to
 * @param parent URN of the parent, or undefined at the top
 */
export function urnOf(
  where: { stack: string; project: string },
  parent: string | undefined,
  type: string,
  name: string,
): string {
  const prefix = parent === undefined || parent === "" || isStack(parent) ? "" : `${qualifiedTypeOf(parent)}$`;
  return `urn:pulumi:${where.stack}::${where.project}::${prefix}${type}::${name}`;
}

/** The URN in a provider's reference, `<urn>::<id>`. */
export const providerUrn = (reference: string): string => reference.slice(0, reference.lastIndexOf("::"));
