import { Alias } from "@pulumi/pulumi/proto/alias_pb";
import { isStack, nameOf, qualifiedTypeOf, typeOf, urnOf } from "./urn";

/**
 * The URNs that a resource's aliases stand for: its own, and those that follow from its parent's (a child of a renamed
 * component was renamed with it). Follows `generateAliases` of the engine, but takes every alias of the parent, because
 * only the state knows which of them was the real name.
 *
 * @param where the stack and project
 * @param urn the resource's URN
 * @param parent URN and aliases of the parent, if it has one
 */
export function aliasUrns(
  where: { stack: string; project: string },
  urn: string,
  parent: { urn: string; aliases: string[] } | undefined,
  aliases: Alias[],
): string[] {
  const own = aliases.map((alias) => resolve(where, urn, parent?.urn, alias));
  const inherited = (parent?.aliases ?? []).flatMap((parentAlias) =>
    [urn, ...own].map((child) => inherit(where, child, nameOf(parent?.urn ?? ""), parentAlias)),
  );
  return [...new Set([...own, ...inherited])].filter((alias) => alias !== urn);
}

function resolve(
  where: { stack: string; project: string },
  urn: string,
  parent: string | undefined,
  alias: Alias,
): string {
  const spec = alias.getSpec();
  if (!spec) {
    return alias.getUrn();
  }
  const oldParent = spec.getNoparent() ? undefined : spec.getParenturn() || parent;
  return urnOf(
    { stack: spec.getStack() || where.stack, project: spec.getProject() || where.project },
    oldParent !== undefined && isStack(oldParent) ? undefined : oldParent,
    spec.getType() || typeOf(urn),
    spec.getName() || nameOf(urn),
  );
}

/** A child that carries its parent's name as a prefix is taken to have been named after it. */
function inherit(
  where: { stack: string; project: string },
  child: string,
  parentName: string,
  parentAlias: string,
): string {
  const name = nameOf(child);
  const oldName = name.startsWith(parentName) ? nameOf(parentAlias) + name.slice(parentName.length) : name;
  return `urn:pulumi:${where.stack}::${where.project}::${qualifiedTypeOf(parentAlias)}$${typeOf(child)}::${oldName}`;
}
