import { retainable, type Retainable } from "../../settings/sections/removal";
import { broughtDown, lossOf, partOf, type Leaving } from "../shared/retain";
import { nameOf, typeOf } from "../../engine/urn";
import type { StateResource } from "../shared/pulumi-cli/state";

/**
 * Why a stack is not destroyed yet: its settings keep something that its state doesn't keep.
 * @param words the stack's option on a command line: `--stack dev`
 * @param state what its state has
 * @param retain its setting
 * @returns each with what to do about it; none if it can be destroyed
 */
export function destroyProblems(
  words: string,
  state: readonly StateResource[],
  retain: readonly Retainable[],
): string[] {
  const missing = retain.filter((part) =>
    state.some(({ urn, retainOnDelete }) => partOf(urn) === part && !retainOnDelete),
  );
  const early =
    missing.length > 0
      ? [
          `removal.retain: [${missing.join(", ")}] is not deployed yet: in Pulumi's state it would be deleted, or is protected. First: npm run up -- ${words}`,
        ]
      : [];
  return [...early, ...broughtDown(state.map(leavingOf))];
}

/**
 * What `destroy` does to a stack, for the person who has to confirm it.
 * @param stack its name for a person
 * @param state what its state has
 */
export function announcement(stack: string, state: readonly StateResource[]): string {
  const all = state.filter(({ external, type }) => !external && !type.startsWith("pulumi:")).map(leavingOf);
  const of = (fate: Leaving["fate"]) => all.filter((one) => one.fate === fate);
  const [stays, goes, refused] = [of("stays"), of("goes"), of("refused")];
  const lost = retainable.flatMap((part) => {
    const own = goes.filter(({ urn }) => partOf(urn) === part);
    if (own.length === 0) return [];
    const lost = lossOf(
      part,
      own.map(({ urn }) => urn),
    );
    return [`  lost       ${part}, ${called(own)}: ${lost}. To keep it: removal.retain: [${part}] and an update`];
  });
  return [
    `Stack ${stack}: what destroy does, from Pulumi's state.`,
    ...(stays.length > 0 ? [`  stays      ${called(stays)}: Pulumi only forgets it`] : []),
    `  deleted    ${goes.length} resources`,
    ...lost,
    ...(refused.length > 0
      ? [`  protected  ${called(refused)}: Pulumi refuses the whole destroy, and deletes nothing (docs/removing.md)`]
      : []),
    "",
    "",
  ].join("\n");
}

const leavingOf = ({ urn, protect, retainOnDelete, inputs = {} }: StateResource): Leaving => ({
  urn,
  fate: protect ? "refused" : retainOnDelete ? "stays" : "goes",
  inputs,
});

const called = (leaving: Leaving[]): string =>
  leaving.map(({ urn }) => `${typeOf(urn).split(":").at(-1)} ${nameOf(urn)}`).join(", ");
