import type { CustomResourceOptions } from "@pulumi/pulumi";
import type { Retainable } from "../../settings/sections/removal";

/**
 * How what can't be created again is kept: protected, so that no update and no `destroy` deletes it; or, where the setting `removal.retain` names it,
 * unprotected and left as it is when Pulumi forgets it. An engine forgets nothing that is protected.
 * @param part which part of the stack it is
 * @param retain the setting; default: nothing
 */
export function kept(
  part: Retainable,
  retain: readonly Retainable[] = [],
): Pick<CustomResourceOptions, "protect" | "retainOnDelete"> {
  return retain.includes(part) ? { protect: false, retainOnDelete: true } : { protect: true };
}
